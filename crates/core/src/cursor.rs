//! Opaque positions: in the feed, and in the pages of the history.
//!
//! A cursor is base64url of a kind byte, the identity of the feed it belongs to and big-endian
//! numbers. The identity is what makes a cursor of another or a rebuilt database recognisable.

use crate::models::Micros;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A position in the feed of one database: all up to and including it have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedCursor {
    /// The identity of the feed.
    pub feed_id: u64,
    /// The position.
    pub seq: i64,
}

/// A position in the history, which is ordered by `(received_at, id)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryKey {
    /// When the callback was first received.
    pub received_at: Micros,
    /// Its key, which breaks ties.
    pub id: i64,
}

/// The text is not a cursor of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this server")]
pub struct BadCursor;

const FEED: u8 = b'f';
const HISTORY: u8 = b'h';

impl FeedCursor {
    /// The text that a client keeps.
    pub fn encode(&self) -> String {
        encode(FEED, self.feed_id.to_be_bytes(), self.seq.to_be_bytes())
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`BadCursor`] for anything else.
    pub fn decode(text: &str) -> Result<Self, BadCursor> {
        let (feed_id, seq) = decode(FEED, text)?;
        let seq = i64::from_be_bytes(seq);
        if seq < 0 {
            return Err(BadCursor);
        }
        Ok(Self { feed_id: u64::from_be_bytes(feed_id), seq })
    }
}

impl HistoryKey {
    /// The text that a client hands back for the next page.
    pub fn encode(&self) -> String {
        encode(HISTORY, self.received_at.to_be_bytes(), self.id.to_be_bytes())
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// [`BadCursor`] for anything else.
    pub fn decode(text: &str) -> Result<Self, BadCursor> {
        let (received_at, id) = decode(HISTORY, text)?;
        Ok(Self { received_at: i64::from_be_bytes(received_at), id: i64::from_be_bytes(id) })
    }
}

fn encode(kind: u8, first: [u8; 8], second: [u8; 8]) -> String {
    let mut bytes = [0; 17];
    bytes[0] = kind;
    bytes[1..9].copy_from_slice(&first);
    bytes[9..].copy_from_slice(&second);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(kind: u8, text: &str) -> Result<([u8; 8], [u8; 8]), BadCursor> {
    if text.len() > 32 {
        return Err(BadCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
    let bytes: [u8; 17] = bytes.try_into().map_err(|_| BadCursor)?;
    if bytes[0] != kind {
        return Err(BadCursor);
    }
    let half = |range: std::ops::Range<usize>| bytes[range].try_into().map_err(|_| BadCursor);
    Ok((half(1..9)?, half(9..17)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursors_survive_the_trip(feed_id: u64, seq in 0i64.., received_at: i64, id: i64) {
            let cursor = FeedCursor { feed_id, seq };
            prop_assert_eq!(FeedCursor::decode(&cursor.encode()), Ok(cursor));
            let key = HistoryKey { received_at, id };
            prop_assert_eq!(HistoryKey::decode(&key.encode()), Ok(key));
        }

        #[test]
        fn any_other_text_is_refused_and_never_panics(text in ".{0,60}") {
            if let Ok(cursor) = FeedCursor::decode(&text) {
                prop_assert_eq!(cursor.encode(), text);
            }
        }
    }

    #[test]
    fn a_history_cursor_is_not_a_feed_cursor() {
        let key = HistoryKey { received_at: 1, id: 2 };
        assert_eq!(FeedCursor::decode(&key.encode()), Err(BadCursor));
    }
}
