//! Which detail windows are open, where they lie and which one is in front.

use super::geometry::{Bounds, Viewport};
use ringback_wire::json::{Json, Value, close, member, write_member};

/// How many places of closed windows are remembered.
const REMEMBERED: usize = 40;

/// One open window.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenWindow {
    /// The `?callback=` it shows.
    pub id: String,
    /// Where it lies.
    pub bounds: Bounds,
    /// Higher is further in front.
    pub z: u32,
    /// Where it goes back to when it is maximised now.
    pub restore: Option<Bounds>,
}

/// Where windows lay, for the next visit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    places: Vec<(String, Place)>,
}

/// Where one lay when it was not maximised, and whether it was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place(Bounds, bool);

impl Json for Places {
    fn read(value: &mut Value) -> Option<Self> {
        member(value, "places").map(|places| Self { places })
    }

    fn write(&self, to: &mut String) {
        to.push('{');
        write_member("places", &self.places, to);
        close(to);
    }
}

impl Json for Place {
    fn read(value: &mut Value) -> Option<Self> {
        // Earlier versions did not keep it.
        let is_maximised = member(value, "maximised").unwrap_or_default();
        Some(Self(Bounds::read(value)?, is_maximised))
    }

    fn write(&self, to: &mut String) {
        to.push('{');
        self.0.write_members(to);
        write_member("maximised", &self.1, to);
        close(to);
    }
}

/// All open windows, in the order they were opened.
#[derive(Clone, Debug, Default)]
pub struct WindowStack {
    windows: Vec<OpenWindow>,
    places: Places,
    top: u32,
    opened: usize,
}

impl WindowStack {
    /// A stack that knows where windows lay at the last visit.
    pub fn with_places(places: Places) -> Self {
        Self { places, ..Self::default() }
    }

    /// The open windows.
    pub fn windows(&self) -> &[OpenWindow] {
        &self.windows
    }

    /// One of them.
    pub fn find(&self, id: &str) -> Option<&OpenWindow> {
        self.windows.iter().find(|window| window.id == id)
    }

    /// The one in front.
    pub fn front(&self) -> Option<&OpenWindow> {
        self.windows.iter().max_by_key(|window| window.z)
    }

    /// Makes the open windows those of the URL: opens what is missing, closes what is not named.
    pub fn sync(&mut self, ids: &[String], viewport: Viewport) {
        self.windows.retain(|window| ids.contains(&window.id));
        if self.windows.is_empty() {
            self.opened = 0;
        }
        for id in ids {
            if self.find(id).is_none() {
                self.open(id.clone(), viewport);
            }
        }
    }

    /// Lets a window show another callback, where it lies; false when that one is open already.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        if self.find(to).is_some() {
            return false;
        }
        match self.windows.iter_mut().find(|window| window.id == from) {
            Some(window) => to.clone_into(&mut window.id),
            None => return false,
        }
        true
    }

    /// Brings one to the front.
    pub fn raise(&mut self, id: &str) {
        let top = self.top + 1;
        if let Some(window) = self.windows.iter_mut().find(|window| window.id == id)
            && window.z != self.top
        {
            window.z = top;
            self.top = top;
        }
    }

    /// Moves or resizes one; it is no longer maximised then.
    pub fn place(&mut self, id: &str, bounds: Bounds) {
        if let Some(window) = self.windows.iter_mut().find(|window| window.id == id) {
            window.bounds = bounds;
            window.restore = None;
            self.places.remember(id, Place(bounds, false));
        }
    }

    /// Puts one where a new window would lie, and forgets that it ever lay elsewhere.
    pub fn reset(&mut self, id: &str, viewport: Viewport) {
        let mut numbered = self.windows.iter_mut().enumerate();
        if let Some((at, window)) = numbered.find(|(_, window)| window.id == id) {
            window.bounds = Bounds::cascade(at, viewport);
            window.restore = None;
            self.places.forget(id);
        }
    }

    /// Takes all the room, or goes back to where it was.
    pub fn toggle_maximised(&mut self, id: &str, viewport: Viewport) {
        let Some(window) = self.windows.iter_mut().find(|window| window.id == id) else { return };
        let before = window.restore.take();
        let place = Place(before.unwrap_or(window.bounds), before.is_none());
        self.places.remember(id, place);
        if let Some(before) = before {
            window.bounds = before.clamped(viewport);
        } else {
            window.restore = Some(window.bounds);
            window.bounds = Bounds::whole(viewport);
        }
    }

    /// Makes everything fit a viewport that changed.
    pub fn fit(&mut self, viewport: Viewport) {
        for window in &mut self.windows {
            window.bounds = if window.restore.is_some() {
                Bounds::whole(viewport)
            } else {
                window.bounds.clamped(viewport)
            };
        }
    }

    /// What to store for the next visit.
    pub fn places(&self) -> &Places {
        &self.places
    }

    fn open(&mut self, id: String, viewport: Viewport) {
        let (bounds, restore) = match self.places.find(&id) {
            Some(Place(bounds, true)) => (Bounds::whole(viewport), Some(bounds)),
            Some(Place(bounds, false)) => (bounds.clamped(viewport), None),
            None => (Bounds::cascade(self.opened, viewport), None),
        };
        self.opened += 1;
        self.top += 1;
        self.windows.push(OpenWindow { id, bounds, z: self.top, restore });
    }
}

impl Places {
    fn find(&self, id: &str) -> Option<Place> {
        self.places.iter().find(|(known, _)| known == id).map(|(_, place)| *place)
    }

    fn remember(&mut self, id: &str, place: Place) {
        self.forget(id);
        self.places.push((id.to_owned(), place));
        if self.places.len() > REMEMBERED {
            self.places.remove(0);
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some(at) = self.places.iter().position(|(known, _)| known == id) {
            self.places.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: Viewport = Viewport { width: 1440.0, height: 900.0 };

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    fn open(names: &[&str]) -> WindowStack {
        let mut stack = WindowStack::default();
        stack.sync(&ids(names), DESK);
        stack
    }

    #[test]
    fn the_url_decides_what_is_open() {
        let mut stack = open(&["1", "2"]);
        stack.sync(&ids(&["2", "3"]), DESK);
        let open: Vec<_> = stack.windows().iter().map(|w| w.id.as_str()).collect();
        assert_eq!(open, ["2", "3"]);
    }

    #[test]
    fn the_last_opened_or_raised_is_in_front() {
        let mut stack = open(&["1", "2"]);
        assert_eq!(stack.front().map(|w| w.id.as_str()), Some("2"));
        stack.raise("1");
        assert_eq!(stack.front().map(|w| w.id.as_str()), Some("1"));
    }

    #[test]
    fn a_window_that_goes_on_to_a_neighbour_stays_where_it_lies() {
        let mut stack = open(&["1", "2"]);
        let before = stack.windows()[0].clone();
        assert!(stack.rename("1", "3"));
        stack.sync(&ids(&["3", "2"]), DESK);
        assert_eq!(stack.windows()[0].bounds, before.bounds);
        assert_eq!(stack.windows()[0].z, before.z);
        assert!(!stack.rename("3", "2"), "it is open already");
    }

    #[test]
    fn maximising_twice_goes_back() {
        let mut stack = open(&["1"]);
        let before = stack.windows()[0].bounds;
        stack.toggle_maximised("1", DESK);
        assert_eq!(stack.windows()[0].bounds, Bounds::whole(DESK));
        stack.toggle_maximised("1", DESK);
        assert_eq!(stack.windows()[0].bounds, before);
    }

    #[test]
    fn a_window_comes_back_where_it_was() {
        let mut stack = open(&["1"]);
        let place = Bounds { left: 10.0, top: 20.0, width: 400.0, height: 300.0 };
        stack.place("1", place);
        let mut next_visit = WindowStack::with_places(stack.places().clone());
        next_visit.sync(&ids(&["1"]), DESK);
        assert_eq!(next_visit.windows()[0].bounds, place);
    }

    #[test]
    fn a_maximised_window_comes_back_maximised_and_knows_where_it_lay() {
        let mut stack = open(&["1", "2"]);
        let place = Bounds { left: 10.0, top: 20.0, width: 400.0, height: 300.0 };
        stack.place("1", place);
        stack.toggle_maximised("1", DESK);
        let stored = ringback_wire::json::to_string(stack.places());
        let places = ringback_wire::json::from_str(&stored).expect("it was written just now");
        let mut next_visit = WindowStack::with_places(places);
        next_visit.sync(&ids(&["1", "2"]), DESK);
        assert_eq!(next_visit.windows()[0].bounds, Bounds::whole(DESK));
        next_visit.toggle_maximised("1", DESK);
        assert_eq!(next_visit.windows()[0].bounds, place);
        let mut third_visit = WindowStack::with_places(next_visit.places().clone());
        third_visit.sync(&ids(&["1"]), DESK);
        assert_eq!(third_visit.windows()[0].bounds, place);
    }

    #[test]
    fn what_earlier_versions_stored_is_read() {
        let stored = r#"{"places":[["1",{"left":10,"top":20,"width":400,"height":300}]]}"#;
        let places: Places = ringback_wire::json::from_str(stored).expect("an earlier form");
        let mut stack = WindowStack::with_places(places);
        stack.sync(&ids(&["1"]), DESK);
        let place = Bounds { left: 10.0, top: 20.0, width: 400.0, height: 300.0 };
        assert_eq!((stack.windows()[0].bounds, stack.windows()[0].restore), (place, None));
    }

    #[test]
    fn a_window_that_is_reset_lies_as_if_nobody_had_touched_it() {
        let untouched = open(&["1", "2"]);
        let mut stack = open(&["1", "2"]);
        for id in ["1", "2"] {
            stack.place(id, Bounds { left: 10.0, top: 20.0, width: 400.0, height: 300.0 });
            stack.toggle_maximised(id, DESK);
            stack.reset(id, DESK);
        }
        for (reset, new) in stack.windows().iter().zip(untouched.windows()) {
            assert_eq!((reset.bounds, reset.restore), (new.bounds, None));
        }
        assert_eq!(*stack.places(), Places::default());
    }

    #[test]
    fn a_smaller_viewport_pulls_windows_in() {
        let mut stack = open(&["1", "2"]);
        let small = Viewport { width: 700.0, height: 500.0 };
        stack.fit(small);
        for window in stack.windows() {
            assert_eq!(window.bounds, window.bounds.clamped(small));
        }
    }
}
