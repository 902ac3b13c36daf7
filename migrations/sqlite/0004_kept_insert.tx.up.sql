-- "insert or replace" takes a row away without asking the triggers before a delete.
create trigger audit_kept_insert before insert on audit
when exists (select 1 from audit where tenant_id = new.tenant_id and seq = new.seq) or exists (select 1 from audit where rowid = new.rowid) begin
  select raise(abort, 'audit is only ever added to');
end;
create trigger system_log_kept_insert before insert on system_log
when exists (select 1 from system_log where id = new.id) or exists (select 1 from system_log where rowid = new.rowid) begin
  select raise(abort, 'system_log is only ever added to');
end;
