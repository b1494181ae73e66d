//! The tables as diesel sees them. Written by `just schema`, compared by `just check`.

#![allow(missing_docs, reason = "generated; the migrations say what each column is")]

diesel::table! {
    alert_channels (id) {
        id -> BigInt,
        name -> Text,
        kind -> SmallInt,
        target -> Text,
        secret -> Nullable<Binary>,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        last_sent_at -> Nullable<BigInt>,
        failures -> BigInt,
        retry_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    alert_notices (id) {
        id -> BigInt,
        alert_id -> BigInt,
        channel_id -> BigInt,
        telling -> BigInt,
        kind -> SmallInt,
        count -> BigInt,
        created_at -> BigInt,
        due_at -> BigInt,
        sent_at -> Nullable<BigInt>,
        given_up_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    alerts (id) {
        id -> BigInt,
        condition -> SmallInt,
        source -> Text,
        cause -> Text,
        started_at -> BigInt,
        opened_at -> BigInt,
        last_at -> BigInt,
        count -> BigInt,
        sample -> Nullable<BigInt>,
        told_at -> Nullable<BigInt>,
        told_count -> BigInt,
        tellings -> BigInt,
        resolved_at -> Nullable<BigInt>,
        acknowledged_at -> Nullable<BigInt>,
        acknowledged_by -> Nullable<Text>,
        muted_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        name -> Text,
        token_hash -> Binary,
        role -> SmallInt,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_log (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        details -> Text,
    }
}

diesel::table! {
    feed_head (one) {
        one -> SmallInt,
        seq -> BigInt,
    }
}

diesel::table! {
    jwks_documents (url) {
        url -> Text,
        document -> Text,
        fetched_at -> BigInt,
    }
}

diesel::table! {
    known_event_types (source, event_type) {
        source -> Text,
        event_type -> Text,
        first_seen_at -> BigInt,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    llm_callback_deliveries (id) {
        callback -> BigInt,
        id -> BigInt,
        signature -> SmallInt,
        reason -> Nullable<SmallInt>,
        id_origin -> SmallInt,
        payload_sha256 -> Binary,
        seen -> BigInt,
        first_received_at -> BigInt,
        last_received_at -> BigInt,
        signed_at -> Nullable<BigInt>,
        signature_mac -> Nullable<Binary>,
        remote_addr -> Nullable<Text>,
        headers -> Text,
        content_type -> Nullable<Text>,
        size_bytes -> BigInt,
        encoding -> SmallInt,
        payload -> Nullable<Binary>,
    }
}

diesel::table! {
    llm_callbacks (id) {
        id -> BigInt,
        seq -> BigInt,
        source -> Text,
        callback_id -> Text,
        event_type -> Text,
        job_id -> Nullable<Text>,
        workflow -> Nullable<Text>,
        signature -> SmallInt,
        received_at -> BigInt,
        delivery_id -> BigInt,
        viewed_at -> Nullable<BigInt>,
        viewed_by -> Nullable<Text>,
    }
}

diesel::table! {
    preferences (user_id) {
        user_id -> BigInt,
        routing -> Text,
        screen -> Text,
        updated_at -> BigInt,
    }
}

diesel::table! {
    refused_deliveries (id) {
        id -> BigInt,
        source -> Text,
        problem -> Text,
        size_bytes -> BigInt,
        remote_addr -> Nullable<Text>,
        received_at -> BigInt,
        seen -> BigInt,
    }
}

diesel::table! {
    reverify_runs (id) {
        id -> BigInt,
        source -> Text,
        started_by -> Text,
        started_at -> BigInt,
        from_at -> Nullable<BigInt>,
        to_at -> Nullable<BigInt>,
        passed -> BigInt,
        until -> BigInt,
        total -> BigInt,
        checked -> BigInt,
        trusted -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (token_hash) {
        token_hash -> Binary,
        user_id -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    source_secrets (id) {
        id -> Text,
        source -> Text,
        label -> Text,
        sealed -> Binary,
        key_id -> Text,
        starts_at -> Nullable<BigInt>,
        ends_at -> Nullable<BigInt>,
        created_at -> BigInt,
        created_by -> Text,
    }
}

diesel::table! {
    sources (name) {
        name -> Text,
        title -> Text,
        provider -> Text,
        options -> Text,
        strict -> Bool,
        paused_at -> Nullable<BigInt>,
        created_at -> BigInt,
        created_by -> Text,
    }
}

diesel::table! {
    stats_hour (hour, source, event_type, workflow, signature) {
        hour -> BigInt,
        source -> Text,
        event_type -> Text,
        workflow -> Text,
        signature -> SmallInt,
        callbacks -> BigInt,
        size_bytes -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        name -> Text,
        password_hash -> Text,
        role -> SmallInt,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(sessions -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    alert_channels,
    alert_notices,
    alerts,
    api_tokens,
    audit_log,
    feed_head,
    jwks_documents,
    known_event_types,
    leases,
    llm_callback_deliveries,
    llm_callbacks,
    preferences,
    refused_deliveries,
    reverify_runs,
    sessions,
    settings,
    source_secrets,
    sources,
    stats_hour,
    users,
);
