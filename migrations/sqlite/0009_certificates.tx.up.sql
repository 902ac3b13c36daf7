-- Certificates of regions' own domains, by ACME. A row is there from the first order on: it says how far the order
-- has come, whose turn it is (lease), which challenge is open, and after a failure when it is tried again.
create table certificates (
  tenant_id text not null references tenants (id),
  id text not null,
  host text not null,
  chain text not null default '',
  key blob,
  issued_at timestamp,
  not_after timestamp,
  renew_at timestamp,
  way text not null default '',
  challenge text not null default '' check (challenge in ('', 'http-01', 'tls-alpn-01')),
  token text not null default '',
  failures integer not null default 0,
  fault text not null default '',
  detail text not null default '',
  failed_at timestamp,
  next_at timestamp,
  lease text,
  lease_until timestamp,
  primary key (tenant_id, id),
  unique (tenant_id, host)
);

-- The key with which the service orders them, one for each certificate authority. It is the platform's.
create table acme_accounts (
  tenant_id text not null references tenants (id),
  id text not null,
  directory text not null,
  key blob not null,
  created_at timestamp not null,
  primary key (tenant_id, id),
  unique (tenant_id, directory)
);
