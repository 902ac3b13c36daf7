-- What the operator of the platform has switched for a region, where it is not the default.
create table features (
  region_code text not null references tenants (code),
  feature text not null,
  enabled boolean not null,
  changed_at timestamptz not null,
  primary key (region_code, feature)
);

-- What the operator tells staff, or everyone, of one region or of all (null) for a while.
create table announcements (
  id uuid not null primary key,
  region_code text references tenants (code),
  audience text not null check (audience in ('staff', 'everyone')),
  body text not null,
  body_en text not null,
  from_at timestamptz not null,
  until_at timestamptz not null,
  created_at timestamptz not null,
  check (from_at < until_at)
);
create index announcements_until on announcements (until_at);

-- How often a region's requests failed or were turned away, by the hour and the problem's code. Nobody stands here.
create table fault_counts (
  tenant_id uuid not null references tenants (id),
  hour timestamptz not null,
  code text not null,
  shed boolean not null,
  n bigint not null,
  primary key (tenant_id, hour, code)
);
select isolate_by_tenant('fault_counts');

-- By region: when something was last recorded (seconds since 1970), messages that were not sent for good, requests that failed
-- and that were turned away since a moment.
create function across_health(asked uuid[], days date[], since timestamptz)
returns table (tenant_id uuid, last_at bigint, unsent bigint, failed bigint, shed bigint)
language plpgsql as $$
#variable_conflict use_column
declare one record;
begin
  for one in select q.tenant from unnest(asked) as q (tenant) loop
    execute format('set local app.tenant_id = %L', one.tenant);
    return query
      select one.tenant,
        coalesce((select floor(extract(epoch from a.at))::bigint from audit a where a.tenant_id = one.tenant order by a.seq desc limit 1), 0),
        (select count(*) from messages m where m.tenant_id = one.tenant and m.state in ('failed', 'unknown')),
        coalesce((select sum(f.n) filter (where not f.shed) from fault_counts f where f.tenant_id = one.tenant and f.hour >= since), 0)::bigint,
        coalesce((select sum(f.n) filter (where f.shed) from fault_counts f where f.tenant_id = one.tenant and f.hour >= since), 0)::bigint;
  end loop;
  execute 'set local app.tenant_id = ''''';
end $$;

-- When and for how long a region lets the platform's operator in: who allowed it, and the account that was made for the operator.
create table helps (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  whole boolean not null,
  created_at timestamptz not null,
  until_at timestamptz not null,
  withdrawn_at timestamptz,
  helper_id uuid,
  token_hash bytea,
  token_until timestamptz,
  opened_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, helper_id) references users (tenant_id, id)
);
create index helps_until on helps (tenant_id, until_at);
select isolate_by_tenant('helps');
