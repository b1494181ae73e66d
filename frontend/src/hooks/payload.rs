//! A payload on its way: fetched, indexed in slices, folded, searched.

use super::browser::scroll_into_view;
use crate::api::{self, Follower};
use crate::state::find::Find;
use crate::state::payload::{Payload, Step, View};
use crate::ui::prelude::*;
use gloo_timers::callback::Timeout;
use web_sys::AbortController;

/// Where the bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadSource {
    /// Key of the callback.
    pub callback: i64,
    /// Key of the delivery.
    pub delivery: i64,
    /// The text, when the detail brought it along.
    pub inline: Option<String>,
}

/// A payload that is fetched.
#[derive(Clone, Copy)]
pub struct PayloadLoad {
    /// What is done with it once it is here.
    pub context: PayloadContext,
    /// How many bytes have come.
    pub loaded: RwSignal<usize>,
    callback: i64,
    delivery: i64,
    stop: StoredValue<Option<AbortController>>,
}

/// A payload on screen.
#[derive(Clone, Copy)]
pub struct PayloadContext {
    /// The bytes and their index.
    pub payload: StoredValue<Payload>,
    /// Counts what changed: more rows, a fold, a search.
    pub version: RwSignal<u32>,
    /// Why there are no bytes; empty while they are on their way.
    pub missing: RwSignal<Option<String>>,
    /// The way it is looked at; the best one until somebody chooses.
    pub chosen: RwSignal<Option<View>>,
    /// The row of the tree that keys act on.
    pub active: RwSignal<u32>,
    /// A row of the view that is to be brought into sight.
    pub wanted: RwSignal<Option<usize>>,
    /// The element ids of this payload begin so.
    pub dom: StoredValue<String>,
}

/// Fetches and indexes a payload, until nobody looks any more.
pub fn load_payload(source: PayloadSource) -> PayloadLoad {
    let dom = format!("payload-{}-{}", source.callback, source.delivery);
    let inline = source.inline.map(String::into_bytes);
    let is_here = inline.is_some();
    let load = PayloadLoad {
        context: PayloadContext::new(dom, inline.unwrap_or_default()),
        loaded: RwSignal::new(0),
        callback: source.callback,
        delivery: source.delivery,
        stop: StoredValue::new(None),
    };
    on_cleanup(move || load.abort());
    if is_here {
        load.context.missing.set(None);
        load.context.index();
    } else {
        load.fetch();
    }
    load
}

impl PayloadLoad {
    /// Fetches it, the first time or once more.
    pub fn fetch(self) {
        let Self { context, loaded, callback, delivery, .. } = self;
        let Ok(stop) = AbortController::new() else { return };
        self.stop.set_value(Some(stop.clone()));
        loaded.set(0);
        context.missing.set(Some(String::new()));
        let follower = Follower { stop, came: loaded };
        spawn_local(async move {
            match api::fetch_payload(callback, delivery, Some(follower)).await {
                Ok(bytes) => {
                    context.payload.set_value(Payload::new(bytes));
                    context.missing.set(None);
                    context.index();
                }
                // Not when the person stopped it.
                Err(error) => context.missing.update(|missing| {
                    if missing.as_ref().is_some_and(String::is_empty) {
                        *missing = Some(error.message());
                    }
                }),
            }
        });
    }

    /// Lets the rest of it be.
    pub fn stop(self) {
        self.context.missing.set(Some("The loading was stopped.".to_owned()));
        self.abort();
    }

    fn abort(self) {
        if let Some(Some(stop)) = self.stop.try_get_value() {
            stop.abort();
        }
    }
}

impl PayloadContext {
    /// A payload whose bytes are here.
    pub fn new(dom: String, bytes: Vec<u8>) -> Self {
        Self {
            payload: StoredValue::new(Payload::new(bytes)),
            version: RwSignal::new(0),
            missing: RwSignal::new(Some(String::new())),
            chosen: RwSignal::new(None),
            active: RwSignal::new(0),
            wanted: RwSignal::new(None),
            dom: StoredValue::new(dom),
        }
    }

    /// Reads from the payload; follows changes.
    pub fn with<T>(self, read: impl FnOnce(&Payload) -> T) -> T {
        self.version.track();
        self.payload.with_value(read)
    }

    /// Changes the payload and tells everybody.
    pub fn update(self, change: impl FnOnce(&mut Payload)) {
        self.payload.update_value(change);
        self.version.try_update(|version| *version += 1);
    }

    /// Indexes it slice by slice; the page answers in between.
    fn index(self) {
        if self.slice() {
            Timeout::new(0, move || self.index()).forget();
        }
    }

    /// Indexes a slice; true when there is more to do and somebody still looks.
    fn slice(self) -> bool {
        let more = self.payload.try_update_value(Payload::run);
        self.version.try_update(|version| *version += 1);
        more == Some(true)
    }

    /// The view on screen; follows changes.
    pub fn view(self) -> Option<View> {
        let views = self.with(Payload::views);
        self.chosen.get().filter(|view| views.contains(view)).or(views.first().copied())
    }

    /// Searches, and goes to the first match.
    pub fn search(self, text: &str) {
        self.update(|payload| payload.find = Find::new(payload.bytes(), text));
        self.show_match();
    }

    /// Goes to the next match or back.
    pub fn step(self, forward: bool) {
        self.update(|payload| payload.find.step(forward));
        self.show_match();
    }

    /// Chooses a view. A row of the one before is none of this one.
    pub fn choose(self, view: View) {
        self.wanted.set(None);
        self.chosen.set(Some(view));
    }

    /// Goes to where the text stops to be JSON, or text.
    pub fn show_error(self) {
        let Some(view) = untrack(|| self.view()) else { return };
        self.update(Payload::split_lines);
        let row = self
            .payload
            .with_value(|payload| payload.error_at().map(|at| payload.row_of(view, at)));
        self.wanted.set(row);
    }

    /// Folds or unfolds a row of the tree.
    pub fn fold(self, row: u32, closed: bool) {
        self.update(|payload| payload.change_folds(|folds, rows| folds.set(rows, row, closed)));
    }

    /// Folds everything, or nothing.
    pub fn fold_all(self, closed: bool) {
        self.update(|payload| payload.change_folds(|folds, rows| folds.set_all(rows, closed)));
        self.activate(0);
    }

    /// Unfolds all siblings of the active row.
    pub fn open_siblings(self) {
        let row = self.active.get_untracked();
        self.update(|payload| payload.change_folds(|folds, rows| folds.open_siblings(rows, row)));
    }

    /// Makes a row the one that keys act on, and brings it into sight.
    pub fn activate(self, row: u32) {
        self.active.set(row);
        self.wanted.set(Some(self.payload.with_value(|payload| payload.folds.place_of(row))));
    }

    /// Does what a key says in the tree; false when it says nothing here.
    pub fn key(self, key: &str) -> bool {
        let row = self.active.get_untracked();
        let open = self.payload.with_value(|payload| payload.item(row)).and_then(|item| item.open);
        let step = match (key, open) {
            ("ArrowRight" | "Enter" | " ", Some(false)) => {
                self.fold(row, false);
                return true;
            }
            ("ArrowLeft" | "Enter" | " ", Some(true)) => {
                self.fold(row, true);
                return true;
            }
            ("*", _) => {
                self.open_siblings();
                return true;
            }
            ("ArrowDown", _) | ("ArrowRight", Some(true)) => Step::Down,
            ("ArrowUp", _) => Step::Up,
            ("ArrowLeft", _) => Step::Parent,
            ("PageDown", _) => Step::PageDown,
            ("PageUp", _) => Step::PageUp,
            ("Home", _) => Step::Home,
            ("End", _) => Step::End,
            _ => return false,
        };
        self.activate(self.payload.with_value(|payload| payload.go(row, step)));
        true
    }

    fn show_match(self) {
        let Some(view) = untrack(|| self.view()) else { return };
        let Some((at, _)) = self.payload.with_value(|payload| payload.find.current()) else {
            return;
        };
        let row = self.payload.with_value(|payload| payload.row_of(view, at));
        if view == View::Tree {
            let row = u32::try_from(row).unwrap_or(0);
            self.update(|payload| payload.change_folds(|folds, rows| folds.reveal(rows, row)));
            self.activate(row);
        } else {
            self.wanted.set(Some(row));
        }
        let panel = self.dom.get_value();
        // In the first frame its row comes into sight, and into the document.
        after_paint(move || scroll_into_view(&["#", &panel, " .found-current"].concat()));
    }
}
