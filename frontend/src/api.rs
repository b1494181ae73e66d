//! Every request the app makes, and the only place that fetches.

mod alerts;
mod sources;

use crate::state::poller::PAGE;
use crate::state::query::ListQuery;
use crate::state::url::percent_encode;
use crate::ui::RwSignal;
pub use alerts::*;
use gloo_timers::callback::Timeout;
use js_sys::{Date, Promise, Reflect, Uint8Array};
use ringback_wire::json::{self, Json, Value};
use ringback_wire::{
    CallbackDetail, CheckResponse, DiagnosisResponse, FilterOptionsResponse, HistoryResponse,
    MarkUnviewedRequest, MarkUnviewedResponse, MarkViewedRequest, MarkViewedResponse, Preferences,
    Problem, ReverifiedResponse, SessionResponse, SetUpRequest, SignInRequest,
};
pub use sources::*;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, RequestCache, RequestInit, Response,
};

/// A server that says nothing for so long does not answer; a large answer may take longer.
const SILENCE_MS: u32 = 8_000;
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

#[wasm_bindgen]
extern "C" {
    /// What `index.html` has asked for already, if nobody took it yet: the bytes of a good answer, `null`
    /// when there was none in time.
    #[wasm_bindgen(js_name = takeEarly)]
    fn take_early(path: &str) -> Option<Promise>;
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
pub fn find_session() -> Reply<SessionResponse> {
    get("/api/session")
}

/// Signs in.
///
/// # Errors
/// A problem with status 401 when name and password do not match, 429 after too many attempts.
pub fn sign_in(request: &SignInRequest) -> Reply<SessionResponse> {
    send("POST", "/api/session", Some(to_json(request)))
}

/// Signs out.
///
/// # Errors
/// When the server did not do it.
pub fn sign_out() -> Reply<()> {
    done("DELETE", "/api/session", None)
}

/// True while no user exists and the set-up link is good.
///
/// # Errors
/// When there was no good answer.
pub fn find_set_up() -> Reply<bool> {
    fetch("GET", "/api/session/setup", None, |bytes| json::member(&mut parse(&bytes)?, "open"))
}

/// Makes the first admin and signs in.
///
/// # Errors
/// A problem with status 403 when the link is used or old, 422 when the input will not do.
pub fn set_up(request: &SetUpRequest) -> Reply<SessionResponse> {
    send("POST", "/api/session/setup", Some(to_json(request)))
}

/// What is new since a cursor, and the answer's text; without a cursor, where the feed stands.
///
/// # Errors
/// A problem with status 410 when the server does not know the cursor.
pub async fn check(cursor: Option<&str>) -> Result<(CheckResponse, String), ApiError> {
    let cursor = cursor.map_or_else(String::new, |c| format!("cursor={}&", percent_encode(c)));
    let path = [CALLBACKS, "/check?", &cursor, "limit=", &PAGE.to_string()].concat();
    // Other tabs are handed the text, so it must be one.
    let text = fetch("GET", &path, None, |bytes| String::from_utf8(bytes).ok()).await?;
    let page = read_page(&text).ok_or(ApiError::Unreachable)?;
    Ok((page, text))
}

/// Reads the text of a page of the feed, wherever it came from.
pub fn read_page(text: &str) -> Option<CheckResponse> {
    json::from_str(text)
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
pub fn list_history(query: &ListQuery) -> Reply<HistoryResponse> {
    let query = query.to_api();
    let separator = if query.is_empty() { "" } else { "?" };
    get(&format!("{CALLBACKS}/history{separator}{query}"))
}

/// No more than the callback next to a position of the history, among those that the filters admit.
///
/// # Errors
/// When there was no good answer.
pub fn find_neighbour(query: &ListQuery) -> Reply<HistoryResponse> {
    get(&[CALLBACKS, "/history?limit=1&", &query.to_api()].concat())
}

/// One callback with its content and evidence.
///
/// # Errors
/// A problem with status 404 when there is none.
pub fn find_callback(id: i64) -> Reply<CallbackDetail> {
    get(&format!("{CALLBACKS}/{id}?payload_limit={INLINE_BYTES}"))
}

/// The bytes of a delivery as received; somebody may follow them on their way.
///
/// # Errors
/// A problem with status 404 when only their digest was kept, and [`ApiError::Unreachable`] when it
/// was stopped.
pub fn fetch_payload(id: i64, delivery: i64, follower: Option<Follower>) -> Reply<Vec<u8>> {
    let path = payload_href(id, Some(delivery));
    Reply { bytes: Box::pin(fetch_bytes("GET", path, None, follower)), read: Some }
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
pub fn mark_viewed(request: &MarkViewedRequest) -> Reply<MarkViewedResponse> {
    send("POST", &format!("{CALLBACKS}/mark-viewed"), Some(to_json(request)))
}

/// Why a callback is not trusted.
///
/// # Errors
/// A problem with status 404 when there is nothing to explain.
pub fn find_diagnosis(callback: i64) -> Reply<DiagnosisResponse> {
    get(&format!("{CALLBACKS}/{callback}/diagnosis"))
}

/// Verifies the stored failures of a callback again.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub fn reverify_callback(callback: i64) -> Reply<ReverifiedResponse> {
    send("POST", &format!("{CALLBACKS}/{callback}/reverify"), Some("{}".to_owned()))
}

/// Takes marks back.
///
/// # Errors
/// A problem with status 403 when the role does not allow it.
pub fn mark_unviewed(request: &MarkUnviewedRequest) -> Reply<MarkUnviewedResponse> {
    send("POST", &format!("{CALLBACKS}/mark-unviewed"), Some(to_json(request)))
}

/// What the filters can be set to.
///
/// # Errors
/// When there was no good answer.
pub fn list_filter_options() -> Reply<FilterOptionsResponse> {
    get(&format!("{CALLBACKS}/filters"))
}

/// What the person prefers.
///
/// # Errors
/// When there was no good answer.
pub fn find_preferences() -> Reply<Preferences> {
    get("/api/admin/preferences")
}

/// Sets what the person prefers.
///
/// # Errors
/// A problem with status 422 that says what will not do.
pub fn replace_preferences(preferences: &Preferences) -> Reply<Preferences> {
    send("PUT", "/api/admin/preferences", Some(to_json(preferences)))
}

/// Who follows an answer on its way.
pub struct Follower {
    /// Stops it.
    pub stop: AbortController,
    /// How many bytes have come.
    pub came: RwSignal<usize>,
}

/// An answer on its way. What it is comes last, so that who waits for one kind of answer is compiled
/// as for any other.
pub struct Reply<T> {
    bytes: Pin<Box<dyn Future<Output = Result<Vec<u8>, ApiError>>>>,
    read: fn(Vec<u8>) -> Option<T>,
}

impl<T> Future for Reply<T> {
    type Output = Result<T, ApiError>;

    fn poll(mut self: Pin<&mut Self>, waker: &mut Context<'_>) -> Poll<Self::Output> {
        let read = self.read;
        Poll::Ready(match ready!(self.bytes.as_mut().poll(waker)) {
            Ok(bytes) => read(bytes).ok_or(ApiError::Unreachable),
            Err(error) => Err(error),
        })
    }
}

fn to_json(body: &impl Json) -> String {
    json::to_string(body)
}

fn get<T: Json>(path: &str) -> Reply<T> {
    send("GET", path, None)
}

fn send<T: Json>(method: &'static str, path: &str, body: Option<String>) -> Reply<T> {
    fetch(method, path, body, |bytes| T::read(&mut parse(&bytes)?))
}

fn done(method: &'static str, path: &str, body: Option<String>) -> Reply<()> {
    fetch(method, path, body, |_| Some(()))
}

fn parse(body: &[u8]) -> Option<Value> {
    Value::parse(str::from_utf8(body).ok()?)
}

fn fetch<T>(
    method: &'static str,
    path: &str,
    body: Option<String>,
    read: fn(Vec<u8>) -> Option<T>,
) -> Reply<T> {
    Reply { bytes: Box::pin(fetch_bytes(method, path.to_owned(), body, None)), read }
}

async fn fetch_bytes(
    method: &'static str,
    path: String,
    body: Option<String>,
    follower: Option<Follower>,
) -> Result<Vec<u8>, ApiError> {
    if method == "GET"
        && let Some(answer) = find_early(&path).await
    {
        return answer;
    }
    let answer = exchange(method, &path, body, follower).await;
    let answer = answer.map_err(|_| ApiError::Unreachable)?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let problem = parse(&answer.body).and_then(|mut problem| Problem::read(&mut problem));
    let problem = problem.unwrap_or_else(|| Problem {
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

/// What became of a question that the page has asked before the app was there; `None` when it has to be
/// asked again.
async fn find_early(path: &str) -> Option<Result<Vec<u8>, ApiError>> {
    let bytes = JsFuture::from(take_early(path)?).await.ok()?;
    if bytes.is_null() {
        return Some(Err(ApiError::Unreachable));
    }
    if bytes.is_undefined() { None } else { Some(Ok(Uint8Array::new(&bytes).to_vec())) }
}

struct Answer {
    status: u16,
    retry_after_ms: Option<u64>,
    body: Vec<u8>,
}

async fn exchange(
    method: &str,
    path: &str,
    body: Option<String>,
    follower: Option<Follower>,
) -> Result<Answer, JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let controller = match &follower {
        Some(follower) => follower.stop.clone(),
        None => AbortController::new()?,
    };
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(&controller.signal()));
    // A cached answer would carry the server's clock of long ago.
    init.set_cache(RequestCache::NoStore);
    if let Some(body) = body {
        let headers = Headers::new()?;
        headers.set("content-type", "application/json")?;
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(&body));
    }
    // Dropped, and with it cancelled, when something has arrived.
    let silence = give_up_later(&controller);
    let answer = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await?;
    let answer: Response = answer.dyn_into()?;
    drop(silence);
    let mut body = Vec::new();
    if let Some(stream) = answer.body() {
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        loop {
            let _silence = give_up_later(&controller);
            let chunk = JsFuture::from(reader.read()).await?;
            let value = Reflect::get(&chunk, &"value".into())?;
            if value.is_undefined() {
                break;
            }
            body.extend(Uint8Array::new(&value).to_vec());
            if let Some(follower) = &follower {
                follower.came.set(body.len());
            }
        }
    }
    Ok(Answer { status: answer.status(), retry_after_ms: retry_after_ms(&answer.headers()), body })
}

fn give_up_later(controller: &AbortController) -> Timeout {
    let controller = controller.clone();
    Timeout::new(SILENCE_MS, move || controller.abort())
}

/// `Retry-After` in seconds, or as a time by the server's own clock.
fn retry_after_ms(headers: &Headers) -> Option<u64> {
    let header = |name| headers.get(name).ok().flatten();
    let value = header("retry-after")?;
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    // What is no time gives NaN, which becomes zero, as does one that is over.
    let now_ms = header("date").map_or_else(Date::now, |date| Date::parse(&date));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
    Some((Date::parse(&value) - now_ms) as u64)
}
