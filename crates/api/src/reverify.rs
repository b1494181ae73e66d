//! Verifying stored failures again with the secrets of now: for one callback at once, for a source in
//! steps beside everything else.

use crate::error::ApiError;
use crate::state::{AppState, State};
use actix_web::web;
use ringback_core::queries::audit::{NewAuditEntry, insert_audit_entry};
use ringback_core::queries::reverify::{
    FailureFilter, Mended, RunRow, Step, StoredFailure, find_open_run, insert_run, list_failures,
    promote_failures, take_step,
};
use ringback_core::reverify::mend;
use ringback_core::source::Source;
use ringback_wire::ReverifiedResponse;

/// Failures in one step: a step is one transaction, and deliveries wait meanwhile.
const STEP_ROWS: i64 = 32;

/// The source of a name.
pub fn find_source(state: &AppState, name: &str) -> Option<Source> {
    let source = state.registry.find(name)?;
    Some(Source::clone(&source.at(state.clock.now())))
}

/// All sources but one.
pub fn other_sources(state: &AppState, name: &str) -> Vec<Source> {
    let now = state.clock.now();
    let all = state.registry.list();
    let others = all.iter().filter(|source| source.name() != name);
    others.map(|source| Source::clone(&source.at(now))).collect()
}

/// Starts verifying every failure of a source again: to be called when a secret was added or mended.
///
/// # Errors
/// 503.
pub async fn start_reverify(state: &State, source: &str, by: &str) -> Result<RunRow, ApiError> {
    let filter = FailureFilter { source: source.to_owned(), callback: None, from: None, to: None };
    start_run(state, filter, by).await
}

/// Starts a run over the failures of a filter.
///
/// # Errors
/// 503.
pub async fn start_run(state: &State, filter: FailureFilter, by: &str) -> Result<RunRow, ApiError> {
    let (now, by) = (state.clock.now(), by.to_owned());
    let run = state
        .writer
        .write(move |conn| {
            let run = insert_run(conn, &filter, &by, now)?;
            let details = serde_json::json!({ "run": run.id, "failures": run.total });
            let entry = NewAuditEntry {
                at: now,
                actor: by,
                action: "reverify.start".to_owned(),
                subject: run.source.clone(),
                details: details.to_string(),
            };
            insert_audit_entry(conn, &entry)?;
            Ok(run)
        })
        .await?;
    state.reverify.notify_one();
    Ok(run)
}

/// Verifies the failures of one callback again, and says what that did.
///
/// # Errors
/// 404 when its source is configured no more; 503.
pub async fn reverify_callback(
    state: &State,
    by: &str,
    callback: i64,
    source: String,
) -> Result<ReverifiedResponse, ApiError> {
    let Some(configured) = find_source(state, &source) else {
        return Err(ApiError::UnknownSource(source));
    };
    let filter = FailureFilter { source, callback: Some(callback), from: None, to: None };
    let failures = state
        .readers
        .read(move |conn| list_failures(conn, &filter, (0, i64::MAX), STEP_ROWS))
        .await?;
    let checked = i64::try_from(failures.len()).unwrap_or(i64::MAX);
    let mended = mend_all(state, configured, failures).await?;
    let (now, by) = (state.clock.now(), by.to_owned());
    let trusted = state
        .writer
        .write(move |conn| {
            let receipts = promote_failures(conn, &mended)?;
            let trusted = i64::try_from(receipts.len()).unwrap_or(i64::MAX);
            let details = serde_json::json!({ "checked": checked, "trusted": trusted });
            let entry = NewAuditEntry {
                at: now,
                actor: by,
                action: "reverify.callback".to_owned(),
                subject: callback.to_string(),
                details: details.to_string(),
            };
            insert_audit_entry(conn, &entry)?;
            Ok(trusted)
        })
        .await?;
    if trusted > 0 {
        state.feed.note_elsewhere();
    }
    Ok(ReverifiedResponse { checked, trusted })
}

/// Hashing many bodies takes long enough to be done on a thread that may block.
async fn mend_all(
    state: &State,
    source: Source,
    failures: Vec<StoredFailure>,
) -> Result<Vec<Mended>, ApiError> {
    let state = state.clone();
    let mend = move || -> Vec<Mended> {
        failures.iter().filter_map(|failure| mend(&source, failure, &state.digest_key)).collect()
    };
    Ok(web::block(mend).await?)
}

/// Takes one step of the oldest run that has not ended; `None` when there is none.
///
/// Two nodes may take the same step; only one of them changes anything.
///
/// # Errors
/// 503.
pub async fn take_one_step(state: &State) -> Result<Option<RunRow>, ApiError> {
    let found = state
        .readers
        .read(|conn| {
            let Some(run) = find_open_run(conn)? else { return Ok(None) };
            let failures = list_failures(conn, &run.filter(), (run.passed, run.until), STEP_ROWS)?;
            Ok(Some((run, failures)))
        })
        .await?;
    let Some((run, failures)) = found else { return Ok(None) };
    let is_last = i64::try_from(failures.len()).is_ok_and(|count| count < STEP_ROWS);
    let step = Step {
        from: run.passed,
        to: failures.last().map_or(run.until, |failure| failure.id),
        checked: i64::try_from(failures.len()).unwrap_or(i64::MAX),
        ended_at: is_last.then(|| state.clock.now()),
    };
    // A source that is gone has nothing that could verify: the run passes over its failures.
    let mended = match find_source(state, &run.source) {
        Some(source) => mend_all(state, source, failures).await?,
        None => Vec::new(),
    };
    let trusted = !mended.is_empty();
    let id = run.id;
    let moved = state
        .writer
        .write(move |conn| {
            let Some(run) = take_step(conn, id, step, &mended)? else { return Ok(None) };
            if let Some(at) = run.ended_at {
                let details =
                    serde_json::json!({ "run": run.id, "checked": run.checked, "trusted": run.trusted });
                let entry = NewAuditEntry {
                    at,
                    actor: "server".to_owned(),
                    action: "reverify.end".to_owned(),
                    subject: run.source.clone(),
                    details: details.to_string(),
                };
                insert_audit_entry(conn, &entry)?;
            }
            Ok(Some(run))
        })
        .await?;
    if trusted {
        state.feed.note_elsewhere();
    }
    Ok(moved.or(Some(run)))
}
