-- Who pays for what. An account is a region's own, in its rows; a province's stands among the platform's rows. Money is
-- in sen, 1/100 rupiah. begun and applied order what is heard of an account, attempt names what is asked of a provider.
create table billing_accounts (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  scope text not null,
  provider text not null check (provider in ('offline', 'stripe')),
  customer text not null default '',
  subscription text not null default '',
  plan text not null default '',
  status text not null default 'none' check (status in ('none', 'trialing', 'active', 'ended')),
  quantity bigint not null default 0,
  trial_end timestamptz,
  period_start timestamptz,
  period_end timestamptz,
  next_plan text not null default '',
  next_quantity bigint not null default 0,
  cancel_at_end boolean not null default false,
  begun bigint not null default 0,
  applied bigint not null default 0,
  attempt bigint not null default 0,
  name text not null default '',
  address text not null default '',
  npwp text not null default '',
  nitku text not null default '',
  contract text not null default '',
  contract_day date,
  purchase_order text not null default '',
  treasurer boolean not null default false,
  signatory bytea,
  email bytea,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, scope)
);

-- external is the provider's name of the invoice; year and no are 0 where the provider numbers.
create table billing_invoices (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  account_id uuid not null,
  external text not null,
  number text not null default '',
  year bigint not null default 0,
  no bigint not null default 0,
  plan text not null default '',
  quantity bigint not null default 0,
  period_start timestamptz,
  period_end timestamptz,
  status text not null check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
  disputed boolean not null default false,
  subtotal bigint not null,
  vat bigint not null,
  due bigint not null,
  rules text not null default '',
  treasurer boolean not null default false,
  buyer text not null default '',
  purchase_order text not null default '',
  contract text not null default '',
  issued_at timestamptz not null,
  due_at timestamptz,
  paid_at timestamptz,
  disputed_at timestamptz,
  reference text not null default '',
  tax_number text not null default '',
  handover text not null default '',
  handover_day date,
  file_url text not null default '',
  primary key (tenant_id, id),
  unique (tenant_id, external),
  foreign key (tenant_id, account_id) references billing_accounts (tenant_id, id)
);
create index billing_invoices_account on billing_invoices (tenant_id, account_id, issued_at);

-- Numbers of our own invoices, for all payers together and without a gap: each but a year's first refers to the one
-- before, so none can be left out and none taken away.
create table billing_years (
  year bigint not null primary key,
  n bigint not null
);
-- No reference to tenants: the register is the seller's, and stays without a gap when a region is erased.
create table billing_numbers (
  year bigint not null,
  n bigint not null,
  prev bigint,
  region_code text not null,
  invoice_id uuid not null unique,
  primary key (year, n),
  foreign key (year, prev) references billing_numbers (year, n),
  check ((n = 1 and prev is null) or (n > 1 and prev is not null and prev = n - 1))
);

-- Which tenant an account is of; webhooks come to the bare host and say a customer only.
create table billing_payers (
  account_id uuid not null primary key,
  region_code text not null references tenants (code),
  scope text not null,
  provider text not null,
  customer text unique,
  plan text not null default '',
  status text not null default 'none',
  changed_at timestamptz not null,
  unique (region_code, scope)
);

-- For which regions somebody else pays, and how that stands; without an account nobody does any more.
create table billing_coverage (
  region_code text not null primary key references tenants (code),
  account_id uuid references billing_payers (account_id),
  plan text not null default '',
  status text not null default 'none',
  overdue_since timestamptz,
  changed_at timestamptz not null
);

-- What a provider has told, by its own name of it: told again it is known already.
create table billing_events (
  id text not null primary key,
  kind text not null,
  customer text not null default '',
  region_code text not null default '',
  state text not null check (state in ('queued', 'done', 'ignored', 'dead')),
  code text not null default '',
  tries bigint not null default 0,
  made_at timestamptz not null,
  received_at timestamptz not null,
  done_at timestamptz
);
create index billing_events_state on billing_events (state, received_at);

-- Of several payers: their invoices that are not settled, and those of late.
create function across_invoices(asked uuid[], days date[], since bigint)
returns table (tenant_id uuid, account_id uuid, invoice_id uuid, year bigint, no bigint, state bigint, due bigint, issued_at bigint, due_at bigint, paid_at bigint)
language plpgsql as $$
#variable_conflict use_column
declare one record;
begin
  for one in select q.tenant from unnest(asked) as q (tenant) loop
    execute format('set local app.tenant_id = %L', one.tenant);
    return query
      select i.tenant_id, i.account_id, i.id, i.year, i.no,
        (case when i.disputed then 5 else array_position(array['draft', 'open', 'paid', 'void', 'uncollectible'], i.status) - 1 end)::bigint,
        i.due, floor(extract(epoch from i.issued_at))::bigint, coalesce(floor(extract(epoch from i.due_at)), 0)::bigint, coalesce(floor(extract(epoch from i.paid_at)), 0)::bigint
      from billing_invoices i
      where i.tenant_id = one.tenant and (i.status = 'open' or i.disputed or floor(extract(epoch from i.issued_at)) >= since);
  end loop;
  execute 'set local app.tenant_id = ''''';
end $$;

select isolate_by_tenant('billing_accounts');
select isolate_by_tenant('billing_invoices');
