//! The events that the app listens for, with the type of each.
#![allow(non_upper_case_globals, reason = "the names are those of the events")]

use std::marker::PhantomData;

/// An event's name, and its type.
pub struct Kind<E>(pub &'static str, PhantomData<E>);

macro_rules! events {
    ($($name:ident: $event:ident),* $(,)?) => {
        $(
            #[doc = concat!("`", stringify!($name), "`")]
            pub const $name: Kind<web_sys::$event> = Kind(stringify!($name), PhantomData);
        )*
    };
}

pub use web_sys::{Event, FocusEvent, KeyboardEvent, MouseEvent, PointerEvent, SubmitEvent};

events! {
    change: Event,
    click: MouseEvent,
    close: Event,
    dblclick: MouseEvent,
    focusin: FocusEvent,
    focusout: FocusEvent,
    input: Event,
    keydown: KeyboardEvent,
    pointercancel: PointerEvent,
    pointerdown: PointerEvent,
    pointerenter: PointerEvent,
    pointerleave: PointerEvent,
    pointermove: PointerEvent,
    pointerout: PointerEvent,
    pointerover: PointerEvent,
    pointerup: PointerEvent,
    popstate: Event,
    resize: Event,
    scroll: Event,
    search: Event,
    storage: StorageEvent,
    submit: SubmitEvent,
    toggle: Event,
}
