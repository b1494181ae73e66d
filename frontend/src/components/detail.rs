//! What a detail window shows of a callback.

use super::copy_button::CopyButton;
use super::evidence::Evidence;
use super::payload_view::PayloadView;
use super::time_ago::ExactTime;
use super::verdict::verdict_glyph;
use crate::components::icon::Icon;
use crate::format;
use crate::hooks::browser::origin;
use crate::state::query::{PageQuery, signature_word};
use leptos::prelude::*;
use ringback_wire::{CallbackDetail, CallbackSummary};
use std::sync::Arc;

/// Verdict, facts, payload and deliveries.
#[component]
pub fn Detail(
    /// The callback.
    detail: Arc<CallbackDetail>,
) -> impl IntoView {
    let summary = detail.summary.clone();
    view! {
        <div class="detail">
            <VerdictSentence summary=summary.clone()/>
            <Facts summary/>
            <PayloadView detail=detail.clone()/>
            <Evidence detail/>
        </div>
    }
}

#[component]
fn VerdictSentence(summary: CallbackSummary) -> impl IntoView {
    view! {
        <div class="verdict" data-verdict=signature_word(summary.signature)>
            <Icon glyph=verdict_glyph(summary.signature)/>
            <p>
                <strong>"Signature " {signature_word(summary.signature)} ". "</strong>
                {format::verdict_sentence(summary.signature, summary.reason)}
            </p>
        </div>
    }
}

#[component]
fn Facts(summary: CallbackSummary) -> impl IntoView {
    let id = summary.callback_id.clone();
    let link = format!(
        "{}{}",
        origin(),
        PageQuery::default().with_callback(&summary.id.to_string()).to_href()
    );
    let event_type = match summary.event_type.as_str() {
        "" => "none named".to_owned(),
        named => named.to_owned(),
    };
    let job = summary.job_id.map(|job| view! { <dt>"Job"</dt><dd class="mono">{job}</dd> });
    let workflow = summary.workflow.map(|name| view! { <dt>"Workflow"</dt><dd>{name}</dd> });
    let viewed = summary.viewed_at.map(|at| {
        let by = summary.viewed_by.map(|by| format!(" by {by}"));
        view! { <dt>"Viewed"</dt><dd><ExactTime at/> {by}</dd> }
    });
    view! {
        <dl class="facts">
            <dt>"Callback"</dt>
            <dd class="mono with-button">
                <span class="break">{summary.callback_id}</span>
                <CopyButton label="Copy id" text=Callback::new(move |()| id.clone()) icon_only=true/>
            </dd>
            <dt>"Event type"</dt>
            <dd>{event_type}</dd>
            <dt>"Source"</dt>
            <dd>{summary.source}</dd>
            {job}
            {workflow}
            <dt>"Received"</dt>
            <dd><ExactTime at=summary.received_at/></dd>
            <dt>"Deliveries"</dt>
            <dd>{summary.deliveries}</dd>
            {viewed}
            <dt>"Link"</dt>
            <dd><CopyButton label="Copy link" text=Callback::new(move |()| link.clone())/></dd>
        </dl>
    }
}
