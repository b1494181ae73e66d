//! The verdict on a signature: colour, icon and word together.

use super::icon::{Glyph, Icon};
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
    view! {
        <span class="badge" data-verdict=signature_word(signature)>
            <Icon glyph=verdict_glyph(signature)/>
            {verdict_word(signature)}
        </span>
    }
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
