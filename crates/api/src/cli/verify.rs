//! `ringback verify`: the verdict on a captured request.

use crate::clock::{Clock, SystemClock};
use crate::config::split_secrets;
use crate::error::chain;
use crate::views;
use clap::Args;
use ringback_core::models::Signature;
use ringback_core::signature::{BodyHmac, Headers, Scheme, Verdict};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What it takes.
#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// How the request is signed: standard-webhooks, hmac-sha256, or automatic for either
    #[arg(long)]
    scheme: String,
    /// File with the secret, or several separated by commas
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// File with the headers, one `Name: value` a line
    #[arg(long, value_name = "FILE")]
    headers: PathBuf,
    /// File with the body, byte for byte
    #[arg(long, value_name = "FILE")]
    body: PathBuf,
    /// The header that carries an HMAC of the body [default: X-Webhook-Signature]
    #[arg(long, value_name = "NAME")]
    signature_header: Option<String>,
    /// Verify as if it were this time, in Unix seconds [default: now]
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,
}

/// Prints `{"signature", "reason"}`; 0 only when valid, 1 when not, 2 when it could not tell.
pub(super) fn run(args: &VerifyArgs) -> ExitCode {
    match verify(args) {
        Ok(verdict) => {
            let answer = serde_json::json!({
                "signature": views::signature(verdict.signature),
                "reason": verdict.reason.map(views::reason),
            });
            println!("{answer}");
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

fn verify(args: &VerifyArgs) -> Result<Verdict, super::Failure> {
    let mut scheme = Scheme::from_name(&args.scheme).ok_or_else(|| {
        format!(
            "the scheme {:?} is unknown: standard-webhooks, hmac-sha256 or automatic",
            args.scheme
        )
    })?;
    if let (Some(name), Scheme::BodyHmac(form) | Scheme::Automatic(form)) =
        (&args.signature_header, &mut scheme)
    {
        *form = BodyHmac { header: name.to_ascii_lowercase(), ..form.clone() };
    }
    let secrets = String::from_utf8(read(&args.secret_file)?)
        .map_err(|_| "the secret file is not UTF-8 text")?;
    let headers = parse_headers(&read(&args.headers)?)?;
    let body = read(&args.body)?;
    let at = args.at.unwrap_or_else(|| SystemClock.now().div_euclid(1_000_000));
    Ok(scheme.verify(&split_secrets(&secrets), &headers, &body, at))
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
