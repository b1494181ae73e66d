//! Which callbacks a person wants shown as they arrive.

use ringback_wire::{CallbackSummary, ShowRules};

/// True when a callback is one of those.
pub fn wants(rules: &ShowRules, row: &CallbackSummary) -> bool {
    rules.enabled
        && names(&rules.event_types, &row.event_type)
        && names(&rules.workflows, row.workflow.as_deref().unwrap_or_default())
        && (rules.signatures.is_empty() || rules.signatures.contains(&row.signature))
}

fn names(wanted: &[String], name: &str) -> bool {
    let fits = |wanted: &String| match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => wanted == name,
    };
    wanted.is_empty() || wanted.iter().any(fits)
}

/// Names separated by commas.
pub fn parse_names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringback_wire::{Preferences, Signature};

    fn row(event_type: &str, workflow: Option<&str>, signature: Signature) -> CallbackSummary {
        CallbackSummary {
            event_type: event_type.to_owned(),
            workflow: workflow.map(str::to_owned),
            signature,
            ..crate::state::sample::row(1)
        }
    }

    #[test]
    fn the_usual_rules_show_all_toasts_and_no_browser_notification() {
        let usual = Preferences::default();
        let row = row("job.completed", None, Signature::Invalid);
        assert!(wants(&usual.toasts, &row) && !wants(&usual.notifications, &row));
        assert!(!usual.sound);
    }

    #[test]
    fn each_rule_narrows() {
        let rules = ShowRules {
            enabled: true,
            event_types: parse_names("batch.*, job.failed"),
            workflows: parse_names("nightly"),
            signatures: vec![Signature::Invalid],
        };
        let nightly = Some("nightly");
        for (event_type, workflow, signature, expected) in [
            ("batch.completed", nightly, Signature::Invalid, true),
            ("job.failed", nightly, Signature::Invalid, true),
            ("job.completed", nightly, Signature::Invalid, false),
            ("batch.completed", Some("other"), Signature::Invalid, false),
            ("batch.completed", None, Signature::Invalid, false),
            ("batch.completed", nightly, Signature::Valid, false),
        ] {
            let row = row(event_type, workflow, signature);
            assert_eq!(wants(&rules, &row), expected, "{row:?}");
        }
        let off = ShowRules { enabled: false, ..rules };
        assert!(!wants(&off, &row("job.failed", nightly, Signature::Invalid)));
    }
}
