//! A cause in a person's words, and what to do about it.

use super::{BodyChange, Cause, Certainty, Examination, SecretForm};

/// The explanation and the advice.
pub(super) fn explain(
    cause: &Cause,
    certainty: Certainty,
    examination: &Examination<'_>,
) -> (String, String) {
    let source = &examination.source.name;
    let (explanation, advice): (String, String) = match cause {
        Cause::WouldPassNow => (
            "The signature is right: with the secrets that are configured now this delivery verifies.".into(),
            "Verify it again, and it becomes trusted.".into(),
        ),
        Cause::NotSigned => (
            format!("The sender of {source} does not sign, so nobody can tell who sent this."),
            "Nothing can be mended here. If the sender can sign, choose its provider for this source.".into(),
        ),
        Cause::NoSecret => (
            format!("No secret is configured for {source}, so nothing could be checked."),
            "Paste the sender's signing secret into this source; deliveries that it signed become trusted.".into(),
        ),
        Cause::NoHeader => (
            "The request carried no signature: neither one that this source looks for nor any other that is known.".into(),
            "Turn signing on at the sender. If it does sign, a proxy on the way drops the header.".into(),
        ),
        Cause::HeaderLost(names) => (
            format!("The signature came, but {} did not, and the signature covers it.", list(names)),
            "A proxy on the way drops the header: let it pass.".into(),
        ),
        Cause::HeaderTwice(name) => (
            format!("The header {name} came more than once, so it is not clear which one was signed."),
            "Something on the way adds the header a second time: let it pass as it came.".into(),
        ),
        Cause::OtherHeader(name) => (
            format!("The signature is right, but it stands in {name}, where this source does not look."),
            format!("Name {name} as the header of the signature in this source."),
        ),
        Cause::OtherScheme(provider) => (
            match certainty {
                Certainty::Proved => format!("One of this source's secrets signed it, but in the way of {provider}."),
                Certainty::Likely => format!("It is not signed in the way of this source, but looks signed in the way of {provider}."),
            },
            format!("If {provider} sends here, choose it as this source's provider."),
        ),
        Cause::UnknownVersion(versions) => (
            format!("The signature has only {}, which this source's scheme does not know.", list(versions)),
            "Configure the sender for a version that this source knows; for v1a paste its public key.".into(),
        ),
        Cause::Unreadable(shape) => (
            format!("The signature's header is there, but what it holds cannot be a signature of this scheme: {shape}."),
            "Compare the header with the scheme: prefix, encoding and length. Perhaps another provider sends here.".into(),
        ),
        Cause::UnreadableTime(text) => (
            if text.is_empty() {
                "The time that is signed cannot be read.".into()
            } else {
                format!("The time that is signed is {text:?}, and not a whole number of seconds.")
            },
            "The sender must send Unix seconds, in digits alone.".into(),
        ),
        Cause::TimeInMilliseconds => (
            "The signature is right, but its time counts thousandths of seconds where the scheme counts seconds.".into(),
            "Mend the sender: Unix seconds. In a source of your own, set the unit of the time.".into(),
        ),
        Cause::TooOld(seconds) => (
            format!("The signature is right, but was made {} before it came.", duration(*seconds)),
            "Either the sender tried again with an old signature, or its clock is behind, or this server's clock is ahead, or somebody sent a captured request again.".into(),
        ),
        Cause::TooFarAhead(seconds) => (
            format!("The signature is right, but its time lies {} after it came.", duration(*seconds)),
            "The sender's clock is ahead, or this server's clock is behind: set them by NTP.".into(),
        ),
        Cause::OtherAudience => (
            "The token is genuine, but it was made for another receiver.".into(),
            "Compare the audience of this source with the URL that was given to the sender.".into(),
        ),
        Cause::WrittenOtherwise => (
            "The signature is right, but it is written in another way than this source expects.".into(),
            "Set the prefix and the encoding of this source to those of the header.".into(),
        ),
        Cause::SignedOtherwise(template) => (
            format!("The secret is right, but another string is signed than this source expects: {template}."),
            "Choose the provider that signs so, or set the signed string of this source.".into(),
        ),
        Cause::SecretOfOtherSource(other) => (
            format!("A secret of the source {other} made this signature."),
            format!("Either the sender posts to the wrong URL and means {other}, or that secret belongs here too."),
        ),
        Cause::SecretForm(form) => (format!("The secret is the right one, but {}.", secret_form(*form)), secret_advice(*form)),
        Cause::BodyChanged(change) => (
            format!("The secret is right, and the body was changed after it was signed: {}.", body_change(*change)),
            "Something between the sender and Ringback reads the body and writes it again. Let it pass the bytes as they come.".into(),
        ),
        Cause::WrongSecret => (
            format!("No secret of {source} makes this signature, in no usual form and over no usual change of the body."),
            "Most likely the secret is another one: of another endpoint, of a test account, or replaced since. Copy it anew from the sender. If it is right, somebody else sent this.".into(),
        ),
        Cause::BodyNotKept => (
            "Only the digest of the body is kept, so nothing can be tried.".into(),
            "Look at another delivery of the same kind.".into(),
        ),
    };
    (explanation, advice)
}

fn list(names: &[String]) -> String {
    names.join(" and ")
}

fn secret_form(form: SecretForm) -> &'static str {
    match form {
        SecretForm::Text => "the sender uses all of its text as the key",
        SecretForm::TextWithoutPrefix => "the sender uses the text after its prefix as the key",
        SecretForm::TextWithPrefix => {
            "the sender puts whsec_ before it and uses that text as the key"
        }
        SecretForm::Base64 => "the sender decodes it from base64",
        SecretForm::Base64Url => "the sender decodes it from base64 with the alphabet of URLs",
        SecretForm::Hex => "the sender decodes it from hex",
        SecretForm::EncodedBase64 => "the sender uses its base64 as the key",
        SecretForm::EncodedHex => "the sender uses its hex as the key",
        SecretForm::NewLine => "on one of the two sides a new line stands at its end",
        SecretForm::Space => "the sender's copy has a space beside it",
        SecretForm::Quoted => "the sender's copy has quotation marks around it",
        SecretForm::Unquoted => "this source's copy has quotation marks around it",
        SecretForm::LowerCase => "the sender uses it in small letters",
        SecretForm::UrlDecoded => "this source's copy is written as in a URL",
    }
}

fn secret_advice(form: SecretForm) -> String {
    match form {
        SecretForm::Unquoted | SecretForm::UrlDecoded => "Paste it again without that.",
        SecretForm::NewLine | SecretForm::Space | SecretForm::Quoted => {
            "Look at the file or the setting from which the sender reads it, and write it there without that."
        }
        _ => "Choose the provider that sends here, or set how this source's secret becomes a key.",
    }
    .to_owned()
}

fn body_change(change: BodyChange) -> &'static str {
    match change {
        BodyChange::Compacted => "its JSON was written again without white space",
        BodyChange::Spaced => "its JSON was written again with spaces after commas and colons",
        BodyChange::Indented => "its JSON was written again over several lines",
        BodyChange::KeysReordered => "the keys of its JSON were put in another order",
        BodyChange::Unescaped => "characters in its JSON strings were escaped or unescaped",
        BodyChange::SlashesUnescaped => "the slashes in its JSON strings were unescaped",
        BodyChange::NewLineCutOff => "a new line at its end was cut off",
        BodyChange::NewLineAdded => "a new line was added at its end",
        BodyChange::WhiteSpaceAdded => "white space was added around it",
        BodyChange::LineEndsToUnix => "its line ends were changed from CRLF to LF",
        BodyChange::LineEndsToWindows => "its line ends were changed from LF to CRLF",
        BodyChange::MarkCutOff => "its byte order mark was cut off",
        BodyChange::MarkAdded => "a byte order mark was added",
        BodyChange::Latin1ToUtf8 => "it was changed from Latin-1 to UTF-8",
        BodyChange::Utf8ToLatin1 => "it was changed from UTF-8 to Latin-1",
        BodyChange::WrappedInString => "it was wrapped into a JSON string",
        BodyChange::WrittenAsBase64 => "it was written as base64",
        BodyChange::Base64Decoded => "it was decoded from base64",
        BodyChange::SignedEmpty => "the sender signed an empty body",
    }
}

/// A length of time, in its largest unit and the next.
pub(super) fn duration(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (length, name) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}
