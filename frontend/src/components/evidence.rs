//! Every distinct delivery of a callback.

use super::copy_button::CopyButton;
use super::icon::{Glyph, Icon};
use super::time_ago::ExactTime;
use super::verdict::VerdictBadge;
use crate::api::payload_href;
use crate::format;
use leptos::prelude::*;
use ringback_wire::{CallbackDetail, Delivery, IdOrigin};
use std::sync::Arc;

/// The deliveries, oldest first.
#[component]
pub fn Evidence(
    /// The callback.
    detail: Arc<CallbackDetail>,
) -> impl IntoView {
    let id = detail.id;
    let told = format::count(detail.deliveries, "delivery", "deliveries");
    let items = detail
        .evidence
        .iter()
        .cloned()
        .map(|delivery| view! { <DeliveryItem id delivery/> })
        .collect_view();
    view! {
        <section class="evidence">
            <h3>"Deliveries " <span class="quiet">{told}</span></h3>
            <ol role="list">{items}</ol>
        </section>
    }
}

#[component]
fn DeliveryItem(id: i64, delivery: Delivery) -> impl IntoView {
    let digest = delivery.payload_sha256.clone();
    let short = format::short_digest(&digest);
    let copied = digest.clone();
    let times = (delivery.seen > 1).then(|| format!("seen {} times", delivery.seen));
    let download = (delivery.has_payload && !delivery.is_content).then(|| {
        let href = payload_href(id, Some(delivery.id));
        view! {
            <a class="button button-icon" href=href download rel="external" aria-label="Download this body">
                <Icon glyph=Glyph::Download/>
            </a>
        }
    });
    let sentence = format::verdict_sentence(delivery.signature, delivery.reason);
    view! {
        <li class="delivery">
            <div class="delivery-head">
                <VerdictBadge signature=delivery.signature/>
                {delivery.is_content.then(|| view! { <span class="tag">"shown content"</span> })}
                {times.map(|times| view! { <span class="tag">{times}</span> })}
                <span class="spacer"></span>
                {download}
            </div>
            <p class="quiet">{sentence}</p>
            <dl class="facts">
                <dt>"Received"</dt>
                <dd><ExactTime at=delivery.first_received_at.clone()/></dd>
                <LastReceived delivery=delivery.clone()/>
                <dt>"SHA-256"</dt>
                <dd class="mono with-button">
                    <span title=digest>{short}</span>
                    <CopyButton label="Copy digest" text=Callback::new(move |()| copied.clone()) icon_only=true/>
                </dd>
                <DeliveryFacts delivery=delivery.clone()/>
            </dl>
            <Headers headers=delivery.headers/>
        </li>
    }
}

#[component]
fn LastReceived(delivery: Delivery) -> impl IntoView {
    (delivery.seen > 1).then(|| {
        view! {
            <dt>"Last time"</dt>
            <dd><ExactTime at=delivery.last_received_at/></dd>
        }
    })
}

#[component]
fn DeliveryFacts(delivery: Delivery) -> impl IntoView {
    let signed = delivery.signed_at.map(|at| view! { <dt>"Signed"</dt><dd><ExactTime at/></dd> });
    let from =
        delivery.remote_addr.map(|from| view! { <dt>"From"</dt><dd class="mono">{from}</dd> });
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
}

#[component]
fn Headers(headers: Vec<(String, String)>) -> impl IntoView {
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
    })
}
