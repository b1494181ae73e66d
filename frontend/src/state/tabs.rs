//! Several tabs of one browser: what they tell each other, who of them asks, and who toasts.

use super::seen::SeenRing;
use ringback_wire::CallbackSummary;

/// What one tab tells the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TabMessage {
    /// A page of the feed, as the server sent it.
    Page {
        /// The position that it goes on from.
        from: Option<String>,
        /// The answer's text.
        text: String,
    },
    /// These were toasted: no other tab does it again. Callback and number of deliveries.
    Toasted(Vec<(i64, i64)>),
    /// A tab that does not lead is in front: one that leads in the back makes room.
    Visible,
    /// This tab leads from now on.
    Led,
    /// How the tab that leads hears of callbacks: true for the stream.
    Live(bool),
    /// The notifications were read.
    Read,
}

impl TabMessage {
    /// One text: a word, then what belongs to it.
    pub fn to_text(&self) -> String {
        match self {
            Self::Page { from, text } => {
                format!("page\n{}\n{text}", from.as_deref().unwrap_or_default())
            }
            Self::Toasted(keys) => {
                let mut out = "toasted\n".to_owned();
                for (id, deliveries) in keys {
                    out.push_str(&id.to_string());
                    out.push(':');
                    out.push_str(&deliveries.to_string());
                    out.push(' ');
                }
                out
            }
            Self::Visible => "visible\n".to_owned(),
            Self::Led => "led\n".to_owned(),
            Self::Live(true) => "live\nyes".to_owned(),
            Self::Live(false) => "live\nno".to_owned(),
            Self::Read => "read\n".to_owned(),
        }
    }

    /// The reverse; `None` for what another version of the app may say.
    pub fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once('\n')?;
        Some(match word {
            "page" => {
                let (from, text) = rest.split_once('\n')?;
                let from = (!from.is_empty()).then(|| from.to_owned());
                Self::Page { from, text: text.to_owned() }
            }
            "toasted" => {
                let key = |key: &str| {
                    let (id, deliveries) = key.split_once(':')?;
                    Some((id.parse().ok()?, deliveries.parse().ok()?))
                };
                Self::Toasted(rest.split_whitespace().filter_map(key).collect())
            }
            "visible" => Self::Visible,
            "led" => Self::Led,
            "live" => Self::Live(rest == "yes"),
            "read" => Self::Read,
            _ => return None,
        })
    }
}

/// Who leads where the browser has no locks to offer: a line in the storage that all tabs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The tab.
    pub holder: String,
    /// Until then, unless it is renewed.
    pub until_ms: i64,
}

/// How long a lease holds.
pub const LEASE_MS: i64 = 15_000;

impl Lease {
    /// As it is stored.
    pub fn to_text(&self) -> String {
        format!("{} {}", self.until_ms, self.holder)
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        let (until, holder) = text.split_once(' ')?;
        Some(Self { holder: holder.to_owned(), until_ms: until.parse().ok()? })
    }

    /// The lease to store when `holder` may lead now; `None` while another tab does.
    pub fn take(stored: Option<&Self>, holder: &str, now_ms: i64) -> Option<Self> {
        let is_free = stored.is_none_or(|lease| {
            // One that ends later than any that is taken now was made by a clock that was wrong.
            lease.holder == holder || lease.until_ms <= now_ms || lease.until_ms > now_ms + LEASE_MS
        });
        is_free.then(|| Self { holder: holder.to_owned(), until_ms: now_ms + LEASE_MS })
    }
}

/// Most callbacks that wait for a tab that somebody looks at.
const PENDING: usize = 2_000;

/// Sees to it that a callback is toasted once, by the tab that leads and that somebody looks at.
/// All others remember it until they hear that this was done.
#[derive(Clone, Debug, Default)]
pub struct ToastClaims {
    pending: Vec<CallbackSummary>,
    toasted: SeenRing,
}

impl ToastClaims {
    /// Takes what arrived.
    pub fn arrive(&mut self, rows: Vec<CallbackSummary>) {
        let news = rows.into_iter().filter(|row| !self.toasted.contains(row.id, row.deliveries));
        self.pending.extend(news);
        let surplus = self.pending.len().saturating_sub(PENDING);
        self.pending.drain(..surplus);
    }

    /// Another tab toasted these.
    pub fn forget(&mut self, keys: &[(i64, i64)]) {
        for (id, deliveries) in keys {
            self.toasted.remember(*id, *deliveries);
        }
        self.pending.retain(|row| !keys.contains(&(row.id, row.deliveries)));
    }

    /// What this tab toasts now, and tells the others of.
    pub fn take(&mut self) -> Vec<CallbackSummary> {
        let rows = std::mem::take(&mut self.pending);
        for row in &rows {
            self.toasted.remember(row.id, row.deliveries);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::sample::row;
    use proptest::prelude::*;

    #[test]
    fn what_a_tab_says_is_what_the_others_hear() {
        for message in [
            TabMessage::Page { from: Some("c1".into()), text: "{\"a\":\n1}".into() },
            TabMessage::Page { from: None, text: String::new() },
            TabMessage::Toasted(vec![(1, 1), (i64::MAX, 3)]),
            TabMessage::Toasted(Vec::new()),
            TabMessage::Visible,
            TabMessage::Led,
            TabMessage::Live(true),
            TabMessage::Live(false),
            TabMessage::Read,
        ] {
            assert_eq!(TabMessage::parse(&message.to_text()), Some(message));
        }
        assert_eq!(TabMessage::parse("of a later version\n"), None);
    }

    #[test]
    fn a_lease_is_taken_when_it_is_free_over_or_absurd() {
        let of = |until_ms| Lease { holder: "b".into(), until_ms };
        assert!(Lease::take(None, "a", 0).is_some());
        assert!(Lease::take(Some(&of(1_001)), "a", 1_000).is_none());
        assert!(Lease::take(Some(&of(1_000)), "a", 1_000).is_some());
        assert!(Lease::take(Some(&of(1_001)), "b", 1_000).is_some(), "its own is renewed");
        assert!(Lease::take(Some(&of(i64::MAX)), "a", 1_000).is_some());
        let lease = of(7);
        assert_eq!(Lease::parse(&lease.to_text()), Some(lease));
    }

    proptest! {
        /// Three tabs hear of every callback in their own order; now and then another one leads.
        #[test]
        fn over_all_tabs_a_callback_is_toasted_once(
            steps in prop::collection::vec((0_usize..3, 0_usize..3), 1..60)
        ) {
            let mut tabs = [ToastClaims::default(), ToastClaims::default(), ToastClaims::default()];
            let mut heard = [0_i64; 3];
            let mut toasted = Vec::new();
            let mut newest = 0;
            let mut leader = 0;
            for (kind, tab) in steps {
                match kind {
                    0 => newest += 1,
                    1 => leader = tab,
                    _ => {}
                }
                if heard[tab] < newest {
                    heard[tab] += 1;
                    tabs[tab].arrive(vec![row(heard[tab])]);
                }
                let rows = tabs[leader].take();
                let keys: Vec<_> = rows.iter().map(|row| (row.id, row.deliveries)).collect();
                toasted.extend(keys.iter().map(|key| key.0));
                for (at, other) in tabs.iter_mut().enumerate() {
                    if at != leader {
                        other.forget(&keys);
                    }
                }
            }
            for (at, tab) in tabs.iter_mut().enumerate() {
                while heard[at] < newest {
                    heard[at] += 1;
                    tab.arrive(vec![row(heard[at])]);
                }
            }
            toasted.extend(tabs[leader].take().iter().map(|row| row.id));
            toasted.sort_unstable();
            prop_assert_eq!(toasted, (1..=newest).collect::<Vec<_>>());
        }
    }
}
