//! The notification centre's contents, and the count in the page's title.

use super::browser::set_title;
use super::router::use_router;
use crate::state::notices::Notices;
use crate::ui::prelude::*;

/// The notices.
#[derive(Clone, Copy)]
pub struct NoticesContext {
    /// All of them; follows changes.
    pub list: RwSignal<Notices>,
}

/// Makes the notices available and keeps the title.
pub fn provide_notices() -> NoticesContext {
    let notices = NoticesContext { list: RwSignal::new(Notices::default()) };
    provide_context(notices);
    let router = use_router();
    Effect::new(move |_| {
        let page = router.route().title();
        set_title(&match notices.unread() {
            0 => format!("{page} · Ringback"),
            unread => format!("({unread}) {page} · Ringback"),
        });
    });
    notices
}

/// The notices.
pub fn use_notices() -> NoticesContext {
    expect_context()
}

impl NoticesContext {
    /// How many nobody has looked at; follows changes.
    pub fn unread(self) -> usize {
        self.list.with(Notices::unread)
    }

    /// Somebody looked at them; true when any was unread.
    pub fn read_all(self) -> bool {
        let any = self.list.with_untracked(|list| list.unread() > 0);
        if any {
            self.list.update(Notices::read_all);
        }
        any
    }

    /// Somebody opened a callback.
    pub fn read_callback(self, id: i64) {
        self.list.update(|list| list.read_callback(id));
    }
}
