-- What is asked of several tenants at once: counts for those who oversee provinces, the nation or an agency. Each
-- function goes from tenant to tenant, as whichever role calls it, with row level security in force for each of them;
-- it gives identifiers and numbers, and leaves the transaction with no tenant. days are the tenants' own local days.

-- Of one agency, by region and venue: numbers of the day by how they stand, and how long those waited who were called.
create function across_agency(asked uuid[], days date[], agency text)
returns table (tenant_id uuid, venue_id uuid, issued bigint, waiting bigint, called bigint, finished bigint, absent bigint,
  waited bigint, waited_seconds bigint)
language plpgsql as $$
#variable_conflict use_column
declare one record;
begin
  for one in select q.tenant, q.today from unnest(asked, days) as q (tenant, today) loop
    execute format('set local app.tenant_id = %L', one.tenant);
    return query
      select t.tenant_id, s.venue_id, count(*),
        count(*) filter (where t.status = 'waiting'), count(*) filter (where t.status in ('called', 'serving')),
        count(*) filter (where t.status = 'finished'), count(*) filter (where t.status = 'no_show'),
        count(t.called_at),
        coalesce(sum(floor(extract(epoch from t.called_at)) - floor(extract(epoch from t.created_at))), 0)::bigint
      from agencies g
      join series s on s.tenant_id = g.tenant_id and s.agency_id = g.id
      join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = one.today
      where g.tenant_id = one.tenant and g.code = agency
      group by t.tenant_id, s.venue_id;
  end loop;
  execute 'set local app.tenant_id = ''''';
end $$;

-- At which of an agency's counters a number of the day stands.
create function across_counters(asked uuid[], days date[], agency text)
returns table (tenant_id uuid, counter_id uuid)
language plpgsql as $$
#variable_conflict use_column
declare one record;
begin
  for one in select q.tenant, q.today from unnest(asked, days) as q (tenant, today) loop
    execute format('set local app.tenant_id = %L', one.tenant);
    return query
      select c.tenant_id, c.id
      from agencies g
      join counters c on c.tenant_id = g.tenant_id and c.agency_id = g.id
      join tickets t on t.tenant_id = c.tenant_id and t.id = c.ticket_id
      where g.tenant_id = one.tenant and g.code = agency and t.day = one.today and t.status in ('called', 'serving');
  end loop;
  execute 'set local app.tenant_id = ''''';
end $$;

-- By region: numbers of the day by how they stand, and at how many counters one stands.
create function across_regions(asked uuid[], days date[])
returns table (tenant_id uuid, issued bigint, waiting bigint, called bigint, finished bigint, absent bigint)
language plpgsql as $$
#variable_conflict use_column
declare one record;
begin
  for one in select q.tenant, q.today from unnest(asked, days) as q (tenant, today) loop
    execute format('set local app.tenant_id = %L', one.tenant);
    return query
      select t.tenant_id, count(*),
        count(*) filter (where t.status = 'waiting'), count(*) filter (where t.status in ('called', 'serving')),
        count(*) filter (where t.status = 'finished'), count(*) filter (where t.status = 'no_show')
      from series s
      join tickets t on t.tenant_id = s.tenant_id and t.series_id = s.id and t.day = one.today
      where s.tenant_id = one.tenant
      group by t.tenant_id;
  end loop;
  execute 'set local app.tenant_id = ''''';
end $$;

-- By region: work that waits, and work that has failed for good.
create function across_work(asked uuid[], days date[])
returns table (tenant_id uuid, queued bigint, dead bigint)
language plpgsql as $$
#variable_conflict use_column
declare one record;
begin
  for one in select q.tenant from unnest(asked) as q (tenant) loop
    execute format('set local app.tenant_id = %L', one.tenant);
    return query
      select j.tenant_id, count(*) filter (where j.state = 'queued'), count(*) filter (where j.state = 'dead')
      from jobs j
      where j.tenant_id = one.tenant and j.state in ('queued', 'dead')
      group by j.tenant_id;
  end loop;
  execute 'set local app.tenant_id = ''''';
end $$;
