//! The list of callbacks on the page: what is in sight, what has the focus, reading on, marking.

use super::announcer::{Announcer, use_announcer};
use super::browser::{self, animation_frame, focus_id, top_of, viewport};
use super::complaints::{Complaints, use_complaints};
use super::feed::{Feed, use_feed};
use super::history::{HistoryContext, use_history};
use super::preferences::use_preferences;
use super::windows::{WindowContext, use_windows};
use crate::api;
use crate::state::history::History;
use crate::state::list_layout::{COLUMNS, ListSettings, Sight};
use crate::state::preferences::{Density, TimeFormat};
use crate::storage;
use crate::ui::ev;
use crate::ui::prelude::*;
use ringback_wire::{MarkUnviewedRequest, MarkViewedRequest};
use std::collections::HashSet;

/// The element that holds the rows.
pub const ROWS_ID: &str = "callback-rows";
/// So many rows before the end the next page is asked for.
const READ_AHEAD: usize = 20;

/// The list on the page.
#[derive(Clone, Copy)]
pub struct ListContext {
    /// What the person chose; follows changes.
    pub settings: RwSignal<ListSettings>,
    /// Which of the columns are shown, in the order of [`COLUMNS`].
    pub columns: Memo<[bool; 4]>,
    /// The rows in the document: place and id.
    pub visible: Memo<Vec<(usize, i64)>>,
    /// The width of the viewport, with letters of the usual size.
    pub width: RwSignal<f64>,
    /// What can be taken back: how many were marked, and the time the marks carry.
    pub undo: RwSignal<Option<(i64, String)>>,
    parts: StoredValue<Parts>,
}

/// What only the list itself needs: its context is copied into every row.
#[derive(Clone, Copy)]
struct Parts {
    sight: RwSignal<Sight>,
    focused: RwSignal<Option<i64>>,
    /// True from a key until the row that it leads to has the focus: who types fast goes on from there.
    moving: StoredValue<bool>,
    history: HistoryContext,
    feed: Feed,
    windows: WindowContext,
    announcer: Announcer,
    complaints: Complaints,
}

/// Makes the list available to its parts and follows the scrolling of the page.
pub fn provide_list() -> ListContext {
    let history = use_history();
    let preferences = use_preferences();
    // What the settings of everything say of the list.
    let said = move || {
        let all = preferences.get();
        (all.density == Density::Compact, all.times != TimeFormat::Relative)
    };
    let mut chosen = storage::load_list();
    (chosen.compact, chosen.writes_times) = untrack(said);
    let settings = RwSignal::new(chosen);
    Effect::new(move |_| {
        let said = said();
        if settings.with_untracked(|list| (list.compact, list.writes_times)) != said {
            settings.update(|list| (list.compact, list.writes_times) = said);
        }
    });
    let width = RwSignal::new(viewport().width / scale());
    let sight = RwSignal::new(Sight::expected(viewport().height));
    let focused = RwSignal::new(None::<i64>);
    let columns = Memo::new(move |_| {
        let width = width.get();
        settings.with(|settings| COLUMNS.map(|column| settings.shows(column, width)))
    });
    let visible = Memo::new(move |_| {
        let row_px = f64::from(settings.with(|settings| settings.row_px(width.get())));
        let sight = sight.get();
        history.list.with(|list| {
            let ids = list.ids();
            let rows = sight.rows(row_px, ids.len());
            let mut visible: Vec<(usize, i64)> = rows.map(|place| (place, ids[place])).collect();
            // The row that has the focus stays in the document wherever one scrolls.
            if let Some(id) = focused.get()
                && !visible.iter().any(|(_, shown)| *shown == id)
                && let Some(place) = list.place(id)
            {
                let at = visible.partition_point(|(shown, _)| *shown < place);
                visible.insert(at, (place, id));
            }
            visible
        })
    });
    let list = ListContext {
        settings,
        columns,
        visible,
        width,
        undo: RwSignal::new(None),
        parts: StoredValue::new(Parts {
            sight,
            focused,
            moving: StoredValue::new(false),
            history,
            feed: use_feed(),
            windows: use_windows(),
            announcer: use_announcer(),
            complaints: use_complaints(),
        }),
    };
    provide_context(list);
    let scrolled = window_event_listener(ev::scroll, move |_| list.measure());
    let resized = window_event_listener(ev::resize, move |_| list.measure());
    on_cleanup(move || {
        scrolled.remove();
        resized.remove();
    });
    Effect::new(move |_| {
        // The rows are there, or lie elsewhere, only after the page has followed.
        history.list.with(History::arrivals);
        settings.track();
        list.measure_later();
    });
    Effect::new(move |_| {
        let end = visible.with(|visible| visible.last().map_or(0, |(place, _)| place + 1));
        if history.list.with(|list| list.before.is_some() && end + READ_AHEAD > list.ids().len()) {
            history.read_on(false);
        }
    });
    list
}

/// The list.
pub fn use_list() -> ListContext {
    expect_context()
}

impl ListContext {
    /// Takes note of where the rows lie; one column more or less changes that too.
    pub fn measure(self) {
        self.look(true);
    }

    /// The same of rows that are new: those in sight are painted before there are any others.
    pub fn measure_new(self) {
        self.look(false);
        self.measure_later();
    }

    fn measure_later(self) {
        after_paint(move || self.measure());
    }

    fn look(self, is_painted: bool) {
        let (viewport, scale) = (viewport(), scale());
        let now = viewport.width / scale;
        if self.width.try_get_untracked().is_some_and(|width| width.to_bits() != now.to_bits()) {
            self.width.set(now);
        }
        if let (Some(top), Some(parts)) = (top_of(ROWS_ID), self.parts.try_get_value()) {
            let (top_px, view_px) = (top / scale, viewport.height / scale);
            parts.sight.set(Sight { top_px, view_px, is_painted });
        }
    }

    /// Changes the settings and keeps them.
    pub fn change_settings(self, change: impl FnOnce(&mut ListSettings)) {
        self.settings.update(change);
        self.settings.with_untracked(storage::save_list);
    }

    /// The height of a row, with letters of the usual size.
    pub fn row_px(self) -> u32 {
        let width = self.width.get();
        self.settings.with(|settings| settings.row_px(width))
    }

    /// Takes note of the row that has the focus. A row may lose it because the page goes away.
    pub fn note_focus(self, id: Option<i64>) {
        if let Some(parts) = self.parts.try_get_value()
            && parts.focused.try_get_untracked().is_some_and(|before| before != id)
        {
            parts.focused.set(id);
        }
    }

    /// Gives the focus to the next row or the one before; to the first one in sight when none has it.
    pub fn move_focus(self, forward: bool) {
        let moving = self.parts().moving;
        let from = self
            .parts()
            .focused
            .get_untracked()
            .filter(|id| moving.get_value() || browser::focus_is_inside(&row_id(*id)));
        let target = self.parts().history.list.with_untracked(|list| {
            let ids = list.ids();
            match from.and_then(|id| list.place(id)) {
                Some(place) if forward => ids.get(place + 1).copied(),
                Some(place) => place.checked_sub(1).map(|place| ids[place]),
                None => {
                    let sight = self.parts().sight.get_untracked();
                    let row_px = f64::from(untrack(|| self.row_px()));
                    ids.get(sight.highest(row_px)).or(ids.last()).copied()
                }
            }
        });
        let Some(id) = target else { return };
        self.parts().focused.set(Some(id));
        // At once, so that a key that follows on its heels is for this row. One that is not in the
        // document yet takes the focus when it is, and the browser scrolls to it.
        if !focus_id(&link_id(id)) {
            moving.set_value(true);
            animation_frame(move || {
                focus_id(&link_id(id));
                moving.set_value(false);
            });
        }
    }

    /// Opens the window of the row that has the focus.
    pub fn open_focused(self) {
        if let Some(id) = self.focused_row() {
            self.parts().windows.open(&id.to_string());
        }
    }

    /// Selects the row that has the focus, or takes it out of the selection.
    pub fn select_focused(self) {
        if let Some(id) = self.focused_row() {
            self.parts().history.list.update(|list| {
                let selected = list.selected().contains(&id);
                list.set_selected(id, !selected, false);
            });
        }
    }

    fn parts(self) -> Parts {
        self.parts.get_value()
    }

    fn focused_row(self) -> Option<i64> {
        self.parts().focused.get_untracked().filter(|id| browser::focus_is_inside(&row_id(*id)))
    }

    /// Marks callbacks as viewed as they are on screen.
    pub fn mark(self, ids: HashSet<i64>) {
        let seen = self.parts().history.list.with_untracked(|list| list.seen(&ids));
        let request = MarkViewedRequest { seen: Some(seen), ..MarkViewedRequest::default() };
        self.send_marks(request, ids);
    }

    /// Marks everything up to where the feed has come.
    pub fn mark_all(self) {
        let parts = self.parts();
        let through = parts.feed.cursor.get_untracked();
        // What is on screen came before.
        let ids = parts.history.list.with_untracked(|list| list.ids().iter().copied().collect());
        let request = MarkViewedRequest { through, ..MarkViewedRequest::default() };
        self.send_marks(request, ids);
    }

    /// Marks as viewed what a request says, of which these are on screen. The page may be another
    /// one by the time that the answer is there.
    fn send_marks(self, request: MarkViewedRequest, ids: HashSet<i64>) {
        let parts = self.parts();
        spawn_local(async move {
            let Ok(answer) = api::mark_viewed(&request).await else {
                return parts.complaints.tell(
                    "They could not be marked as viewed. Check your network and try again."
                        .to_owned(),
                );
            };
            parts.history.note_viewed(&ids, &answer.viewed_at);
            parts.feed.unviewed.set(answer.unviewed);
            parts.announcer.say(answer.marked.to_string() + " marked as viewed");
            if answer.marked > 0 {
                self.undo.set(Some((answer.marked, answer.viewed_at)));
            }
        });
    }

    /// Takes the last marks back.
    pub fn take_back(self) {
        let Some((_, at)) = self.undo.get_untracked() else { return };
        let parts = self.parts();
        spawn_local(async move {
            let request = MarkUnviewedRequest { viewed_at: Some(at.clone()), ids: None };
            let Ok(answer) = api::mark_unviewed(&request).await else {
                return parts.complaints.tell(
                    "They could not be marked as not viewed again. Press Undo once more."
                        .to_owned(),
                );
            };
            self.undo.set(None);
            parts.feed.unviewed.set(answer.unviewed);
            parts.history.list.try_update(|list| list.unmark_viewed(&at));
            parts.announcer.say("Marked as not viewed again".to_owned());
        });
    }
}

/// How much larger than usual the letters are: `base.css` puts an element 1rem below the upper edge.
fn scale() -> f64 {
    top_of("rem").map_or(1.0, |rem_px| rem_px / 15.0)
}

/// The id of a row's element.
pub fn row_id(id: i64) -> String {
    browser::ROW.to_owned() + &id.to_string()
}

/// The id of a row's link.
pub fn link_id(id: i64) -> String {
    "row-link-".to_owned() + &id.to_string()
}
