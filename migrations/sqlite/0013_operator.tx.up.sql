-- What the operator of the platform has switched for a region, where it is not the default.
create table features (
  region_code text not null references tenants (code),
  feature text not null,
  enabled boolean not null,
  changed_at timestamp not null,
  primary key (region_code, feature)
);

-- What the operator tells staff, or everyone, of one region or of all (null) for a while.
create table announcements (
  id text not null primary key,
  region_code text references tenants (code),
  audience text not null check (audience in ('staff', 'everyone')),
  body text not null,
  body_en text not null,
  from_at timestamp not null,
  until_at timestamp not null,
  created_at timestamp not null,
  check (from_at < until_at)
);
create index announcements_until on announcements (until_at);

-- How often a region's requests failed or were turned away, by the hour and the problem's code. Nobody stands here.
create table fault_counts (
  tenant_id text not null references tenants (id),
  hour timestamp not null,
  code text not null,
  shed boolean not null,
  n bigint not null,
  primary key (tenant_id, hour, code)
);

-- When and for how long a region lets the platform's operator in: who allowed it, and the account that was made for the operator.
create table helps (
  tenant_id text not null references tenants (id),
  id text not null,
  user_id text not null,
  whole boolean not null,
  created_at timestamp not null,
  until_at timestamp not null,
  withdrawn_at timestamp,
  helper_id text,
  token_hash blob,
  token_until timestamp,
  opened_at timestamp,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, helper_id) references users (tenant_id, id)
);
create index helps_until on helps (tenant_id, until_at);
