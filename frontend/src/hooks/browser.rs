//! Single questions and orders to the browser.

use crate::state::geometry::Viewport;
use crate::state::route::Address;
use crate::ui::ev;
use crate::ui::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AudioContext, Element, History, HtmlDialogElement, HtmlElement, Node, Notification,
    NotificationOptions, NotificationPermission, ScrollBehavior, ScrollIntoViewOptions,
    ScrollLogicalPosition, ScrollToOptions,
};

/// Below this the windows are sheets and the table is cards; the style sheets have the same number.
const NARROW_PX: f64 = 640.0;

/// The ids of the rows of the list begin so.
pub const ROW: &str = "row-";

/// What takes letters: a box that is ticked does not.
const TYPED_IN: &str =
    "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/// The room inside the browser's window.
pub fn viewport() -> Viewport {
    let size = |value: Result<JsValue, JsValue>| value.ok().and_then(|v| v.as_f64());
    let window = web_sys::window();
    Viewport {
        width: window.as_ref().and_then(|w| size(w.inner_width())).unwrap_or(1_280.0),
        height: window.as_ref().and_then(|w| size(w.inner_height())).unwrap_or(800.0),
    }
}

/// True on phones.
pub fn is_narrow() -> bool {
    viewport().width <= NARROW_PX
}

/// True when the tab is in front.
pub fn is_visible() -> bool {
    document().is_none_or(|document| !document.hidden())
}

/// True when the browser believes that it has a network.
pub fn is_online() -> bool {
    web_sys::window().is_none_or(|window| window.navigator().on_line())
}

/// True when the page is scrolled to its top.
pub fn is_at_top() -> bool {
    web_sys::window().and_then(|window| window.scroll_y().ok()).is_none_or(|y| y < 80.0)
}

/// Scrolls to the top at once.
pub fn scroll_to_top() {
    if let Some(window) = web_sys::window() {
        let options = ScrollToOptions::new();
        options.set_top(0.0);
        options.set_behavior(ScrollBehavior::Instant);
        window.scroll_to_with_scroll_to_options(&options);
    }
}

/// Sets the title of the tab.
pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

/// Takes the skeleton of `index.html` away and tells tests and scripts that the app is there.
pub fn mark_ready() {
    set_root_attribute("data-ready", Some(""));
    let skeleton = document().and_then(|document| document.get_element_by_id("skeleton"));
    if let Some(skeleton) = skeleton {
        skeleton.remove();
    }
}

/// Sets or takes away an attribute of the root element.
fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else { return };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Keeps an attribute of the root element what it is to be, and takes it away with what asks for it.
/// Styles that would look for something in the page instead (`:has`) make each change of it slower.
pub fn keep_root_attribute(name: &'static str, value: impl Fn() -> Option<String> + 'static) {
    Effect::new(move |_| set_root_attribute(name, value().as_deref()));
    on_cleanup(move || set_root_attribute(name, None));
}

/// Where the app is reached, without a slash at the end.
pub fn origin() -> String {
    web_sys::window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// Path and query as the browser shows them.
pub fn address() -> Address {
    let Some(location) = web_sys::window().map(|window| window.location()) else {
        return Address::default();
    };
    Address {
        path: location.pathname().unwrap_or_default(),
        search: location.search().unwrap_or_default(),
    }
}

/// Shows another address, as a step of its own or in the place of this one. The step has a number.
pub fn set_address(href: &str, step: f64, replace: bool) {
    let Some(history) = history() else { return };
    let step = JsValue::from_f64(step);
    let _ = if replace {
        history.replace_state_with_url(&step, "", Some(href))
    } else {
        history.push_state_with_url(&step, "", Some(href))
    };
}

/// The number of the step of the browser's history where the page is.
pub fn history_step() -> f64 {
    let state = history().and_then(|history| history.state().ok());
    state.and_then(|state| state.as_f64()).unwrap_or_default()
}

/// Goes so many steps through the browser's history.
pub fn travel(steps: i32) {
    if let Some(history) = history() {
        let _ = history.go_with_delta(steps);
    }
}

fn history() -> Option<History> {
    web_sys::window()?.history().ok()
}

/// Gives the focus to the element with this id; false when there is none.
pub fn focus_id(id: &str) -> bool {
    let element = document().and_then(|document| document.get_element_by_id(id));
    element.is_some_and(|element| focus(&element))
}

/// True when the element with this id has the focus in it.
pub fn focus_is_inside(id: &str) -> bool {
    let Some(document) = document() else { return false };
    let (inside, active) = (document.get_element_by_id(id), document.active_element());
    inside.is_some_and(|inside| inside.contains(active.as_deref()))
}

/// The element that has the focus.
pub fn focused() -> Option<HtmlElement> {
    document()?.active_element()?.dyn_into().ok()
}

/// Presses a button in the window that has the focus.
pub fn press_in_window(selector: &str) {
    let window = focused().and_then(|focused| focused.closest("[role=dialog]").ok().flatten());
    let button = window.and_then(|window| window.query_selector(selector).ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        button.click();
    }
}

/// Gives the focus back to an element that may have left the page meanwhile.
pub fn refocus(element: &HtmlElement) -> bool {
    element.is_connected() && element.focus().is_ok()
}

/// Where the upper edge of an element lies below that of the viewport.
pub fn top_of(id: &str) -> Option<f64> {
    Some(document()?.get_element_by_id(id)?.get_bounding_client_rect().top())
}

/// Gives the focus to the field with `data-search`.
pub fn focus_search() {
    let field = document().and_then(|document| document.query_selector("[data-search]").ok());
    if let Some(field) = field.flatten() {
        focus(&field);
    }
}

/// True when the person has selected some text.
pub fn has_selection() -> bool {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok()).flatten();
    selection.is_some_and(|selection| !selection.is_collapsed())
}

/// True when a key press belongs to a field the person types in.
pub fn is_typing(event: &ev::KeyboardEvent) -> bool {
    is_within(event, TYPED_IN)
}

/// True when a click wants a new tab or window from the browser.
pub fn wants_new_tab(event: &ev::MouseEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.shift_key() || event.button() != 0
}

/// True when a click is the press of a key, which has no place and is never a second one.
pub fn is_key(event: &ev::MouseEvent) -> bool {
    event.detail() == 0
}

/// True when the focus goes from inside an element to somewhere inside it as well.
pub fn focus_stays_inside(event: &ev::FocusEvent) -> bool {
    let inside = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    let next = event.related_target().and_then(|target| target.dyn_into::<Element>().ok());
    inside.is_some_and(|inside| inside.contains(next.as_deref()))
}

/// Sends all further events of a pointer to the element that listens.
pub fn capture_pointer(event: &ev::PointerEvent) {
    if let Some(element) = event.current_target().and_then(|t| t.dyn_into::<Element>().ok()) {
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// True when a pointer went down on a button or link inside the element that listens.
pub fn is_on_control(event: &ev::PointerEvent) -> bool {
    is_within(event, "button, a")
}

/// Opens a dialog over everything else; gives what had the focus. It is not the browser that makes it
/// modal, see docs/DECISIONS.md: the dialog lies over all of the page, and [`keep_focus`] and
/// [`is_behind`] leave the focus in it.
pub fn open_dialog(dialog: &HtmlDialogElement) -> Option<HtmlElement> {
    // What lies over everything by itself gives the focus back first.
    hide_popover();
    let before = focused();
    dialog.set_open(true);
    before
}

/// What of a dialog takes the focus.
const CONTROLS: &str = "button, input";

/// Gives the focus to what is first in a dialog.
pub fn focus_first(dialog: &HtmlDialogElement) {
    if let Ok(Some(first)) = dialog.query_selector(CONTROLS) {
        focus(&first);
    }
}

/// Has the Tab key go round in a dialog.
pub fn keep_focus(dialog: &HtmlDialogElement, event: &ev::KeyboardEvent) {
    let Ok(found) = dialog.query_selector_all(CONTROLS) else { return };
    let (first, last) = (found.get(0), found.get(found.length().saturating_sub(1)));
    let (from, to) = if event.shift_key() { (first, last) } else { (last, first) };
    let active: Option<Node> = document().and_then(|d| d.active_element()).map(Into::into);
    let is_inside = dialog.contains(active.as_ref()) && active.as_ref() != Some(dialog);
    if (active == from || !is_inside)
        && let Some(to) = to
    {
        event.prevent_default();
        focus(to.unchecked_ref());
    }
}

/// True when something behind a dialog was given the focus.
pub fn is_behind(dialog: &HtmlDialogElement, event: &ev::FocusEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Node>().ok());
    !dialog.contains(target.as_ref())
}

/// True while a dialog lies over the page.
pub fn has_open_dialog() -> bool {
    let open = document().and_then(|document| document.query_selector("dialog[open]").ok());
    open.flatten().is_some()
}

/// True when the event says that a popover opens, false when it closes.
pub fn is_opening(event: &ev::Event) -> bool {
    let state = js_sys::Reflect::get(event, &JsValue::from_str("newState"));
    state.ok().and_then(|state| state.as_string()).as_deref() == Some("open")
}

/// Closes the popover that is open; the browser gives the focus back.
pub fn hide_popover() {
    let popover = document().and_then(|document| document.query_selector(":popover-open").ok());
    if let Some(popover) = popover.flatten() {
        let _ = popover.unchecked_ref::<HtmlElement>().hide_popover();
    }
}

/// Scroll position and height of an element.
pub fn scroll_state(id: &str) -> Option<(f64, f64)> {
    let element = document()?.get_element_by_id(id)?;
    Some((f64::from(element.scroll_top()), f64::from(element.client_height())))
}

/// Scrolls an element to a position.
#[expect(clippy::cast_possible_truncation, reason = "browsers lay out no element that high")]
pub fn set_scroll(id: &str, top_px: f64) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        element.set_scroll_top(top_px as i32);
    }
}

/// Brings the first element that a selector finds into sight, with as little movement as needed.
pub fn scroll_into_view(selector: &str) {
    let Some(document) = document() else { return };
    if let Ok(Some(element)) = document.query_selector(selector) {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        options.set_inline(ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Runs something when the page is painted next.
pub fn animation_frame(run: impl FnOnce() + 'static) {
    crate::ui::request_animation_frame(run);
}

/// The number that the nearest element around an event's target carries in an attribute.
pub fn number_around(event: &ev::MouseEvent, attribute: &str) -> Option<u32> {
    around(event, &["[", attribute, "]"].concat())?.get_attribute(attribute)?.parse().ok()
}

/// The callback in whose row of the list an event happened.
pub fn row_around(event: &ev::Event) -> Option<i64> {
    around(event, "tr")?.id().strip_prefix(ROW)?.parse().ok()
}

/// The element that a selector finds where an event happened, or around that.
pub fn around(event: &ev::Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()?
}

/// True when an event happened inside an element that a selector finds.
pub fn is_within(event: &ev::Event, selector: &str) -> bool {
    around(event, selector).is_some()
}

/// The text of an element that has no room for all of it.
pub fn cut_text(element: &Element) -> Option<String> {
    element.text_content().filter(|_| element.scroll_width() > element.client_width())
}

fn focus(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus().is_ok())
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

/// Asks whether notifications of the page may be shown; true when they may.
pub async fn may_notify() -> bool {
    let Ok(asked) = Notification::request_permission() else { return false };
    wasm_bindgen_futures::JsFuture::from(asked).await.is_ok()
        && Notification::permission() == NotificationPermission::Granted
}

/// Lets the browser tell something; of one tag the latest is shown.
pub fn notify(title: &str, body: &str, tag: &str) {
    if Notification::permission() != NotificationPermission::Granted {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(body);
    options.set_tag(tag);
    // Some browsers only let service workers do it: then there is none.
    let _shown = Notification::new_with_options(title, &options);
}

/// A short tone.
pub fn beep() {
    let play = || -> Result<(), wasm_bindgen::JsValue> {
        let context = AudioContext::new()?;
        let tone = context.create_oscillator()?;
        tone.connect_with_audio_node(&context.destination())?;
        tone.start()?;
        tone.stop_with_when(context.current_time() + 0.12)
    };
    // A page that nobody has clicked in yet may make no sound.
    let _played = play();
}

/// The name of the browser's time zone; empty when it does not say.
pub fn time_zone() -> String {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    let zone = js_sys::Reflect::get(&options, &"timeZone".into());
    zone.ok().and_then(|zone| zone.as_string()).unwrap_or_default()
}
