//! When a source is about to be left without a secret.

use crate::models::Micros;
use crate::queries::sources::SecretRow;

/// So long before the end somebody is told, and each day from then on.
const NOTICE: Micros = 7 * 24 * 3600 * 1_000_000;

/// Source and label of every secret that ends soon and that no other follows. A planned change, in
/// which the next secret is there already, is no news.
pub fn find_ending(secrets: &[SecretRow], now: Micros) -> Vec<(String, String)> {
    let holds_at = |secret: &SecretRow, at: Micros| {
        secret.starts_at.is_none_or(|start| start <= at)
            && secret.ends_at.is_none_or(|end| end > at)
    };
    let is_ending = |secret: &&SecretRow| {
        let Some(end) = secret.ends_at else { return false };
        let is_soon = now < end && end - now <= NOTICE;
        let is_followed =
            secrets.iter().any(|next| next.source == secret.source && holds_at(next, end));
        is_soon && !is_followed
    };
    let ending = secrets.iter().filter(is_ending);
    ending.map(|secret| (secret.source.clone(), secret.label.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Micros = 24 * 3600 * 1_000_000;

    fn secret(source: &str, starts_at: Option<Micros>, ends_at: Option<Micros>) -> SecretRow {
        SecretRow {
            id: "id".to_owned(),
            source: source.to_owned(),
            label: "old".to_owned(),
            sealed: Vec::new(),
            key_id: String::new(),
            starts_at,
            ends_at,
            created_at: 0,
            created_by: "ada".to_owned(),
        }
    }

    #[test]
    fn the_last_secret_of_a_source_is_told_of_in_its_last_week() {
        let secrets = [secret("openai", None, Some(10 * DAY)), secret("stripe", None, None)];
        assert_eq!(find_ending(&secrets, 3 * DAY - 1), []);
        let told = [("openai".to_owned(), "old".to_owned())];
        assert_eq!(find_ending(&secrets, 3 * DAY), told);
        assert_eq!(find_ending(&secrets, 10 * DAY - 1), told);
        assert_eq!(find_ending(&secrets, 10 * DAY), [], "it has ended: the source lacks a secret");
    }

    #[test]
    fn a_secret_that_another_follows_is_not_told_of() {
        let old = secret("openai", None, Some(10 * DAY));
        let none = find_ending(&[old.clone(), secret("openai", Some(9 * DAY), None)], 9 * DAY);
        assert_eq!(none, []);
        // One that begins too late, or belongs to another source, leaves a gap.
        for next in [secret("openai", Some(11 * DAY), None), secret("stripe", None, None)] {
            assert_eq!(find_ending(&[old.clone(), next], 9 * DAY).len(), 1);
        }
    }
}
