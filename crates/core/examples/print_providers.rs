//! Prints `docs/PROVIDERS.md` from the table of providers: `just providers` writes it, `just check`
//! compares it.

use ringback_core::provider::{Handshake, Origin, Provider, providers};
use ringback_core::signature::{
    Algorithm, Encoding, HeaderSignature, KeyForm, Scheme, Syntax, TimeRule, TimeUnit, TokenStyle,
};
use ringback_core::source::Place;
use std::fmt::Write;

fn main() {
    print!("{}", page());
}

fn page() -> String {
    let mut out = String::from(
        "# Providers\n\n<!-- Written from crates/core/providers.toml by `just providers`. -->\n\n\
         Every sender that Ringback knows: how it signs, where its requests say what, and for how \
         long it tries again while Ringback is away. The name is what a source and `ringback verify \
         --scheme` take.\n\n\
         | name | sender | signs with | tries again for | read in |\n|---|---|---|---|---|\n",
    );
    for one in providers() {
        let _infallible = writeln!(
            out,
            "| [`{0}`](#{0}) | {1} | {2} | {3} | {4} |",
            one.name,
            one.title,
            kind(&one.scheme),
            one.retry_hours.map_or_else(|| "not known".to_owned(), hours),
            origin(one.origin),
        );
    }
    for one in providers() {
        section(&mut out, one);
    }
    out.push_str(
        "\n## Adding one\n\nA sender that signs in one of these ways is an entry in \
         `crates/core/providers.toml` and a vector in `crates/core/tests/fixtures/providers.json`; \
         the tests fail while one of the two is missing. Then `just providers` writes this page.\n\n\
         What covers nothing (a token, a password, a web token) says who sent a request and nothing \
         of its body: it is worth as much as the connection over which it came.\n",
    );
    out
}

fn section(out: &mut String, one: &Provider) {
    let _infallible = write!(out, "\n## {}\n\n**{}.** {}\n\n", one.name, one.title, one.about);
    let mut line = |what: &str, text: &str| {
        if !text.is_empty() {
            let _infallible = writeln!(out, "- {what}: {text}");
        }
    };
    line("Signature", &scheme(&one.scheme));
    line("Secret", &one.secret);
    line("Keys", one.jwks_url.as_deref().unwrap_or_default());
    let again = if one.scheme.can_verify_again() {
        "yes, once the secret is mended"
    } else if one.scheme == Scheme::None {
        ""
    } else {
        "no: a signature of a key pair is not kept"
    };
    line("Stored failures are verified again", again);
    line("Tries again", &one.retries);
    if one.handshake == Handshake::UrlVerification {
        line("Before it sends", "a POST of type `url_verification`, whose challenge is answered");
    }
    let map = &one.map;
    line("Callback id", &places(&map.callback_id, "the digest of the body"));
    line("Event type", &places(&map.event_type, "none"));
    line("Job", &places(&map.job_id, "none"));
    line("Workflow", &places(&map.workflow, "none"));
    line("Sent at", &places(&map.sent_at, "none"));
    line("Console", one.console_url.as_deref().unwrap_or_default());
    for link in &one.job_urls {
        let which = if link.starts_with.is_empty() {
            "Page of a job".to_owned()
        } else {
            format!("Page of a job `{}…`", link.starts_with)
        };
        line(&which, &format!("`{}`", link.url));
    }
}

fn places(places: &[Place], nothing: &str) -> String {
    if places.is_empty() {
        return nothing.to_owned();
    }
    let texts = places.iter().map(|place| format!("`{}`", String::from(place.clone())));
    texts.collect::<Vec<_>>().join(", ")
}

fn hours(hours: u32) -> String {
    match hours {
        0 => "minutes".to_owned(),
        hours if hours >= 48 => format!("{} days", hours / 24),
        hours => format!("{hours} h"),
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Published => "its own libraries or documents",
        Origin::Secondary => "second hand",
        Origin::Generic => "generic",
    }
}

fn kind(scheme: &Scheme) -> &'static str {
    match scheme {
        Scheme::Automatic(_) => "Standard Webhooks, or HMAC-SHA256",
        Scheme::StandardWebhooks => "Standard Webhooks",
        Scheme::Header(form) => match form.algorithm {
            Algorithm::HmacSha256 => "HMAC-SHA256",
            Algorithm::Ed25519 => "ed25519",
        },
        Scheme::Jwt(_) => "web token (RS256)",
        Scheme::Token(form) => match form.style {
            TokenStyle::Basic => "password",
            TokenStyle::Bearer | TokenStyle::Plain => "token",
        },
        Scheme::None => "nothing",
    }
}

fn scheme(scheme: &Scheme) -> String {
    let standard = "`webhook-signature` (or `svix-signature`): `v1,<base64>` by HMAC-SHA256 or \
                    `v1a,<base64>` by ed25519, over `{id}.{timestamp}.{body}`; five minutes both ways";
    match scheme {
        Scheme::StandardWebhooks => standard.to_owned(),
        Scheme::Automatic(form) => format!("{standard}; without these headers {}", header(form)),
        Scheme::Header(form) => header(form),
        Scheme::Jwt(form) => format!(
            "`{}`: a JSON Web Token signed with RS256; its end, and the audience where one is set, \
             are checked with {} s of leeway; it does not cover the body",
            form.header, form.leeway_seconds
        ),
        Scheme::Token(form) => {
            let how = match form.style {
                TokenStyle::Bearer => "`Bearer <token>`",
                TokenStyle::Basic => "`Basic <base64 of user:password>`",
                TokenStyle::Plain => "the token alone",
            };
            format!("`{}`: {how}; it covers nothing", form.header)
        }
        Scheme::None => "none: nothing is ever trusted".to_owned(),
    }
}

fn header(form: &HeaderSignature) -> String {
    let encoding = match form.encoding {
        Encoding::Hex => "<hex>",
        Encoding::Base64 => "<base64>",
        Encoding::Base64Url => "<base64url>",
    };
    let value = match &form.syntax {
        Syntax::Prefix(prefix) => format!("{prefix}{encoding}"),
        Syntax::Elements { signature, time } => format!("{time}=<time>,{signature}={encoding}"),
    };
    let by = match form.algorithm {
        Algorithm::HmacSha256 => match form.key {
            KeyForm::Text => "HMAC-SHA256 with the secret's text",
            KeyForm::Base64 => "HMAC-SHA256 with the secret decoded from base64",
            KeyForm::Hex => "HMAC-SHA256 with the secret decoded from hex",
            KeyForm::Whsec => "HMAC-SHA256 with the secret decoded after `whsec_`",
        },
        Algorithm::Ed25519 => "ed25519",
    };
    let signed = form.signed.as_str();
    let time = form.time.as_ref().map_or_else(|| "; no time".to_owned(), time);
    format!("`{}`: `{value}` by {by}, over `{signed}`{time}", form.header)
}

fn time(rule: &TimeRule) -> String {
    let unit = match rule.unit {
        TimeUnit::Seconds => "",
        TimeUnit::Milliseconds => " in thousandths of a second",
    };
    let place = rule.header.as_ref().map_or_else(String::new, |name| format!(" in `{name}`"));
    match rule.future_seconds {
        Some(future) if future == rule.past_seconds => {
            format!("; the time{place}{unit} within {future} s both ways")
        }
        Some(future) => {
            format!(
                "; the time{place}{unit} within {} s back and {future} s ahead",
                rule.past_seconds
            )
        }
        None => format!("; the time{place}{unit} within {} s back", rule.past_seconds),
    }
}
