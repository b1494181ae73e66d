//! Views in the document.

use super::parts::Place;
use super::reactive::effect;
use super::timers::listener;
use super::view::{Act, AnyView, Make, owned};
use crate::format::visible;
use any_spawner::Executor;
use reactive_graph::owner::Owner;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, HtmlElement, Node, Text};

thread_local! {
    static DOCUMENT: Document = web_sys::window()
        .and_then(|window| window.document())
        .expect("the app runs in a page");
}

/// Shows a view in the page's body, for as long as the page is there. Not where `index.html` has told
/// that the app does not start: the page may lack its styles alone.
pub fn mount(view: fn() -> AnyView) {
    if DOCUMENT.with(|document| document.get_element_by_id("stopped")).is_some() {
        return;
    }
    // It fails when there is an executor already, which does as well.
    let _ = Executor::init_wasm_bindgen();
    let owner = Owner::new();
    let body = DOCUMENT.with(Document::body).expect("a page has a body");
    owner.with(|| insert(view(), &body, None));
    std::mem::forget(owner);
}

pub(super) fn create(name: &str, is_svg: bool) -> Element {
    let created = DOCUMENT.with(|document| {
        if is_svg {
            document.create_element_ns(Some("http://www.w3.org/2000/svg"), name)
        } else {
            document.create_element(name)
        }
    });
    // `expect` would print what was thrown, and bring along all that this takes.
    let Ok(element) = created else { panic!("the name is one of an element") };
    element
}

pub(super) fn text(text: &str) -> Text {
    DOCUMENT.with(|document| document.create_text_node(text))
}

/// True when the element that has the focus is in a node.
pub(super) fn has_focus(node: &Node) -> bool {
    let focused = DOCUMENT.with(Document::active_element);
    focused.is_some_and(|focused| node.contains(Some(&focused)))
}

pub(super) fn property(target: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(target, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Has a text say what a view is, or nothing when that is not text.
pub(super) fn show_text(node: &Text, view: &AnyView) {
    match view {
        AnyView::Static(shown) => node.set_data(shown),
        AnyView::Text(shown) => node.set_data(&visible(shown)),
        _ => node.set_data(""),
    }
}

pub(super) fn put(node: &Node, parent: &Node, before: Option<&Node>) {
    // It fails only when `before` has left the document, and then nobody looks any more.
    let _ = parent.insert_before(node, before);
}

/// Puts a view into an element, before one of its children or at the end.
pub(super) fn insert(view: AnyView, parent: &Node, before: Option<&Node>) {
    match view {
        AnyView::Static(shown) => put(&text(shown), parent, before),
        AnyView::Text(shown) => put(&text(&visible(&shown)), parent, before),
        AnyView::Element(node) => put(&node, parent, before),
        AnyView::Several(views) => {
            for view in views {
                insert(view, parent, before);
            }
        }
        AnyView::Follows(make) => follow(make, parent, before),
        AnyView::Lines(lines) => lines.insert(parent, before),
        AnyView::Part(part) => {
            let shown = text("");
            put(&shown, parent, before);
            part.found(Place::Child(shown));
        }
        AnyView::Nothing | AnyView::Present | AnyView::Listener(_) | AnyView::Ref(_) => {}
    }
}

/// A part that changes. A text lies behind it, which holds what it shows as long as that is text;
/// other nodes are put before it.
fn follow(mut make: Box<dyn Make>, parent: &Node, before: Option<&Node>) {
    let end = text("");
    put(&end, parent, before);
    let mut start: Option<Text> = None;
    effect(Box::new(move || {
        let view = make.make();
        let focus = start.as_ref().and_then(|start| place_of_focus(start, &end));
        if let Some(start) = &start {
            remove_between(start, &end);
        }
        show_text(&end, &view);
        if matches!(view, AnyView::Nothing | AnyView::Static(_) | AnyView::Text(_)) {
            return;
        }
        let Some(parent) = end.parent_node() else { return };
        if start.is_none() {
            let first = text("");
            put(&first, &parent, Some(&end));
            start = Some(first);
        }
        insert(view, &parent, Some(&end));
        if let (Some(start), Some((name, place))) = (&start, &focus) {
            refocus(start, name, place);
        }
    }));
}

/// What has the focus between two nodes: its element's name, and the way to it.
fn place_of_focus(start: &Node, end: &Node) -> Option<(String, Vec<u32>)> {
    let parent = end.parent_node()?;
    let focused = DOCUMENT.with(Document::active_element)?;
    let name = focused.tag_name();
    let mut place = Vec::new();
    let mut node: Node = focused.into();
    loop {
        let mut at = 0;
        let mut before = node.previous_sibling();
        let above = node.parent_node()?;
        let is_here = above.is_same_node(Some(&parent));
        while let Some(sibling) = before {
            if is_here && sibling.is_same_node(Some(start)) {
                place.push(at);
                place.reverse();
                // What lies behind the end does not change.
                let is_inside =
                    end.compare_document_position(&node) & Node::DOCUMENT_POSITION_PRECEDING != 0;
                return is_inside.then_some((name, place));
            }
            at += 1;
            before = sibling.previous_sibling();
        }
        if is_here {
            return None;
        }
        place.push(at);
        node = above;
    }
}

/// Gives the focus to what stands where it was, when it is of the same kind.
fn refocus(start: &Node, name: &str, place: &[u32]) {
    let mut node = start.next_sibling();
    for (depth, at) in place.iter().enumerate() {
        if depth > 0 {
            node = node.and_then(|node| node.first_child());
        }
        for _ in 0..*at {
            node = node.and_then(|node| node.next_sibling());
        }
    }
    if let Some(element) = node.as_ref().and_then(|node| node.dyn_ref::<HtmlElement>())
        && element.tag_name() == name
    {
        let _ = element.focus();
    }
}

/// Removes all nodes between two.
pub(super) fn remove_between(start: &Node, end: &Node) {
    while let Some(next) = start.next_sibling() {
        if next.is_same_node(Some(end)) {
            return;
        }
        remove(&next);
    }
}

pub(super) fn remove(node: &Node) {
    if let Some(parent) = node.parent_node() {
        let _ = parent.remove_child(node);
    }
}

/// What a value from the program is to an element.
pub(super) fn attach(element: &Element, kind: char, name: &'static str, value: AnyView) {
    match value {
        AnyView::Listener(act) => listen(element, name, act),
        AnyView::Ref(node) => node.fill(element),
        AnyView::Part(part) => part.found(Place::Attribute(element.clone(), kind, name)),
        AnyView::Follows(mut make) => {
            let element = element.clone();
            let mut before = AnyView::Element(element.clone().into());
            effect(Box::new(move || {
                let value = make.make();
                if !is_same(&before, &value) {
                    apply(&element, kind, name, &value);
                    before = value;
                }
            }));
        }
        value => apply(element, kind, name, &value),
    }
}

pub(super) fn is_same(one: &AnyView, other: &AnyView) -> bool {
    match (one, other) {
        (AnyView::Nothing, AnyView::Nothing) | (AnyView::Present, AnyView::Present) => true,
        _ => word(one).is_some_and(|one| Some(one) == word(other)),
    }
}

fn word(value: &AnyView) -> Option<&str> {
    match value {
        AnyView::Static(word) => Some(word),
        AnyView::Text(word) => Some(word),
        AnyView::Present => Some(""),
        _ => None,
    }
}

pub(super) fn apply(element: &Element, kind: char, name: &str, value: &AnyView) {
    let is_there = !matches!(value, AnyView::Nothing);
    // None of these fails for the names and values that a view has.
    let _ = match (kind, word(value)) {
        ('p', text) => {
            let value = match (value, text) {
                (AnyView::Static(_) | AnyView::Text(_), Some(text)) => JsValue::from_str(text),
                _ => JsValue::from_bool(is_there),
            };
            js_sys::Reflect::set(element, &JsValue::from_str(name), &value).map(|_| ())
        }
        ('c', _) => element.class_list().toggle_with_force(name, is_there).map(|_| ()),
        ('s', text) => {
            let style = element.unchecked_ref::<HtmlElement>().style();
            style.set_property(name, text.unwrap_or_default())
        }
        // Read like the texts of the page.
        (_, Some(text)) if matches!((name, value), ("title" | "aria-label", AnyView::Text(_))) => {
            element.set_attribute(name, &visible(text))
        }
        (_, Some(text)) => element.set_attribute(name, text),
        (_, None) => element.remove_attribute(name),
    };
}

fn listen(element: &Element, name: &str, act: Box<dyn Act>) {
    let _ = element.add_event_listener_with_callback(name, &listener(owned(act)));
}
