-- Certificates of regions' own domains, by ACME. A row is there from the first order on: it says how far the order
-- has come, whose turn it is (lease), which challenge is open, and after a failure when it is tried again.
create table certificates (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  host text not null,
  chain text not null default '',
  key bytea,
  issued_at timestamptz,
  not_after timestamptz,
  renew_at timestamptz,
  way text not null default '',
  challenge text not null default '' check (challenge in ('', 'http-01', 'tls-alpn-01')),
  token text not null default '',
  failures integer not null default 0,
  fault text not null default '',
  detail text not null default '',
  failed_at timestamptz,
  next_at timestamptz,
  lease uuid,
  lease_until timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, host)
);
select isolate_by_tenant('certificates');

-- The key with which the service orders them, one for each certificate authority. It is the platform's.
create table acme_accounts (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  directory text not null,
  key bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, directory)
);
select isolate_by_tenant('acme_accounts');
