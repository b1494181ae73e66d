-- role: 0 viewer, 1 admin.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role SMALLINT NOT NULL CHECK (role BETWEEN 0 AND 1),
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

-- Only the digest of a session's or a token's secret is kept: a stolen table opens no door.
CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    token_hash BLOB NOT NULL UNIQUE,
    role SMALLINT NOT NULL CHECK (role BETWEEN 0 AND 1),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
