-- The last position given out. A row lock does not exist here: SQLite has one writer
-- at a time, so positions become visible in order all the same.
CREATE TABLE feed_head (
    one SMALLINT PRIMARY KEY NOT NULL CHECK (one = 1),
    seq BIGINT NOT NULL
);
INSERT INTO feed_head (one, seq) VALUES (1, 0);

-- What readers touch: twelve narrow columns, never a payload. Times are Unix microseconds UTC.
-- `id` is declared INTEGER so that it is the row id itself.
CREATE TABLE llm_callbacks (
    id INTEGER PRIMARY KEY NOT NULL,
    seq BIGINT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    callback_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    job_id TEXT,
    workflow TEXT,
    signature SMALLINT NOT NULL CHECK (signature BETWEEN 0 AND 3),
    received_at BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL,
    viewed_at BIGINT,
    viewed_by TEXT,
    -- In this order the index also serves a search by the beginning of an id.
    UNIQUE (callback_id, source)
);
CREATE INDEX llm_callbacks_received ON llm_callbacks (received_at, id);
CREATE INDEX llm_callbacks_event ON llm_callbacks (event_type, received_at, id);
CREATE INDEX llm_callbacks_workflow ON llm_callbacks (workflow, received_at, id)
    WHERE workflow IS NOT NULL;
CREATE INDEX llm_callbacks_job ON llm_callbacks (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX llm_callbacks_unviewed ON llm_callbacks (received_at, id) WHERE viewed_at IS NULL;
CREATE INDEX llm_callbacks_untrusted ON llm_callbacks (received_at, id) WHERE signature <> 3;

-- The evidence: one row for each distinct (callback, signature, bytes). No foreign key to
-- llm_callbacks: it doubles the cost of a write, and deletion takes both in one step.
CREATE TABLE llm_callback_deliveries (
    callback BIGINT NOT NULL,
    id INTEGER PRIMARY KEY NOT NULL,
    signature SMALLINT NOT NULL CHECK (signature BETWEEN 0 AND 3),
    reason SMALLINT,
    id_origin SMALLINT NOT NULL,
    payload_sha256 BLOB NOT NULL,
    seen BIGINT NOT NULL,
    first_received_at BIGINT NOT NULL,
    last_received_at BIGINT NOT NULL,
    signed_at BIGINT,
    signature_mac BLOB,
    remote_addr TEXT,
    headers TEXT NOT NULL,
    content_type TEXT,
    size_bytes BIGINT NOT NULL,
    encoding SMALLINT NOT NULL,
    payload BLOB
);
-- Positions are unique, so `id` is the row id and large bodies stay out of this index.
CREATE INDEX llm_callback_deliveries_callback ON llm_callback_deliveries (callback, id);

-- Bad deliveries that met a stored callback: what the warnings count.
CREATE INDEX llm_callback_deliveries_bad ON llm_callback_deliveries (last_received_at)
    WHERE signature IN (1, 2) AND id <> callback;

-- Counts by hour, kept by the writer in the same transaction. An empty workflow means none.
CREATE TABLE stats_hour (
    hour BIGINT NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    workflow TEXT NOT NULL,
    signature SMALLINT NOT NULL,
    callbacks BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (hour, source, event_type, workflow, signature)
);

-- Deliveries that were refused and not stored; the newest are kept.
CREATE TABLE refused_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    source TEXT NOT NULL,
    problem TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    remote_addr TEXT,
    received_at BIGINT NOT NULL
);
CREATE INDEX refused_deliveries_received ON refused_deliveries (received_at);

-- One value for each name: the identity of this feed, the digest of the set-up link.
CREATE TABLE settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);
