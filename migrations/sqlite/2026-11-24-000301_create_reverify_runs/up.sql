-- Failures that can be verified again are found by their position; trusted rows are not in it.
CREATE INDEX llm_callback_deliveries_failures ON llm_callback_deliveries (id)
    WHERE signature <> 3 AND signature_mac IS NOT NULL;

-- Verifying again what failed, after a secret was added or mended. `passed` is the last delivery that
-- was looked at, so a run goes on where it stopped; `until` is the last that is looked at at all.
CREATE TABLE reverify_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    source TEXT NOT NULL,
    started_by TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    from_at BIGINT,
    to_at BIGINT,
    passed BIGINT NOT NULL,
    until BIGINT NOT NULL,
    total BIGINT NOT NULL,
    checked BIGINT NOT NULL,
    trusted BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX reverify_runs_open ON reverify_runs (id) WHERE ended_at IS NULL;
