//! The filters of the list: fields, and a chip for each value that is set.

use super::icon::{Glyph, Icon};
use crate::api;
use crate::format;
use crate::hooks::clock::{Clock, from_local_input, local_input, local_time};
use crate::hooks::location::{PageLocation, as_of_now, use_page_location};
use crate::state::query::{Field, Filters};
use crate::ui::prelude::*;
use ringback_wire::FilterOptionsResponse;

type Choices = &'static [(&'static str, &'static str)];

const SIGNATURES: Choices = &[
    ("", "Any"),
    ("valid", "Valid"),
    ("invalid", "Invalid"),
    ("missing", "Missing"),
    ("unchecked", "Unchecked"),
    ("invalid,missing", "Invalid or missing"),
    ("unchecked,missing,invalid", "Not valid"),
];
const VIEWED: Choices = &[("", "Any"), ("false", "Not viewed"), ("true", "Viewed")];
const SPANS: Choices = &[
    ("", "Any time"),
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("168h", "Last 7 days"),
    ("720h", "Last 30 days"),
    (OWN, "From … to …"),
];
const OWN: &str = "own";
const RECEIVED: &str = "Received";

/// All filters; on a phone behind a button.
pub fn filter_bar() -> AnyView {
    let location = use_page_location();
    let open = RwSignal::new(false);
    let options = RwSignal::new(FilterOptionsResponse::default());
    spawn_local(async move {
        if let Ok(answer) = api::list_filter_options().await {
            options.set(answer);
        }
    });
    let active = move || location.query.with(|query| query.list.filters.active().len());
    let sources = move || options.with(|options| options.sources.clone());
    let event_types = move || options.with(|options| options.event_types.clone());
    let workflows = move || options.with(|options| options.workflows.clone());
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
                    n => ["Filters (", &n.to_string(), ")"].concat(),
                }}
            </button>
            <div class="filter-fields" id="filter-fields" data-open=move || open.get().to_string()>
                {id_filter(location)}
                {name_filter(location, Field::EventType, Signal::derive(event_types))}
                {name_filter(location, Field::Workflow, Signal::derive(workflows))}
                {name_filter(location, Field::Source, Signal::derive(sources))}
                {choice_filter(location, Field::Signature, SIGNATURES)}
                {choice_filter(location, Field::Viewed, VIEWED)}
                {time_filters(location)}
            </div>
            {chips(location)}
        </section>
    }
    .into_any()
}

fn set(location: PageLocation, field: Field, value: &str) {
    let query = location.current();
    location.push(&query.with_filters(query.list.filters.clone().with(field, value)));
}

fn id_filter(location: PageLocation) -> AnyView {
    let value = move || location.query.with(|query| query.list.filters.value(Field::IdPrefix));
    let change = move |event| set(location, Field::IdPrefix, &event_target_value(&event));
    view! {
        <label class="field">
            <span>{Field::IdPrefix.label()}</span>
            <input
                type="search"
                placeholder="begins with…"
                autocomplete="off"
                spellcheck="false"
                data-search=""
                prop:value=value
                on:change=change
                // The field's own × is no change until the focus leaves it.
                on:search=change
            />
        </label>
    }
    .into_any()
}

/// A filter that takes several names: each becomes a chip, and the field is free for the next.
fn name_filter(location: PageLocation, field: Field, options: Signal<Vec<String>>) -> AnyView {
    let list_id = field.parameter().to_owned() + "-options";
    let text = RwSignal::new(String::new());
    let count = move || location.query.with(|query| query.list.filters.values(field).len());
    let placeholder = move || match count() {
        0 => "any".to_owned(),
        n => n.to_string() + " chosen, add another",
    };
    let add = move |event| {
        set(location, field, &event_target_value(&event));
        text.set(String::new());
    };
    let options = move || {
        let chosen = location.query.with(|query| query.list.filters.values(field));
        let left = options.get().into_iter().filter(|option| !chosen.contains(option));
        left.map(|option| view! { <option value=option></option> }).collect_view()
    };
    view! {
        <label class="field">
            <span>{field.label()}</span>
            <input
                list=list_id.clone()
                autocomplete="off"
                spellcheck="false"
                placeholder=placeholder
                prop:value=text
                on:input=move |event| text.set(event_target_value(&event))
                on:change=add
            />
            <datalist id=list_id>{options}</datalist>
        </label>
    }
    .into_any()
}

fn select(
    label: &'static str,
    choices: Choices,
    chosen: Signal<String>,
    set: Callback<String>,
) -> AnyView {
    let chosen = Memo::new(move |_| chosen.get());
    let option = move |(word, label): &(&'static str, &'static str)| {
        let (word, label) = (*word, *label);
        let is_chosen = move || chosen.with(|chosen| chosen == word);
        view! { <option value=word prop:selected=is_chosen>{label}</option> }
    };
    let options = choices.iter().map(option).collect_view();
    view! {
        <label class="field">
            <span>{label}</span>
            <select on:change=move |event| set.run(event_target_value(&event))>{options}</select>
        </label>
    }
    .into_any()
}

fn choice_filter(location: PageLocation, field: Field, choices: Choices) -> AnyView {
    let value = move || location.query.with(|query| query.list.filters.value(field));
    let choose = Callback::new(move |value: String| set(location, field, &value));
    select(field.label(), choices, Signal::derive(value), choose)
}

/// A span up to now, or two times of one's own.
fn time_filters(location: PageLocation) -> AnyView {
    let clock = expect_context::<Clock>();
    let own = RwSignal::new(false);
    let chosen = Memo::new(move |_| {
        let own = own.get();
        location.query.with(|query| {
            let Filters { from, to, .. } = &query.list.filters;
            let is_span = to.is_empty() && SPANS.iter().any(|(word, _)| word == from);
            if is_span && !(own && from.is_empty()) { from.clone() } else { OWN.to_owned() }
        })
    });
    let choose = Callback::new(move |word: String| {
        own.set(word == OWN);
        let query = location.current();
        let filters = if word == OWN {
            as_of_now(query.list.clone(), clock).filters
        } else {
            query.list.filters.clone().with(Field::From, &word).with(Field::To, "")
        };
        location.push(&query.with_filters(filters));
    });
    view! {
        {select(RECEIVED, SPANS, Signal::derive(move || chosen.get()), choose)}
        <Show when=move || chosen.with(|chosen| chosen == OWN)>
            {time_filter(location, Field::From)}
            {time_filter(location, Field::To)}
        </Show>
    }
    .into_any()
}

fn time_filter(location: PageLocation, field: Field) -> AnyView {
    let value = move || local_input(&location.query.with(|query| query.list.filters.value(field)));
    let change = move |event| {
        set(location, field, &from_local_input(&event_target_value(&event)));
    };
    view! {
        <label class="field">
            <span>{field.label()}</span>
            <input type="datetime-local" prop:value=value on:change=change/>
        </label>
    }
    .into_any()
}

fn chips(location: PageLocation) -> AnyView {
    let active = Memo::new(move |_| location.query.with(|query| query.list.filters.active()));
    let chip = move |(field, value): (Field, String)| {
        let shown = shown_value(field, &value);
        let follows_clock = field == Field::From && value.ends_with('h');
        let label = if follows_clock { RECEIVED } else { field.label() };
        // What is seen is a part of the name, to the letter: people say it to their computers.
        let name = ["Remove filter ", label, " ", &shown].concat();
        let remove = move |_| {
            let query = location.current();
            location.push(&query.with_filters(query.list.filters.clone().without(field, &value)));
        };
        view! {
            <li>
                <button type="button" class="chip" aria-label=name on:click=remove>
                    <span class="quiet">{label}</span>
                    " "
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
    .into_any()
}

fn shown_value(field: Field, value: &str) -> String {
    let choice = |choices: Choices| {
        let known = choices.iter().find(|(word, _)| *word == value);
        known.map_or(value, |(_, label)| label).to_owned()
    };
    match field {
        Field::Signature => choice(SIGNATURES),
        Field::Viewed => choice(VIEWED),
        Field::From | Field::To => {
            format::parse_time(value).map_or_else(|| choice(SPANS), local_time)
        }
        _ => value.to_owned(),
    }
}
