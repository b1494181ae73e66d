//! Every request the app makes, and the only place that fetches.

mod sources;

use crate::state::poller::PAGE;
use crate::state::query::ListQuery;
use crate::state::url::percent_encode;
use gloo_timers::callback::Timeout;
use ringback_wire::{
    Alert, AlertHistoryResponse, AlertsResponse, CallbackDetail, ChangeChannelRequest,
    ChannelsResponse, CheckResponse, DiagnosisResponse, FilterOptionsResponse, HistoryResponse,
    MarkUnviewedRequest, MarkUnviewedResponse, MarkViewedRequest, MarkViewedResponse, MuteRequest,
    NewChannelRequest, NewChannelResponse, Preferences, Problem, ReplaceChannelSecretRequest,
    ReverifiedResponse, SessionResponse, SetUpRequest, SignInRequest, TestChannelResponse,
};
use serde::{Serialize, de::DeserializeOwned};
pub use sources::*;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCache, RequestInit, Response};

const TIMEOUT_MS: u32 = 8_000;
/// A larger payload is fetched as bytes, beside the detail.
const INLINE_BYTES: u32 = 32 * 1024;
const CALLBACKS: &str = "/api/admin/llm-callbacks";

/// Why a request had no good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// No session, or one that is over. The handler of [`on_signed_out`] was told already.
    SignedOut,
    /// The server answered with a problem.
    Problem {
        /// What it said.
        problem: Problem,
        /// When it wants to be asked again.
        retry_after_ms: Option<u64>,
    },
    /// No answer, or one that cannot be read.
    Unreachable,
}

impl ApiError {
    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::SignedOut => Some(401),
            Self::Problem { problem, .. } => Some(problem.status),
            Self::Unreachable => None,
        }
    }

    /// What to tell a person.
    pub fn message(&self) -> String {
        match self {
            Self::SignedOut => "You are signed out.".to_owned(),
            Self::Problem { problem, .. } if problem.detail.is_empty() => problem.title.clone(),
            Self::Problem { problem, .. } => problem.detail.clone(),
            Self::Unreachable => {
                "The server did not answer. Check that Ringback runs and that you have a network."
                    .to_owned()
            }
        }
    }
}

thread_local! {
    static SIGNED_OUT: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// Sets what happens when any answer says that the session is over.
pub fn on_signed_out(handler: impl Fn() + 'static) {
    SIGNED_OUT.with(|slot| *slot.borrow_mut() = Some(Rc::new(handler)));
}

/// Who is signed in.
///
/// # Errors
/// [`ApiError::SignedOut`] when nobody is.
pub async fn find_session() -> Result<SessionResponse, ApiError> {
    get("/api/session").await
}

/// Signs in.
///
/// # Errors
/// A problem with status 401 when name and password do not match, 429 after too many attempts.
pub async fn sign_in(request: &SignInRequest) -> Result<SessionResponse, ApiError> {
    send("POST", "/api/session", Some(to_json(request))).await
}

/// Signs out.
///
/// # Errors
/// When the server did not do it.
pub async fn sign_out() -> Result<(), ApiError> {
    fetch("DELETE", "/api/session", None).await.map(|_| ())
}

/// True while no user exists and the set-up link is good.
///
/// # Errors
/// When there was no good answer.
pub async fn find_set_up() -> Result<bool, ApiError> {
    #[derive(serde::Deserialize)]
    struct SetUp {
        open: bool,
    }
    get::<SetUp>("/api/session/setup").await.map(|answer| answer.open)
}

/// Makes the first admin and signs in.
///
/// # Errors
/// A problem with status 403 when the link is used or old, 422 when the input will not do.
pub async fn set_up(request: &SetUpRequest) -> Result<SessionResponse, ApiError> {
    send("POST", "/api/session/setup", Some(to_json(request))).await
}

/// What is new since a cursor, and the answer's text; without a cursor, where the feed stands.
///
/// # Errors
/// A problem with status 410 when the server does not know the cursor.
pub async fn check(cursor: Option<&str>) -> Result<(CheckResponse, String), ApiError> {
    let cursor = cursor.map_or_else(String::new, |c| format!("cursor={}&", percent_encode(c)));
    let text = fetch("GET", &format!("{CALLBACKS}/check?{cursor}limit={PAGE}"), None).await?;
    // Other tabs are handed the text, so it must be one.
    let text = String::from_utf8(text).map_err(|_| ApiError::Unreachable)?;
    let page = read_page(&text).ok_or(ApiError::Unreachable)?;
    Ok((page, text))
}

/// Reads the text of a page of the feed, wherever it came from.
pub fn read_page(text: &str) -> Option<CheckResponse> {
    serde_json::from_str(text).ok()
}

/// Where the stream goes on from a position.
pub fn stream_href(cursor: Option<&str>) -> String {
    let cursor = cursor.map_or_else(String::new, |c| format!("?cursor={}", percent_encode(c)));
    format!("{CALLBACKS}/stream{cursor}")
}

/// One page of the history.
///
/// # Errors
/// A problem when the filters cannot be read.
pub async fn list_history(query: &ListQuery) -> Result<HistoryResponse, ApiError> {
    let query = query.to_api();
    let separator = if query.is_empty() { "" } else { "?" };
    get(&format!("{CALLBACKS}/history{separator}{query}")).await
}

/// The callback next to a position of the history, among those that the filters admit.
///
/// # Errors
/// When there was no good answer.
pub async fn find_neighbour(query: &ListQuery) -> Result<Option<i64>, ApiError> {
    let path = [CALLBACKS, "/history?limit=1&", &query.to_api()].concat();
    let page: HistoryResponse = get(&path).await?;
    Ok(page.callbacks.first().map(|row| row.id))
}

/// One callback with its content and evidence.
///
/// # Errors
/// A problem with status 404 when there is none.
pub async fn find_callback(id: i64) -> Result<CallbackDetail, ApiError> {
    get(&format!("{CALLBACKS}/{id}?payload_limit={INLINE_BYTES}")).await
}

/// The bytes of a delivery as received.
///
/// # Errors
/// A problem with status 404 when only their digest was kept.
pub async fn fetch_payload(id: i64, delivery: i64) -> Result<Vec<u8>, ApiError> {
    fetch("GET", &payload_href(id, Some(delivery)), None).await
}

/// Where the raw bytes are downloaded from.
pub fn payload_href(id: i64, delivery: Option<i64>) -> String {
    let delivery = delivery.map_or_else(String::new, |delivery| format!("?delivery={delivery}"));
    format!("{CALLBACKS}/{id}/payload{delivery}")
}

/// Marks callbacks as viewed.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub async fn mark_viewed(request: &MarkViewedRequest) -> Result<MarkViewedResponse, ApiError> {
    send("POST", &format!("{CALLBACKS}/mark-viewed"), Some(to_json(request))).await
}

/// Why a callback is not trusted.
///
/// # Errors
/// A problem with status 404 when there is nothing to explain.
pub async fn find_diagnosis(callback: i64) -> Result<DiagnosisResponse, ApiError> {
    get(&format!("{CALLBACKS}/{callback}/diagnosis")).await
}

/// Verifies the stored failures of a callback again.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub async fn reverify_callback(callback: i64) -> Result<ReverifiedResponse, ApiError> {
    send("POST", &format!("{CALLBACKS}/{callback}/reverify"), Some("{}".to_owned())).await
}

/// Takes marks back.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub async fn mark_unviewed(
    request: &MarkUnviewedRequest,
) -> Result<MarkUnviewedResponse, ApiError> {
    send("POST", &format!("{CALLBACKS}/mark-unviewed"), Some(to_json(request))).await
}

/// What the filters can be set to.
///
/// # Errors
/// When there was no good answer.
pub async fn list_filter_options() -> Result<FilterOptionsResponse, ApiError> {
    get(&format!("{CALLBACKS}/filters")).await
}

/// What is wrong now.
///
/// # Errors
/// When there was no good answer.
pub async fn list_alerts() -> Result<AlertsResponse, ApiError> {
    get("/api/admin/alerts").await
}

/// What was wrong, before the alert of a key when one is given.
///
/// # Errors
/// When there was no good answer.
pub async fn list_past_alerts(before: Option<i64>) -> Result<AlertHistoryResponse, ApiError> {
    let query = before.map_or_else(String::new, |id| format!("?before={id}"));
    get(&format!("/api/admin/alerts/history{query}")).await
}

/// Takes note of an alert.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub async fn acknowledge_alert(id: i64) -> Result<Alert, ApiError> {
    send("POST", &format!("/api/admin/alerts/{id}/acknowledge"), None).await
}

/// Mutes an alert until a time, or ends that.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub async fn mute_alert(id: i64, until: Option<String>) -> Result<Alert, ApiError> {
    let body = to_json(&MuteRequest { until });
    send("POST", &format!("/api/admin/alerts/{id}/mute"), Some(body)).await
}

/// Where alerts are told.
///
/// # Errors
/// When there was no good answer.
pub async fn list_channels() -> Result<ChannelsResponse, ApiError> {
    get("/api/admin/channels").await
}

/// Adds a channel.
///
/// # Errors
/// A problem with status 422 that says what will not do.
pub async fn add_channel(request: &NewChannelRequest) -> Result<NewChannelResponse, ApiError> {
    send("POST", "/api/admin/channels", Some(to_json(request))).await
}

/// Gives a channel its secret again: `target` is the URL of a Slack-compatible one.
///
/// # Errors
/// A problem with status 422 that says what will not do.
pub async fn replace_channel_secret(
    id: i64,
    target: Option<String>,
) -> Result<NewChannelResponse, ApiError> {
    let body = to_json(&ReplaceChannelSecretRequest { target });
    send("POST", &format!("/api/admin/channels/{id}/secret"), Some(body)).await
}

/// Turns a channel on or off.
///
/// # Errors
/// When the server did not do it.
pub async fn enable_channel(id: i64, enabled: bool) -> Result<(), ApiError> {
    let body = to_json(&ChangeChannelRequest { enabled });
    fetch("POST", &format!("/api/admin/channels/{id}"), Some(body)).await.map(|_| ())
}

/// Deletes a channel.
///
/// # Errors
/// When the server did not do it.
pub async fn delete_channel(id: i64) -> Result<(), ApiError> {
    fetch("DELETE", &format!("/api/admin/channels/{id}"), None).await.map(|_| ())
}

/// Sends a test to a channel.
///
/// # Errors
/// When there was no good answer; that the channel did not take it is an answer.
pub async fn test_channel(id: i64) -> Result<TestChannelResponse, ApiError> {
    send("POST", &format!("/api/admin/channels/{id}/test"), None).await
}

/// What the person prefers.
///
/// # Errors
/// When there was no good answer.
pub async fn find_preferences() -> Result<Preferences, ApiError> {
    get("/api/admin/preferences").await
}

/// Sets what the person prefers.
///
/// # Errors
/// A problem with status 422 that says what will not do.
pub async fn replace_preferences(preferences: &Preferences) -> Result<Preferences, ApiError> {
    send("PUT", "/api/admin/preferences", Some(to_json(preferences))).await
}

fn to_json(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("wire types have no maps with odd keys")
}

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    send("GET", path, None).await
}

async fn send<T: DeserializeOwned>(
    method: &str,
    path: &str,
    body: Option<String>,
) -> Result<T, ApiError> {
    let body = fetch(method, path, body).await?;
    serde_json::from_slice(&body).map_err(|_| ApiError::Unreachable)
}

async fn fetch(method: &str, path: &str, body: Option<String>) -> Result<Vec<u8>, ApiError> {
    let answer = exchange(method, path, body).await.map_err(|_| ApiError::Unreachable)?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let problem = serde_json::from_slice::<Problem>(&answer.body).unwrap_or_else(|_| Problem {
        kind: String::new(),
        title: format!("HTTP status {}", answer.status),
        status: answer.status,
        detail: format!(
            "The server answered with status {}. Try again in a moment.",
            answer.status
        ),
        request_id: None,
        start_over: None,
    });
    if answer.status == 401 && problem.kind != "/problems/sign-in-failed" {
        if let Some(handler) = SIGNED_OUT.with(|slot| slot.borrow().clone()) {
            handler();
        }
        return Err(ApiError::SignedOut);
    }
    Err(ApiError::Problem { problem, retry_after_ms: answer.retry_after_ms })
}

struct Answer {
    status: u16,
    retry_after_ms: Option<u64>,
    body: Vec<u8>,
}

async fn exchange(method: &str, path: &str, body: Option<String>) -> Result<Answer, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let controller = AbortController::new()?;
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(&controller.signal()));
    // A cached answer would carry the server's clock of long ago.
    init.set_cache(RequestCache::NoStore);
    if let Some(body) = body {
        let headers = web_sys::Headers::new()?;
        headers.set("content-type", "application/json")?;
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(&body));
    }
    // Dropped, and with it cancelled, when the body has arrived.
    let _timeout = Timeout::new(TIMEOUT_MS, move || controller.abort());
    let answer = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await?;
    let answer: Response = answer.dyn_into()?;
    let retry_after = answer.headers().get("retry-after").ok().flatten();
    let body = JsFuture::from(answer.array_buffer()?).await?;
    Ok(Answer {
        status: answer.status(),
        retry_after_ms: retry_after.and_then(|s| s.parse::<u64>().ok()).map(|s| s * 1_000),
        body: js_sys::Uint8Array::new(&body).to_vec(),
    })
}
