-- Taking marks back finds them by their time. Partial, so that storing a callback never touches it.
CREATE INDEX llm_callbacks_viewed ON llm_callbacks (viewed_at) WHERE viewed_at IS NOT NULL;
