//! Putting text on the clipboard.

use crate::ui::window_event_listener_untyped;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, HtmlDocument};

/// Puts text on the clipboard; false when the browser refuses.
pub async fn copy_text(text: String) -> bool {
    let Some(window) = web_sys::window() else { return false };
    // Without https the browser offers no clipboard, but still carries the old command out.
    let is_done = window.is_secure_context()
        && JsFuture::from(window.navigator().clipboard().write_text(&text)).await.is_ok();
    is_done || copy_by_command(text) == Some(true)
}

/// Lets the browser copy whatever is selected, and hands it the text in place of that.
fn copy_by_command(text: String) -> Option<bool> {
    let document: HtmlDocument = web_sys::window()?.document()?.unchecked_into();
    let listener = window_event_listener_untyped("copy", move |event| {
        let event: &ClipboardEvent = event.unchecked_ref();
        if let Some(data) = event.clipboard_data() {
            let _ = data.set_data("text/plain", &text);
            event.prevent_default();
        }
    });
    let is_done = document.exec_command("copy").ok();
    listener.remove();
    is_done
}
