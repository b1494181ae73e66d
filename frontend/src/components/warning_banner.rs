//! What is wrong now, on every page but that of the alerts, with what to do next.

use super::icon::{Glyph, Icon};
use crate::hooks::alerts::use_alerts;
use crate::hooks::browser::keep_root_attribute;
use crate::ui::prelude::*;
use ringback_wire::Alert;

/// Most lines; the rest is counted.
const LINES: usize = 2;

/// The alerts that nobody took note of; nothing when there are none.
#[component]
pub fn WarningBanner() -> impl IntoView {
    let alerts = use_alerts();
    let urgent = Memo::new(move |_| alerts.now.with(|now| urgent(&now.open)));
    // Said of the page, which scrolls: nothing that has the focus stays behind what lies over it.
    keep_root_attribute("data-warnings", move || (!urgent.with(Vec::is_empty)).then(String::new));
    let lines = move || {
        let all = urgent.get();
        let more = all.len().saturating_sub(LINES);
        let lines = all.into_iter().take(LINES).map(line).collect_view();
        let more = (more > 0).then(|| {
            view! { <li><a href="/alerts">{more.to_string() + " more"}</a></li> }.into_any()
        });
        (lines, more)
    };
    move || {
        (!urgent.with(Vec::is_empty)).then(|| {
            view! {
                <section class="warnings" aria-label="Warnings">
                    <Icon glyph=Glyph::TriangleAlert/>
                    <ul role="list">{lines}</ul>
                </section>
            }
            .into_any()
        })
    }
}

fn line(alert: Alert) -> AnyView {
    view! {
        <li>
            <strong>{alert.title} "."</strong>
            <span class="wide-only">{alert.advice}</span>
            <a href="/alerts">"See the alert"</a>
        </li>
    }
    .into_any()
}

/// A new event type is told and is no reason to worry; neither is what somebody took care of.
fn urgent(open: &[Alert]) -> Vec<Alert> {
    let is_urgent = |alert: &&Alert| {
        alert.acknowledged_at.is_none()
            && alert.muted_until.is_none()
            && alert.condition != "new_event_type"
    };
    open.iter().filter(is_urgent).cloned().collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn alert(id: i64) -> Alert {
        Alert {
            id,
            condition: "bad_signature".into(),
            source: "openai".into(),
            cause: "wrong".into(),
            title: "Bad signatures".into(),
            advice: "Compare the secrets.".into(),
            started_at: String::new(),
            last_at: String::new(),
            count: 2,
            sample: None,
            told_at: None,
            resolved_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            muted_until: None,
        }
    }

    #[test]
    fn what_somebody_took_care_of_is_not_in_the_banner() {
        let noted = Alert { acknowledged_at: Some("t".into()), ..alert(2) };
        let muted = Alert { muted_until: Some("t".into()), ..alert(3) };
        let new = Alert { condition: "new_event_type".into(), ..alert(4) };
        let shown = urgent(&[alert(1), noted, muted, new]);
        assert_eq!(shown, [alert(1)]);
    }
}
