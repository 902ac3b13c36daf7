-- What a region's people are changing of its manifest, field by field, before it is applied. Values are sealed: among
-- them are names and addresses of people.
create table draft_fields (
  tenant_id text not null references tenants (id),
  id text not null,
  path text not null,
  value blob,
  version bigint not null,
  changed_by text not null,
  changed_at timestamp not null,
  primary key (tenant_id, id),
  unique (tenant_id, path)
);

-- One row a region: whoever saves waits here for whoever is saving.
create table drafts (
  tenant_id text not null primary key references tenants (id),
  version bigint not null default 0,
  report text not null default '',
  report_version bigint not null default 0,
  report_at timestamp
);

-- Who asks to bring a region on: rows of the platform's own tenant.
create table claims (
  tenant_id text not null references tenants (id),
  id text not null,
  region text not null,
  state text not null check (state in ('asked', 'proven', 'confirmed', 'refused')),
  email blob not null,
  email_index blob not null,
  name blob not null,
  post blob not null,
  locale text not null,
  token_hash blob,
  token_until timestamp,
  proven_at timestamp,
  decided_by text,
  decided_at timestamp,
  reason text not null default '',
  created_at timestamp not null,
  primary key (tenant_id, id)
);
create index claims_state on claims (tenant_id, state, region);
create index claims_token on claims (tenant_id, token_hash);
