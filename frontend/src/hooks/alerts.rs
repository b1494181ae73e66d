//! What is wrong now: read at the start, when callbacks arrive that may change it, and three times a
//! minute.

use crate::api;
use crate::ui::prelude::*;
use gloo_timers::callback::Interval;
use ringback_wire::AlertsResponse;

const INTERVAL_MS: u32 = 20_000;

/// The open alerts.
#[derive(Clone, Copy)]
pub struct Alerts {
    /// What the server said last; follows changes.
    pub now: RwSignal<AlertsResponse>,
    loading: StoredValue<bool>,
}

/// Makes the alerts available and keeps them fresh.
pub fn provide_alerts() -> Alerts {
    let alerts =
        Alerts { now: RwSignal::new(AlertsResponse::default()), loading: StoredValue::new(false) };
    provide_context(alerts);
    StoredValue::new(Interval::new(INTERVAL_MS, move || {
        if super::browser::is_visible() {
            alerts.reload();
        }
    }));
    alerts.reload();
    alerts
}

/// The open alerts.
pub fn use_alerts() -> Alerts {
    expect_context()
}

impl Alerts {
    /// Reads them again, unless that is under way.
    pub fn reload(self) {
        if self.loading.get_value() {
            return;
        }
        self.loading.set_value(true);
        spawn_local(async move {
            let answer = api::list_alerts().await;
            self.loading.set_value(false);
            // A failure changes nothing: the header tells of the connection.
            if let Ok(answer) = answer
                && self.now.try_get_untracked().is_some_and(|now| now != answer)
            {
                self.now.set(answer);
            }
        });
    }
}
