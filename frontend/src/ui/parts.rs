//! Parts of a view that follow one value together.
//!
//! ```text
//! let parts = Parts::default();
//! let line = view! { <p class=parts.part(Line::class)>{parts.part(Line::text)}</p> };
//! parts.follow(move || Some(line_as_it_is_now()));
//! ```
//!
//! A part for itself, as a closure in a view is, costs an effect of its own. Where there are many of
//! the same view, as in a list, one effect for all parts of each is what keeps them cheap.

use super::dom::{apply, is_same, show_text};
use super::reactive::effect;
use super::view::{AnyView, IntoView};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{Element, Text};

type Places = Rc<RefCell<Vec<Option<Place>>>>;
type Tell<T> = fn(&T) -> AnyView;

/// Where a part is in the document.
pub(super) enum Place {
    Child(Text),
    Attribute(Element, char, &'static str),
}

/// Texts and values of attributes that are all told from a value of one type.
pub struct Parts<T> {
    places: Places,
    tells: RefCell<Vec<Tell<T>>>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self { places: Places::default(), tells: RefCell::default() }
    }
}

/// A part on its way into the document.
pub struct Part {
    places: Places,
    at: usize,
}

impl Part {
    pub(super) fn found(self, place: Place) {
        if let Some(found) = self.places.borrow_mut().get_mut(self.at) {
            *found = Some(place);
        }
    }
}

impl IntoView for Part {
    fn into_any(self) -> AnyView {
        AnyView::Part(self)
    }
}

impl<T: 'static> Parts<T> {
    /// A text, or the value of an attribute.
    pub fn part(&self, tell: Tell<T>) -> Part {
        let mut places = self.places.borrow_mut();
        places.push(None);
        self.tells.borrow_mut().push(tell);
        Part { places: self.places.clone(), at: places.len() - 1 }
    }

    /// Asks for the value now and whenever it changes; only the parts that differ are touched.
    /// Without a value they stay as they are.
    pub fn follow(self, value: impl Fn() -> Option<T> + 'static) {
        let tells = self.tells.into_inner();
        let views = move || {
            let value = value()?;
            Some(tells.iter().map(|tell| tell(&value)).collect())
        };
        follow(self.places, Box::new(views));
    }
}

fn follow(places: Places, views: Box<dyn Fn() -> Option<Vec<AnyView>>>) {
    let mut before: Vec<AnyView> = Vec::new();
    effect(Box::new(move || {
        let Some(views) = views() else { return };
        before.resize_with(views.len(), AnyView::default);
        for ((place, view), before) in places.borrow().iter().zip(&views).zip(&before) {
            match place {
                Some(place) if !is_same(before, view) => place.show(view),
                _ => {}
            }
        }
        before = views;
    }));
}

impl Place {
    fn show(&self, view: &AnyView) {
        match self {
            Self::Attribute(element, kind, name) => apply(element, *kind, name, view),
            Self::Child(text) => show_text(text, view),
        }
    }
}
