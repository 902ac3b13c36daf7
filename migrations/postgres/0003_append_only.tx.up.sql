-- Records are only ever added. Here the rights see to it: the role that serves has no update, delete or truncate
-- on these tables, and serve refuses to start when it has. The owner could still change them, and then the
-- chain and its checkpoints find it.
comment on table audit is 'only ever added to: pendopo audit verify';
comment on table system_log is 'only ever added to';
