//! The notification centre: what was told, also to those who did not look at the time.

use ringback_wire::CallbackSummary;
use std::collections::VecDeque;

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

/// One line of the centre.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Stays the same as long as it is there.
    pub id: u32,
    /// What it is about.
    pub told: Told,
    /// Nobody has looked at it yet.
    pub unread: bool,
}

/// All of them, newest first.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    list: VecDeque<Notice>,
    last_id: u32,
}

impl Notices {
    /// What is there, newest first.
    pub fn list(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }

    /// How many nobody has looked at.
    pub fn unread(&self) -> usize {
        self.list.iter().filter(|notice| notice.unread).count()
    }

    /// Takes what arrived, oldest first; a callback that came again has one line, at the top.
    pub fn push_callbacks(&mut self, rows: &[CallbackSummary]) {
        // Of more than are kept the oldest would be gone at once.
        for row in &rows[rows.len().saturating_sub(KEPT)..] {
            self.list.retain(|notice| !is_about(notice, row.id));
            self.push(Told::Callback(row.clone()));
        }
    }

    /// Takes something the app says.
    pub fn push_text(&mut self, text: String) {
        self.push(Told::Text(text));
    }

    /// Somebody looked at the list.
    pub fn read_all(&mut self) {
        for notice in &mut self.list {
            notice.unread = false;
        }
    }

    /// Somebody opened a callback.
    pub fn read_callback(&mut self, id: i64) {
        for notice in &mut self.list {
            if is_about(notice, id) {
                notice.unread = false;
            }
        }
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    fn push(&mut self, told: Told) {
        self.last_id += 1;
        self.list.push_front(Notice { id: self.last_id, told, unread: true });
        self.list.truncate(KEPT);
    }
}

fn is_about(notice: &Notice, callback: i64) -> bool {
    matches!(&notice.told, Told::Callback(row) if row.id == callback)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::history::tests::row;

    fn ids(notices: &Notices) -> Vec<i64> {
        let callback = |notice: &Notice| match &notice.told {
            Told::Callback(row) => Some(row.id),
            Told::Text(_) => None,
        };
        notices.list().filter_map(callback).collect()
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
