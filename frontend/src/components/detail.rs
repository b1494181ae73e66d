//! What a detail window shows of a callback.

use super::copy_button::CopyButton;
use super::diagnosis::diagnosis_view;
use super::evidence::Evidence;
use super::payload_view::PayloadView;
use super::time_ago::ExactTime;
use super::verdict::verdict_glyph;
use crate::components::icon::Icon;
use crate::format;
use crate::hooks::browser::origin;
use crate::state::query::{PageQuery, signature_word};
use leptos::prelude::*;
use ringback_wire::CallbackDetail;
use std::sync::Arc;

/// Verdict, facts, payload and deliveries.
#[component]
pub fn Detail(
    /// The callback.
    detail: Arc<CallbackDetail>,
) -> impl IntoView {
    view! {
        <div class="detail">
            <VerdictSentence detail=detail.clone()/>
            {diagnosis_view(detail.id, detail.signature)}
            <Facts detail=detail.clone()/>
            <PayloadView detail=detail.clone()/>
            <Evidence detail/>
        </div>
    }
}

#[component]
fn VerdictSentence(detail: Arc<CallbackDetail>) -> impl IntoView {
    view! {
        <div class="verdict" data-verdict=signature_word(detail.signature)>
            <Icon glyph=verdict_glyph(detail.signature)/>
            <p>
                <strong>"Signature " {signature_word(detail.signature)} ". "</strong>
                {format::verdict_sentence(detail.signature, detail.reason)}
            </p>
        </div>
    }
}

#[component]
fn Facts(detail: Arc<CallbackDetail>) -> impl IntoView {
    let id = detail.callback_id.clone();
    let link = format!(
        "{}{}",
        origin(),
        PageQuery::default().with_callback(&detail.id.to_string()).to_href()
    );
    let event_type = match detail.event_type.as_str() {
        "" => "none named".to_owned(),
        named => named.to_owned(),
    };
    let job = detail.job_id.clone().map(|job| view! { <dt>"Job"</dt><dd class="mono">{job}</dd> });
    let workflow = detail.workflow.clone().map(|name| view! { <dt>"Workflow"</dt><dd>{name}</dd> });
    let viewed = detail.viewed_at.clone().map(|at| {
        let by = detail.viewed_by.as_ref().map(|by| format!(" by {by}"));
        view! { <dt>"Viewed"</dt><dd><ExactTime at/> {by}</dd> }
    });
    view! {
        <dl class="facts">
            <dt>"Callback"</dt>
            <dd class="mono with-button">
                <span class="break">{detail.callback_id.clone()}</span>
                <CopyButton label="Copy id" text=Callback::new(move |()| id.clone()) icon_only=true/>
            </dd>
            <dt>"Event type"</dt>
            <dd>{event_type}</dd>
            <dt>"Source"</dt>
            <dd>{detail.source.clone()}</dd>
            {job}
            {workflow}
            <dt>"Received"</dt>
            <dd><ExactTime at=detail.received_at.clone()/></dd>
            <dt>"Deliveries"</dt>
            <dd>{detail.deliveries}</dd>
            {viewed}
            <dt>"Link"</dt>
            <dd><CopyButton label="Copy link" text=Callback::new(move |()| link.clone())/></dd>
        </dl>
    }
}
