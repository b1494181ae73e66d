//! The notification centre: what was told, also to those who did not look at the time.

use ringback_wire::CallbackSummary;
use std::collections::{HashSet, VecDeque};

/// How many are kept; the oldest goes first.
pub const KEPT: usize = 100;

/// What a notice is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A new or changed callback.
    Callback(CallbackSummary),
    /// Something the app said for itself.
    Text(String),
}

/// One line of the centre; its id stays the same as long as it is there.
#[derive(Clone, Debug, PartialEq)]
struct Notice {
    id: i64,
    told: Told,
}

/// All of them, newest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    list: VecDeque<Notice>,
    /// What nobody has looked at, also what is kept no more: callbacks, and texts as negative ids.
    unread: HashSet<i64>,
    last_id: i64,
}

impl Notices {
    /// What is there, newest first.
    pub fn ids(&self) -> Vec<i64> {
        self.list.iter().map(|notice| notice.id).collect()
    }

    /// What one of them is about.
    pub fn told(&self, id: i64) -> Option<Told> {
        self.list.iter().find(|notice| notice.id == id).map(|notice| notice.told.clone())
    }

    /// How many nobody has looked at.
    pub fn unread(&self) -> usize {
        self.unread.len()
    }

    /// Takes what arrived, oldest first; a callback that came again has one line, at the top.
    pub fn push_callbacks(&mut self, rows: &[CallbackSummary]) {
        for row in rows {
            self.list.retain(
                |notice| !matches!(&notice.told, Told::Callback(known) if known.id == row.id),
            );
            self.unread.insert(row.id);
            self.push(Told::Callback(row.clone()));
        }
    }

    /// Takes something the app says.
    pub fn push_text(&mut self, text: String) {
        self.push(Told::Text(text));
        self.unread.insert(-self.last_id);
    }

    /// Somebody looked at the list.
    pub fn read_all(&mut self) {
        self.unread.clear();
    }

    /// Somebody opened a callback.
    pub fn read_callback(&mut self, id: i64) {
        self.unread.remove(&id);
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.list.clear();
        self.unread.clear();
    }

    fn push(&mut self, told: Told) {
        self.last_id += 1;
        self.list.push_front(Notice { id: self.last_id, told });
        self.list.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::sample::row;

    fn ids(notices: &Notices) -> Vec<i64> {
        let callback = |id| match notices.told(id)? {
            Told::Callback(row) => Some(row.id),
            Told::Text(_) => None,
        };
        notices.ids().into_iter().filter_map(callback).collect()
    }

    #[test]
    fn the_newest_is_first_and_a_callback_has_one_line() {
        let mut notices = Notices::default();
        notices.push_callbacks(&[row(1), row(2)]);
        notices.push_callbacks(&[row(1)]);
        assert_eq!(ids(&notices), [1, 2]);
        assert_eq!(notices.unread(), 2);
    }

    #[test]
    fn no_more_are_kept_than_can_be_looked_through() {
        let mut notices = Notices::default();
        let rows: Vec<_> = (1..=500).map(row).collect();
        notices.push_callbacks(&rows);
        assert_eq!((ids(&notices).len(), ids(&notices)[0]), (KEPT, 500));
    }

    #[test]
    fn what_is_kept_no_more_is_counted_until_somebody_looks() {
        let mut notices = Notices::default();
        let rows: Vec<_> = (1..=200).map(row).collect();
        notices.push_callbacks(&rows[..100]);
        notices.push_callbacks(&rows[100..]);
        assert_eq!(notices.unread(), 200);
        notices.push_callbacks(&rows[..1]);
        assert_eq!(notices.unread(), 200, "a callback that came again is one");
        notices.read_callback(2);
        assert_eq!(notices.unread(), 199);
        notices.read_all();
        assert_eq!(notices.unread(), 0);
    }

    #[test]
    fn looking_at_one_or_at_all_makes_them_read() {
        let mut notices = Notices::default();
        notices.push_callbacks(&[row(1), row(2)]);
        notices.push_text("Something".into());
        notices.read_callback(1);
        assert_eq!(notices.unread(), 2);
        notices.read_all();
        assert_eq!(notices.unread(), 0);
    }
}
