-- It served the counts of a banner that alerts took the place of.
DROP INDEX llm_callback_deliveries_bad;
