-- The control plane: what belongs to no tenant.
create table tenants (
  id uuid not null primary key,
  code text not null unique,
  slug text not null unique,
  name text not null,
  zone text not null,
  state text not null default 'active' check (state in ('preparing', 'active', 'suspended')),
  suspended_reason text not null default '',
  demo boolean not null default false,
  manifest text not null,
  version bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- One row: it moves with every change to the list of tenants, so that processes notice.
create table registry (
  id integer not null primary key check (id = 1),
  version bigint not null
);
insert into registry (id, version) values (1, 0);

-- Who opened the door to the control plane, and why.
create table system_log (
  id uuid not null primary key,
  at timestamptz not null,
  reason text not null
);

-- The tenants' own keys, wrapped by the service's master key: the newest version is in force. Keys that are
-- null have been destroyed, and what they sealed is gone.
create table keysets (
  tenant_id uuid not null references tenants (id),
  version bigint not null,
  seal_keys bytea,
  index_keys bytea,
  erasures integer not null default 0,
  created_at timestamptz not null,
  primary key (tenant_id, version)
);

-- The whole manifest, with the people in it, sealed. tenants.manifest has what every process may know: the
-- same without them.
create table manifests (
  tenant_id uuid not null primary key references tenants (id),
  region bytea not null,
  -- What the region took from the catalogue at its last apply, and what it has to confirm again since.
  catalogue text not null default '',
  recheck text not null default ''
);

-- What a region declared, projected from its manifest. A row that the manifest no longer has stays
-- with retired set, so that yesterday's tickets keep their names.
create table venues (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  code text not null,
  name text not null,
  name_en text not null default '',
  kind text not null,
  address text not null default '',
  district text not null default '',
  tickets_stop integer not null default 0,
  hours text not null,
  sort integer not null,
  retired boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, code)
);

create table closures (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  venue_id uuid,
  first_day date not null,
  last_day date not null,
  reason text not null,
  reason_en text not null default '',
  primary key (tenant_id, id),
  foreign key (tenant_id, venue_id) references venues (tenant_id, id),
  check (first_day <= last_day)
);

create table zones (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  venue_id uuid not null,
  code text not null,
  name text not null,
  name_en text not null default '',
  place text not null default '',
  place_en text not null default '',
  sort integer not null,
  retired boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, venue_id, code),
  foreign key (tenant_id, venue_id) references venues (tenant_id, id)
);

create table agencies (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  code text not null,
  name text not null,
  short text not null,
  name_en text not null default '',
  short_en text not null default '',
  icon text not null default '',
  words text not null default '',
  sort integer not null,
  retired boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, code)
);

create table series (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  agency_id uuid not null,
  venue_id uuid not null,
  code text not null,
  name text not null default '',
  name_en text not null default '',
  prefix text not null,
  quota bigint not null check (quota >= 0),
  retired boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, agency_id, code),
  foreign key (tenant_id, agency_id) references agencies (tenant_id, id),
  foreign key (tenant_id, venue_id) references venues (tenant_id, id)
);

create table counters (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  agency_id uuid not null,
  venue_id uuid not null,
  zone_id uuid not null,
  code text not null,
  name text not null,
  place text not null default '',
  place_en text not null default '',
  sort integer not null,
  retired boolean not null default false,
  -- Where the counter stands: the ticket that it has called last.
  ticket_id uuid,
  primary key (tenant_id, id),
  unique (tenant_id, venue_id, code),
  foreign key (tenant_id, agency_id) references agencies (tenant_id, id),
  foreign key (tenant_id, venue_id) references venues (tenant_id, id),
  foreign key (tenant_id, zone_id) references zones (tenant_id, id)
);

create table counter_series (
  tenant_id uuid not null references tenants (id),
  counter_id uuid not null,
  series_id uuid not null,
  primary key (tenant_id, counter_id, series_id),
  foreign key (tenant_id, counter_id) references counters (tenant_id, id),
  foreign key (tenant_id, series_id) references series (tenant_id, id)
);

-- Which series share a counter with a series, itself among them: derived from counter_series at each
-- apply. A ticket's place in the line counts those who wait in all of them.
create table series_peers (
  tenant_id uuid not null references tenants (id),
  series_id uuid not null,
  peer_id uuid not null,
  primary key (tenant_id, series_id, peer_id),
  foreign key (tenant_id, series_id) references series (tenant_id, id),
  foreign key (tenant_id, peer_id) references series (tenant_id, id)
);

create table services (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  agency_id uuid not null,
  code text not null,
  name text not null,
  name_en text not null default '',
  words text not null default '',
  execution text not null check (execution in ('native', 'front-desk', 'hand-off')),
  system text not null default '',
  receipt text not null default '',
  minutes integer not null default 0,
  confirmed boolean not null default false,
  standard text not null default '',
  sort integer not null,
  retired boolean not null default false,
  primary key (tenant_id, id),
  unique (tenant_id, agency_id, code),
  foreign key (tenant_id, agency_id) references agencies (tenant_id, id)
);

-- Whose numbers a service gives: one series at each venue where it is given, in the manifest's order.
create table service_series (
  tenant_id uuid not null references tenants (id),
  service_id uuid not null,
  series_id uuid not null,
  sort integer not null,
  primary key (tenant_id, service_id, series_id),
  foreign key (tenant_id, service_id) references services (tenant_id, id),
  foreign key (tenant_id, series_id) references series (tenant_id, id)
);

-- People who sign in, sealed; what they may do, and where they are signed in. source is who says so, and so
-- whose a row is to take away: an apply of the manifest leaves alone what was given on the page or by an agency's
-- own sign-in.
create table users (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  email bytea not null,
  email_index bytea not null,
  name bytea not null,
  password_hash text not null default '',
  -- A password that somebody else chose is worth nothing after this.
  password_until timestamptz,
  retired boolean not null default false,
  source text not null default 'manifest' check (source in ('manifest', 'page', 'provider')),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, email_index)
);

create table grants (
  tenant_id uuid not null references tenants (id),
  user_id uuid not null,
  role text not null,
  scope text not null,
  source text not null default 'manifest' check (source in ('manifest', 'page', 'provider')),
  primary key (tenant_id, user_id, role, scope),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

create table user_counters (
  tenant_id uuid not null references tenants (id),
  user_id uuid not null,
  counter_id uuid not null,
  source text not null default 'manifest' check (source in ('manifest', 'page', 'provider')),
  primary key (tenant_id, user_id, counter_id),
  foreign key (tenant_id, user_id) references users (tenant_id, id),
  foreign key (tenant_id, counter_id) references counters (tenant_id, id)
);

create table sessions (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  kind text not null check (kind in ('cookie', 'bearer')),
  created_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);

-- Counted guesses and calls, by window, so that several processes count together.
create table throttles (
  tenant_id uuid not null references tenants (id),
  key text not null,
  window_start timestamptz not null,
  n integer not null,
  primary key (tenant_id, key, window_start)
);

-- The queue. series_days holds how many numbers a series has given on a local day: the number is
-- taken by updating this row, never by counting tickets.
create table series_days (
  tenant_id uuid not null references tenants (id),
  series_id uuid not null,
  day date not null,
  n bigint not null,
  prev bigint not null default 0,
  primary key (tenant_id, series_id, day),
  foreign key (tenant_id, series_id) references series (tenant_id, id)
);

create table tickets (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  series_id uuid not null,
  service_id uuid not null,
  day date not null,
  number bigint not null check (number > 0),
  status text not null check (status in ('waiting', 'called', 'serving', 'finished', 'no_show', 'cancelled')),
  channel text not null check (channel in ('web', 'kiosk', 'counter', 'vehicle')),
  idem_key text not null,
  counter_id uuid,
  calls integer not null default 0,
  created_at timestamptz not null,
  called_at timestamptz,
  served_at timestamptz,
  ended_at timestamptz,
  cancelled_by text check (cancelled_by in ('own', 'desk', 'mall')),
  check ((status = 'cancelled') = (cancelled_by is not null)),
  primary key (tenant_id, id),
  unique (tenant_id, series_id, day, number),
  unique (tenant_id, idem_key),
  foreign key (tenant_id, series_id) references series (tenant_id, id),
  foreign key (tenant_id, service_id) references services (tenant_id, id),
  foreign key (tenant_id, counter_id) references counters (tenant_id, id)
);
create index tickets_waiting on tickets (tenant_id, day, created_at, number, id) where status = 'waiting';
create index tickets_ahead on tickets (tenant_id, series_id, day, created_at, number, id) where status = 'waiting';
create index tickets_counter on tickets (tenant_id, counter_id, day);

-- Who was called by which press of a counter's button: a press that is sent again calls nobody else.
create table presses (
  tenant_id uuid not null references tenants (id),
  counter_id uuid not null,
  key text not null,
  ticket_id uuid not null,
  at timestamptz not null,
  primary key (tenant_id, counter_id, key),
  foreign key (tenant_id, counter_id) references counters (tenant_id, id),
  foreign key (tenant_id, ticket_id) references tickets (tenant_id, id)
);
create index presses_old on presses (tenant_id, at);

-- The chain: one head a tenant, on which its writers wait last; records that nobody changes; events
-- that screens follow, in the order of the commits.
create table audit_heads (
  tenant_id uuid not null primary key references tenants (id),
  seq bigint not null,
  event_seq bigint not null,
  hash bytea not null
);

create table audit (
  tenant_id uuid not null references tenants (id),
  seq bigint not null,
  block bigint not null,
  at timestamptz not null,
  actor text not null,
  action text not null,
  target text not null,
  record text not null,
  hash bytea,
  primary key (tenant_id, seq)
);

create table events (
  tenant_id uuid not null references tenants (id),
  seq bigint not null,
  at timestamptz not null,
  kind text not null,
  topics text not null,
  data text not null,
  primary key (tenant_id, seq)
);

-- Work to be done after a commit, by whichever process takes it: written in the transaction of the change
-- that it follows from. data names rows; nothing personal and no secret stands here.
create table jobs (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  kind text not null,
  key text not null,
  data text not null,
  state text not null check (state in ('queued', 'running', 'done', 'dead')),
  run_at timestamptz not null,
  attempts integer not null default 0,
  -- Whose a running job is, and until when without a sign of life.
  lease uuid,
  lease_until timestamptz,
  last_error text not null default '',
  created_at timestamptz not null,
  done_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, kind, key)
);
create index jobs_queued on jobs (tenant_id, kind, run_at) where state = 'queued';
create index jobs_running on jobs (tenant_id, kind, lease_until) where state = 'running';
create index jobs_ended on jobs (tenant_id, state, done_at) where state in ('done', 'dead');

-- What is written to people: one row an event and channel, which is there before anything is sent. The
-- recipient is a reference; the address is looked up at the moment of sending and kept nowhere.
create table messages (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  kind text not null,
  key text not null,
  channel text not null check (channel in ('email', 'sms', 'whatsapp')),
  recipient text not null,
  data text not null,
  state text not null check (state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'dropped')),
  attempts integer not null default 0,
  provider_id text not null default '',
  last_error text not null default '',
  created_at timestamptz not null,
  sent_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, kind, key, channel)
);
create index messages_old on messages (tenant_id, created_at);

-- Row level security, for every table that has a tenant. After a transaction the setting is '', which
-- would not cast: nullif makes it no tenant at all.
create function isolate_by_tenant(tbl regclass) returns void language plpgsql as $$
declare
  mine text := format('tenant_id = nullif(current_setting(%L, true), %L)::uuid', 'app.tenant_id', '');
begin
  execute format('alter table %s enable row level security', tbl);
  execute format('alter table %s force row level security', tbl);
  execute format('create policy tenant on %s using (%s) with check (%s)', tbl, mine, mine);
end $$;
select isolate_by_tenant('keysets');
select isolate_by_tenant('manifests');
select isolate_by_tenant('venues');
select isolate_by_tenant('closures');
select isolate_by_tenant('zones');
select isolate_by_tenant('agencies');
select isolate_by_tenant('series');
select isolate_by_tenant('counters');
select isolate_by_tenant('counter_series');
select isolate_by_tenant('series_peers');
select isolate_by_tenant('services');
select isolate_by_tenant('service_series');
select isolate_by_tenant('users');
select isolate_by_tenant('grants');
select isolate_by_tenant('user_counters');
select isolate_by_tenant('sessions');
select isolate_by_tenant('throttles');
select isolate_by_tenant('series_days');
select isolate_by_tenant('tickets');
select isolate_by_tenant('presses');
select isolate_by_tenant('audit_heads');
select isolate_by_tenant('audit');
select isolate_by_tenant('events');
select isolate_by_tenant('jobs');
select isolate_by_tenant('messages');
