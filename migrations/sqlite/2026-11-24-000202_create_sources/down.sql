DROP TABLE jwks_documents;
DROP TABLE source_secrets;
DROP TABLE sources;
DELETE FROM settings WHERE name IN ('sources_version', 'server_key_id', 'digest_key');
