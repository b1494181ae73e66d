//! The one table of routes. What is not here is not served; a test walks it and tries every door.

use crate::error::ApiError;
use crate::handlers::{
    alerts, callbacks, channels, diagnosis, handshake, health, history, metrics, operations,
    preferences, receive, session, source_test, sources, stream, viewed,
};
use crate::spa;
use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever is signed in.
    Viewer,
    /// Admins.
    Admin,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Who may use it.
    pub access: Access,
    /// `get`, `post` or `delete`.
    pub method: &'static str,
    /// The pattern of its path.
    pub path: &'static str,
}

macro_rules! routes {
    ($($access:ident $method:ident $path:literal => $handler:path;)+) => {
        /// Every route of the API.
        pub const ROUTES: &[Route] = &[
            $(Route { access: Access::$access, method: stringify!($method), path: $path },)+
        ];

        /// Registers every route, and the app for all other paths.
        pub fn configure(config: &mut web::ServiceConfig) {
            $(config.route($path, route(stringify!($method)).to($handler));)+
            config.default_service(web::to(fall_through));
        }
    };
}

routes! {
    Public get    "/healthz" => health::show_health;
    Public get    "/readyz" => health::show_readiness;
    Viewer get    "/metrics" => metrics::show_metrics;
    Public post   "/api/webhooks/llm-callback" => receive::receive_default;
    Public post   "/api/webhooks/llm-callback/{source}" => receive::receive_named;
    Public get    "/api/webhooks/llm-callback" => handshake::answer_challenge_default;
    Public get    "/api/webhooks/llm-callback/{source}" => handshake::answer_challenge_named;
    Public options "/api/webhooks/llm-callback" => handshake::answer_options_default;
    Public options "/api/webhooks/llm-callback/{source}" => handshake::answer_options_named;
    Public post   "/api/session" => session::sign_in;
    Public get    "/api/session/setup" => session::show_set_up;
    Public post   "/api/session/setup" => session::set_up;
    Viewer get    "/api/session" => session::show_session;
    Viewer delete "/api/session" => session::sign_out;
    Viewer get    "/api/admin/llm-callbacks/check" => callbacks::check;
    Viewer get    "/api/admin/llm-callbacks/history" => history::history;
    Viewer get    "/api/admin/llm-callbacks/filters" => history::show_filters;
    Admin  post   "/api/admin/llm-callbacks/mark-viewed" => viewed::mark_viewed;
    Admin  post   "/api/admin/llm-callbacks/mark-unviewed" => viewed::mark_unviewed;
    Viewer get    "/api/admin/llm-callbacks/stream" => stream::follow;
    Viewer get    "/api/admin/llm-callbacks/reverify" => diagnosis::list_reverify_runs;
    Admin  post   "/api/admin/llm-callbacks/reverify" => diagnosis::reverify_source;
    Viewer get    "/api/admin/llm-callbacks/{id}" => callbacks::show_callback;
    Viewer get    "/api/admin/llm-callbacks/{id}/diagnosis" => diagnosis::show_diagnosis;
    Admin  post   "/api/admin/llm-callbacks/{id}/reverify" => diagnosis::reverify_callback;
    Viewer get    "/api/admin/llm-callbacks/{id}/payload" => callbacks::show_payload;
    Viewer get    "/api/admin/sources" => sources::list_sources;
    Admin  post   "/api/admin/sources" => sources::create_source;
    Viewer get    "/api/admin/sources/{name}" => sources::show_source;
    Admin  patch  "/api/admin/sources/{name}" => sources::change_source;
    Admin  delete "/api/admin/sources/{name}" => sources::delete_source;
    Admin  post   "/api/admin/sources/{name}/secrets" => sources::add_secret;
    Admin  patch  "/api/admin/sources/{name}/secrets/{id}" => sources::change_secret;
    Admin  delete "/api/admin/sources/{name}/secrets/{id}" => sources::delete_secret;
    Admin  post   "/api/admin/sources/{name}/test" => source_test::send_test;
    Admin  post   "/api/admin/secret-hints" => sources::hint_secret;
    Viewer get    "/api/admin/providers" => sources::list_providers;
    Admin  get    "/api/admin/audit-log" => sources::list_audit;
    Viewer get    "/api/admin/refusals" => operations::list_refusals;
    Viewer get    "/api/admin/alerts" => alerts::list_alerts;
    Viewer get    "/api/admin/alerts/history" => alerts::list_history;
    Admin  post   "/api/admin/alerts/{id}/acknowledge" => alerts::acknowledge;
    Admin  post   "/api/admin/alerts/{id}/mute" => alerts::mute;
    Viewer get    "/api/admin/channels" => channels::list_channels;
    Admin  post   "/api/admin/channels" => channels::add_channel;
    Admin  post   "/api/admin/channels/{id}" => channels::change_channel;
    Admin  delete "/api/admin/channels/{id}" => channels::delete_channel;
    Admin  post   "/api/admin/channels/{id}/secret" => channels::replace_secret;
    Admin  post   "/api/admin/channels/{id}/test" => channels::test_channel;
    Viewer get    "/api/admin/preferences" => preferences::show_preferences;
    Viewer put    "/api/admin/preferences" => preferences::replace_preferences;
}

fn route(method: &str) -> actix_web::Route {
    let method = Method::from_bytes(method.to_uppercase().as_bytes());
    web::method(method.expect("the table names methods of HTTP"))
}

/// A path of the API that takes other methods, or none; else the app.
async fn fall_through(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    let methods: Vec<String> = ROUTES
        .iter()
        .filter(|route| ResourceDef::new(route.path).is_match(path))
        .map(|route| route.method.to_uppercase())
        .collect();
    if !methods.is_empty() {
        return Err(ApiError::MethodNotAllowed(methods.join(", ")));
    }
    if path.starts_with("/api") {
        return Err(ApiError::NotFound("the API has no such path".to_owned()));
    }
    match request.method().as_str() {
        "GET" | "HEAD" => Ok(spa::serve(&request)),
        _ => Err(ApiError::MethodNotAllowed("GET, HEAD".to_owned())),
    }
}
