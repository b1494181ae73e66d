//! Alerts as cards, open ones with what can be done about them.

use crate::api::{self, ApiError};
use crate::components::icon::{Glyph, Icon};
use crate::components::time_ago::TimeAgo;
use crate::format::count;
use crate::hooks::alerts::use_alerts;
use crate::hooks::announcer::use_announcer;
use crate::hooks::clock::time_from_now;
use crate::hooks::session::use_session;
use leptos::prelude::*;
use leptos::task::spawn_local;
use ringback_wire::Alert;

const HOUR_MS: f64 = 3_600_000.0;

/// What is wrong now.
#[component]
pub fn OpenAlerts() -> impl IntoView {
    let alerts = use_alerts();
    alerts.reload();
    let cards = move || {
        let open = alerts.now.with(|now| now.open.clone());
        if open.is_empty() {
            let text = "Nothing is wrong. What was is in the history.";
            return view! { <p class="state">{text}</p> }.into_any();
        }
        open.into_iter().map(|alert| card(alert, true)).collect_view().into_any()
    };
    view! { <div aria-live="polite">{cards}</div> }
}

/// What was wrong and is over.
#[component]
pub fn PastAlerts() -> impl IntoView {
    let list = RwSignal::new(Vec::<Alert>::new());
    let before = RwSignal::new(None::<i64>);
    let remark = RwSignal::new("Loading…".to_owned());
    let load = move || {
        spawn_local(async move {
            match api::list_past_alerts(before.get_untracked()).await {
                Ok(page) => {
                    list.update(|list| list.extend(page.alerts));
                    before.set(page.before);
                    let none = list.with_untracked(Vec::is_empty);
                    remark.set(if none { "Nothing was wrong yet." } else { "" }.to_owned());
                }
                Err(error) => remark.set(error.message()),
            }
        });
    };
    load();
    view! {
        {move || list.get().into_iter().map(|alert| card(alert, false)).collect_view()}
        <p class="quiet" role="status">{remark}</p>
        <Show when=move || before.get().is_some()>
            <button type="button" class="button" on:click=move |_| load()>"Older"</button>
        </Show>
    }
}

fn card(alert: Alert, is_open: bool) -> AnyView {
    let glyph = if is_open { Glyph::TriangleAlert } else { Glyph::CircleCheck };
    let times = (alert.count > 0).then(|| format!("{} · ", count(alert.count, "time", "times")));
    let example = alert
        .sample
        .map(|id| view! { <a href=format!("/?callback={id}")>"Open an example"</a> }.into_any());
    let over = alert.resolved_at.clone().map(|at| view! { " · over " <TimeAgo at/> }.into_any());
    let noted = alert.acknowledged_by.clone().map(|who| {
        view! { <p class="quiet">{format!("Acknowledged by {who}: no reminders until it is over.")}</p> }
            .into_any()
    });
    let (title, name) = (alert.title.clone(), alert.title.clone());
    view! {
        <article class="alert-card" data-open=is_open.to_string() aria-label=name>
            <Icon glyph/>
            <div>
                <h2>{title}</h2>
                <p class="quiet">
                    {times} "since " <TimeAgo at=alert.started_at.clone()/>
                    ", last " <TimeAgo at=alert.last_at.clone()/> {over}
                </p>
                {is_open.then(|| alert.advice.clone())} " " {example} {noted}
                {is_open.then(|| actions(&alert))}
            </div>
        </article>
    }
    .into_any()
}

fn actions(alert: &Alert) -> AnyView {
    let (alerts, announcer, session) = (use_alerts(), use_announcer(), use_session());
    let id = alert.id;
    let failed = RwSignal::new(String::new());
    let done = move |answer: Result<Alert, ApiError>, said: &str| match answer {
        Ok(_) => {
            announcer.say(said.to_owned());
            alerts.reload();
        }
        Err(error) => failed.set(error.message()),
    };
    let acknowledge = move |_| {
        spawn_local(async move { done(api::acknowledge_alert(id).await, "Acknowledged") });
    };
    let mute = move |event| {
        let hours: f64 = event_target_value(&event).parse().unwrap_or_default();
        let until = (hours > 0.0).then(|| time_from_now(hours * HOUR_MS));
        let said = if hours > 0.0 { "Muted" } else { "No longer muted" };
        spawn_local(async move { done(api::mute_alert(id, until).await, said) });
    };
    let is_muted = alert.muted_until.is_some();
    let muted = alert.muted_until.clone().map(|at| {
        view! { <span class="quiet">"Muted until " {at.chars().take(16).collect::<String>()} "Z"</span> }
            .into_any()
    });
    let acknowledge = (alert.acknowledged_at.is_none()).then(|| {
        view! { <button type="button" class="button" on:click=acknowledge>"Acknowledge"</button> }
            .into_any()
    });
    let end = is_muted.then(|| view! { <option value="0">"End the mute"</option> }.into_any());
    if !session.is_admin() {
        return ().into_any();
    }
    view! {
        <div class="actions">
            {acknowledge}
            <select aria-label="Mute" on:change=mute>
                <option value="" selected>{if is_muted { "Muted" } else { "Mute…" }}</option>
                {end}
                <option value="1">"for an hour"</option>
                <option value="8">"for 8 hours"</option>
                <option value="24">"for a day"</option>
                <option value="168">"for a week"</option>
            </select>
            {muted}
        </div>
        <p class="form-error" role="alert">{failed}</p>
    }
    .into_any()
}
