//! What a person is told: conditions, channels, times, and what the page shows.

use crate::api;
use crate::hooks::browser;
use crate::hooks::choices::use_choices;
use crate::state::show_rules::parse_names;
use crate::ui::ev::SubmitEvent;
use crate::ui::prelude::*;
use ringback_wire::{Channel, Digest, Preferences, QuietHours, ShowRules, Signature};

const CONDITIONS: [(&str, &str); 9] = [
    ("no_secret", "A source has no secret"),
    ("bad_signature", "Bad signatures"),
    ("forgery", "A forged delivery names a trusted callback"),
    ("refused", "Deliveries are refused"),
    ("silent", "A source is silent"),
    ("storage", "Trouble with the database"),
    ("clock", "A node's clock is wrong"),
    ("secret_ending", "A secret is about to end"),
    ("new_event_type", "An event type for the first time"),
];

const SIGNATURES: [(Signature, &str); 4] = [
    (Signature::Valid, "Valid"),
    (Signature::Invalid, "Invalid"),
    (Signature::Missing, "Missing"),
    (Signature::Unchecked, "Unchecked"),
];

type Form = RwSignal<Preferences>;

/// The form; it is saved as a whole.
#[component]
pub fn Choices() -> impl IntoView {
    let form: Form = RwSignal::new(Preferences::default());
    let channels = RwSignal::new(Vec::<Channel>::new());
    let said = RwSignal::new("Loading…".to_owned());
    let ready = RwSignal::new(false);
    spawn_local(async move {
        match api::find_preferences().await {
            Ok(preferences) => {
                if let Ok(answer) = api::list_channels().await {
                    channels.set(answer.channels);
                }
                form.set(preferences);
                said.set(String::new());
                ready.set(true);
            }
            Err(error) => said.set(error.message()),
        }
    });
    let chosen = use_choices();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        spawn_local(async move {
            let wants_notifications = form.with_untracked(|form| form.notifications.enabled);
            if wants_notifications && !browser::may_notify().await {
                said.set("The browser does not allow notifications of this page.".to_owned());
                return;
            }
            match api::replace_preferences(&form.get_untracked()).await {
                Ok(saved) => {
                    chosen.set(saved);
                    said.set("Saved.".to_owned());
                }
                Err(error) => said.set(error.message()),
            }
        });
    };
    view! {
        <form class="alerts-form" on:submit=save>
            {move || ready.get().then(|| fields(form, channels.get()))}
            <div class="actions">
                <button class="button button-primary" disabled=move || !ready.get()>"Save"</button>
                <span role="status">{said}</span>
            </div>
        </form>
    }
}

fn fields(form: Form, channels: Vec<Channel>) -> AnyView {
    let conditions = CONDITIONS.map(|(name, text)| {
        check(
            text.to_owned(),
            form.with_untracked(|form| !form.conditions_off.iter().any(|off| off == name)),
            move |on| form.update(|form| set_in(&mut form.conditions_off, name.to_owned(), !on)),
        )
    });
    let all: Vec<i64> = channels.iter().map(|channel| channel.id).collect();
    let has_channels = !channels.is_empty();
    let told_on = channels.into_iter().map(|channel| {
        let (id, all) = (channel.id, all.clone());
        let on =
            form.with_untracked(|form| form.channels.as_ref().is_none_or(|ids| ids.contains(&id)));
        check(channel.name, on, move |on| {
            form.update(|form| {
                let ids = form.channels.get_or_insert_with(|| all.clone());
                set_in(ids, id, on);
                // All there are means those that are added later too.
                if all.iter().all(|id| ids.contains(id)) {
                    form.channels = None;
                }
            });
        })
    });
    let told_on = told_on.collect_view();
    view! {
        <fieldset><legend>"Tell me of"</legend>{conditions.into_iter().collect_view()}</fieldset>
        {has_channels.then(|| view! {
            <fieldset><legend>"On these channels"</legend>{told_on}</fieldset>
        }.into_any())}
        {times(form)}
        {rules("Show on the page as they arrive", form, |form| &mut form.toasts)}
        {rules("Tell by the browser while I look elsewhere", form, |form| &mut form.notifications)}
        {check(
            "With a sound".to_owned(),
            form.with_untracked(|form| form.sound),
            move |on| form.update(|form| form.sound = on),
        )}
    }
    .into_any()
}

fn times(form: Form) -> AnyView {
    let digest = move |event| {
        let digest = match event_target_value(&event).as_str() {
            "hourly" => Digest::Hourly,
            "daily" => Digest::Daily,
            _ => Digest::AtOnce,
        };
        form.update(|form| form.digest = digest);
    };
    let is = move |digest| form.with(|form| form.digest == digest);
    let quiet = move |on: bool| {
        let night = || QuietHours { from: "22:00".to_owned(), to: "07:00".to_owned() };
        form.update(|form| form.quiet_hours = on.then(night));
    };
    let hours = move || form.with(|form| form.quiet_hours.clone());
    let hour = move |label: &'static str, get: fn(&mut QuietHours) -> &mut String| {
        let value = move || hours().map(|mut hours| get(&mut hours).clone()).unwrap_or_default();
        let set = move |event| {
            let text = event_target_value(&event);
            form.update(|form| {
                if let Some(hours) = &mut form.quiet_hours {
                    *get(hours) = text;
                }
            });
        };
        view! {
            <label class="field">{label}
                <input type="time" disabled=move || hours().is_none() prop:value=value on:change=set/>
            </label>
        }
        .into_any()
    };
    let here = move |_| form.update(|form| form.time_zone = browser::time_zone());
    view! {
        <fieldset>
            <legend>"When"</legend>
            <label class="field">"Tell me"
                <select on:change=digest>
                    <option value="at_once" selected=move || is(Digest::AtOnce)>"at once"</option>
                    <option value="hourly" selected=move || is(Digest::Hourly)>"once an hour"</option>
                    <option value="daily" selected=move || is(Digest::Daily)>"once a day"</option>
                </select>
            </label>
            <Show when=move || is(Digest::Daily)>
                <label class="field">"Each day at"
                    <input
                        type="time"
                        prop:value=move || form.with(|form| form.digest_at.clone())
                        on:change=move |e| form.update(|form| form.digest_at = event_target_value(&e))
                    />
                </label>
            </Show>
            {check("Quiet hours".to_owned(), form.with_untracked(|f| f.quiet_hours.is_some()), quiet)}
            {hour("From", |hours| &mut hours.from)}
            {hour("Until", |hours| &mut hours.to)}
            <label class="field">"Time zone, like Europe/Berlin; none for UTC"
                <input
                    prop:value=move || form.with(|form| form.time_zone.clone())
                    on:input=move |e| form.update(|form| form.time_zone = event_target_value(&e))
                />
            </label>
            <button type="button" class="button" on:click=here>"Take this browser's"</button>
        </fieldset>
    }
    .into_any()
}

fn rules(legend: &'static str, form: Form, of: fn(&mut Preferences) -> &mut ShowRules) -> AnyView {
    let mut now = form.get_untracked();
    let now = of(&mut now).clone();
    let change = move |change: &dyn Fn(&mut ShowRules)| form.update(|form| change(of(form)));
    let names = |label: &'static str, value: Vec<String>, set: fn(&mut ShowRules, Vec<String>)| {
        let typed = move |event| {
            let names = parse_names(&event_target_value(&event));
            change(&|rules| set(rules, names.clone()));
        };
        view! {
            <label class="field">{label}
                <input prop:value=value.join(", ") on:input=typed placeholder="all"/>
            </label>
        }
        .into_any()
    };
    let signatures = SIGNATURES.map(|(signature, text)| {
        let on = now.signatures.is_empty() || now.signatures.contains(&signature);
        check(text.to_owned(), on, move |on| {
            change(&|rules| {
                if rules.signatures.is_empty() {
                    rules.signatures = SIGNATURES.map(|(signature, _)| signature).to_vec();
                }
                set_in(&mut rules.signatures, signature, on);
            });
        })
    });
    view! {
        <fieldset>
            <legend>{legend}</legend>
            {check("These callbacks".to_owned(), now.enabled, move |on| change(&|r| r.enabled = on))}
            {names("Event types, with commas; job.* for all that begin so", now.event_types.clone(), |r, n| r.event_types = n)}
            {names("Workflows, with commas", now.workflows.clone(), |r, n| r.workflows = n)}
            <div class="checks">{signatures.into_iter().collect_view()}</div>
        </fieldset>
    }
    .into_any()
}

fn check(text: String, on: bool, set: impl Fn(bool) + 'static) -> AnyView {
    view! {
        <label class="check">
            <input type="checkbox" checked=on on:change=move |event| set(event_target_checked(&event))/>
            <span>{text}</span>
        </label>
    }
    .into_any()
}

fn set_in<T: PartialEq>(list: &mut Vec<T>, item: T, is_in: bool) {
    list.retain(|other| *other != item);
    if is_in {
        list.push(item);
    }
}
