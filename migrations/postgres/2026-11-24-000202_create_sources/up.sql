-- Senders that were set up in the screen, the API or the command line. The name is the last part
-- of the path that the sender posts to, and never changes: callbacks keep it as their source.
CREATE TABLE sources (
    name TEXT COLLATE "C" PRIMARY KEY,
    title TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- What differs from the provider's usual ways, a JSON object.
    options TEXT NOT NULL,
    strict BOOLEAN NOT NULL,
    paused_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

-- Signing secrets, sealed with a key that is not in the database. The id and the source are what
-- the seal is bound to, so a row that is changed or copied to another source opens nowhere.
-- `key_id` names the key; a secret is tried from starts_at on (inclusive) until ends_at (exclusive).
CREATE TABLE source_secrets (
    id TEXT COLLATE "C" PRIMARY KEY,
    source TEXT COLLATE "C" NOT NULL REFERENCES sources (name) ON DELETE CASCADE,
    label TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    key_id TEXT NOT NULL,
    starts_at BIGINT,
    ends_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX source_secrets_source ON source_secrets (source);

-- The last good set of keys that was fetched from each address: kept while the provider is away.
CREATE TABLE jwks_documents (
    url TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    fetched_at BIGINT NOT NULL
);

-- Counts the changes of sources and secrets, so that every node sees when to read them again.
INSERT INTO settings (name, value) VALUES ('sources_version', '0');
