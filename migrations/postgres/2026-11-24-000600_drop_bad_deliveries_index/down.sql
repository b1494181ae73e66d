CREATE INDEX llm_callback_deliveries_bad ON llm_callback_deliveries (last_received_at)
    WHERE signature IN (1, 2) AND id <> callback;
