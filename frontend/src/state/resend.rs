//! A command that sends a delivery again.

use ringback_wire::CallbackDetail;

/// Longer bodies are fetched by the command instead of being part of it.
const INLINE_BYTES: usize = 16 * 1024;

/// A curl command that sends the body to where it came from, with the headers that were kept. The
/// signature is not among them: what it sends arrives as unsigned unless it is signed anew.
///
/// `body` is the text, when it is one.
pub fn curl(detail: &CallbackDetail, origin: &str, body: Option<&str>) -> String {
    let content = detail.evidence.iter().find(|delivery| delivery.is_content);
    let mut out = String::new();
    let fits = |text: &&str| text.len() <= INLINE_BYTES && !text.contains('\0');
    let body = body.filter(fits);
    if body.is_none() {
        let id = detail.id.to_string();
        out.push_str("# The body as received: needs an API token in RINGBACK_TOKEN.\ncurl -fsS ");
        out.push_str("-H \"Authorization: Bearer $RINGBACK_TOKEN\" -o callback-");
        out.push_str(&id);
        out.push_str(".bin \\\n  ");
        quote(&mut out, &[origin, "/api/admin/llm-callbacks/", &id, "/payload"].concat());
        out.push('\n');
    }
    out.push_str("# The signature was not kept: sign it anew, or it arrives as unsigned.\n");
    out.push_str("curl -X POST ");
    quote(&mut out, &[origin, "/api/webhooks/llm-callback/", &detail.source].concat());
    let mut header = |name: &str, value: &str| {
        out.push_str(" \\\n  -H ");
        quote(&mut out, &[name, ": ", value].concat());
    };
    if let Some(content_type) = &detail.content_type {
        header("content-type", content_type);
    }
    for (name, value) in content.map(|content| content.headers.as_slice()).unwrap_or_default() {
        // Of a signature only the form is kept, like `v1,<base64:32>`; curl counts the bytes itself.
        let is_form =
            ["<hex:", "<base64:", "<text:", "<…>"].iter().any(|form| value.contains(form));
        let is_made =
            ["content-type", "content-length"].iter().any(|made| name.eq_ignore_ascii_case(made));
        if !is_form && !is_made {
            header(name, value);
        }
    }
    if let Some(text) = body {
        // It takes a leading @ as text, and leaves line breaks alone.
        out.push_str(" \\\n  --data-raw ");
        quote(&mut out, text);
    } else {
        out.push_str(" \\\n  --data-binary @callback-");
        out.push_str(&detail.id.to_string());
        out.push_str(".bin");
    }
    out
}

/// In single quotes a POSIX shell takes everything as it is, except the quote itself.
fn quote(out: &mut String, text: &str) {
    out.push('\'');
    out.push_str(&text.replace('\'', r"'\''"));
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::differences::tests::{delivery, detail};
    use proptest::prelude::*;

    fn example() -> CallbackDetail {
        let mut content = delivery(1);
        content.headers.push(("webhook-id".into(), "it's".into()));
        detail(vec![content])
    }

    #[test]
    fn the_body_and_the_headers_kept_are_in_the_command() {
        let command = curl(&example(), "http://desk.example", Some("@{\"a\": 'b'}\n"));
        for part in [
            "curl -X POST 'http://desk.example/api/webhooks/llm-callback/default'",
            r"-H 'webhook-id: it'\''s'",
            "-H 'content-type: application/json'",
            "--data-raw '@{\"a\": '\\''b'\\''}\n'",
        ] {
            assert!(command.contains(part), "{part} in {command}");
        }
        assert_eq!(command.matches("content-type").count(), 1);
    }

    #[test]
    fn a_body_that_a_shell_cannot_hold_is_fetched_as_bytes() {
        for body in [None, Some("a\0b".to_owned()), Some("x".repeat(20_000))] {
            let command = curl(&example(), "http://desk.example", body.as_deref());
            assert!(command.contains("/api/admin/llm-callbacks/7/payload'"), "{command}");
            assert!(command.contains("--data-binary @callback-7.bin"), "{command}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_what_the_shell_reads(text in "[a'\\\\\"$ \n]{0,12}") {
            let mut quoted = String::new();
            quote(&mut quoted, &text);
            // A shell's reading of words made of '…' and \'.
            let (mut read, mut inside, mut characters) = (String::new(), false, quoted.chars());
            while let Some(character) = characters.next() {
                match (inside, character) {
                    (_, '\'') => inside = !inside,
                    (false, '\\') => read.extend(characters.next()),
                    (true, other) => read.push(other),
                    (false, other) => panic!("{other:?} is outside of the quotes"),
                }
            }
            prop_assert!(!inside);
            prop_assert_eq!(read, text);
        }
    }
}
