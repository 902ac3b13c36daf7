-- A mall that changes over from another system. From when a series gives numbers: null is always. It stands on the
-- series' own row because the statement that issues holds that row: whoever shuts it waits for the numbers that are just
-- being given, and whoever waited for them sees that it is shut.
alter table series add column gives_from timestamptz;

-- Where a number comes from: '' is ours, 'old' the system that gave numbers before.
alter table tickets add column origin text not null default '' check (origin in ('', 'old'));

create table switchovers (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  state text not null check (state in ('planned', 'rolled_back', 'cancelled')),
  switch_at timestamptz not null,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, id)
);
create index switchovers_newest on switchovers (tenant_id, created_at);

-- The old system's running numbers on the day of the switch, by series.
create table switchover_series (
  tenant_id uuid not null references tenants (id),
  switchover_id uuid not null,
  series_id uuid not null,
  last_given bigint not null check (last_given >= 0),
  last_called bigint not null check (last_called >= 0 and last_called <= last_given),
  primary key (tenant_id, switchover_id, series_id),
  foreign key (tenant_id, switchover_id) references switchovers (tenant_id, id),
  foreign key (tenant_id, series_id) references series (tenant_id, id)
);

select isolate_by_tenant('switchovers');
select isolate_by_tenant('switchover_series');
