//! In what a delivery differs from the one whose content is shown.

use crate::format;
use ringback_wire::Delivery;

/// One sentence for each difference; none for the delivery that is shown itself.
pub fn differences(content: &Delivery, other: &Delivery) -> Vec<String> {
    let mut out = Vec::new();
    if other.id == content.id {
        return out;
    }
    let size = |delivery: &Delivery| format::size(u64::try_from(delivery.size_bytes).unwrap_or(0));
    if other.payload_sha256 != content.payload_sha256 {
        out.push(if other.size_bytes == content.size_bytes {
            "another body of the same size".to_owned()
        } else {
            ["another body: ", &size(other), " instead of ", &size(content)].concat()
        });
    }
    if other.signature != content.signature {
        let word = format::verdict_word(other.signature).to_ascii_lowercase();
        out.push(["signature ", &word].concat());
    }
    let text = |name: &str, other: Option<&str>, content: Option<&str>| {
        let (other, content) = (other.unwrap_or("none"), content.unwrap_or("none"));
        (other != content).then(|| [name, " ", other, " instead of ", content].concat())
    };
    out.extend(text("sent from", other.remote_addr.as_deref(), content.remote_addr.as_deref()));
    out.extend(text("type", other.content_type.as_deref(), content.content_type.as_deref()));
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in other.headers.iter().chain(&content.headers) {
        let values = |delivery: &Delivery| -> Vec<String> {
            let same = delivery.headers.iter().filter(|(other, _)| other == name);
            same.map(|(_, value)| value.clone()).collect()
        };
        let is_type = name.eq_ignore_ascii_case("content-type");
        if !is_type && !names.contains(&name.as_str()) && values(other) != values(content) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        out.push(["header ", &names.join(", ")].concat());
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ringback_wire::{CallbackDetail, IdOrigin, Signature};

    pub(crate) fn delivery(id: i64) -> Delivery {
        Delivery {
            id,
            is_content: id == 1,
            signature: Signature::Valid,
            reason: None,
            id_origin: IdOrigin::Sent,
            payload_sha256: "aa".into(),
            seen: 1,
            first_received_at: "2026-01-01T00:00:00.000000Z".into(),
            last_received_at: "2026-01-01T00:00:00.000000Z".into(),
            signed_at: None,
            remote_addr: Some("10.0.0.1".into()),
            content_type: Some("application/json".into()),
            size_bytes: 10,
            has_payload: true,
            payload_absence: None,
            headers: vec![("content-type".into(), "application/json".into())],
        }
    }

    pub(crate) fn detail(evidence: Vec<Delivery>) -> CallbackDetail {
        CallbackDetail {
            id: 7,
            seq: 7,
            source: "default".into(),
            callback_id: "evt_7".into(),
            event_type: "batch.completed".into(),
            job_id: None,
            workflow: None,
            signature: Signature::Valid,
            reason: None,
            received_at: "2026-01-01T00:00:00.000000Z".into(),
            deliveries: 1,
            viewed_at: None,
            viewed_by: None,
            position: String::new(),
            content_type: Some("application/json".into()),
            size_bytes: 10,
            payload: None,
            payload_base64: None,
            payload_absence: None,
            evidence,
        }
    }

    #[test]
    fn what_is_shown_differs_in_nothing_from_itself() {
        assert!(differences(&delivery(1), &delivery(1)).is_empty());
        assert!(differences(&delivery(1), &delivery(2)).is_empty());
    }

    #[test]
    fn each_difference_is_told() {
        let mut other = Delivery {
            signature: Signature::Invalid,
            payload_sha256: "bb".into(),
            remote_addr: None,
            size_bytes: 2_048,
            ..delivery(2)
        };
        other.headers.push(("webhook-id".into(), "x".into()));
        let expected = [
            "another body: 2 KB instead of 10 bytes",
            "signature invalid",
            "sent from none instead of 10.0.0.1",
            "header webhook-id",
        ];
        assert_eq!(differences(&delivery(1), &other), expected);
        let same_size = Delivery { payload_sha256: "bb".into(), ..delivery(2) };
        assert_eq!(differences(&delivery(1), &same_size), ["another body of the same size"]);
    }
}
