//! What tests show: one callback, of which each test says what matters to it.

use ringback_wire::{CallbackSummary, Signature};

/// A genuine one that was delivered once and that nobody has seen.
pub(crate) fn row(id: i64) -> CallbackSummary {
    CallbackSummary {
        id,
        seq: id,
        source: "default".into(),
        callback_id: format!("evt_{id}"),
        event_type: "batch.completed".into(),
        job_id: None,
        workflow: None,
        signature: Signature::Valid,
        reason: None,
        received_at: "2026-01-01T00:00:00.000000Z".into(),
        deliveries: 1,
        viewed_at: None,
        viewed_by: None,
    }
}
