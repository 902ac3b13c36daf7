-- An account that an administrator has paused: nobody signs in with it, and its sessions are over.
alter table users add column suspended boolean not null default false;
alter table users add column suspended_reason bytea;

-- How a session began, on what kind of device, and when its person last proved who they are.
alter table sessions add column factor text not null default '';
alter table sessions add column agent text not null default '';
alter table sessions add column proved_at timestamptz;

-- A person's app that makes codes: at most one that is confirmed, which has no session, and one that is being set
-- up in each of their sessions, which no other session sees. step is the last one whose code was taken: a code is
-- taken once, and never one before it.
create table totps (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  secret bytea not null,
  confirmed boolean not null,
  session_id uuid,
  step bigint not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, user_id, session_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create unique index totps_confirmed on totps (tenant_id, user_id) where confirmed;
create index totps_open on totps (tenant_id, created_at) where not confirmed;

create table recovery_codes (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  code_hash bytea not null,
  used_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, user_id, code_hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

-- Public keys of people's devices. flags are those of the last use, as WebAuthn writes them.
create table passkeys (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  credential_id bytea not null,
  public_key bytea not null,
  sign_count bigint not null,
  flags integer not null,
  transports text not null,
  name bytea not null,
  cloned boolean not null default false,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, credential_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index passkeys_user on passkeys (tenant_id, user_id);

-- What waits for a person's next step: a sign-in for its second factor, or a passkey's challenge. Only the
-- hash of the token is here; who holds the token may go on.
create table challenges (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  token_hash bytea not null,
  purpose text not null,
  user_id uuid,
  session_id uuid,
  kind text not null default '',
  data text not null default '',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index challenges_old on challenges (tenant_id, expires_at);
create index challenges_user on challenges (tenant_id, user_id);

select isolate_by_tenant('totps');
select isolate_by_tenant('recovery_codes');
select isolate_by_tenant('passkeys');
select isolate_by_tenant('challenges');
