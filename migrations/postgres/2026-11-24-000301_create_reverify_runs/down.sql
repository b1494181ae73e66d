DROP TABLE reverify_runs;
DROP INDEX llm_callback_deliveries_failures;
