//! The tables as Diesel sees them: the same on both databases.
#![expect(missing_docs, reason = "the migrations describe the tables")]

diesel::table! {
    projects (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        settings -> Text,
        secret -> Binary,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        email -> Text,
        password_hash -> Text,
        is_admin -> Bool,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        password_expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id_hash) {
        id_hash -> Binary,
        user_id -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
        id -> Text,
        renew_at -> BigInt,
        previous_hash -> Nullable<Binary>,
        previous_until -> BigInt,
        address -> Text,
        user_agent -> Text,
        issuer -> Nullable<Text>,
    }
}

diesel::table! {
    sign_in_failures (subject) {
        subject -> Binary,
        failures -> BigInt,
        blocked_until -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Text,
        secret -> Binary,
        confirmed -> Bool,
        last_step -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, code_hash) {
        user_id -> Text,
        code_hash -> Binary,
    }
}

diesel::table! {
    memberships (project_id, user_id) {
        project_id -> Text,
        user_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    api_keys (id) {
        id -> Text,
        project_id -> Text,
        name -> Text,
        key_hash -> Binary,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        quota -> Nullable<Text>,
        rotated_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    idempotency_keys (principal, idempotency_key) {
        principal -> Text,
        idempotency_key -> Text,
        request_hash -> Binary,
        status -> Nullable<BigInt>,
        headers -> Nullable<Text>,
        body -> Nullable<Binary>,
        created_at -> BigInt,
        turn_id -> Nullable<Text>,
        done_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ledger_heads (log) {
        log -> Text,
        frontier -> Binary,
        checkpoint -> Text,
    }
}

diesel::table! {
    ledger_entries (log, bundle) {
        log -> Text,
        bundle -> BigInt,
        entries -> Binary,
    }
}

diesel::table! {
    ledger_tiles (log, level, tile) {
        log -> Text,
        level -> BigInt,
        tile -> BigInt,
        hashes -> Binary,
    }
}

diesel::table! {
    ledger_records (log, ledger_index) {
        log -> Text,
        ledger_index -> BigInt,
        nonce -> Binary,
        record -> Text,
    }
}

diesel::table! {
    ledger_erasures (log, first_index) {
        log -> Text,
        first_index -> BigInt,
        last_index -> BigInt,
        project_id -> Text,
    }
}

diesel::table! {
    invocations (ledger_index) {
        ledger_index -> BigInt,
        project_id -> Text,
        event_id -> Text,
        occurred_at -> BigInt,
        run_id -> Nullable<Text>,
        stage -> Nullable<Text>,
        span_id -> Nullable<Text>,
        parent_span_id -> Nullable<Text>,
        operation -> Nullable<Text>,
        provider -> Nullable<Text>,
        model -> Nullable<Text>,
        tier -> Nullable<Text>,
        agent -> Nullable<Text>,
        key_id -> Nullable<Text>,
        status -> Text,
        error_type -> Nullable<Text>,
        latency_us -> Nullable<BigInt>,
        input_tokens -> BigInt,
        output_tokens -> BigInt,
        cache_read_tokens -> BigInt,
        cache_write_tokens -> BigInt,
        reasoning_tokens -> BigInt,
        cost_nano_usd -> Nullable<BigInt>,
        unpriced -> Bool,
    }
}

diesel::table! {
    invocation_labels (project_id, label, occurred_at, ledger_index) {
        project_id -> Text,
        label -> Text,
        occurred_at -> BigInt,
        ledger_index -> BigInt,
    }
}

diesel::table! {
    runs (project_id, run_id) {
        project_id -> Text,
        run_id -> Text,
        first_index -> BigInt,
    }
}

diesel::table! {
    audit_events (ledger_index) {
        ledger_index -> BigInt,
        project_id -> Nullable<Text>,
        occurred_at -> BigInt,
        actor -> Text,
        action -> Text,
    }
}

diesel::table! {
    reports (id) {
        id -> Text,
        project_id -> Text,
        run_id -> Nullable<Text>,
        from_at -> Nullable<BigInt>,
        to_at -> Nullable<BigInt>,
        created_at -> BigInt,
        sha256 -> Text,
        body -> Text,
    }
}

diesel::table! {
    user_identities (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        user_id -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    cost_rollups (digest) {
        digest -> Binary,
        project_id -> Text,
        hour -> BigInt,
        run_id -> Nullable<Text>,
        model -> Nullable<Text>,
        provider -> Nullable<Text>,
        tier -> Nullable<Text>,
        agent -> Nullable<Text>,
        stage -> Nullable<Text>,
        key_id -> Nullable<Text>,
        invocations -> BigInt,
        errors -> BigInt,
        input_tokens -> BigInt,
        output_tokens -> BigInt,
        cache_read_tokens -> BigInt,
        cache_write_tokens -> BigInt,
        reasoning_tokens -> BigInt,
        cost_nano_usd -> BigInt,
        unpriced -> BigInt,
    }
}

diesel::table! {
    insights_cursors (name) {
        name -> Text,
        cursor -> Text,
    }
}

diesel::table! {
    insights_documents (name) {
        name -> Text,
        version -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    insights_leases (name) {
        name -> Text,
        holder -> Text,
        until -> BigInt,
    }
}

diesel::table! {
    alerts (id) {
        id -> Text,
        fingerprint -> Text,
        alert -> Text,
        severity -> Text,
        class -> Nullable<Text>,
        node -> Nullable<Text>,
        summary -> Text,
        value_milli -> BigInt,
        raised_at -> BigInt,
        seen_at -> BigInt,
        resolved_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    metric_samples (at, node) {
        at -> BigInt,
        node -> Text,
        figures -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    projects,
    users,
    sessions,
    sign_in_failures,
    second_factors,
    recovery_codes,
    user_identities,
    memberships,
    api_keys,
    idempotency_keys,
    ledger_heads,
    ledger_entries,
    ledger_tiles,
    ledger_records,
    ledger_erasures,
    invocations,
    invocation_labels,
    runs,
    audit_events,
    reports,
    cost_rollups,
    insights_cursors,
    insights_documents,
    insights_leases,
    alerts,
    metric_samples,
);
