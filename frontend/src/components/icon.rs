//! Icons from Lucide (<https://lucide.dev>), inlined as path data.
//!
//! Their licences (ISC, and MIT for those that come from Feather) are in `LICENSES/lucide.txt`, which
//! the app carries and its page names. Circles, lines and rectangles are written as paths, and all of
//! an icon as one.

use crate::ui::prelude::*;

/// An icon, named for what it means here or for Lucide's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// `arrow-left`
    ArrowLeft,
    /// `arrow-right`
    ArrowRight,
    /// `bell`
    Bell,
    /// `arrow-up`
    ArrowUp,
    /// `braces`
    Braces,
    /// `check`
    Check,
    /// `check-check`
    CheckCheck,
    /// `chevron-down`
    ChevronDown,
    /// `chevron-up`
    ChevronUp,
    /// `circle-check`
    CircleCheck,
    /// `circle-x`
    CircleX,
    /// `command`
    Command,
    /// `columns-3`
    Columns,
    /// `copy`
    Copy,
    /// `download`
    Download,
    /// `eye`
    Eye,
    /// `list-filter`
    Filter,
    /// `inbox`
    Inbox,
    /// `link`
    Link,
    /// `log-out`
    LogOut,
    /// `maximize-2`
    Maximise,
    /// `minimize-2`
    Restore,
    /// `monitor`
    Monitor,
    /// `moon`
    Moon,
    /// `move`
    Move,
    /// `pause`
    Pause,
    /// `phone-incoming`
    PhoneIncoming,
    /// `refresh-cw`
    Refresh,
    /// `shield`
    Shield,
    /// `shield-alert`
    ShieldAlert,
    /// `sun`
    Sun,
    /// `square-terminal`
    Terminal,
    /// `triangle-alert`
    TriangleAlert,
    /// `x`
    X,
}

/// Draws an icon in the colour of the text. It is decoration: a word stands beside it or names the
/// control that it is in.
#[component]
pub fn Icon(
    /// Which one.
    glyph: Glyph,
) -> impl IntoView {
    drawing(path(glyph).into_any())
}

/// Draws lines that may change: see [`path`].
pub fn drawing(lines: AnyView) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=lines></path>
        </svg>
    }
}

/// The lines of an icon, as the `d` of a path.
pub fn path(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::ArrowLeft => "m12 19-7-7 7-7M19 12H5",
        Glyph::ArrowRight => "M5 12h14M12 5l7 7-7 7",
        Glyph::ArrowUp => "m5 12 7-7 7 7M12 19V5",
        Glyph::Braces => {
            "M8 3H7a2 2 0 0 0-2 2v5a2 2 0 0 1-2 2 2 2 0 0 1 2 2v5c0 1.1.9 2 2 2h1M16 21h1a2 2 0 0 0 2-2v-5c0-1.1.9-2 2-2a2 2 0 0 1-2-2V5a2 2 0 0 0-2-2h-1"
        }
        Glyph::ChevronDown => "m6 9 6 6 6-6",
        Glyph::ChevronUp => "m18 15-6-6-6 6",
        Glyph::Check => "M20 6 9 17l-5-5",
        Glyph::CheckCheck => "M18 6 7 17l-5-5M22 10l-7.5 7.5L13 16",
        Glyph::CircleCheck => "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0M16 9l-5.5 5.5L8 12",
        Glyph::CircleX => "M2 12a10 10 0 1 0 20 0a10 10 0 1 0 -20 0M15 9l-6 6M9 9l6 6",
        Glyph::Columns => {
            "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-14a2 2 0 0 1 2 -2zM9 3v18M15 3v18"
        }
        Glyph::Copy => {
            "M10 8h10a2 2 0 0 1 2 2v10a2 2 0 0 1 -2 2h-10a2 2 0 0 1 -2 -2v-10a2 2 0 0 1 2 -2zM4 16c-1.1 0-2-.9-2-2V4c0-1.1.9-2 2-2h10c1.1 0 2 .9 2 2"
        }
        Glyph::Download => "M12 15V3M21 15v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4M7 10l5 5 5-5",
        Glyph::Bell => {
            "M10.268 21a2 2 0 0 0 3.464 0M3.262 15.326A1 1 0 0 0 4 17h16a1 1 0 0 0 .74-1.673C19.41 13.956 18 12.499 18 8A6 6 0 0 0 6 8c0 4.499-1.411 5.956-2.738 7.326"
        }
        Glyph::Command => "M15 6v12a3 3 0 1 0 3-3H6a3 3 0 1 0 3 3V6a3 3 0 1 0-3 3h12a3 3 0 1 0-3-3",
        Glyph::Eye => {
            "M2.062 12.348a1 1 0 0 1 0-.696 10.75 10.75 0 0 1 19.876 0 1 1 0 0 1 0 .696 10.75 10.75 0 0 1-19.876 0M9 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0"
        }
        Glyph::Filter => "M2 5h20M6 12h12M9 19h6",
        Glyph::Inbox => {
            "M22 12L16 12 14 15 10 15 8 12 2 12M5.45 5.11 2 12v6a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-6l-3.45-6.89A2 2 0 0 0 16.76 4H7.24a2 2 0 0 0-1.79 1.11z"
        }
        Glyph::Link => {
            "M10 13a5 5 0 0 0 7.54.54l3-3a5 5 0 0 0-7.07-7.07l-1.72 1.71M14 11a5 5 0 0 0-7.54-.54l-3 3a5 5 0 0 0 7.07 7.07l1.71-1.71"
        }
        Glyph::LogOut => "m16 17 5-5-5-5M21 12H9M9 21H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h4",
        Glyph::Maximise => "M15 3h6v6M21 3l-7 7M3 21l7-7M9 21H3v-6",
        Glyph::Restore => "m14 10 7-7M20 10h-6V4M3 21l7-7M4 14h6v6",
        Glyph::Monitor => {
            "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1 -2 2h-16a2 2 0 0 1 -2 -2v-10a2 2 0 0 1 2 -2zM8 21L16 21M12 17L12 21"
        }
        Glyph::Moon => {
            "M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401"
        }
        Glyph::Move => "M12 2v20M15 19l-3 3-3-3M19 9l3 3-3 3M2 12h20M5 9l-3 3 3 3M9 5l3-3 3 3",
        Glyph::Pause => "M14 3h5v18h-5zM5 3h5v18H5z",
        Glyph::PhoneIncoming => {
            "M16 2v6h6M22 2l-6 6M13.832 16.568a1 1 0 0 0 1.213-.303l.355-.465A2 2 0 0 1 17 15h3a2 2 0 0 1 2 2v3a2 2 0 0 1-2 2A18 18 0 0 1 2 4a2 2 0 0 1 2-2h3a2 2 0 0 1 2 2v3a2 2 0 0 1-.8 1.6l-.468.351a1 1 0 0 0-.292 1.233 14 14 0 0 0 6.392 6.384"
        }
        Glyph::Refresh => {
            "M3 12a9 9 0 0 1 9-9 9.75 9.75 0 0 1 6.74 2.74L21 8M21 3v5h-5M21 12a9 9 0 0 1-9 9 9.75 9.75 0 0 1-6.74-2.74L3 16M8 16H3v5"
        }
        Glyph::Shield => {
            "M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1z"
        }
        Glyph::ShieldAlert => {
            "M20 13c0 5-3.5 7.5-7.66 8.95a1 1 0 0 1-.67-.01C7.5 20.5 4 18 4 13V6a1 1 0 0 1 1-1c2 0 4.5-1.2 6.24-2.72a1.17 1.17 0 0 1 1.52 0C14.51 3.81 17 5 19 5a1 1 0 0 1 1 1zM12 8v4M12 16h.01"
        }
        Glyph::Sun => {
            "M8 12a4 4 0 1 0 8 0a4 4 0 1 0 -8 0M12 2v2M12 20v2M4.93 4.93l1.41 1.41M17.66 17.66l1.41 1.41M2 12h2M20 12h2M6.34 17.66l-1.41 1.41M19.07 4.93l-1.41 1.41"
        }
        Glyph::Terminal => {
            "m7 11 2-2-2-2M11 13h4M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-14a2 2 0 0 1 2 -2z"
        }
        Glyph::TriangleAlert => {
            "m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3M12 9v4M12 17h.01"
        }
        Glyph::X => "M18 6 6 18M6 6l12 12",
    }
}
