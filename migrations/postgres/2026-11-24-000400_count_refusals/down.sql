ALTER TABLE llm_callback_deliveries RESET (
    autovacuum_vacuum_scale_factor,
    toast.autovacuum_vacuum_scale_factor
);
ALTER TABLE llm_callbacks RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE refused_deliveries DROP COLUMN seen;
