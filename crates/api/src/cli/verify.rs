//! `ringback verify`: the verdict on a captured request.

use crate::clock::{Clock, SystemClock};
use crate::config::split_secrets;
use crate::error::chain;
use crate::views;
use clap::Args;
use ringback_core::diagnosis::{Diagnosis, Examination, HeadersAre, diagnose};
use ringback_core::keys::DigestKey;
use ringback_core::models::Signature;
use ringback_core::provider::{Overrides, find_scheme};
use ringback_core::signature::{Headers, KeyKind, MacDigests, Scheme, Secret, Verdict};
use ringback_core::source::{FieldMap, Source};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What it takes.
#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// How the request is signed: a scheme, or the name of a provider
    #[arg(long, value_name = "NAME", long_help = scheme_help())]
    scheme: String,
    /// File with the secret, or several separated by commas; with the sender's public key; or with a
    /// JWKS document
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// File with the headers, one `Name: value` a line
    #[arg(long, value_name = "FILE")]
    headers: PathBuf,
    /// File with the body, byte for byte
    #[arg(long, value_name = "FILE")]
    body: PathBuf,
    /// The header that carries the signature, where the scheme leaves that open
    #[arg(long, value_name = "NAME")]
    signature_header: Option<String>,
    /// What stands before the signature in its header
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// What is signed, as in `{timestamp}.{body}`
    #[arg(long, value_name = "TEMPLATE")]
    signed: Option<String>,
    /// The header that carries the time
    #[arg(long, value_name = "NAME")]
    timestamp_header: Option<String>,
    /// Whom a JSON Web Token must be for [default: anybody]
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// Say in words why it is not valid: what was tried and what would hold
    #[arg(long)]
    explain: bool,
    /// Verify as if it were this time, in Unix seconds [default: now]
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,
}

/// Prints `{"signature", "reason"}`; 0 only when valid, 1 when not, 2 when it could not tell.
pub(super) fn run(args: &VerifyArgs) -> ExitCode {
    match verify(args) {
        Ok((verdict, diagnosis)) => {
            let answer = serde_json::json!({
                "signature": views::signature(verdict.signature),
                "reason": verdict.reason.map(views::reason),
            });
            println!("{answer}");
            if let Some(diagnosis) = diagnosis {
                print_diagnosis(&diagnosis);
            }
            if verdict.signature == Signature::Valid {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            }
        }
        Err(failure) => {
            eprintln!("ringback: {}", chain(failure.as_ref()));
            ExitCode::from(2)
        }
    }
}

fn verify(args: &VerifyArgs) -> Result<(Verdict, Option<Diagnosis>), super::Failure> {
    let scheme = find_scheme(&args.scheme).ok_or_else(|| {
        format!("the scheme {:?} is unknown: {}", args.scheme, super::scheme_names())
    })?;
    let overrides = Overrides {
        header: args.signature_header.clone(),
        prefix: args.prefix.clone(),
        signed: args.signed.clone(),
        timestamp_header: args.timestamp_header.clone(),
        audience: args.audience.clone(),
        ..Overrides::default()
    };
    let scheme = overrides.change_scheme(scheme)?;
    let secrets = read_secrets(&scheme, &args.secret_file)?;
    let headers = parse_headers(&read(&args.headers)?)?;
    let body = read(&args.body)?;
    let at = args.at.unwrap_or_else(|| SystemClock.now().div_euclid(1_000_000));
    let verdict = scheme.verify(&secrets, &headers, &body, at);
    let is_explained = args.explain && verdict.signature != Signature::Valid;
    let diagnosis = is_explained.then(|| explain(scheme, secrets, &headers, &body, at));
    Ok((verdict, diagnosis))
}

fn explain(
    scheme: Scheme,
    secrets: Vec<Secret>,
    headers: &Headers,
    body: &[u8],
    at: i64,
) -> Diagnosis {
    let source =
        Source { name: "this source".to_owned(), scheme, secrets, map: FieldMap::default() };
    // The request is at hand, so what the digests are made with does not matter.
    let key = DigestKey::new([0; 32]);
    let digests = MacDigests::of(&key, &source.scheme, headers);
    diagnose(&Examination {
        source: &source,
        others: &[],
        headers,
        body: Some(body),
        digests: &digests,
        key: &key,
        headers_are: HeadersAre::Received,
        received_seconds: at,
    })
}

fn print_diagnosis(diagnosis: &Diagnosis) {
    println!("\n{}", diagnosis.explanation);
    println!("What to do: {}", diagnosis.advice);
    for line in &diagnosis.evidence {
        println!("- {line}");
    }
}

fn scheme_help() -> String {
    format!(
        "How the request is signed, a scheme or the name of a provider: {}",
        super::scheme_names()
    )
}

/// Shared secrets are separated by commas; a key set or a PEM key is one key whatever stands in it.
fn read_secrets(scheme: &Scheme, path: &Path) -> Result<Vec<Secret>, String> {
    let text = String::from_utf8(read(path)?)
        .map_err(|_| "the secret file is not UTF-8 text".to_owned())?;
    let is_one = text.trim_start().starts_with(['{', '-'])
        || matches!(scheme.key_kind(), KeyKind::Token | KeyKind::Password);
    Ok(if is_one { Secret::new(&text).into_iter().collect() } else { split_secrets(&text) })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn parse_headers(text: &[u8]) -> Result<Headers, String> {
    let mut pairs = Vec::new();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let colon = line.iter().position(|&byte| byte == b':');
        let colon =
            colon.ok_or(format!("line {} of the headers is not `Name: value`", index + 1))?;
        let name = String::from_utf8_lossy(&line[..colon]).trim().to_owned();
        pairs.push((name, line[colon + 1..].trim_ascii().to_vec()));
    }
    Ok(Headers::new(pairs))
}

#[cfg(test)]
mod tests {
    use super::parse_headers;

    #[test]
    fn headers_are_read_as_they_were_captured() {
        let headers = parse_headers(b"Webhook-Id: msg_1\r\n\r\nX-Time:  12:30 \n").unwrap();
        assert_eq!(headers.one("webhook-id"), Some(b"msg_1".as_slice()));
        assert_eq!(headers.one("x-time"), Some(b"12:30".as_slice()));
        assert!(parse_headers(b"nonsense").unwrap_err().contains("line 1"));
    }
}
