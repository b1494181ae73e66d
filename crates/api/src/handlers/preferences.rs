//! What a user prefers: where and when alerts are told, and what the page shows.

use super::callbacks::parse_json;
use crate::error::ApiError;
use crate::extractors::{Identity, Viewer};
use crate::state::State;
use actix_web::{HttpResponse, web};
use ringback_core::alert::Condition;
use ringback_core::alert::route::{self, Routing, find_time_zone};
use ringback_core::queries::preferences::{self, StoredPreferences};
use ringback_wire::{Digest, Preferences, QuietHours, ShowRules};
use serde::{Deserialize, Serialize};

/// Names in one rule of the page.
const MOST_NAMES: usize = 100;

/// The part that only the page understands.
#[derive(Serialize, Deserialize)]
struct Screen {
    toasts: ShowRules,
    notifications: ShowRules,
    sound: bool,
}

/// What the user prefers; the usual when they never chose.
///
/// # Errors
/// 404 for an API token.
pub async fn show_preferences(viewer: Viewer, state: State) -> Result<HttpResponse, ApiError> {
    let user_id = user_of(&viewer.0)?;
    let stored = state.readers.read(move |conn| preferences::find_preferences(conn, user_id));
    let chosen = stored.await?.map_or_else(Preferences::default, view);
    Ok(HttpResponse::Ok().json(chosen))
}

/// Sets what the user prefers.
///
/// # Errors
/// 404 for an API token, 422 for what cannot be followed.
pub async fn replace_preferences(
    viewer: Viewer,
    body: Result<web::Json<Preferences>, actix_web::Error>,
    state: State,
) -> Result<HttpResponse, ApiError> {
    let user_id = user_of(&viewer.0)?;
    let chosen = read(parse_json(body)?)?;
    let (answer, now) = (view(chosen.clone()), state.clock.now());
    state
        .writer
        .write(move |conn| preferences::replace_preferences(conn, user_id, &chosen, now))
        .await?;
    Ok(HttpResponse::Ok().json(answer))
}

fn user_of(identity: &Identity) -> Result<i64, ApiError> {
    identity.user_id.ok_or_else(|| {
        ApiError::NotFound("an API token has no preferences: they are a user's".to_owned())
    })
}

fn read(chosen: Preferences) -> Result<StoredPreferences, ApiError> {
    let wrong = |text: String| Err(ApiError::InvalidInput(text));
    if let Some(name) = chosen.conditions_off.iter().find(|n| Condition::from_name(n).is_none()) {
        return wrong(format!("no condition is named {name:?}"));
    }
    if find_time_zone(&chosen.time_zone).is_none() {
        return wrong("`time_zone` takes an IANA name like Europe/Berlin".to_owned());
    }
    for rules in [&chosen.toasts, &chosen.notifications] {
        let names = rules.event_types.iter().chain(&rules.workflows);
        if rules.event_types.len().max(rules.workflows.len()) > MOST_NAMES
            || names.clone().any(|name| name.len() > 255 || name.contains('\0'))
        {
            return wrong(format!("a rule takes {MOST_NAMES} names of up to 255 bytes"));
        }
    }
    let quiet_hours = chosen.quiet_hours.as_ref().map(read_quiet_hours).transpose()?;
    let digest = match chosen.digest {
        Digest::AtOnce => route::Digest::AtOnce,
        Digest::Hourly => route::Digest::Hourly,
        Digest::Daily => route::Digest::Daily(parse_minute("digest_at", &chosen.digest_at)?),
    };
    let screen =
        Screen { toasts: chosen.toasts, notifications: chosen.notifications, sound: chosen.sound };
    Ok(StoredPreferences {
        routing: Routing {
            off: chosen.conditions_off.into_iter().collect(),
            channels: chosen.channels.map(|ids| ids.into_iter().collect()),
            quiet_hours,
            time_zone: chosen.time_zone,
            digest,
        },
        screen: serde_json::to_string(&screen).map_err(ApiError::internal)?,
    })
}

fn read_quiet_hours(hours: &QuietHours) -> Result<route::QuietHours, ApiError> {
    let (from_minute, to_minute) = (
        parse_minute("quiet_hours.from", &hours.from)?,
        parse_minute("quiet_hours.to", &hours.to)?,
    );
    if from_minute == to_minute {
        return Err(ApiError::InvalidInput("quiet hours begin and end at different times".into()));
    }
    Ok(route::QuietHours { from_minute, to_minute })
}

fn parse_minute(field: &str, text: &str) -> Result<u16, ApiError> {
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let is_two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let (hour, minute): (u16, u16) = (is_two(hour) && is_two(minute))
            .then(|| Some((hour.parse().ok()?, minute.parse().ok()?)))??;
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    });
    parsed
        .ok_or_else(|| ApiError::InvalidInput(format!("`{field}` takes a time of day like 07:30")))
}

fn view(stored: StoredPreferences) -> Preferences {
    let usual = Preferences::default();
    let StoredPreferences { routing, screen } = stored;
    // Written by another version: what it cannot say is as usual.
    let screen: Option<Screen> = serde_json::from_str(&screen).ok();
    let screen = screen.unwrap_or(Screen {
        toasts: usual.toasts,
        notifications: usual.notifications,
        sound: usual.sound,
    });
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    let (digest, digest_at) = match routing.digest {
        route::Digest::AtOnce => (Digest::AtOnce, usual.digest_at),
        route::Digest::Hourly => (Digest::Hourly, usual.digest_at),
        route::Digest::Daily(minute) => (Digest::Daily, clock(minute)),
    };
    Preferences {
        conditions_off: routing.off.into_iter().collect(),
        channels: routing.channels.map(|ids| ids.into_iter().collect()),
        quiet_hours: routing
            .quiet_hours
            .map(|hours| QuietHours { from: clock(hours.from_minute), to: clock(hours.to_minute) }),
        time_zone: routing.time_zone,
        digest,
        digest_at,
        toasts: screen.toasts,
        notifications: screen.notifications,
        sound: screen.sound,
    }
}
