-- Hosts of their own that regions ask for. One is served once its name server has shown the token: the proof
-- that who asks may speak for the name. No host is served for two regions.
create table domains (
  region_code text not null references tenants (code),
  host text not null,
  token text not null,
  state text not null default 'asked' check (state in ('asked', 'bound', 'dropped')),
  asked_at timestamptz not null,
  proved_at timestamptz,
  primary key (region_code, host)
);
create unique index domains_bound on domains (host) where state = 'bound';
