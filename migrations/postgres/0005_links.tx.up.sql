-- One-time links that were sent to people, by which they choose a password. Only the hash of the token is here.
create table links (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  user_id uuid not null,
  letter text not null,
  token_hash bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index links_user on links (tenant_id, user_id);

select isolate_by_tenant('links');
