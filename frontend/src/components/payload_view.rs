//! The body of a delivery, as it was sent.

use super::copy_button::{CopyButton, CopyIcon};
use super::icon::{Glyph, Icon};
use super::json_tree::tree_view;
use super::virtual_rows::{lines_view, spans_view};
use crate::api::payload_href;
use crate::format;
use crate::hooks::browser::focus_id;
use crate::hooks::payload::{PayloadContext, PayloadLoad, PayloadSource, load_payload};
use crate::state::json;
use crate::state::payload::{Payload, View};
use crate::ui::prelude::*;
use ringback_wire::Delivery;

/// Tabs, search, the rows, and ways to take the body along. What is fetched for it is asked for at
/// once, and shown when that is wanted.
pub fn payload_view(
    source: PayloadSource,
    delivery: &Delivery,
    is_shown: RwSignal<bool>,
) -> AnyView {
    if let Some(absence) = delivery.payload_absence {
        return view! {
            <section class="payload" role="group" aria-label="Payload">
                <h3>"Payload"</h3>
                <p class="remark">{format::absence(absence)}</p>
            </section>
        }
        .into_any();
    }
    let href = payload_href(source.callback, Some(source.delivery));
    let load = load_payload(source);
    let size = format::size(u64::try_from(delivery.size_bytes).unwrap_or(0));
    let content_type = delivery.content_type.as_deref().unwrap_or("no content type");
    let about = [&size, " · ", content_type].concat();
    let shown = move || is_shown.get().then(|| loaded_view(load, &size, &about, &href));
    shown.into_any()
}

fn loaded_view(load: PayloadLoad, size: &str, about: &str, href: &str) -> AnyView {
    let context = load.context;
    let size = size.to_owned();
    let raw = Callback::new(move |()| context.payload.with_value(Payload::copy_text));
    let pretty = Callback::new(move |()| context.payload.with_value(Payload::pretty));
    let views = Memo::new(move |_| context.with(Payload::views));
    let is_text = Memo::new(move |_| context.with(|payload| payload.text().is_some()));
    let body = move || {
        match context.missing.get() {
        Some(why) if why.is_empty() => loading_view(load, size.clone()),
        Some(why) => view! {
            <p class="remark">
                {why}
                " "
                <button type="button" class="button" on:click=move |_| load.fetch()>"Try again"</button>
            </p>
        }
        .into_any(),
        None => content(context),
    }
    };
    let panel_id = context.dom.get_value();
    view! {
        <section class="payload" role="group" aria-label="Payload">
            <div class="payload-head">
                <h3>"Payload"</h3>
                <span class="quiet">{about.to_owned()}</span>
                {move || view_tabs(context, views.get())}
                <div class="payload-take">
                    {move || {
                        let label = if is_text.get() { "Copy payload" } else { "Copy bytes as hex" };
                        view! { <CopyIcon label text=raw glyph=Glyph::Copy/> }
                    }}
                    <Show when=move || views.get().contains(&View::Tree)>
                        <CopyIcon label="Copy formatted JSON" text=pretty glyph=Glyph::Braces/>
                    </Show>
                    <a
                        class="button button-icon"
                        href=href.to_owned()
                        download
                        rel="external"
                        aria-label="Download payload"
                        title="Download payload"
                    >
                        <Icon glyph=Glyph::Download/>
                    </a>
                </div>
            </div>
            <div id=panel_id>{body}</div>
        </section>
    }
    .into_any()
}

/// How far it has come, and the way to do without.
fn loading_view(load: PayloadLoad, size: String) -> AnyView {
    let told = move || match load.loaded.get() {
        0 => String::new(),
        bytes => [&format::size(bytes as u64), " of ", &size].concat(),
    };
    view! {
        <p class="remark" aria-busy="true">
            "Loading the payload… "
            {told}
            " "
            <button type="button" class="button" on:click=move |_| load.stop()>"Stop"</button>
        </p>
    }
    .into_any()
}

fn content(context: PayloadContext) -> AnyView {
    let text = RwSignal::new(None::<(String, String)>);
    let open_text = Callback::new(move |row| {
        text.set(Some(context.payload.with_value(|payload| {
            (json::pointer(payload.bytes(), payload.rows(), row), payload.value(row))
        })));
    });
    let view = Memo::new(move |_| context.view());
    let rows = move || match (text.get(), view.get()) {
        (Some((pointer, value)), _) => whole_text(context, pointer, value, text),
        (None, None) => ().into_any(),
        (None, Some(View::Tree)) => tree_view(context, open_text),
        (None, Some(view)) => {
            context.payload.update_value(Payload::split_lines);
            match (view, context.payload.with_value(Payload::whole)) {
                (View::Raw, Some(_)) => whole_view(context),
                _ => lines_view(context, view),
            }
        }
    };
    let remark = Memo::new(move |_| context.with(Payload::remark));
    let can_jump = Memo::new(move |_| {
        view.get() == Some(View::Hex) || context.with(|payload| payload.whole().is_none())
    });
    view! {
        {move || remark.get().map(|remark| view! {
            <p class="remark">
                {remark}
                {can_jump.get().then(|| view! {
                    " "
                    <button type="button" class="button" on:click=move |_| context.show_error()>"Go there"</button>
                })}
            </p>
        })}
        <Show when=move || view.get().is_some()>{find_bar(context, view, text)}</Show>
        <div
            role="tabpanel"
            id=panel_id(context)
            class="payload-panel"
            aria-label=move || view.get().map(view_name)
        >
            {rows}
        </div>
    }
    .into_any()
}

/// The raw view of a short payload: one text, so that the browser can search and select in it.
fn whole_view(context: PayloadContext) -> AnyView {
    let spans = move || context.with(Payload::whole).map(spans_view);
    view! {
        <pre class="whole mono" role="group" aria-label="Payload" tabindex="0">{spans}</pre>
    }
    .into_any()
}

/// What a long string stands for, in place of the tree.
fn whole_text(
    outer: PayloadContext,
    pointer: String,
    value: String,
    text: RwSignal<Option<(String, String)>>,
) -> AnyView {
    let dom = outer.dom.get_value() + "-text";
    let context = PayloadContext::new(dom, value.into_bytes());
    context.payload.update_value(Payload::split_lines);
    let copied = Callback::new(move |()| context.payload.with_value(Payload::copy_text));
    let rows = match context.payload.with_value(Payload::whole) {
        Some(_) => whole_view(context),
        None => lines_view(context, View::Raw),
    };
    view! {
        <div class="row-bar">
            <button type="button" class="button" on:click=move |_| text.set(None)>
                <Icon glyph=Glyph::ArrowLeft/>
                "Back to the tree"
            </button>
            <p class="row-path mono">{pointer}</p>
            <CopyButton label="Copy text" text=copied glyph=Glyph::Copy/>
        </div>
        {rows}
    }
    .into_any()
}

/// Searches in the payload; the long text that is shown in place of the tree gives way to it.
fn find_bar(
    context: PayloadContext,
    view: Memo<Option<View>>,
    whole: RwSignal<Option<(String, String)>>,
) -> AnyView {
    let query = RwSignal::new(String::new());
    let count = Memo::new(move |_| context.with(|payload| payload.find.count()));
    let told = move || {
        context.with(|payload| match (query.with(String::is_empty), payload.find.count()) {
            (true, _) => String::new(),
            (false, 0) => "none".to_owned(),
            (false, count) => {
                let mut told = payload.find.place().to_string();
                told.push_str(" of ");
                told.push_str(&count.to_string());
                if count == crate::state::find::MOST {
                    told.push('+');
                }
                told
            }
        })
    };
    let typed = move |event| {
        let text = event_target_value(&event);
        whole.set(None);
        context.search(&text);
        query.set(text);
    };
    let go = move |forward| {
        whole.set(None);
        context.step(forward);
    };
    let keys = move |event: crate::ui::ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            go(!event.shift_key());
        }
        // Escape empties the field first, and closes the window only then.
        "Escape" if !query.with_untracked(String::is_empty) => {
            event.prevent_default();
            query.set(String::new());
            context.search("");
        }
        _ => {}
    };
    let step = move |label: &'static str, glyph: Glyph, forward: bool| {
        view! {
            <button
                type="button"
                class="button button-icon"
                aria-label=label
                title=label
                prop:disabled=move || count.get() == 0
                on:click=move |_| go(forward)
            >
                <Icon glyph/>
            </button>
        }
        .into_any()
    };
    let is_tree = move || view.get() == Some(View::Tree);
    view! {
        <div class="find-bar">
            <input
                type="search"
                aria-label="Find in payload"
                placeholder="Find in payload"
                autocomplete="off"
                spellcheck="false"
                prop:value=query
                on:input=typed
                on:keydown=keys
            />
            <output class="quiet">{told}</output>
            {step("Previous match", Glyph::ChevronUp, false)}
            {step("Next match", Glyph::ChevronDown, true)}
            <span class="spacer"></span>
            <Show when=is_tree>
                <button type="button" class="button" on:click=move |_| context.fold_all(true)>"Fold all"</button>
                <button type="button" class="button" on:click=move |_| context.fold_all(false)>"Unfold all"</button>
            </Show>
        </div>
    }
    .into_any()
}

fn panel_id(context: PayloadContext) -> String {
    context.dom.with_value(|dom| dom.clone() + "-panel")
}

fn view_tabs(context: PayloadContext, views: &'static [View]) -> AnyView {
    if views.len() < 2 {
        return ().into_any();
    }
    let tab_id = move |view: View| {
        context.dom.with_value(|dom| {
            let mut id = dom.clone();
            id.push('-');
            id.push_str(view_name(view));
            id
        })
    };
    let keys = move |event: crate::ui::ev::KeyboardEvent| {
        let step = match event.key().as_str() {
            "ArrowLeft" => views.len() - 1,
            "ArrowRight" => 1,
            _ => return,
        };
        event.prevent_default();
        let current = untrack(|| context.view());
        let at = views.iter().position(|view| Some(*view) == current).unwrap_or(0);
        let view = views[(at + step) % views.len()];
        context.choose(view);
        focus_id(&tab_id(view));
    };
    let tab = move |view: View| {
        let selected = move || context.view() == Some(view);
        view! {
            <button
                type="button"
                role="tab"
                class="segment"
                id=tab_id(view)
                aria-selected=move || selected().to_string()
                aria-controls=panel_id(context)
                tabindex=move || if selected() { "0" } else { "-1" }
                on:click=move |_| context.choose(view)
            >
                {view_name(view)}
            </button>
        }
        .into_any()
    };
    let tabs = views.iter().copied().map(tab).collect_view();
    view! {
        <div class="segments" role="tablist" aria-label="Payload view" on:keydown=keys>{tabs}</div>
    }
    .into_any()
}

fn view_name(view: View) -> &'static str {
    match view {
        View::Tree => "Tree",
        View::Raw => "Raw",
        View::Hex => "Hex",
    }
}
