//! From what core knows to what crosses the network.

use crate::registry::{LiveSecret, LiveSource};
use crate::sources::makes_secret;
use ringback_core::cursor::HistoryKey;
use ringback_core::diagnosis::{Certainty, Diagnosis};
use ringback_core::models::{self, CallbackLine, Micros};
use ringback_core::provider::{Origin, Provider};
use ringback_core::queries::audit::AuditEntryRow;
use ringback_core::queries::channels::{ChannelKind, ChannelRow};
use ringback_core::queries::refusals::RefusalRow;
use ringback_core::queries::reverify::RunRow;
use ringback_core::queries::{StoredCallback, StoredDelivery};
use ringback_core::signature::{Hint, Severity};
use ringback_wire as wire;

/// RFC 3339 in UTC with microseconds.
pub fn time(at: Micros) -> String {
    // Out of the range of years 0 to 9999 only if a row was written by hand.
    jiff::Timestamp::from_microsecond(at)
        .map_or_else(|_| String::new(), |time| format!("{time:.6}"))
}

/// A verdict.
pub fn signature(signature: models::Signature) -> wire::Signature {
    match signature {
        models::Signature::Unchecked => wire::Signature::Unchecked,
        models::Signature::Missing => wire::Signature::Missing,
        models::Signature::Invalid => wire::Signature::Invalid,
        models::Signature::Valid => wire::Signature::Valid,
    }
}

/// A reason.
pub fn reason(reason: models::Reason) -> wire::Reason {
    match reason {
        models::Reason::NoSecret => wire::Reason::NoSecret,
        models::Reason::HeaderMissing => wire::Reason::HeaderMissing,
        models::Reason::Malformed => wire::Reason::Malformed,
        models::Reason::Wrong => wire::Reason::Wrong,
        models::Reason::TooOld => wire::Reason::TooOld,
        models::Reason::TooFarAhead => wire::Reason::TooFarAhead,
        models::Reason::UnknownVersion => wire::Reason::UnknownVersion,
        models::Reason::NotSigned => wire::Reason::NotSigned,
        models::Reason::OtherAudience => wire::Reason::OtherAudience,
    }
}

/// Why a body is not there.
pub fn absence(absence: models::Absence) -> wire::PayloadAbsence {
    match absence {
        models::Absence::TooMany => wire::PayloadAbsence::TooMany,
        models::Absence::OverQuota => wire::PayloadAbsence::OverQuota,
        models::Absence::Expired => wire::PayloadAbsence::Expired,
    }
}

/// A role.
pub fn role(role: models::Role) -> wire::Role {
    match role {
        models::Role::Admin => wire::Role::Admin,
        models::Role::Viewer => wire::Role::Viewer,
    }
}

/// Where a callback stands in the history, for `before` and `after`.
pub fn position(line: &CallbackLine) -> String {
    HistoryKey { received_at: line.callback.received_at, id: line.callback.id }.encode()
}

/// A line of the history.
pub fn summary(line: CallbackLine) -> wire::CallbackSummary {
    let verdict = line.callback.signature();
    let CallbackLine { callback, reason: why, deliveries } = line;
    wire::CallbackSummary {
        id: callback.id,
        seq: callback.seq,
        source: callback.source,
        callback_id: callback.callback_id,
        event_type: callback.event_type,
        job_id: callback.job_id,
        workflow: callback.workflow,
        signature: signature(verdict),
        reason: why.map(reason),
        received_at: time(callback.received_at),
        deliveries,
        viewed_at: callback.viewed_at.map(time),
        viewed_by: callback.viewed_by,
    }
}

/// Several lines.
pub fn summaries(lines: Vec<CallbackLine>) -> Vec<wire::CallbackSummary> {
    lines.into_iter().map(summary).collect()
}

/// A callback with its evidence, and its payload; `None` when only the digest is kept, or when it is
/// too large for who asks.
pub fn detail(stored: StoredCallback, payload: Option<Vec<u8>>) -> wire::CallbackDetail {
    use base64::Engine as _;
    let content_id = stored.line.callback.delivery_id;
    let content = stored.deliveries.iter().find(|delivery| delivery.id == content_id);
    let content_type = content.and_then(|delivery| delivery.content_type.clone());
    let size_bytes = content.map_or(0, |delivery| delivery.size_bytes);
    let payload_absence = content.and_then(StoredDelivery::absence).map(absence);
    let (payload, payload_base64) = match payload.map(String::from_utf8) {
        None => (None, None),
        Some(Ok(text)) => (Some(text), None),
        Some(Err(error)) => {
            let bytes = error.into_bytes();
            (None, Some(base64::engine::general_purpose::STANDARD.encode(bytes)))
        }
    };
    let position = position(&stored.line);
    let evidence =
        stored.deliveries.into_iter().map(|delivery| evidence(delivery, content_id)).collect();
    let summary = summary(stored.line);
    wire::CallbackDetail {
        id: summary.id,
        seq: summary.seq,
        source: summary.source,
        callback_id: summary.callback_id,
        event_type: summary.event_type,
        job_id: summary.job_id,
        workflow: summary.workflow,
        signature: summary.signature,
        reason: summary.reason,
        received_at: summary.received_at,
        deliveries: summary.deliveries,
        viewed_at: summary.viewed_at,
        viewed_by: summary.viewed_by,
        position,
        content_type,
        size_bytes,
        payload,
        payload_base64,
        payload_absence,
        evidence,
    }
}

fn evidence(delivery: StoredDelivery, content_id: i64) -> wire::Delivery {
    let payload_absence = delivery.absence().map(absence);
    wire::Delivery {
        id: delivery.id,
        is_content: delivery.id == content_id,
        signature: signature(delivery.signature()),
        reason: delivery.reason().map(reason),
        id_origin: match delivery.id_origin() {
            models::IdOrigin::Sent => wire::IdOrigin::Sent,
            models::IdOrigin::Absent => wire::IdOrigin::Absent,
            models::IdOrigin::Unfit => wire::IdOrigin::Unfit,
        },
        payload_sha256: hex::encode(&delivery.payload_sha256),
        seen: delivery.seen,
        first_received_at: time(delivery.first_received_at),
        last_received_at: time(delivery.last_received_at),
        signed_at: delivery.signed_at.map(time).filter(|text| !text.is_empty()),
        remote_addr: delivery.remote_addr,
        content_type: delivery.content_type,
        size_bytes: delivery.size_bytes,
        has_payload: payload_absence.is_none(),
        payload_absence,
        // Written by us as a list of pairs; anything else shows as none.
        headers: serde_json::from_str(&delivery.headers).unwrap_or_default(),
    }
}

/// A refused delivery.
pub fn refusal(row: RefusalRow) -> wire::Refusal {
    wire::Refusal {
        id: row.id,
        source: row.source,
        problem: format!("/problems/{}", row.problem),
        size_bytes: row.size_bytes,
        remote_addr: row.remote_addr,
        received_at: time(row.received_at),
        seen: row.seen,
    }
}

/// An alert, with its words.
pub fn alert(alert: ringback_core::alert::Alert) -> wire::Alert {
    let words = ringback_core::alert::text::words(&alert.key);
    wire::Alert {
        id: alert.id,
        condition: alert.key.condition.name().to_owned(),
        source: alert.key.source,
        cause: alert.key.cause,
        title: words.title,
        advice: words.advice,
        started_at: time(alert.started_at),
        last_at: time(alert.last_at),
        count: alert.count,
        sample: alert.sample,
        told_at: alert.told_at.map(time),
        resolved_at: alert.resolved_at.map(time),
        acknowledged_at: alert.acknowledged_at.map(time),
        acknowledged_by: alert.acknowledged_by,
        muted_until: alert.muted_until.map(time),
    }
}

/// A channel without its secrets; `None` for a kind that this version does not know.
pub fn channel(row: ChannelRow, waiting: i64) -> Option<wire::Channel> {
    let kind = match row.kind()? {
        ChannelKind::Mail => wire::ChannelKind::Mail,
        ChannelKind::Slack => wire::ChannelKind::Slack,
        ChannelKind::Webhook => wire::ChannelKind::Webhook,
    };
    Some(wire::Channel {
        lacks_secret: row.lacks_secret(),
        id: row.id,
        name: row.name,
        kind,
        target: row.target,
        enabled: row.disabled_at.is_none(),
        last_sent_at: row.last_sent_at.map(time),
        failures: row.failures,
        retry_at: row.retry_at.filter(|_| row.failures > 0).map(time),
        last_error: row.last_error,
        waiting,
    })
}

/// Why a delivery is not trusted.
pub fn diagnosis(
    delivery: i64,
    found: Diagnosis,
    can_verify_again: bool,
) -> wire::DiagnosisResponse {
    wire::DiagnosisResponse {
        delivery,
        cause: found.cause.name().to_owned(),
        certainty: match found.certainty {
            Certainty::Proved => wire::Certainty::Proved,
            Certainty::Likely => wire::Certainty::Likely,
        },
        explanation: found.explanation,
        advice: found.advice,
        evidence: found.evidence,
        tries: found.tries,
        can_verify_again,
    }
}

/// A run of verifying again.
pub fn reverify_run(run: RunRow) -> wire::ReverifyRun {
    wire::ReverifyRun {
        id: run.id,
        source: run.source,
        started_by: run.started_by,
        started_at: time(run.started_at),
        total: run.total,
        checked: run.checked,
        trusted: run.trusted,
        ended_at: run.ended_at.map(time),
    }
}

/// A source at a time, without its secrets.
pub fn source(source: &LiveSource, now: Micros) -> wire::SourceSummary {
    let row = source.row.as_ref();
    let name = source.name();
    wire::SourceSummary {
        name: name.to_owned(),
        title: row.map_or_else(|| name.to_owned(), |row| row.title.clone()),
        path: format!("/api/webhooks/llm-callback/{name}"),
        scheme: source.scheme().name().to_owned(),
        provider: row.map(|row| row.provider.clone()),
        read_only: row.is_none(),
        secrets: source.at(now).secrets.len(),
        lacks_secret: source.lacks_secret(now),
        strict: source.is_strict(),
        paused_at: row.and_then(|row| row.paused_at).map(time),
        options: source.options.to_value(),
        secret_list: source.secrets.iter().map(|one| secret(one, now)).collect(),
        jwks: source.jwks.as_ref().map(|jwks| wire::JwksSummary {
            url: jwks.url.clone(),
            fetched_at: jwks.fetched_at.map(time),
        }),
        created_at: row.map(|row| time(row.created_at)),
        created_by: row.map(|row| row.created_by.clone()),
    }
}

fn secret(secret: &LiveSecret, now: Micros) -> wire::SecretSummary {
    let row = &secret.row;
    let state = match (secret.is_readable(), secret.is_in_force(now)) {
        (false, _) => wire::SecretState::Unreadable,
        (true, true) => wire::SecretState::InForce,
        (true, false) if row.ends_at.is_some_and(|at| at <= now) => wire::SecretState::Ended,
        (true, false) => wire::SecretState::Waiting,
    };
    wire::SecretSummary {
        id: row.id.clone(),
        label: row.label.clone(),
        state,
        starts_at: row.starts_at.map(time),
        ends_at: row.ends_at.map(time),
        created_at: time(row.created_at),
        created_by: row.created_by.clone(),
    }
}

/// A sender that sources are made for.
pub fn provider(provider: &Provider) -> wire::ProviderSummary {
    // The marks of code belong in docs/PROVIDERS.md: a screen shows them as they are.
    let plain = |text: &str| text.replace('`', "");
    wire::ProviderSummary {
        name: provider.name.clone(),
        title: provider.title.clone(),
        about: plain(&provider.about),
        scheme: provider.scheme.name().to_owned(),
        secret: plain(&provider.secret),
        makes_secret: provider.origin == Origin::Generic && makes_secret(&provider.scheme),
        jwks_url: provider.jwks_url.clone(),
        retries: provider.retries.clone(),
        console_url: provider.console_url.clone(),
    }
}

/// What looks odd about a secret.
pub fn hint(hint: Hint) -> wire::SecretHint {
    wire::SecretHint {
        severity: match hint.severity {
            Severity::Note => wire::HintSeverity::Note,
            Severity::Doubtful => wire::HintSeverity::Doubtful,
            Severity::Wrong => wire::HintSeverity::Wrong,
        },
        text: hint.text,
        mended: hint.mended,
    }
}

/// Something that somebody did.
pub fn audit_entry(row: AuditEntryRow) -> wire::AuditEntry {
    wire::AuditEntry {
        id: row.id,
        at: time(row.at),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        // Written by us as an object; anything else shows as nothing.
        details: serde_json::from_str(&row.details).unwrap_or_default(),
    }
}
