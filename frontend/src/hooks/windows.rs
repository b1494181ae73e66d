//! Detail windows: the URL says which are open; pointers and keys say where they lie.

use super::announcer::{Announcer, use_announcer};
use super::browser::{self, viewport};
use super::list::link_id;
use super::location::{PageLocation, use_page_location};
use crate::state::geometry::{Bounds, STEP, Viewport};
use crate::state::windows::WindowStack;
use crate::storage;
use crate::ui::ev;
use crate::ui::prelude::*;
use web_sys::HtmlElement;

/// An element that had the focus, and the id that it had then: a row of the list may be that of
/// another callback later.
#[derive(Clone)]
struct Opener {
    element: HtmlElement,
    id: String,
}

impl Opener {
    fn focused() -> Option<Self> {
        browser::focused().map(|element| Self { id: element.id(), element })
    }

    /// Gives the focus back; false when there is nothing left to give it to.
    fn refocus(&self) -> bool {
        if self.element.id() == self.id {
            browser::refocus(&self.element)
        } else {
            browser::focus_id(&self.id)
        }
    }
}

/// The open windows.
#[derive(Clone, Copy)]
pub struct WindowContext {
    /// The stack; follows changes.
    pub stack: RwSignal<WindowStack>,
    location: PageLocation,
    announcer: Announcer,
    /// What had the focus when a person opened a window, to give it back.
    openers: StoredValue<Vec<(String, Opener)>>,
}

/// Makes the windows available and keeps them those of the URL.
pub fn provide_windows() -> WindowContext {
    let context = WindowContext {
        stack: RwSignal::new(WindowStack::with_places(storage::load_places())),
        location: use_page_location(),
        announcer: use_announcer(),
        openers: StoredValue::new(Vec::new()),
    };
    provide_context(context);
    let wanted = Memo::new(move |_| context.location.query.with(|query| query.callbacks.clone()));
    Effect::new(move |_| {
        let ids = wanted.get();
        context.stack.update(|stack| stack.sync(&ids, viewport()));
    });
    let listener = window_event_listener(ev::resize, move |_| {
        context.stack.update(|stack| stack.fit(viewport()));
    });
    on_cleanup(move || listener.remove());
    let keys = window_event_listener(ev::keydown, move |event| {
        let is_on =
            event.key() == "F6" && !event.default_prevented() && !browser::has_open_dialog();
        if is_on && context.walk(!event.shift_key()) {
            event.prevent_default();
        }
    });
    on_cleanup(move || keys.remove());
    context
}

/// The windows.
pub fn use_windows() -> WindowContext {
    expect_context()
}

/// The id of a window's element.
pub fn window_id(id: &str) -> String {
    format!("window-{id}")
}

/// The id of the element that has a window's name.
pub fn title_id(id: &str) -> String {
    format!("window-{id}-title")
}

/// The id of the element that moves a window.
pub fn bar_id(id: &str) -> String {
    format!("window-{id}-bar")
}

impl WindowContext {
    /// Opens a window because a person asked for it: it gets the focus, and Back closes it.
    pub fn open(self, id: &str) {
        if let Some(opener) = Opener::focused() {
            self.openers.update_value(|openers| {
                take_opener(openers, id);
                openers.push((id.to_owned(), opener));
            });
        }
        let query = self.location.current();
        if query.callbacks.iter().any(|open| open == id) {
            self.raise(id);
            browser::focus_id(&bar_id(id));
        } else {
            self.location.push_windows(&query.with_callback(id));
        }
    }

    /// Closes a window and gives the focus back: to what opened it, else to the next window, else
    /// to its row in the list.
    pub fn close(self, id: &str) {
        self.location.replace_windows(&self.location.current().without_callback(id));
        let opener = self.openers.try_update_value(|openers| take_opener(openers, id)).flatten();
        if opener.is_some_and(|opener| opener.refocus()) {
            return;
        }
        let next = self.stack.with_untracked(|stack| {
            let others = stack.windows().iter().filter(|window| window.id != id);
            others.max_by_key(|window| window.z).map(|window| window.id.clone())
        });
        match next {
            Some(next) => browser::focus_id(&bar_id(&next)),
            None => {
                id.parse().is_ok_and(|id| browser::focus_id(&link_id(id)))
                    || browser::focus_id("main")
            }
        };
    }

    /// True once when a person opened this window: then it takes the focus.
    pub fn was_opened_by_person(self, id: &str) -> bool {
        self.openers.with_value(|openers| openers.iter().any(|(opened, _)| opened == id))
    }

    /// Brings a window to the front.
    pub fn raise(self, id: &str) {
        let in_front =
            self.stack.with_untracked(|stack| stack.front().is_some_and(|window| window.id == id));
        if !in_front {
            self.stack.update(|stack| stack.raise(id));
        }
    }

    /// Where a window lies, without following it.
    pub fn bounds(self, id: &str) -> Option<Bounds> {
        self.stack.with_untracked(|stack| stack.find(id).map(|window| window.bounds))
    }

    /// Puts a window somewhere.
    pub fn place(self, id: &str, bounds: Bounds) {
        self.stack.update(|stack| stack.place(id, bounds));
    }

    /// Stores where windows lie, once a movement is over.
    pub fn save_places(self) {
        self.stack.with_untracked(|stack| storage::save_places(stack.places()));
    }

    /// Puts a window where it would have been without anybody's doing.
    pub fn reset(self, id: &str) {
        self.stack.update(|stack| stack.reset(id, viewport()));
        self.placed(id);
    }

    /// Moves or resizes a window.
    pub fn change(self, id: &str, change: fn(Bounds, Viewport) -> Bounds) {
        if let Some(bounds) = self.bounds(id) {
            self.place(id, change(bounds, viewport()));
            self.placed(id);
        }
    }

    /// Stores where a window lies now, and says it.
    fn placed(self, id: &str) {
        self.save_places();
        if let Some(bounds) = self.bounds(id) {
            self.announcer.say(bounds.told());
        }
    }

    /// Gives the focus to the next window, or to the one before; after the last comes the page
    /// itself. False when no window is open.
    pub fn walk(self, forward: bool) -> bool {
        let ids: Vec<String> = self.stack.with_untracked(|stack| {
            stack.windows().iter().map(|window| window.id.clone()).collect()
        });
        if ids.is_empty() {
            return false;
        }
        let here = ids.iter().position(|id| browser::focus_is_inside(&window_id(id)));
        let next = match (here, forward) {
            (None, true) => Some(0),
            (None, false) => Some(ids.len() - 1),
            (Some(at), true) => Some(at + 1).filter(|next| *next < ids.len()),
            (Some(at), false) => at.checked_sub(1),
        };
        match next {
            Some(next) => browser::focus_id(&bar_id(&ids[next])),
            None => browser::focus_id("main"),
        }
    }

    /// Lets a window show another callback; the window stays where it is and keeps the focus.
    pub fn go_on(self, from: &str, to: &str) {
        let renamed = self.stack.try_update(|stack| stack.rename(from, to)) == Some(true);
        self.openers.update_value(|openers| {
            let opener = take_opener(openers, from).or_else(Opener::focused);
            if let Some(opener) = opener
                && !openers.iter().any(|(opened, _)| opened == to)
            {
                openers.push((to.to_owned(), opener));
            }
        });
        self.location.replace_windows(&self.location.current().with_callback_renamed(from, to));
        if !renamed {
            self.raise(to);
            browser::focus_id(&bar_id(to));
        }
    }

    /// Gives a window all the room, or takes it back.
    pub fn toggle_maximised(self, id: &str) {
        self.stack.update(|stack| stack.toggle_maximised(id, viewport()));
        self.placed(id);
    }

    /// Arrows move the window, with Ctrl they resize it.
    pub fn key_on_bar(self, id: &str, event: &ev::KeyboardEvent) {
        let is_maximised = self
            .stack
            .with_untracked(|stack| stack.find(id).is_some_and(|window| window.restore.is_some()));
        let (dx, dy) = match event.key().as_str() {
            "ArrowUp" | "ArrowDown" if event.alt_key() => {
                event.prevent_default();
                if is_maximised == (event.key() == "ArrowDown") {
                    self.toggle_maximised(id);
                }
                return;
            }
            "ArrowLeft" => (-STEP, 0.0),
            "ArrowRight" => (STEP, 0.0),
            "ArrowUp" => (0.0, -STEP),
            "ArrowDown" => (0.0, STEP),
            _ => return,
        };
        let Some(bounds) = self.bounds(id) else { return };
        event.prevent_default();
        let bounds = if event.ctrl_key() || event.meta_key() {
            bounds.resized(dx, dy, viewport())
        } else {
            bounds.moved(dx, dy, viewport())
        };
        self.place(id, bounds);
        self.placed(id);
    }
}

/// What opened a window, from now on no longer.
fn take_opener(openers: &mut Vec<(String, Opener)>, id: &str) -> Option<Opener> {
    let at = openers.iter().position(|(opened, _)| opened == id)?;
    Some(openers.swap_remove(at).1)
}

/// Follows a pointer that drags a title bar or a corner.
#[derive(Clone, Copy)]
pub struct Drag {
    windows: WindowContext,
    start: StoredValue<Option<(f64, f64, Bounds)>>,
    apply: fn(Bounds, f64, f64) -> Bounds,
}

impl Drag {
    /// Moves the window.
    pub fn to_move(windows: WindowContext) -> Self {
        let apply = |bounds: Bounds, dx, dy| bounds.moved(dx, dy, viewport());
        Self { windows, start: StoredValue::new(None), apply }
    }

    /// Resizes the window.
    pub fn to_resize(windows: WindowContext) -> Self {
        let apply = |bounds: Bounds, dx, dy| bounds.resized(dx, dy, viewport());
        Self { windows, start: StoredValue::new(None), apply }
    }

    /// The pointer went down.
    pub fn begin(self, id: &str, event: &ev::PointerEvent) {
        if event.button() != 0 || browser::is_on_control(event) || browser::is_narrow() {
            return;
        }
        let Some(bounds) = self.windows.bounds(id) else { return };
        browser::capture_pointer(event);
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.start.set_value(Some((x, y, bounds)));
    }

    /// The pointer moved.
    pub fn follow(self, id: &str, event: &ev::PointerEvent) {
        let Some((x, y, bounds)) = self.start.get_value() else { return };
        let (dx, dy) = (f64::from(event.client_x()) - x, f64::from(event.client_y()) - y);
        self.windows.place(id, (self.apply)(bounds, dx, dy));
    }

    /// The pointer went up, or was taken away.
    pub fn end(self) {
        if self.start.get_value().is_some() {
            self.start.set_value(None);
            self.windows.save_places();
        }
    }
}
