//! What the browser calls later, compiled once for all that is called.

use super::ev::{Event, Kind};
use super::reactive::RwSignal;
use super::view::{AnyView, IntoView};
use any_spawner::Executor;
use js_sys::Function;
use send_wrapper::SendWrapper;
use std::pin::Pin;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Listens to the window as long as it is not told to stop.
pub struct WindowListener {
    name: &'static str,
    act: SendWrapper<Function>,
}

impl WindowListener {
    /// Stops to listen.
    pub fn remove(self) {
        if let Some(window) = web_sys::window() {
            let _ = window.remove_event_listener_with_callback(self.name, &self.act);
        }
    }
}

/// Listens to the window until the handle is told to stop.
pub fn window_event_listener<E: JsCast + 'static>(
    kind: Kind<E>,
    act: impl Fn(E) + 'static,
) -> WindowListener {
    window_event_listener_untyped(kind.0, move |event| act(event.unchecked_into()))
}

/// Listens to the window until the handle is told to stop.
pub fn window_event_listener_untyped(
    name: &'static str,
    act: impl Fn(Event) + 'static,
) -> WindowListener {
    listen(name, Box::new(act))
}

fn listen(name: &'static str, act: Box<dyn FnMut(Event)>) -> WindowListener {
    let act: Function = listener(act);
    if let Some(window) = web_sys::window() {
        let _ = window.add_event_listener_with_callback(name, &act);
    }
    WindowListener { name, act: SendWrapper::new(act) }
}

/// What the browser calls at an event; it gives it back when nothing can call it any more.
pub(super) fn listener(act: Box<dyn FnMut(Event)>) -> Function {
    Closure::wrap(act).into_js_value().unchecked_into()
}

/// Calls something before the next frame is drawn.
pub fn request_animation_frame(run: impl FnOnce() + 'static) {
    request(Box::new(run));
}

/// Calls something once the page has been painted as it is now: what asks then where things lie need
/// not have the page laid out for it.
pub fn after_paint(run: impl FnOnce() + 'static) {
    request_animation_frame(|| request_animation_frame(run));
}

/// True once the page has been painted as it is now; follows that.
pub fn painted() -> RwSignal<bool> {
    let is_painted = RwSignal::new(false);
    after_paint(move || {
        is_painted.try_set(true);
    });
    is_painted
}

/// What is shown one frame after what is around it: the answer to a click is painted first, and what
/// takes longer to build does not hold it up.
pub fn later(content: impl Fn() -> AnyView + 'static) -> AnyView {
    let is_painted = painted();
    (move || is_painted.get().then(&content)).into_any()
}

fn request(run: Box<dyn FnOnce()>) {
    let mut run = Some(run);
    // One kind of function for all that is called.
    let run = listener(Box::new(move |_| {
        if let Some(run) = run.take() {
            run();
        }
    }));
    if let Some(window) = web_sys::window() {
        let _ = window.request_animation_frame(&run);
    }
}

/// Lets something go on while the app does other things.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    spawn(Box::pin(future));
}

fn spawn(future: Pin<Box<dyn Future<Output = ()>>>) {
    Executor::spawn_local(future);
}
