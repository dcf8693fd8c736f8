-- A role that serves and nothing else: it cannot change the schema, nor take away or alter what is
-- written once; what it could write wrongly, `researchflow ledger verify` finds. The owner of the database runs this after `researchflow migrate up`, once; what
-- later migrations make comes with the same rights. Then `\password researchflow_service`, and
--     serve --no-migrate, with DATABASE_URL=postgres://researchflow_service:…@…
-- A test serves with it (tests/blackbox security::database_role).
CREATE ROLE researchflow_service LOGIN;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO researchflow_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO researchflow_service;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO researchflow_service;

REVOKE INSERT, UPDATE, DELETE ON __diesel_schema_migrations FROM researchflow_service;
-- Written once.
REVOKE UPDATE, DELETE ON audit_events, ledger_erasures FROM researchflow_service;
-- They grow, and are never taken away.
REVOKE DELETE ON ledger_heads, ledger_entries, ledger_tiles FROM researchflow_service;
-- Erased with what they tell of, never altered.
REVOKE UPDATE ON ledger_records FROM researchflow_service;

DO $$ BEGIN
    IF has_schema_privilege('researchflow_service', 'public', 'CREATE') THEN
        RAISE 'everybody may make tables in the schema public: its owner has to revoke that';
    END IF;
END $$;
