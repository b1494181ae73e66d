-- Refusals for their rate come in floods: those from one address are one row with a count.
ALTER TABLE refused_deliveries ADD COLUMN seen BIGINT NOT NULL DEFAULT 1;
