//! The verdict on a signature: colour, icon and word together.

use super::icon::{Glyph, drawing, path};
use crate::format::verdict_word;
use crate::state::query::signature_word;
use crate::ui::prelude::*;
use ringback_wire::Signature;

/// A badge for lists.
#[component]
pub fn VerdictBadge(
    /// What the check said.
    signature: Signature,
) -> impl IntoView {
    badge(
        signature_word(signature).into_any(),
        path(verdict_glyph(signature)).into_any(),
        verdict_word(signature).into_any(),
    )
}

/// A badge that may change: the word of its colour, the lines of its icon, and what it says.
pub fn badge(verdict: AnyView, lines: AnyView, said: AnyView) -> AnyView {
    view! { <span class="badge" data-verdict=verdict>{drawing(lines)} {said}</span> }
}

/// The icon of a verdict.
pub fn verdict_glyph(signature: Signature) -> Glyph {
    match signature {
        Signature::Valid => Glyph::CircleCheck,
        Signature::Invalid => Glyph::CircleX,
        Signature::Missing => Glyph::ShieldAlert,
        Signature::Unchecked => Glyph::Shield,
    }
}
