//! What happens when a delivery meets a stored callback: one pure function.
//!
//! | delivery is | bytes | stored is | effect |
//! |---|---|---|---|
//! | any, trust not higher | same as the content | any | [`Effect::Repeated`] |
//! | valid | same as the content | untrusted | [`Effect::Promoted`] |
//! | valid | different | untrusted | [`Effect::Replaced`] |
//! | valid | new, not signed earlier | trusted | [`Effect::Replaced`] |
//! | valid | new, not signed earlier, under an id that the signature does not cover | trusted | [`Effect::Disputed`] |
//! | valid | seen valid before, or signed earlier | trusted | [`Effect::KeptAsEvidence`] |
//! | not valid | different | any | [`Effect::KeptAsEvidence`] |
//!
//! "Seen before" counts valid deliveries only. Would a forged one count, somebody who guesses the
//! next body could send it first and so hide the genuine delivery.

use crate::models::{Micros, Signature};

/// The stored side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The verdict on the content.
    pub signature: Signature,
    /// Digest of the content.
    pub sha256: [u8; 32],
    /// When the content says it was signed; believed only when the content is trusted.
    pub signed_at: Option<Micros>,
}

/// The arriving side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arriving {
    /// The verdict on the delivery.
    pub signature: Signature,
    /// Digest of its body.
    pub sha256: [u8; 32],
    /// When it says it was signed.
    pub signed_at: Option<Micros>,
    /// True when the signature covers the callback's id.
    pub id_is_signed: bool,
    /// True when a valid delivery of this callback with these bytes is kept already.
    pub seen_valid: bool,
}

/// What a delivery did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It is the first of its callback.
    Created,
    /// The content again: counted, nobody is notified.
    Repeated,
    /// The same bytes, now trusted: a new position.
    Promoted,
    /// The new content: a new position, not viewed; the old bytes stay in evidence.
    Replaced,
    /// Genuine bytes under an id that is not signed: evidence, and a new position so that somebody looks.
    Disputed,
    /// Kept beside the content, which it does not touch.
    KeptAsEvidence,
}

impl Effect {
    /// True when the callback took a new position, so that readers of the feed see it.
    pub fn is_news(self) -> bool {
        match self {
            Self::Created | Self::Promoted | Self::Replaced | Self::Disputed => true,
            Self::Repeated | Self::KeptAsEvidence => false,
        }
    }
}

impl Effect {
    /// True when the callback takes a new position in the feed.
    pub fn notifies(self) -> bool {
        matches!(self, Self::Created | Self::Promoted | Self::Replaced | Self::Disputed)
    }
}

/// Decides what a delivery does to the callback that is stored under its id.
pub fn decide(stored: &Stored, arriving: &Arriving) -> Effect {
    let same_bytes = stored.sha256 == arriving.sha256;
    if !arriving.signature.is_trusted() {
        return if same_bytes { Effect::Repeated } else { Effect::KeptAsEvidence };
    }
    if !stored.signature.is_trusted() {
        return if same_bytes { Effect::Promoted } else { Effect::Replaced };
    }
    if same_bytes {
        return Effect::Repeated;
    }
    let signed_earlier = match (arriving.signed_at, stored.signed_at) {
        (Some(arriving), Some(stored)) => arriving < stored,
        _ => false,
    };
    if arriving.seen_valid || signed_earlier {
        Effect::KeptAsEvidence
    } else if arriving.id_is_signed {
        Effect::Replaced
    } else {
        Effect::Disputed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Effect::{Disputed, KeptAsEvidence, Promoted, Repeated, Replaced};
    use Signature::{Invalid, Missing, Unchecked, Valid};

    const A: [u8; 32] = [1; 32];
    const B: [u8; 32] = [2; 32];

    #[test]
    fn the_rule_is_this_table() {
        // stored, at | arriving, bytes, at, id signed, seen valid | effect
        type Row = (Signature, Option<i64>, Signature, [u8; 32], Option<i64>, bool, bool, Effect);
        let table: &[Row] = &[
            (Valid, Some(5), Valid, A, Some(5), true, true, Repeated),
            (Valid, Some(5), Valid, A, Some(9), true, true, Repeated),
            (Valid, Some(5), Invalid, A, Some(9), true, false, Repeated),
            (Unchecked, None, Unchecked, A, None, true, false, Repeated),
            (Missing, None, Invalid, A, None, true, false, Repeated),
            (Invalid, None, Valid, A, Some(5), true, false, Promoted),
            (Unchecked, None, Valid, A, None, false, false, Promoted),
            (Invalid, Some(99), Valid, B, Some(5), true, false, Replaced),
            (Missing, None, Valid, B, None, false, false, Replaced),
            (Valid, Some(5), Valid, B, Some(6), true, false, Replaced),
            (Valid, Some(5), Valid, B, Some(5), true, false, Replaced),
            (Valid, None, Valid, B, Some(5), true, false, Replaced),
            (Valid, Some(5), Valid, B, None, true, false, Replaced),
            (Valid, Some(5), Valid, B, Some(6), false, false, Disputed),
            (Valid, Some(5), Valid, B, Some(4), true, false, KeptAsEvidence),
            (Valid, Some(5), Valid, B, Some(6), true, true, KeptAsEvidence),
            (Valid, Some(5), Invalid, B, Some(6), true, false, KeptAsEvidence),
            (Valid, Some(5), Missing, B, None, true, false, KeptAsEvidence),
            (Valid, Some(5), Unchecked, B, None, true, false, KeptAsEvidence),
            (Invalid, None, Invalid, B, None, true, false, KeptAsEvidence),
            (Unchecked, None, Missing, B, None, true, false, KeptAsEvidence),
        ];
        for (line, &(stored, at, signature, sha256, signed_at, id_is_signed, seen_valid, effect)) in
            table.iter().enumerate()
        {
            let stored = Stored { signature: stored, sha256: A, signed_at: at };
            let arriving = Arriving { signature, sha256, signed_at, id_is_signed, seen_valid };
            assert_eq!(decide(&stored, &arriving), effect, "line {line}");
        }
    }

    #[test]
    fn a_delivery_that_is_not_valid_never_notifies() {
        for &stored in Signature::ALL {
            for &signature in Signature::ALL.iter().filter(|s| !s.is_trusted()) {
                for sha256 in [A, B] {
                    let stored = Stored { signature: stored, sha256: A, signed_at: None };
                    let arriving = Arriving {
                        signature,
                        sha256,
                        signed_at: Some(i64::MAX),
                        id_is_signed: true,
                        seen_valid: false,
                    };
                    assert!(!decide(&stored, &arriving).notifies());
                }
            }
        }
    }
}
