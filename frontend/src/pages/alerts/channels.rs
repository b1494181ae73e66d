//! Where alerts are told: how the last try went, a test, and a new one.

use crate::api::{self, Reply};
use crate::components::copy_button::CopyButton;
use crate::components::icon::Glyph;
use crate::components::time_ago::TimeAgo;
use crate::format::count;
use crate::hooks::session::use_session;
use crate::ui::ev::SubmitEvent;
use crate::ui::prelude::*;
use ringback_wire::{Channel, ChannelKind, ChannelsResponse, NewChannelRequest};
use std::pin::Pin;

/// The kinds, by their names in a form.
const KINDS: [(&str, ChannelKind, &str, &str); 3] = [
    ("mail", ChannelKind::Mail, "Mail", "Addresses, with commas"),
    ("slack", ChannelKind::Slack, "Slack-compatible webhook", "URL"),
    ("webhook", ChannelKind::Webhook, "Signed webhook", "URL"),
];

#[derive(Clone, Copy)]
struct Page {
    list: RwSignal<Option<ChannelsResponse>>,
    said: RwSignal<String>,
    /// A signing secret that was made just now.
    made: RwSignal<Option<String>>,
}

impl Page {
    fn load(self) {
        spawn_local(async move {
            match api::list_channels().await {
                Ok(answer) => self.list.set(Some(answer)),
                Err(error) => self.said.set(error.message()),
            }
        });
    }

    /// Does something with a channel, says how it went, and reads the list again.
    fn act<T: 'static>(self, doing: Reply<T>, say: impl FnOnce(T) -> String + 'static) {
        self.follow(Box::pin(async move { doing.await.map_or_else(|error| error.message(), say) }));
    }

    /// The part of it that is the same for all.
    fn follow(self, doing: Pin<Box<dyn Future<Output = String>>>) {
        spawn_local(async move {
            self.said.set(doing.await);
            self.load();
        });
    }
}

/// Every channel, and a form for a further one.
#[component]
pub fn Channels() -> impl IntoView {
    let page = Page {
        list: RwSignal::new(None),
        said: RwSignal::new(String::new()),
        made: RwSignal::new(None),
    };
    let session = use_session();
    page.load();
    let channels = Memo::new(move |_| {
        page.list.with(|list| list.as_ref().map(|answer| answer.channels.clone()))
    });
    let is_empty = move || channels.with(|list| list.as_ref().is_some_and(Vec::is_empty));
    // A card stays as long as its channel: the list is read again while somebody types in one.
    let cards = keyed(
        move || channels.get().unwrap_or_default(),
        |channel| channel.id,
        move |channel| card(channel, page),
    );
    view! {
        <Show when=is_empty>
            <p class="state">
                "Alerts are told on this page and in the log. Add a channel to hear of them elsewhere."
            </p>
        </Show>
        {cards}
        <p role="status">{page.said}</p>
        {move || page.made.get().map(|text| {
            let copied = text.clone();
            view! {
                <p class="remark break">
                    "The signing secret, shown this once: " <code>{text}</code> " "
                    <CopyButton label="Copy the secret" text=Callback::new(move |()| copied.clone()) glyph=Glyph::Copy/>
                </p>
            }.into_any()
        })}
        <Show when=move || session.is_admin()>
            <NewChannel page/>
        </Show>
    }
}

fn card(channel: Channel, page: Page) -> AnyView {
    let id = channel.id;
    let kind = KINDS.iter().find(|(_, kind, ..)| *kind == channel.kind).map_or("", |kind| kind.2);
    let is_slack = channel.kind == ChannelKind::Slack;
    let now = Memo::new(move |before: Option<&Channel>| {
        let now = page.list.with(|list| {
            let channels = list.as_ref().map(|answer| &answer.channels);
            channels?.iter().find(|channel| channel.id == id).cloned()
        });
        // On its way out of the list it stays what it was.
        now.or_else(|| before.cloned()).unwrap_or_else(|| channel.clone())
    });
    let enabled = Memo::new(move |_| now.with(|channel| channel.enabled));
    let test = move |_| {
        page.said.set("Sending…".to_owned());
        page.act(api::test_channel(id), |answer| {
            answer.error.unwrap_or_else(|| "The test was taken.".to_owned())
        });
    };
    let turn = move |_| {
        page.act(api::enable_channel(id, !enabled.get_untracked()), |()| String::new());
    };
    let asked = RwSignal::new(false);
    let delete = move |_| {
        if asked.get() {
            page.act(api::delete_channel(id), |()| "Deleted.".to_owned());
        }
        asked.set(true);
    };
    let is_admin = use_session().is_admin();
    let lacks_secret = move || is_admin && now.with(|channel| channel.lacks_secret);
    let name = now.with_untracked(|channel| channel.name.clone());
    view! {
        <article class="alert-card" aria-label=name.clone()>
            <div>
                <h2>
                    {name}
                    {move || (!enabled.get()).then_some(" (off)")}
                </h2>
                <p class="quiet break">
                    {kind} " · " {move || now.with(|channel| channel.target.clone())}
                </p>
                {move || now.with(health)}
                <Show when=lacks_secret>{secret_again(id, is_slack, page)}</Show>
                {is_admin.then(|| view! {
                    <div class="actions">
                        <button type="button" class="button" on:click=test>"Send a test"</button>
                        <button type="button" class="button" on:click=turn>
                            {move || if enabled.get() { "Turn off" } else { "Turn on" }}
                        </button>
                        <button type="button" class="button" on:click=delete>
                            {move || if asked.get() { "Really delete" } else { "Delete" }}
                        </button>
                    </div>
                }.into_any())}
            </div>
        </article>
    }
    .into_any()
}

/// How the last try went.
fn health(channel: &Channel) -> AnyView {
    match (&channel.last_error, channel.last_sent_at.clone()) {
        (Some(error), _) => {
            let tries = count(channel.failures, "try", "tries");
            let lead = if channel.failures > 0 {
                format!("{tries} failed: ")
            } else {
                "Failed: ".to_owned()
            };
            let waiting = (channel.waiting > 0).then(|| {
                format!(" {} to be told.", count(channel.waiting, "alert waits", "alerts wait"))
            });
            view! { <p class="form-error">{lead} {error.clone()} {waiting}</p> }.into_any()
        }
        (None, Some(at)) => view! { <p class="quiet">"Last told " <TimeAgo at/></p> }.into_any(),
        (None, None) => view! { <p class="quiet">"Nothing was told here yet."</p> }.into_any(),
    }
}

/// Asks for the secret that went with a lost key: a URL, or the word to make a signing secret.
fn secret_again(id: i64, is_slack: bool, page: Page) -> AnyView {
    let url = RwSignal::new(String::new());
    let give = move |event: SubmitEvent| {
        event.prevent_default();
        let target = is_slack.then(|| url.get_untracked());
        page.act(api::replace_channel_secret(id, target), move |answer| {
            page.made.set(answer.secret);
            "It has a secret again. Send a test to see whether it works.".to_owned()
        });
    };
    let field = is_slack.then(|| {
        view! {
            <label class="field">"URL"
                <input required prop:value=url on:input=move |e| url.set(event_target_value(&e))/>
            </label>
        }
        .into_any()
    });
    let word = if is_slack { "Save the URL" } else { "Make a new signing secret" };
    view! {
        <form class="alerts-form" on:submit=give aria-label="Secret">
            {field}
            <button class="button button-primary">{word}</button>
        </form>
    }
    .into_any()
}

#[component]
fn NewChannel(page: Page) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let target = RwSignal::new(String::new());
    let kind = RwSignal::new(0_usize);
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let request = NewChannelRequest {
            name: name.get_untracked(),
            kind: KINDS[kind.get_untracked()].1,
            target: target.get_untracked(),
        };
        page.act(api::add_channel(&request), move |answer| {
            name.set(String::new());
            target.set(String::new());
            page.made.set(answer.secret);
            "Added. Send a test to see whether it works.".to_owned()
        });
    };
    let choose = move |event| {
        let chosen = event_target_value(&event);
        kind.set(KINDS.iter().position(|(name, ..)| *name == chosen).unwrap_or_default());
    };
    let no_mail = move || {
        let knows_mail = page.list.with(|l| l.as_ref().is_none_or(|l| l.mail_is_configured));
        (kind.get() == 0 && !knows_mail).then_some(
            "The server knows no mail server yet: set RINGBACK_SMTP_URL and RINGBACK_SMTP_FROM.",
        )
    };
    view! {
        <form class="alert-card alerts-form" on:submit=add aria-label="New channel">
            <h2>"New channel"</h2>
            <label class="field">"Kind"
                <select on:change=choose>
                    {KINDS.map(|(name, _, text, _)| view! { <option value=name>{text}</option> }.into_any())}
                </select>
            </label>
            <label class="field">"Name"
                <input required maxlength="64" prop:value=name on:input=move |e| name.set(event_target_value(&e))/>
            </label>
            <label class="field">
                {move || KINDS[kind.get()].3}
                <input required prop:value=target on:input=move |e| target.set(event_target_value(&e))/>
            </label>
            <p class="quiet">{no_mail}</p>
            <button class="button button-primary">"Add"</button>
        </form>
    }
}
