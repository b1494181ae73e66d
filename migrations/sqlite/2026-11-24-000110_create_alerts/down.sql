DROP TABLE preferences;
DROP TABLE alert_notices;
DROP TABLE alert_channels;
DROP TABLE known_event_types;
DROP TABLE alerts;
