-- One row for each time that something is wrong: it starts, is told, is reminded of, and resolves.
-- `count` is how often it happened, `told_count` how often when it was last told, `tellings` how
-- many times it was told: of two nodes that tell at once, the second finds another number.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    condition SMALLINT NOT NULL,
    source TEXT NOT NULL,
    cause TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    sample BIGINT,
    told_at BIGINT,
    told_count BIGINT NOT NULL,
    tellings BIGINT NOT NULL,
    resolved_at BIGINT,
    acknowledged_at BIGINT,
    acknowledged_by TEXT,
    muted_until BIGINT
);
-- One open alert for each condition, source and cause, whatever the number of nodes.
CREATE UNIQUE INDEX alerts_open ON alerts (condition, source, cause) WHERE resolved_at IS NULL;
CREATE INDEX alerts_key ON alerts (condition, source, cause, id);

-- Event types that have been seen, so that a new one is noticed.
CREATE TABLE known_event_types (
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    PRIMARY KEY (source, event_type)
);

-- Where alerts are told. kind: 0 mail, 1 Slack-compatible webhook, 2 signed webhook. `secret` is
-- sealed: the URL of a Slack webhook opens the channel to whoever knows it, a signing secret signs.
CREATE TABLE alert_channels (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    kind SMALLINT NOT NULL CHECK (kind BETWEEN 0 AND 2),
    target TEXT NOT NULL,
    secret BLOB,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    last_sent_at BIGINT,
    failures BIGINT NOT NULL,
    retry_at BIGINT,
    last_error TEXT
);

-- What is to be told where, and when. Written in the transaction that says it was told.
CREATE TABLE alert_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    alert_id BIGINT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    channel_id BIGINT NOT NULL REFERENCES alert_channels (id) ON DELETE CASCADE,
    telling BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    sent_at BIGINT,
    given_up_at BIGINT,
    UNIQUE (alert_id, telling, channel_id)
);
CREATE INDEX alert_notices_channel ON alert_notices (channel_id);
CREATE INDEX alert_notices_due ON alert_notices (due_at) WHERE sent_at IS NULL AND given_up_at IS NULL;

-- What each user wants to be told, as JSON: `routing` is the server's to follow, `screen` the page's.
CREATE TABLE preferences (
    user_id BIGINT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    routing TEXT NOT NULL,
    screen TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
