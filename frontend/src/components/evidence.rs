//! Every distinct delivery of a callback, and in what it differs from the one that is shown.

use super::compare::compare_view;
use super::copy_button::CopyIcon;
use super::icon::{Glyph, Icon};
use super::time_ago::ExactTime;
use super::verdict::VerdictBadge;
use crate::api::payload_href;
use crate::format;
use crate::state::differences::differences;
use crate::state::query::signature_word;
use crate::ui::prelude::*;
use ringback_wire::{CallbackDetail, Delivery, IdOrigin};
use std::sync::Arc;

/// The deliveries, oldest first. `shown` is the one whose body the window shows, when it is not
/// the content.
pub fn evidence_view(
    detail: Memo<Option<Arc<CallbackDetail>>>,
    shown: RwSignal<Option<i64>>,
) -> AnyView {
    let told = move || {
        let deliveries = detail.get().map_or(0, |detail| detail.deliveries);
        format::count(deliveries, "delivery", "deliveries")
    };
    // What is opened in one of them stays open when another one comes.
    let lines = move || {
        let Some(detail) = detail.get() else { return Vec::new() };
        let content = detail.evidence.iter().find(|delivery| delivery.is_content);
        let line = |delivery: &Delivery| (detail.id, delivery.clone(), content.cloned());
        detail.evidence.iter().map(line).collect()
    };
    let key = |(_, delivery, content): &(i64, Delivery, Option<Delivery>)| {
        let content = content.as_ref().map_or(0, |content| content.id);
        let verdict = signature_word(delivery.signature);
        let numbers = [delivery.id, delivery.seen, content].map(|number| number.to_string());
        [&numbers.join(" "), verdict, &delivery.last_received_at].join(" ")
    };
    let line = move |(id, delivery, content): (i64, Delivery, Option<Delivery>)| {
        delivery_view(id, delivery, content.as_ref(), shown)
    };
    view! {
        <section class="evidence">
            <h3>"Deliveries " <span class="quiet">{told}</span></h3>
            <ol role="list">{keyed(lines, key, line)}</ol>
        </section>
    }
    .into_any()
}

fn delivery_view(
    id: i64,
    delivery: Delivery,
    content: Option<&Delivery>,
    shown: RwSignal<Option<i64>>,
) -> AnyView {
    let digest = delivery.payload_sha256.clone();
    let short = format::short_digest(&digest);
    let copied = digest.clone();
    let times =
        (delivery.seen > 1).then(|| ["seen ", &delivery.seen.to_string(), " times"].concat());
    let differs = content.map(|content| differences(content, &delivery)).unwrap_or_default();
    let differs = (!differs.is_empty()).then(|| {
        view! { <p><strong>"Differs: "</strong>{differs.join("; ")}</p> }
    });
    let other_body = content.is_some_and(|content| {
        delivery.has_payload && content.payload_sha256 != delivery.payload_sha256
    });
    let body = other_body.then(|| body_view(id, &delivery, content, shown));
    let sentence = format::verdict_sentence(delivery.signature, delivery.reason);
    view! {
        <li class="delivery">
            <div class="delivery-head">
                <VerdictBadge signature=delivery.signature/>
                {delivery.is_content.then(|| view! { <span class="tag">"shown content"</span> })}
                {times.map(|times| view! { <span class="tag">{times}</span> })}
            </div>
            <p class="quiet">{sentence}</p>
            {differs}
            {body}
            <dl class="facts">
                <dt>"Received"</dt>
                <dd><ExactTime at=delivery.first_received_at.clone()/></dd>
                {last_view(&delivery)}
                <dt>"SHA-256"</dt>
                <dd class="mono with-button">
                    <span title=digest>{short}</span>
                    <CopyIcon label="Copy digest" text=Callback::new(move |()| copied.clone()) glyph=Glyph::Copy/>
                </dd>
                {facts_view(&delivery)}
            </dl>
            {headers_view(delivery.headers)}
        </li>
    }
    .into_any()
}

/// What can be done with a body that is not the one shown.
fn body_view(
    id: i64,
    delivery: &Delivery,
    content: Option<&Delivery>,
    shown: RwSignal<Option<i64>>,
) -> AnyView {
    let this = delivery.id;
    let comparing = RwSignal::new(false);
    let ids = content.map(|content| (content.id, this));
    view! {
        <div class="delivery-actions">
            <button type="button" class="button" on:click=move |_| shown.set(Some(this))>
                <Icon glyph=Glyph::Eye/>
                "Show this body"
            </button>
            <button
                type="button"
                class="button"
                aria-expanded=move || comparing.get().to_string()
                on:click=move |_| comparing.update(|comparing| *comparing = !*comparing)
            >
                "Compare with the content"
            </button>
            <a
                class="button button-icon"
                href=payload_href(id, Some(this))
                download
                rel="external"
                aria-label="Download this body"
                title="Download this body"
            >
                <Icon glyph=Glyph::Download/>
            </a>
        </div>
        {move || comparing.get().then_some(ids).flatten().map(|ids| compare_view(id, ids))}
    }
    .into_any()
}

fn last_view(delivery: &Delivery) -> Option<AnyView> {
    (delivery.seen > 1).then(|| {
        let at = delivery.last_received_at.clone();
        view! {
            <dt>"Last time"</dt>
            <dd><ExactTime at/></dd>
        }
        .into_any()
    })
}

fn facts_view(delivery: &Delivery) -> AnyView {
    let signed =
        delivery.signed_at.clone().map(|at| view! { <dt>"Signed"</dt><dd><ExactTime at/></dd> });
    let from = delivery
        .remote_addr
        .clone()
        .map(|from| view! { <dt>"From"</dt><dd class="mono">{from}</dd> });
    let origin = match delivery.id_origin {
        IdOrigin::Sent => None,
        IdOrigin::Absent => Some("The sender named none: it is the digest of the body."),
        IdOrigin::Unfit => Some("The sender's could not be kept: it is the digest of the body."),
    };
    let origin = origin.map(|origin| view! { <dt>"Callback id"</dt><dd>{origin}</dd> });
    let kept = delivery
        .payload_absence
        .map(|absence| view! { <dt>"Body"</dt><dd>{format::absence(absence)}</dd> });
    view! {
        <dt>"Size"</dt>
        <dd>{format::size(u64::try_from(delivery.size_bytes).unwrap_or(0))}</dd>
        {signed}
        {from}
        {origin}
        {kept}
    }
    .into_any()
}

fn headers_view(headers: Vec<(String, String)>) -> Option<AnyView> {
    (!headers.is_empty()).then(|| {
        let lines = headers
            .into_iter()
            .map(
                |(name, value)| view! { <dt class="mono">{name}</dt><dd class="mono">{value}</dd> },
            )
            .collect_view();
        view! {
            <details>
                <summary>"Headers"</summary>
                <dl class="facts">{lines}</dl>
            </details>
        }
        .into_any()
    })
}
