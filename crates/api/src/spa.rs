//! The single-page app, embedded and compressed by the build script.

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use std::sync::LazyLock;

struct Asset {
    path: &'static str,
    etag: &'static str,
    identity: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Ringback</title>\
<h1>Ringback runs, without its screen</h1>\
<p>This server was built without the single-page app. The API works. To get the screen, run \
<code>./just spa</code> in the source folder and build the server again, or run \
<code>./just run</code>, which does both.</p>";

/// The policy that the app runs under: nothing but its own files and what stands in its page, and
/// WebAssembly.
pub fn content_security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{}; style-src 'self'{}; \
             img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
            include_str!(concat!(env!("OUT_DIR"), "/script_hashes.txt")),
            include_str!(concat!(env!("OUT_DIR"), "/style_hashes.txt")),
        )
    });
    &POLICY
}

/// Answers a path that is not the API's: a file of the app, or its page, which routes in the browser.
pub fn serve(request: &HttpRequest) -> HttpResponse {
    let path = request.path().trim_start_matches('/');
    let find = |path: &str| ASSETS.iter().find(|asset| asset.path == path);
    // A name with a dot that is not there is a stale file name and never the page.
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match (find(path).filter(|_| !path.is_empty()), find("index.html")) {
        (Some(asset), _) => send(request, asset),
        (None, _) if is_file => HttpResponse::NotFound().finish(),
        (None, Some(page)) => send(request, page),
        (None, None) => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(NOT_BUILT),
    }
}

fn send(request: &HttpRequest, asset: &'static Asset) -> HttpResponse {
    let accepted = request
        .headers()
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let accepts = |name: &str| {
        accepted.split(',').any(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            parts.next() == Some(name) && !parts.any(|quality| quality == "q=0")
        })
    };
    let (bytes, encoding) = match asset {
        Asset { brotli: Some(bytes), .. } if accepts("br") => (*bytes, Some("br")),
        Asset { gzip: Some(bytes), .. } if accepts("gzip") => (*bytes, Some("gzip")),
        _ => (asset.identity, None),
    };
    let etag = format!("\"{}{}\"", asset.etag, encoding.unwrap_or_default());
    // Trunk puts a hash of the content into every name but the page's.
    let is_page = !is_hashed(asset.path);
    let cache = if is_page { "no-cache" } else { "public, max-age=31536000, immutable" };
    let is_known = request
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((ETAG, etag))
        .insert_header((VARY, "accept-encoding"));
    if is_known {
        return response.finish();
    }
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    response.content_type(content_type(asset.path)).body(bytes)
}

/// True when a part of the file's name is a hash of 16 hex digits, as Trunk writes.
fn is_hashed(path: &str) -> bool {
    path.split(['-', '.', '_', '/'])
        .any(|part| part.len() >= 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        "json" | "webmanifest" => "application/json",
        _ => "application/octet-stream",
    }
}
