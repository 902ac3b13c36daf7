-- An agency's own identity provider, by which its people sign in. Where it is and what it may give is in the manifest;
-- here is what may not stand there: the secret, for the issuer and the client that it was given for and no other.
create table provider_secrets (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  agency text not null,
  issuer text not null,
  client_id text not null,
  secret bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, agency)
);

-- Which account at an agency's provider is whose: bound at the first sign-in. An address that is given to somebody
-- else later is another account, and opens nothing.
create table identities (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  agency text not null,
  issuer text not null,
  subject bytea not null,
  subject_index bytea not null,
  created_at timestamptz not null,
  used_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, subject_index),
  unique (tenant_id, agency, user_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index identities_user on identities (tenant_id, user_id);

-- By which agency's provider a session began; '' is by our own means.
alter table sessions add column via text not null default '';

select isolate_by_tenant('provider_secrets');
select isolate_by_tenant('identities');
