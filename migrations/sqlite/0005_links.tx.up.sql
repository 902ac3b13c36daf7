-- One-time links that were sent to people, by which they choose a password. Only the hash of the token is here.
create table links (
  tenant_id text not null references tenants (id),
  id text not null,
  user_id text not null,
  letter text not null,
  token_hash blob not null,
  created_at timestamp not null,
  expires_at timestamp not null,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, user_id) references users (tenant_id, id)
);
create index links_user on links (tenant_id, user_id);
