//! The desk's keys: `j` and `k` in the list, Escape for the window in front. None while typing.

use super::browser::{is_typing, move_row_focus};
use leptos::ev;
use leptos::prelude::*;

/// Listens until the owner goes away.
pub fn use_list_keys() {
    let listener = window_event_listener(ev::keydown, |event| {
        let plain = !(event.ctrl_key() || event.meta_key() || event.alt_key());
        if !plain || event.default_prevented() || is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "j" => move_row_focus(1),
            "k" => move_row_focus(-1),
            _ => {}
        }
    });
    on_cleanup(move || listener.remove());
}
