DROP INDEX llm_callbacks_viewed;
