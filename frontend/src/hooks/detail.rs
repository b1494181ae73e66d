//! What a detail window knows of its callback.

use super::alerts::use_alerts;
use super::feed::use_feed;
use super::history::use_history;
use super::session::use_session;
use super::toasts::use_toasts;
use crate::api::{self, ApiError};
use crate::ui::prelude::*;
use ringback_wire::{CallbackDetail, Seen};
use std::sync::Arc;

/// What a window knows of its callback.
#[derive(Clone, Debug)]
pub enum Content {
    /// The answer is on its way.
    Loading,
    /// Here it is.
    Found(Arc<CallbackDetail>),
    /// There is none of this id.
    NotFound,
    /// The question failed; what to tell.
    Failed(String),
}

/// The content of a window, and how to read it again.
#[derive(Clone, Copy)]
pub struct DetailContext {
    /// What is known; follows changes.
    pub content: RwSignal<Content>,
    /// Why what is known may be out of date: it could not be read again.
    pub outdated: RwSignal<Option<String>>,
    /// Reads it again.
    pub load: Callback<()>,
}

impl DetailContext {
    /// The callback, once it is here; follows changes.
    pub fn found(self) -> Option<Arc<CallbackDetail>> {
        self.content.with(|content| match content {
            Content::Found(detail) => Some(detail.clone()),
            _ => None,
        })
    }
}

/// Reads a callback, marks it as viewed as it was read, and reads it again when it changes, when the
/// alerts do (a forged delivery changes nothing else) and when the person asks for news.
pub fn use_detail(id: &str) -> DetailContext {
    let content = RwSignal::new(Content::Loading);
    let outdated = RwSignal::new(None);
    let Ok(id) = id.parse::<i64>() else {
        content.set(Content::NotFound);
        return DetailContext { content, outdated, load: Callback::new(|()| ()) };
    };
    let feed = use_feed();
    let alerts = use_alerts();
    let history = use_history();
    let session = use_session();
    let load = Callback::new(move |()| {
        spawn_local(async move {
            let answer = api::find_callback(id).await;
            let seq = match &answer {
                Ok(detail) if detail.viewed_at.is_none() => Some(detail.seq),
                _ => None,
            };
            let is_found = content.try_update_untracked(|now| matches!(now, Content::Found(_)));
            let failed = answer.as_ref().err().filter(|error| error.status() != Some(404));
            outdated.set(failed.map(ApiError::message));
            if failed.is_some() && is_found == Some(true) {
                return;
            }
            if let Ok(detail) = &answer {
                history.note_deliveries(id, detail.deliveries);
            }
            // Asked for often, and mostly the same: nothing is built again then.
            let is_same = content.try_update_untracked(|now| match (now, &answer) {
                (Content::Found(now), Ok(detail)) => **now == *detail,
                _ => false,
            });
            if is_same == Some(true) && seq.is_none() {
                return;
            }
            let is_shown = content.try_set(match answer {
                Ok(detail) => Content::Found(Arc::new(detail)),
                Err(error) if error.status() == Some(404) => Content::NotFound,
                Err(error) => Content::Failed(error.message()),
            });
            let Some(seq) = seq.filter(|_| is_shown) else { return };
            if untrack(|| session.is_admin())
                && let Some(answer) = history.mark_seen(vec![Seen { id, seq }]).await
            {
                feed.unviewed.set(answer.unviewed);
                content.try_update(|content| {
                    if let Content::Found(detail) = content {
                        let detail = Arc::make_mut(detail);
                        detail.viewed_at.get_or_insert(answer.viewed_at);
                        detail.viewed_by.get_or_insert(untrack(|| session.name()));
                    }
                });
            }
        });
    });
    use_toasts().dismiss_callback(id);
    load.run(());
    Effect::new(move |before: Option<()>| {
        let changed = feed.changed.with(|changed| changed.contains(&id));
        if before.is_some() && changed {
            load.run(());
        }
    });
    Effect::new(move |before: Option<()>| {
        alerts.now.track();
        feed.asked.track();
        if before.is_some() {
            load.run(());
        }
    });
    DetailContext { content, outdated, load }
}
