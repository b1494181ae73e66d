//! One callback in the list.

use super::icon::path;
use super::time_ago::told;
use super::verdict::{badge, verdict_glyph};
use crate::format::verdict_word;
use crate::hooks::browser::{has_selection, is_within, row_around, wants_new_tab};
use crate::hooks::history::{HistoryContext, use_history};
use crate::hooks::list::{ListContext, link_id, row_id};
use crate::hooks::session::use_session;
use crate::hooks::windows::{WindowContext, use_windows};
use crate::state::list_layout::COLUMNS;
use crate::state::query::signature_word;
use crate::ui::ev::MouseEvent;
use crate::ui::prelude::*;
use ringback_wire::CallbackSummary;
use std::collections::HashSet;
use std::sync::Arc;

type Row = Memo<Option<Arc<CallbackSummary>>>;

/// Something of the callback that a row is for; follows it.
fn of<T>(row: Row, get: impl Fn(&CallbackSummary) -> T) -> Option<T> {
    row.with(|row| row.as_deref().map(get))
}

/// What a row shows.
struct Shown {
    row: Arc<CallbackSummary>,
    place: usize,
    selected: bool,
    columns: [bool; 4],
    received: String,
}

/// A row that follows its callback, and the callback whose turn it is: most of what makes a list slow
/// is to build rows. As long as a row has the focus it stays that of its callback, see [`recycled`].
pub fn callback_row(context: ListContext, item: RwSignal<(usize, i64)>) -> AnyView {
    let session = use_session();
    let row = follow_callback(item);
    let parts = Parts::<Shown>::default();
    // Whoever signs in as somebody else gets another list.
    let selection = untrack(|| session.is_admin()).then(|| {
        view! {
            <td role="cell" class="cell-select">
                <input
                    type="checkbox"
                    aria-label=parts.part(|shown| ["Select ", &shown.row.callback_id].concat().into_any())
                    prop:checked=parts.part(|shown| shown.selected.into_any())
                />
            </td>
        }
    });
    let view = view! {
        <tr
            role="row"
            class=parts.part(Shown::class)
            id=parts.part(|shown| row_id(shown.row.id).into_any())
            aria-rowindex=parts.part(|shown| (shown.place + 2).into_any())
            style=("--at", parts.part(|shown| shown.place.into_any()))
        >
            {selection}
            <td role="cell" class="cell-verdict">
                {badge(
                    parts.part(|shown| signature_word(shown.row.signature).into_any()).into_any(),
                    parts.part(|shown| path(verdict_glyph(shown.row.signature)).into_any()).into_any(),
                    parts.part(|shown| verdict_word(shown.row.signature).into_any()).into_any(),
                )}
            </td>
            <td role="cell" class="cell-event">{parts.part(Shown::event_type)}</td>
            <td role="cell" class="cell-id">
                <a
                    class="row-link mono"
                    id=parts.part(|shown| link_id(shown.row.id).into_any())
                    href=parts.part(|shown| ("/?callback=".to_owned() + &shown.row.id.to_string()).into_any())
                >
                    {parts.part(|shown| shown.row.callback_id.clone().into_any())}
                </a>
            </td>
            {column::<0>(&parts, "cell-source")}
            {column::<1>(&parts, "cell-job mono")}
            {column::<2>(&parts, "cell-workflow")}
            <td role="cell" class="cell-received">
                <time datetime=parts.part(|shown| shown.row.received_at.clone().into_any())>
                    {parts.part(|shown| shown.received.clone().into_any())}
                </time>
            </td>
            {column::<3>(&parts, "cell-number")}
            <td role="cell" class="cell-viewed">{viewed(row)}</td>
        </tr>
    };
    parts.follow(follow(context, item, row));
    view
}

/// The cell of a column that can be left out.
fn column<const AT: usize>(parts: &Parts<Shown>, class: &'static str) -> AnyView {
    view! {
        <td
            role="cell"
            class=class
            data-label=COLUMNS[AT].label()
            hidden=parts.part(|shown| (!shown.columns[AT]).into_any())
        >
            {parts.part(Shown::cell::<AT>)}
        </td>
    }
}

/// What a row shows now; follows it.
fn follow(
    context: ListContext,
    item: RwSignal<(usize, i64)>,
    row: Row,
) -> impl Fn() -> Option<Shown> + 'static {
    let history = use_history();
    let place = Memo::new(move |before: Option<&usize>| {
        let (place, id) = item.get();
        let now = context.visible.with(|visible| {
            visible.iter().find(|(_, shown)| *shown == id).map(|(place, _)| *place)
        });
        now.or(before.copied()).unwrap_or(place)
    });
    let selected =
        Memo::new(move |_| history.list.with(|list| list.selected().contains(&item.get().1)));
    let received = told(move || of(row, |row| row.received_at.clone()).unwrap_or_default());
    move || {
        Some(Shown {
            row: row.get()?,
            place: place.get(),
            selected: selected.get(),
            columns: context.columns.get(),
            received: received.get(),
        })
    }
}

/// The callback that a row is for.
fn follow_callback(item: RwSignal<(usize, i64)>) -> Row {
    let history = use_history();
    Memo::new(move |before: Option<&Option<Arc<CallbackSummary>>>| {
        let before = before.cloned().flatten();
        history.list.with(|list| match (list.row(item.get().1), before) {
            (Some(row), Some(before)) if *before == *row => Some(before),
            (Some(row), _) => Some(Arc::new(row.clone())),
            // On its way out of the document it stays what it was.
            (None, before) => before,
        })
    })
}

impl Shown {
    fn class(&self) -> AnyView {
        match (self.row.viewed_at.is_none(), self.selected) {
            (true, true) => "callback unviewed selected",
            (true, false) => "callback unviewed",
            (false, true) => "callback selected",
            (false, false) => "callback",
        }
        .into_any()
    }

    /// What stands in a column that can be left out; nothing when it is.
    fn cell<const AT: usize>(&self) -> AnyView {
        let row = &self.row;
        let text = match AT {
            _ if !self.columns[AT] => None,
            0 => Some(row.source.clone()),
            1 => row.job_id.clone(),
            2 => row.workflow.clone(),
            _ => Some(row.deliveries.to_string()),
        };
        text.into_any()
    }

    fn event_type(&self) -> AnyView {
        match self.row.event_type.as_str() {
            "" => "no event type".into_any(),
            named => named.to_owned().into_any(),
        }
    }
}

/// Whether it was viewed: a dot that marks it, or a word for those who do not see that there is none.
fn viewed(row: Row) -> AnyView {
    let session = use_session();
    let told = Memo::new(move |_| {
        of(row, |row| {
            row.viewed_at.as_ref()?;
            let by = row.viewed_by.as_ref();
            Some(by.map_or_else(|| "Viewed".to_owned(), |by| "Viewed by ".to_owned() + by))
        })
        .flatten()
    });
    let name = Memo::new(move |_| of(row, |row| row.callback_id.clone()).unwrap_or_default());
    let shown = move || match told.get() {
        Some(told) => view! { <span class="visually-hidden" title=told.clone()>{told}</span> },
        None if session.is_admin() => view! {
            <button
                type="button"
                class="button button-icon button-quiet viewed-dot"
                aria-label=move || ["Mark ", &name.get(), " as viewed"].concat()
                title="Not viewed yet: mark as viewed"
            >
                <span class="dot" aria-hidden="true"></span>
            </button>
        },
        None => view! {
            <span class="dot" title="Not viewed yet" aria-hidden="true"></span>
            <span class="visually-hidden">"Not viewed"</span>
        },
    };
    shown.into_any()
}

/// Does what a click in a row is for: one listener hears those of all of them.
pub fn row_clicks(context: ListContext) -> impl Fn(MouseEvent) + 'static {
    let history = use_history();
    let windows = use_windows();
    move |event| clicked(&event, context, history, windows)
}

fn clicked(
    event: &MouseEvent,
    context: ListContext,
    history: HistoryContext,
    windows: WindowContext,
) {
    let Some(id) = row_around(event) else { return };
    if is_within(event, "input") {
        let selected = event_target_checked(event);
        let range = event.shift_key();
        history.list.update(|list| list.set_selected(id, selected, range));
    } else if is_within(event, "button") {
        context.mark(HashSet::from([id]));
    } else if is_within(event, "a") {
        if !wants_new_tab(event) {
            event.prevent_default();
            windows.open(&id.to_string());
        }
    } else if !has_selection() {
        windows.open(&id.to_string());
    }
}
