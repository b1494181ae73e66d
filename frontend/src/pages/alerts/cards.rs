//! Alerts as cards, open ones with what can be done about them.

use crate::api::{self, ApiError};
use crate::components::icon::{Glyph, Icon};
use crate::components::time_ago::TimeAgo;
use crate::format::count;
use crate::hooks::alerts::use_alerts;
use crate::hooks::announcer::use_announcer;
use crate::hooks::clock::time_from_now;
use crate::hooks::session::use_session;
use crate::ui::prelude::*;
use ringback_wire::Alert;

const HOUR_MS: f64 = 3_600_000.0;

/// What is wrong now.
#[component]
pub fn OpenAlerts() -> impl IntoView {
    let alerts = use_alerts();
    alerts.reload();
    let open = move || alerts.now.with(|now| now.open.clone());
    // A card follows its alert, so that what has the focus in it keeps it.
    let line = move |first: Alert| {
        let alert = Memo::new(move |before: Option<&Alert>| {
            let found =
                alerts.now.with(|now| now.open.iter().find(|one| one.id == first.id).cloned());
            found.or(before.cloned()).unwrap_or_else(|| first.clone())
        });
        card(alert, true)
    };
    view! {
        <div aria-live="polite">
            <Show when=move || alerts.now.with(|now| now.open.is_empty())>
                <p class="state">"Nothing is wrong. What was is in the history."</p>
            </Show>
            {keyed(open, |alert| alert.id, line)}
        </div>
    }
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
        {keyed(
            move || list.get(),
            |alert| alert.id,
            |alert| card(Memo::new(move |_| alert.clone()), false),
        )}
        <p class="quiet" role="status">{remark}</p>
        <Show when=move || before.get().is_some()>
            <button type="button" class="button" on:click=move |_| load()>"Older"</button>
        </Show>
    }
}

fn card(alert: Memo<Alert>, is_open: bool) -> AnyView {
    let glyph = if is_open { Glyph::TriangleAlert } else { Glyph::CircleCheck };
    let title = move || alert.with(|alert| alert.title.clone());
    let times = move || {
        let times = alert.with(|alert| alert.count);
        (times > 0).then(|| count(times, "time", "times") + " · ")
    };
    let started = Memo::new(move |_| alert.with(|alert| alert.started_at.clone()));
    let last = Memo::new(move |_| alert.with(|alert| alert.last_at.clone()));
    let over = Memo::new(move |_| alert.with(|alert| alert.resolved_at.clone()));
    let over = move || over.get().map(|at| view! { " · over " <TimeAgo at/> });
    let sample = Memo::new(move |_| alert.with(|alert| alert.sample));
    let example = move || {
        let href = "/?callback=".to_owned() + &sample.get()?.to_string();
        Some(view! { <a href=href>"Open an example"</a> })
    };
    let noted = Memo::new(move |_| alert.with(|alert| alert.acknowledged_by.clone()));
    let noted = move || {
        let text = ["Acknowledged by ", &noted.get()?, ": no reminders until it is over."].concat();
        Some(view! { <p class="quiet">{text}</p> })
    };
    view! {
        <article class="alert-card" data-open=is_open.to_string() aria-label=title>
            <Icon glyph/>
            <div>
                <h2>{title}</h2>
                <p class="quiet">
                    {times} "since " {move || view! { <TimeAgo at=started.get()/> }}
                    ", last " {move || view! { <TimeAgo at=last.get()/> }} {over}
                </p>
                {is_open.then_some(move || alert.with(|alert| alert.advice.clone()))} " " {example} {noted}
                {is_open.then(|| actions(alert))}
            </div>
        </article>
    }
}

fn actions(alert: Memo<Alert>) -> AnyView {
    let (alerts, announcer, session) = (use_alerts(), use_announcer(), use_session());
    let id = alert.with_untracked(|alert| alert.id);
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
        let hours: u32 = event_target_value(&event).parse().unwrap_or_default();
        let until = (hours > 0).then(|| time_from_now(f64::from(hours) * HOUR_MS));
        let said = if hours > 0 { "Muted" } else { "No longer muted" };
        spawn_local(async move { done(api::mute_alert(id, until).await, said) });
    };
    let muted = Memo::new(move |_| alert.with(|alert| alert.muted_until.clone()));
    let until = move || {
        let at: String = muted.get()?.chars().take(16).collect();
        Some(view! { <span class="quiet">"Muted until " {at} "Z"</span> })
    };
    if !session.is_admin() {
        return ().into_any();
    }
    // What is chosen goes back to the first line when the alert was muted or is no longer.
    let select = move || {
        let is_muted = muted.get().is_some();
        view! {
            <select aria-label="Mute" on:change=mute>
                <option value="" selected>{if is_muted { "Muted" } else { "Mute…" }}</option>
                {is_muted.then(|| view! { <option value="0">"End the mute"</option> })}
                <option value="1">"for an hour"</option>
                <option value="8">"for 8 hours"</option>
                <option value="24">"for a day"</option>
                <option value="168">"for a week"</option>
            </select>
        }
    };
    view! {
        <div class="actions">
            <Show when=move || alert.with(|alert| alert.acknowledged_at.is_none())>
                <button type="button" class="button" on:click=acknowledge>"Acknowledge"</button>
            </Show>
            {select}
            {until}
        </div>
        <p class="form-error" role="alert">{failed}</p>
    }
}
