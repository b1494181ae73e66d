-- Refusals for their rate come in floods: those from one address are one row with a count.
ALTER TABLE refused_deliveries ADD COLUMN seen BIGINT NOT NULL DEFAULT 1;

-- Retention deletes a little all the time. By default autovacuum would wait until a fifth of a
-- table is dead, which is months of callbacks; space is to be used again within days.
ALTER TABLE llm_callbacks SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE llm_callback_deliveries SET (
    autovacuum_vacuum_scale_factor = 0.02,
    toast.autovacuum_vacuum_scale_factor = 0.02
);
