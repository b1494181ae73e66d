//! One round of the alerts: what was noted is added, and one node tells what is to be told.
//!
//! Every node adds what it noted. The lease decides who goes on; what is told is decided by
//! conditions in the statements themselves, so two holders at once tell nothing twice.

use crate::error::ApiError;
use crate::observations::Taken;
use crate::state::AppState;
use ringback_core::alert::ending::find_ending;
use ringback_core::alert::route::{Routing, plan};
use ringback_core::alert::silence::{LOOK_BACK, missed_since};
use ringback_core::alert::text::headline;
use ringback_core::alert::{Alert, Condition, Key, Seen, Telling};
use ringback_core::models::Micros;
use ringback_core::queries::alerts::{self, Step};
use ringback_core::queries::{channels, leases, preferences, sources};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

const SECOND: Micros = 1_000_000;
const LEASE: &str = "alerts";
const LEASE_TTL: Micros = 60 * SECOND;
/// Silence and event types are looked for this often.
const LOOK_EVERY: Micros = 60 * SECOND;
/// Event types are looked for in hours that began within this time.
const NEW_TYPES_WITHIN: Micros = 2 * 3600 * SECOND;
/// Old alerts go this often.
const TIDY_EVERY: Micros = 24 * 3600 * SECOND;
/// Alerts that resolved longer ago go.
const KEPT: Micros = 90 * 24 * 3600 * SECOND;
/// New event types of a source that are told apart in one look; a sender that makes them up is told
/// as such.
const MOST_NEW_TYPES: usize = 5;

/// What a node remembers between two rounds. Nothing of it has to outlive the process.
#[derive(Debug, Default)]
pub struct Memory {
    remembered: Mutex<Remembered>,
    /// Rounds of one node do not overlap: what one takes the next would miss.
    round: tokio::sync::Mutex<()>,
    /// Nor do its sendings.
    pub(super) sending: tokio::sync::Mutex<()>,
    told: Notify,
}

#[derive(Clone, Debug, Default)]
struct Remembered {
    lease_until: Micros,
    looked_at: Option<Micros>,
    tidied_at: Option<Micros>,
    silent: BTreeSet<Key>,
    ending: BTreeSet<Key>,
    stopped: bool,
}

impl Memory {
    fn read(&self) -> Remembered {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Remembered)) {
        change(&mut self.remembered.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits until a round has told something.
    pub async fn wait_until_told(&self) {
        self.told.notified().await;
    }
}

/// One round: adds what was noted and, as the one node that does, tells what is to be told. Gives
/// the steps that were told.
///
/// # Errors
/// [`ApiError`]; what was noted is kept for the next round.
pub async fn run(state: &AppState) -> Result<Vec<Step>, ApiError> {
    let _round = state.alerts.round.lock().await;
    if state.alerts.read().stopped {
        return Ok(Vec::new());
    }
    run_alone(state).await
}

/// The last round of a node: tells what was noted and gives the lease up, so that another goes on at
/// once.
///
/// # Errors
/// [`ApiError`].
pub async fn finish(state: &AppState) -> Result<(), ApiError> {
    let _round = state.alerts.round.lock().await;
    run_alone(state).await?;
    state.alerts.change(|memory| memory.stopped = true);
    if state.alerts.read().lease_until > 0 {
        let holder = state.node.clone();
        state.writer.write(move |conn| leases::release_lease(conn, LEASE, &holder)).await?;
    }
    Ok(())
}

async fn run_alone(state: &AppState) -> Result<Vec<Step>, ApiError> {
    let now = state.clock.now();
    add_noted(state).await?;
    if !hold_lease(state, now).await? {
        return Ok(Vec::new());
    }
    let wanted = find_states(state, now).await?;
    let told = step_all(state, &wanted, now).await?;
    if !told.is_empty() {
        state.alerts.told.notify_one();
    }
    tidy(state, now).await?;
    Ok(told)
}

/// Adds what this node noted to the database.
///
/// # Errors
/// [`ApiError`]; then it is kept.
pub async fn add_noted(state: &AppState) -> Result<(), ApiError> {
    let Taken { seen, met } = state.observations.take();
    let mut seen: Vec<(Key, Seen)> = seen.into_iter().collect();
    if seen.is_empty() && met.is_empty() {
        return Ok(());
    }
    seen.sort_by(|(a, _), (b, _)| a.cmp(b));
    let add = seen.clone();
    let added = state
        .writer
        .write(move |conn| {
            let mut all = add;
            for (source, callbacks) in met {
                let ids: Vec<i64> = callbacks.keys().copied().collect();
                let trusted = alerts::list_trusted(conn, &ids)?;
                let aimed = callbacks.iter().filter(|(id, _)| trusted.contains(id));
                let sum = aimed.fold(None, |sum: Option<Seen>, (id, (count, at))| {
                    let so_far = sum.map_or((0, *at), |sum| (sum.count, sum.at));
                    let (count, at) = (so_far.0 + count, so_far.1.max(*at));
                    Some(Seen { count, at, sample: Some(*id) })
                });
                all.extend(sum.map(|sum| (Key::new(Condition::Forgery, &source, "forged"), sum)));
            }
            alerts::record_seen(conn, &all)
        })
        .await;
    if let Err(error) = added {
        state.observations.put_back(seen);
        return Err(error.into());
    }
    Ok(())
}

async fn hold_lease(state: &AppState, now: Micros) -> Result<bool, ApiError> {
    // Renewed when half of it is over: an idle server need not write each round.
    let until = state.alerts.read().lease_until;
    if until - now > LEASE_TTL / 2 && until - now <= LEASE_TTL {
        return Ok(true);
    }
    let holder = state.node.clone();
    let held = state
        .writer
        .write(move |conn| leases::claim_lease(conn, LEASE, &holder, now, LEASE_TTL))
        .await?;
    state.alerts.change(|memory| memory.lease_until = if held { now + LEASE_TTL } else { 0 });
    Ok(held)
}

/// The states that are so now; those that need a look into the database once a minute.
async fn find_states(state: &AppState, now: Micros) -> Result<BTreeSet<Key>, ApiError> {
    let is_due = state.alerts.read().looked_at.is_none_or(|at| (now - at).abs() >= LOOK_EVERY);
    if is_due {
        look(state, now).await?;
    }
    let found = state.alerts.read();
    let mut wanted = found.silent;
    wanted.extend(found.ending);
    for source in state.registry.list().iter().filter(|source| source.lacks_secret(now)) {
        wanted.insert(Key::new(Condition::NoSecret, source.name(), ""));
    }
    Ok(wanted)
}

async fn look(state: &AppState, now: Micros) -> Result<(), ApiError> {
    let (hours, unknown, secrets) = state
        .readers
        .read(move |conn| {
            let hours = alerts::list_active_hours(conn, now - LOOK_BACK)?;
            let unknown = alerts::list_unknown_types(conn, now - NEW_TYPES_WITHIN)?;
            Ok((hours, unknown, sources::list_secrets(conn)?))
        })
        .await?;
    let missed = hours.into_iter().filter(|(source, hours)| {
        state.registry.find(source).is_some() && missed_since(hours, now).is_some()
    });
    let silent = missed.map(|(source, _)| Key::new(Condition::Silent, &source, "")).collect();
    let ending = find_ending(&secrets, now).into_iter();
    let ending =
        ending.map(|(source, label)| Key::new(Condition::SecretEnding, &source, &label)).collect();
    if !unknown.is_empty() {
        state.writer.write(move |conn| learn(conn, now)).await?;
    }
    state.alerts.change(|memory| {
        memory.silent = silent;
        memory.ending = ending;
        memory.looked_at = Some(now);
    });
    Ok(())
}

fn learn(conn: &mut ringback_core::connection::Connection, now: Micros) -> diesel::QueryResult<()> {
    let new = alerts::learn_event_types(conn, now - NEW_TYPES_WITHIN, now)?;
    let seen = Seen { count: 1, at: now, sample: None };
    let mut told: Vec<(Key, Seen)> = Vec::new();
    for group in new.chunk_by(|(a, _), (b, _)| a == b) {
        let (single, rest) = group.split_at(group.len().min(MOST_NEW_TYPES));
        for (source, event_type) in single {
            told.push((Key::new(Condition::NewEventType, source, event_type), seen));
        }
        if let Some((source, _)) = rest.first() {
            let count = i64::try_from(rest.len()).unwrap_or(i64::MAX);
            let key = Key::new(Condition::NewEventType, source, "and others");
            told.push((key, Seen { count, ..seen }));
        }
    }
    alerts::record_seen(conn, &told)
}

/// Opens the states that are so, steps every alert, and gives what was told.
async fn step_all(
    state: &AppState,
    wanted: &BTreeSet<Key>,
    now: Micros,
) -> Result<Vec<Step>, ApiError> {
    let read = |conn: &mut _| {
        let open = alerts::list_open_alerts(conn)?;
        let channels = channels::list_channels(conn)?;
        Ok((open, channels, preferences::list_routings(conn)?))
    };
    let (open, channels, routings) = state.readers.read(read).await?;
    let is_open = |key: &Key| open.iter().any(|alert| alert.key == *key);
    let starting: Vec<(Key, Seen)> = wanted
        .iter()
        .filter(|key| !is_open(key))
        .map(|key| (key.clone(), Seen { count: 0, at: now, sample: None }))
        .collect();
    let open = if starting.is_empty() {
        open
    } else {
        let open = move |conn: &mut _| {
            alerts::record_seen(conn, &starting)?;
            alerts::list_open_alerts(conn)
        };
        state.writer.write(open).await?
    };
    let told_where: Vec<i64> = channels
        .iter()
        .filter(|channel| channel.disabled_at.is_none())
        .map(|channel| channel.id)
        .collect();
    let steps: Vec<Step> = open
        .into_iter()
        .filter_map(|alert| step(alert, wanted, &told_where, &routings, now))
        .collect();
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let made = state.writer.write(move |conn| alerts::make_steps(conn, steps, now)).await?;
    let told: Vec<Step> = made.into_iter().filter(|step| step.telling.is_some()).collect();
    told.iter().for_each(log);
    Ok(told)
}

fn step(
    before: Alert,
    wanted: &BTreeSet<Key>,
    channels: &[i64],
    routings: &[Routing],
    now: Micros,
) -> Option<Step> {
    let mut after = before.clone();
    let is_state = before.key.condition.rule().quiet.is_none();
    let telling =
        if is_state && !wanted.contains(&before.key) { after.clear(now) } else { after.step(now) };
    let plan = plan(before.key.condition, now, channels, routings);
    (after != before).then_some(Step { before, after, telling, plan })
}

/// The log is told of everything, whoever chose what.
fn log(step: &Step) {
    let (alert, Some(telling)) = (&step.after, step.telling) else { return };
    let (source, count) = (alert.key.source.as_str(), alert.count);
    let condition = alert.key.condition.name();
    let words = headline(&alert.key, telling, count);
    if telling == Telling::Resolved {
        tracing::info!(alert.condition = condition, source.name = source, count, "{words}");
    } else {
        tracing::warn!(alert.condition = condition, source.name = source, count, "{words}");
    }
}

async fn tidy(state: &AppState, now: Micros) -> Result<(), ApiError> {
    if state.alerts.read().tidied_at.is_some_and(|at| (now - at).abs() < TIDY_EVERY) {
        return Ok(());
    }
    state
        .writer
        .write(move |conn| {
            channels::give_up_notices(conn, now)?;
            alerts::delete_alerts_before(conn, now - KEPT, now)
        })
        .await?;
    state.alerts.change(|memory| memory.tidied_at = Some(now));
    Ok(())
}
