//! The filters of the list: fields, and a chip for each that is set.

use super::icon::{Glyph, Icon};
use crate::api;
use crate::format;
use crate::hooks::clock::{from_local_input, local_input, local_time};
use crate::hooks::location::use_page_location;
use crate::state::query::{Field, Filters};
use leptos::prelude::*;
use leptos::task::spawn_local;

const SIGNATURES: [(&str, &str); 7] = [
    ("", "Any"),
    ("valid", "Valid"),
    ("invalid", "Invalid"),
    ("missing", "Missing"),
    ("unchecked", "Unchecked"),
    ("invalid,missing", "Invalid or missing"),
    ("unchecked,missing,invalid", "Not valid"),
];
const VIEWED: [(&str, &str); 3] = [("", "Any"), ("false", "Not viewed"), ("true", "Viewed")];

/// All filters; on a phone behind a button.
#[component]
pub fn FilterBar() -> impl IntoView {
    let location = use_page_location();
    let open = RwSignal::new(false);
    let active = move || location.query.with(|query| query.list.filters.active().len());
    view! {
        <section class="filters" aria-label="Filters">
            <button
                type="button"
                class="button filters-toggle"
                aria-expanded=move || open.get().to_string()
                aria-controls="filter-fields"
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon glyph=Glyph::Filter/>
                {move || match active() {
                    0 => "Filters".to_owned(),
                    n => format!("Filters ({n})"),
                }}
            </button>
            <div class="filter-fields" id="filter-fields" data-open=move || open.get().to_string()>
                <TextFilter field=Field::IdPrefix kind="search"/>
                <TextFilter field=Field::EventType kind="search"/>
                <TextFilter field=Field::Workflow kind="search"/>
                <SourceFilter/>
                <ChoiceFilter field=Field::Signature choices=Vec::from(SIGNATURES.map(owned))/>
                <ChoiceFilter field=Field::Viewed choices=Vec::from(VIEWED.map(owned))/>
                <TimeFilter field=Field::From/>
                <TimeFilter field=Field::To/>
            </div>
            <FilterChips/>
        </section>
    }
}

#[component]
fn TextFilter(field: Field, kind: &'static str) -> impl IntoView {
    let (value, set) = use_filter(field);
    view! {
        <label class="field">
            <span>{field.label()}</span>
            <input
                type=kind
                autocomplete="off"
                spellcheck="false"
                data-search=(field == Field::IdPrefix).then_some("")
                prop:value=value
                on:change=move |event| set.run(event_target_value(&event))
            />
        </label>
    }
}

#[component]
fn ChoiceFilter(
    field: Field,
    #[prop(into)] choices: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let (value, set) = use_filter(field);
    let options = move || {
        let chosen = value();
        let option = |(word, label): (String, String)| {
            let selected = word == chosen;
            view! { <option value=word prop:selected=selected>{label}</option> }
        };
        choices.get().into_iter().map(option).collect_view()
    };
    view! {
        <label class="field">
            <span>{field.label()}</span>
            <select on:change=move |event| set.run(event_target_value(&event))>{options}</select>
        </label>
    }
}

#[component]
fn SourceFilter() -> impl IntoView {
    let location = use_page_location();
    let names = RwSignal::new(Vec::<String>::new());
    spawn_local(async move {
        if let Ok(answer) = api::list_sources().await {
            names.try_set(answer.sources.into_iter().map(|source| source.name).collect());
        }
    });
    let choices = Signal::derive(move || {
        let wanted = location.query.with(|query| query.list.filters.source.clone());
        let mut names = names.get();
        if !wanted.is_empty() && !names.contains(&wanted) {
            names.push(wanted);
        }
        let any = std::iter::once(owned(("", "Any")));
        any.chain(names.into_iter().map(|name| (name.clone(), name))).collect()
    });
    view! { <ChoiceFilter field=Field::Source choices/> }
}

#[component]
fn TimeFilter(field: Field) -> impl IntoView {
    let (value, set) = use_filter(field);
    view! {
        <label class="field">
            <span>{field.label()}</span>
            <input
                type="datetime-local"
                prop:value=move || local_input(&value())
                on:change=move |event| set.run(from_local_input(&event_target_value(&event)))
            />
        </label>
    }
}

#[component]
fn FilterChips() -> impl IntoView {
    let location = use_page_location();
    let active = Memo::new(move |_| location.query.with(|query| query.list.filters.active()));
    let chip = move |(field, value): (Field, String)| {
        let (_, set) = use_filter(field);
        let shown = shown_value(field, &value);
        let name = format!("Remove filter {}: {shown}", field.label());
        view! {
            <li>
                <button
                    type="button"
                    class="chip"
                    aria-label=name
                    on:click=move |_| set.run(String::new())
                >
                    <span class="quiet">{field.label()}</span>
                    <span>{shown}</span>
                    <Icon glyph=Glyph::X/>
                </button>
            </li>
        }
    };
    let clear = move |_| location.push(&location.current().with_filters(Filters::default()));
    view! {
        <Show when=move || !active.with(Vec::is_empty)>
            <ul class="chips" role="list" aria-label="Active filters">
                {move || active.get().into_iter().map(chip).collect_view()}
                <li>
                    <button type="button" class="button button-quiet" on:click=clear>
                        "Clear all filters"
                    </button>
                </li>
            </ul>
        </Show>
    }
}

/// The value of a filter, and how to set it.
fn use_filter(field: Field) -> (impl Fn() -> String + Copy + Send + Sync, Callback<String>) {
    let location = use_page_location();
    let value = move || location.query.with(|query| query.list.filters.value(field));
    let set = Callback::new(move |value: String| {
        let query = location.current();
        let filters = query.list.filters.clone().with(field, &value);
        location.push(&query.with_filters(filters));
    });
    (value, set)
}

fn shown_value(field: Field, value: &str) -> String {
    let choice = |choices: &[(&str, &str)]| {
        let known = choices.iter().find(|(word, _)| *word == value);
        known.map_or_else(|| value.to_owned(), |(_, label)| (*label).to_owned())
    };
    match field {
        Field::Signature => choice(&SIGNATURES),
        Field::Viewed => choice(&VIEWED),
        Field::From | Field::To => {
            format::parse_time(value).map_or_else(|| value.to_owned(), local_time)
        }
        _ => value.to_owned(),
    }
}

fn owned((word, label): (&str, &str)) -> (String, String) {
    (word.to_owned(), label.to_owned())
}
