-- What a region's people are changing of its manifest, field by field, before it is applied. Values are sealed: among
-- them are names and addresses of people.
create table draft_fields (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  path text not null,
  value bytea,
  version bigint not null,
  changed_by uuid not null,
  changed_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, path)
);

-- One row a region: whoever saves waits here for whoever is saving.
create table drafts (
  tenant_id uuid not null primary key references tenants (id),
  version bigint not null default 0,
  report text not null default '',
  report_version bigint not null default 0,
  report_at timestamptz
);

-- Who asks to bring a region on: rows of the platform's own tenant.
create table claims (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  region text not null,
  state text not null check (state in ('asked', 'proven', 'confirmed', 'refused')),
  email bytea not null,
  email_index bytea not null,
  name bytea not null,
  post bytea not null,
  locale text not null,
  token_hash bytea,
  token_until timestamptz,
  proven_at timestamptz,
  decided_by uuid,
  decided_at timestamptz,
  reason text not null default '',
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create index claims_state on claims (tenant_id, state, region);
create index claims_token on claims (tenant_id, token_hash);

select isolate_by_tenant('draft_fields');
select isolate_by_tenant('drafts');
select isolate_by_tenant('claims');
