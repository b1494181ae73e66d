//! What a detail window shows of a callback.

use super::copy_button::CopyButton;
use super::diagnosis::diagnosis_view;
use super::evidence::evidence_view;
use super::icon::{Glyph, Icon};
use super::payload_view::payload_view;
use super::time_ago::ExactTime;
use super::verdict::verdict_glyph;
use crate::api;
use crate::format;
use crate::hooks::announcer::use_announcer;
use crate::hooks::browser::origin;
use crate::hooks::complaints::use_complaints;
use crate::hooks::detail::DetailContext;
use crate::hooks::location::{as_of_now, use_page_location};
use crate::hooks::payload::PayloadSource;
use crate::hooks::windows::use_windows;
use crate::state::query::{Field, Filters, ListQuery, Page, PageQuery, signature_word};
use crate::state::resend::curl;
use crate::ui::prelude::*;
use ringback_wire::CallbackDetail;
use std::sync::Arc;

/// Verdict, facts, payload and deliveries.
pub fn detail_view(context: DetailContext, name: StoredValue<String>) -> AnyView {
    // The delivery whose body is shown: the content, until somebody chooses another.
    let chosen = RwSignal::new(None::<i64>);
    let shown = Memo::new(move |_| {
        let detail = context.found()?;
        let current = detail.evidence.iter().find(|delivery| delivery.is_content)?.id;
        Some(chosen.get().unwrap_or(current))
    });
    // Asked for again only when the verdict is another one.
    let verdict = Memo::new(move |_| context.found().map(|detail| (detail.id, detail.signature)));
    let diagnosis = move || verdict.get().map(|(id, signature)| diagnosis_view(id, signature));
    // Not when it is marked as viewed: what a button has just told stays.
    let seq = Memo::new(move |_| context.found().map(|detail| detail.seq));
    let actions = move || {
        seq.get()?;
        untrack(|| context.found()).map(|detail| actions_view(detail, name))
    };
    // What takes longer to build does not hold up the rest.
    let is_painted = painted();
    // Built again only when another body is shown, so that what was unfolded stays so.
    let payload = move || {
        let shown = shown.get()?;
        let detail = untrack(|| context.found())?;
        let delivery = detail.evidence.iter().find(|delivery| delivery.id == shown)?;
        let inline = detail.payload.clone().filter(|_| delivery.is_content);
        let source = PayloadSource { callback: detail.id, delivery: shown, inline };
        Some(payload_view(source, delivery, is_painted))
    };
    let remark = move || {
        let detail = context.found()?;
        let shown = detail.evidence.iter().find(|delivery| Some(delivery.id) == shown.get())?;
        (!shown.is_content).then(|| {
            view! {
                <p class="remark">
                    "This is the body of another delivery, not what the callback says. "
                    <button type="button" class="button" on:click=move |_| chosen.set(None)>
                        "Show the content"
                    </button>
                </p>
            }
        })
    };
    let evidence = move || {
        is_painted.get().then(|| evidence_view(Memo::new(move |_| context.found()), chosen))
    };
    view! {
        <div class="detail">
            {move || context.found().map(verdict_view)}
            {diagnosis}
            {actions}
            {move || context.found().map(facts_view)}
            {remark}
            {payload}
            {evidence}
        </div>
    }
    .into_any()
}

fn verdict_view(detail: Arc<CallbackDetail>) -> AnyView {
    let word = signature_word(detail.signature);
    view! {
        <div class="verdict" data-verdict=word>
            <Icon glyph=verdict_glyph(detail.signature)/>
            <p>
                <strong>"Signature " {word} ". "</strong>
                {format::verdict_sentence(detail.signature, detail.reason)}
            </p>
        </div>
    }
    .into_any()
}

/// What can be taken along, and the way to the neighbours.
fn actions_view(detail: Arc<CallbackDetail>, name: StoredValue<String>) -> AnyView {
    let link = origin() + &PageQuery::default().with_callback(&detail.id.to_string()).to_href();
    let id = detail.callback_id.clone();
    let position = detail.position.clone();
    let command = Callback::new(move |()| curl(&detail, &origin(), detail.payload.as_deref()));
    view! {
        <div class="detail-actions">
            <CopyButton label="Copy id" text=Callback::new(move |()| id.clone()) glyph=Glyph::Copy/>
            <CopyButton label="Copy link" text=Callback::new(move |()| link.clone()) glyph=Glyph::Link/>
            <CopyButton label="Copy curl" text=command glyph=Glyph::Terminal/>
            <span class="spacer"></span>
            {neighbours_view(position, name)}
        </div>
    }
    .into_any()
}

fn neighbours_view(position: String, name: StoredValue<String>) -> AnyView {
    let windows = use_windows();
    let location = use_page_location();
    let announcer = use_announcer();
    let complaints = use_complaints();
    let clock = expect_context();
    let ended = RwSignal::new(None::<bool>);
    let go = move |newer: bool| {
        let position = position.clone();
        let page = if newer { Page::After(position) } else { Page::Before(position) };
        let filters = location.current().list.filters;
        let query = as_of_now(ListQuery { filters, page }, clock);
        spawn_local(async move {
            let page = match api::find_neighbour(&query).await {
                Ok(page) => page,
                Err(error) => {
                    let told = "The next callback could not be read. ".to_owned();
                    return complaints.tell(told + &error.message());
                }
            };
            if let Some(row) = page.callbacks.first() {
                if let Some(from) = name.try_get_value() {
                    windows.go_on(&from, &row.id.to_string());
                }
            } else {
                ended.try_set(Some(newer));
                let told = if newer { "This is the newest one" } else { "This is the oldest one" };
                announcer.say(told.to_owned());
            }
        });
    };
    let button = move |label: &'static str, glyph: Glyph, newer: bool| {
        let go = go.clone();
        view! {
            <button
                type="button"
                class="button"
                aria-keyshortcuts=if newer { "]" } else { "[" }
                prop:disabled=move || ended.get() == Some(newer)
                on:click=move |_| go(newer)
            >
                <Icon glyph/>
                {label}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="neighbours">
            {button("Older", Glyph::ArrowLeft, false)}
            {button("Newer", Glyph::ArrowRight, true)}
        </div>
    }
    .into_any()
}

fn facts_view(detail: Arc<CallbackDetail>) -> AnyView {
    let fact = |field: Field, value: &str, class: &'static str| fact_view(field, value, class);
    let event_type = match detail.event_type.as_str() {
        "" => view! { <dt>"Event type"</dt><dd class="quiet">"none named"</dd> }.into_any(),
        named => fact(Field::EventType, named, ""),
    };
    let job = detail.job_id.as_deref().map(|job| {
        view! { <dt>"Job"</dt>{value_view(Field::IdPrefix, job, "mono")} }
    });
    let workflow = detail.workflow.as_deref().map(|name| fact(Field::Workflow, name, ""));
    let viewed = detail.viewed_at.clone().map(|at| {
        let by = detail.viewed_by.as_ref().map(|by| [" by ", by].concat());
        view! { <dt>"Viewed"</dt><dd><ExactTime at/> {by}</dd> }
    });
    let deliveries = format::count(detail.deliveries, "delivery", "deliveries");
    view! {
        <dl class="facts">
            <dt>"Callback"</dt>
            <dd class="mono break">{detail.callback_id.clone()}</dd>
            {event_type}
            {fact(Field::Source, &detail.source, "")}
            {job}
            {workflow}
            <dt>"Received"</dt>
            <dd><ExactTime at=detail.received_at.clone()/> <span class="quiet">" · " {deliveries}</span></dd>
            {viewed}
        </dl>
    }
    .into_any()
}

fn fact_view(field: Field, value: &str, class: &'static str) -> AnyView {
    view! { <dt>{field.label()}</dt>{value_view(field, value, class)} }.into_any()
}

/// A value, and a button that shows all callbacks with it.
fn value_view(field: Field, value: &str, class: &'static str) -> AnyView {
    let location = use_page_location();
    let label = ["Show all with ", value].concat();
    let wanted = value.to_owned();
    let show = move |_| {
        let query = location.current();
        location.push(&query.with_filters(Filters::default().with(field, &wanted)));
    };
    view! {
        <dd class="with-button">
            <span class=class>{value.to_owned()}</span>
            <button
                type="button"
                class="button button-icon button-quiet"
                aria-label=label.clone()
                title=label
                on:click=show
            >
                <Icon glyph=Glyph::Filter/>
            </button>
        </dd>
    }
    .into_any()
}
