//! How the list looks: density and columns.

use super::icon::{Glyph, Icon};
use crate::hooks::list::ListContext;
use crate::hooks::preferences::use_preferences;
use crate::state::list_layout::{COLUMNS, Column};
use crate::state::preferences::Density;
use crate::ui::prelude::*;

/// A button that shows the choices.
pub fn list_settings(list: ListContext) -> AnyView {
    let compact = move || list.settings.with(|settings| settings.compact);
    let preferences = use_preferences();
    // The same choice as in the settings.
    let choice = move |label: &'static str, density: Density| {
        let wanted = density == Density::Compact;
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="density"
                    prop:checked=move || compact() == wanted
                    on:change=move |_| preferences.change(|all| all.density = density)
                />
                {label}
            </label>
        }
        .into_any()
    };
    let column = move |column: Column| {
        let shown = move || list.settings.with(|settings| !settings.hidden.contains(&column));
        let change = move |event| {
            let shown = event_target_checked(&event);
            list.change_settings(|settings| {
                settings.hidden.retain(|hidden| *hidden != column);
                if !shown {
                    settings.hidden.push(column);
                }
            });
        };
        let fits = move || column.fits(list.width.get());
        view! {
            <label class=move || if fits() { "choice" } else { "choice quiet" }>
                <input
                    type="checkbox"
                    prop:checked=shown
                    prop:disabled=move || !fits()
                    on:change=change
                />
                {column.label()}
            </label>
        }
        .into_any()
    };
    view! {
        <details class="list-settings">
            <summary class="button"><Icon glyph=Glyph::Columns/> "View"</summary>
            <div class="menu-list">
                <fieldset>
                    <legend>"Density"</legend>
                    {choice("Comfortable", Density::Comfortable)}
                    {choice("Compact", Density::Compact)}
                </fieldset>
                <fieldset>
                    <legend>"Columns"</legend>
                    {COLUMNS.map(column).into_iter().collect_view()}
                    <p class="quiet">"Grey: no room on this screen"</p>
                </fieldset>
            </div>
        </details>
    }
    .into_any()
}
