DROP INDEX audit_events_action;
CREATE INDEX audit_events_time ON audit_events (occurred_at, ledger_index);
CREATE INDEX audit_events_project ON audit_events (project_id, occurred_at, ledger_index);
CREATE INDEX audit_events_actor ON audit_events (actor, occurred_at, ledger_index);
CREATE INDEX audit_events_action ON audit_events (action, occurred_at, ledger_index);
