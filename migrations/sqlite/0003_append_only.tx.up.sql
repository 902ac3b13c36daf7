-- Records are only ever added. SQLite has no roles: whoever can write to the file can drop these triggers too, so
-- they guard against mistakes and against code that was talked into a statement of somebody else's. What
-- finds the rest are the chain and its checkpoints.
create trigger audit_kept_update before update on audit begin
  select raise(abort, 'audit is only ever added to');
end;
create trigger audit_kept_delete before delete on audit begin
  select raise(abort, 'audit is only ever added to');
end;
create trigger system_log_kept_update before update on system_log begin
  select raise(abort, 'system_log is only ever added to');
end;
create trigger system_log_kept_delete before delete on system_log begin
  select raise(abort, 'system_log is only ever added to');
end;
