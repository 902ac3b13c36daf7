-- Nothing to do: what is asked of several tenants at once is one statement here, and PostgreSQL's functions have no
-- counterpart.
select 1;
