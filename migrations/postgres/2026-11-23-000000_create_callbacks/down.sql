DROP TABLE settings;
DROP TABLE refused_deliveries;
DROP TABLE stats_hour;
DROP TABLE llm_callback_deliveries;
DROP TABLE llm_callbacks;
DROP TABLE feed_head;
