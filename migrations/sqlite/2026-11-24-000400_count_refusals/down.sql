ALTER TABLE refused_deliveries DROP COLUMN seen;
