//! Turns values into words for people: times, sizes, verdicts. Pure; the clock is an argument.

use ringback_wire::{PayloadAbsence, Reason, Signature};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Milliseconds since 1970 of an RFC 3339 time; `None` when it is not one.
pub fn parse_time(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (time.next()??, time.next()??);
    let second = time.next().unwrap_or(Some(0))?;
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let offset_minutes = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let offset = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            if zone.starts_with('-') { -offset } else { offset }
        }
    };
    let minutes = hour * 60 + minute - offset_minutes;
    Some(days_since_1970(year, month, day) * DAY_MS + minutes * MINUTE_MS + second * 1_000 + millis)
}

/// Howard Hinnant's `days_from_civil`, for the proleptic Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Why a body is not there.
pub fn absence(absence: PayloadAbsence) -> &'static str {
    match absence {
        PayloadAbsence::TooMany => {
            "Only its digest was kept: there were too many different bodies without a valid signature."
        }
        PayloadAbsence::OverQuota => {
            "Only its digest was kept: callbacks without a valid signature had used up their space."
        }
        PayloadAbsence::Expired => "The body has expired: it was kept as long as bodies are kept.",
    }
}

/// `2026-11-24 10:15:03 UTC` of what the server sent.
pub fn utc(rfc3339: &str) -> String {
    written(rfc3339, "UTC")
}

/// A time in RFC 3339 to the second and without its zone, which is told as given.
pub fn written(rfc3339: &str, zone: &str) -> String {
    let seconds = rfc3339.get(..19).unwrap_or(rfc3339);
    [&seconds.replace('T', " "), " ", zone].concat()
}

/// `3 min ago`; what lies ahead by a little is `just now`.
pub fn relative(at_ms: i64, now_ms: i64) -> String {
    let age = now_ms - at_ms;
    if age < -MINUTE_MS {
        return format!("in {}", span(-age));
    }
    if age < 10_000 {
        return "just now".to_owned();
    }
    format!("{} ago", span(age))
}

/// `in 8 s`, without the `in`: a length of time in its largest unit.
pub fn span(length_ms: i64) -> String {
    let (count, unit) = if length_ms < MINUTE_MS {
        (length_ms / 1_000, "s")
    } else if length_ms < HOUR_MS {
        (length_ms / MINUTE_MS, "min")
    } else if length_ms < DAY_MS {
        (length_ms / HOUR_MS, "h")
    } else if length_ms < 2 * DAY_MS {
        (1, "day")
    } else {
        (length_ms / DAY_MS, "days")
    };
    format!("{count} {unit}")
}

/// `1.5 KB`, in steps of 1,024.
pub fn size(bytes: u64) -> String {
    if bytes < 1_024 {
        return format!("{bytes} bytes");
    }
    let (unit, name) = if bytes < 1_048_576 { (1_024, "KB") } else { (1_048_576, "MB") };
    let tenths = (bytes * 10 + unit / 2) / unit;
    if tenths.is_multiple_of(10) || tenths >= 1_000 {
        return format!("{} {name}", tenths / 10);
    }
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// `12.5px`, a length for a style, to the hundredth. The standard library's way to write a float is
/// a tenth of what else the app needs of it.
#[expect(clippy::cast_possible_truncation, reason = "a page is not 2^56 pixels high")]
pub fn px(length: f64) -> String {
    let hundredths = (length * 100.0).round() as i64;
    let mut text = if hundredths < 0 { "-" } else { "" }.to_owned();
    let hundredths = hundredths.unsigned_abs();
    text.push_str(&(hundredths / 100).to_string());
    if !hundredths.is_multiple_of(100) {
        let digits = (hundredths % 100 + 100).to_string();
        text.push('.');
        text.push_str(digits.get(1..).unwrap_or_default());
    }
    text.push_str("px");
    text
}

/// `1 delivery`, `3 deliveries`.
pub fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The first and last digits of a digest.
pub fn short_digest(hex: &str) -> String {
    match (hex.get(..8), hex.len().checked_sub(6).and_then(|at| hex.get(at..))) {
        (Some(head), Some(tail)) if hex.len() > 16 => format!("{head}…{tail}"),
        _ => hex.to_owned(),
    }
}

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    out
}

/// True for a letter that cannot be seen, or that turns around what stands beside it. Those that join
/// the letters of a word or the parts of a sign are none.
pub fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
            | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Adds a letter to a text for it to be seen: one that cannot be is written out.
pub fn push_visible(text: &mut String, letter: char) {
    if !is_hidden(letter) {
        return text.push(letter);
    }
    text.push_str("⟨U+");
    for shift in [12, 8, 4, 0] {
        let digit = u32::from(letter) >> shift & 15;
        text.push(char::from(b"0123456789ABCDEF"[digit as usize]));
    }
    text.push('⟩');
}

/// A text with what cannot be seen written out, for it to be shown: a sender may have chosen it.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        push_visible(&mut shown, letter);
    }
    shown
}

/// The verdict in one word.
pub fn verdict_word(signature: Signature) -> &'static str {
    match signature {
        Signature::Valid => "Valid",
        Signature::Invalid => "Invalid",
        Signature::Missing => "Missing",
        Signature::Unchecked => "Unchecked",
    }
}

/// The verdict in a sentence, with its reason and what it means for the reader.
pub fn verdict_sentence(signature: Signature, reason: Option<Reason>) -> &'static str {
    match (signature, reason) {
        (Signature::Valid, _) => {
            "The signature is right: this content came from the sender and was not changed."
        }
        (_, Some(Reason::NotSigned)) => {
            "The sender of this source does not sign, so nobody knows who sent this."
        }
        (_, Some(Reason::OtherAudience)) => {
            "The signature is right but was made for another receiver: check the audience that this \
             source expects."
        }
        (_, Some(Reason::NoSecret)) | (Signature::Unchecked, _) => {
            "No secret is configured for this source, so nobody knows who sent this. Configure the \
             sender's secret to have its signatures checked."
        }
        (_, Some(Reason::HeaderMissing)) | (Signature::Missing, _) => {
            "The request carried no signature, or lacked a header that the signature needs. Do not \
             act on it until the sender confirms it."
        }
        (_, Some(Reason::Malformed)) => {
            "A signature header could not be read. The sender may format it differently from what \
             this source expects."
        }
        (_, Some(Reason::TooOld)) => {
            "The signature is right but was made too long ago: a late retry, a wrong clock, or an \
             old request sent again by somebody."
        }
        (_, Some(Reason::TooFarAhead)) => {
            "The signature is right but its time lies in the future: check the clocks of the sender \
             and of this server."
        }
        (_, Some(Reason::UnknownVersion)) => {
            "The request was signed only with versions of the scheme that this server does not know."
        }
        (Signature::Invalid, Some(Reason::Wrong) | None) => {
            "The signature does not match: no configured secret makes it. The body was changed, the \
             secret differs, or somebody else sent this."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_styles_take_them() {
        let lengths = [0.0, 480.0, 12.5, 1.05, -3.25, 99.999, 0.004, 1_048_576.0];
        let written = ["0px", "480px", "12.50px", "1.05px", "-3.25px", "100px", "0px", "1048576px"];
        assert_eq!(lengths.map(px), written);
    }

    #[test]
    fn letters_that_cannot_be_seen_are_written_out_and_no_others() {
        let turning = "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}";
        let hidden = turning.to_owned() + "\u{feff}\u{200b}\0\u{1b}\u{7f}\u{9b}";
        assert!(hidden.chars().all(is_hidden));
        assert_eq!(visible("a\u{202e}b\u{7}"), "a⟨U+202E⟩b⟨U+0007⟩");
        let plain = "tab\t line\r\n é שלום مرحبا می\u{200c}خواهم 👩\u{200d}💻 \u{a0}…";
        assert_eq!(visible(plain), plain);
    }

    #[test]
    fn times_are_read_with_fractions_and_offsets() {
        assert_eq!(parse_time("1970-01-01T00:00:00.000000Z"), Some(0));
        assert_eq!(parse_time("2026-01-01T00:00:00.123456Z"), Some(1_767_225_600_123));
        assert_eq!(parse_time("2024-02-29T12:30:00+02:00"), Some(1_709_202_600_000));
        assert_eq!(parse_time("2024-02-29T12:30Z"), Some(1_709_209_800_000));
        for text in ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "T Z"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let now = 100 * DAY_MS;
        let told = |age: i64| relative(now - age, now);
        assert_eq!(told(2_000), "just now");
        assert_eq!(told(42_000), "42 s ago");
        assert_eq!(told(3 * MINUTE_MS + 5), "3 min ago");
        assert_eq!(told(5 * HOUR_MS), "5 h ago");
        assert_eq!(told(DAY_MS), "1 day ago");
        assert_eq!(told(-5_000), "just now");
        assert_eq!(told(-2 * HOUR_MS), "in 2 h");
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit() {
        let told = [0, 512, 1_024, 1_536, 1_048_576, 1_300_000].map(size);
        assert_eq!(told, ["0 bytes", "512 bytes", "1 KB", "1.5 KB", "1 MB", "1.2 MB"]);
    }

    #[test]
    fn a_digest_is_shortened_in_the_middle() {
        assert_eq!(short_digest(&"0123456789abcdef".repeat(4)), "01234567…abcdef");
        assert_eq!(short_digest("abc"), "abc");
    }
}
