-- Who may do what, table by table. It runs after every migration and may run again: roles that were made since get their
-- rights with the next run. A role that is missing is left out, as in a database of one developer.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'statuscheck_gateway') THEN
        GRANT USAGE ON SCHEMA statuscheck TO statuscheck_gateway;
        -- The ledger is only ever added to.
        GRANT SELECT, INSERT ON statuscheck.entries TO statuscheck_gateway;
        GRANT SELECT, INSERT, UPDATE ON statuscheck.chains, statuscheck.store TO statuscheck_gateway;
        GRANT SELECT, INSERT, UPDATE, DELETE
            ON statuscheck.cases, statuscheck.requests, statuscheck.case_keys, statuscheck.referred,
               statuscheck.holds, statuscheck.shares, statuscheck.quotas, statuscheck.quota_blocks,
               statuscheck.questions, statuscheck.hooks, statuscheck.referrals
            TO statuscheck_gateway;
        GRANT SELECT ON statuscheck.migrations TO statuscheck_gateway;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'statuscheck_auditor') THEN
        GRANT USAGE ON SCHEMA statuscheck TO statuscheck_auditor;
        -- Not the keys, nor the secret: an auditor needs neither to verify the ledger.
        GRANT SELECT ON statuscheck.entries, statuscheck.chains, statuscheck.migrations TO statuscheck_auditor;
        GRANT SELECT (single, ledger) ON statuscheck.store TO statuscheck_auditor;
    END IF;
END
$$;
