-- Nothing to do: "on conflict do update" needs the right to update, which the serving role does not have.
select 1;
