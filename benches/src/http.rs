//! As much of HTTP/1.1 as reading Ringback's answers takes. Pure.
//!
//! A real client would cost more CPU than the server that is measured on the same machine.

/// A whole answer at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// True for a status of 2xx.
    pub(crate) is_success: bool,
    /// Its length with head and body.
    pub(crate) length: usize,
}

/// `None` while some of it is missing.
///
/// # Errors
/// A sentence when it is no answer with a `Content-Length`.
pub(crate) fn parse_answer(bytes: &[u8]) -> Result<Option<Answer>, String> {
    let Some(head_length) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..head_length]).map_err(|_| "an answer is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status.ok_or("an answer is not HTTP/1.1")?;
    let body_length: usize = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .ok_or("an answer has no length")?;
    let length = head_length + 4 + body_length;
    let answer = Answer { is_success: status.starts_with('2'), length };
    Ok((bytes.len() >= length).then_some(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        let answer = Answer { is_success: true, length: whole.len() };
        assert_eq!(parse_answer(whole), Ok(Some(answer)));
        for end in 0..whole.len() {
            assert_eq!(parse_answer(&whole[..end]), Ok(None), "{end}");
        }
        let two = [whole.as_slice(), whole].concat();
        assert_eq!(parse_answer(&two), Ok(Some(answer)));
    }

    #[test]
    fn a_refusal_is_no_success_and_nonsense_is_an_error() {
        let refusal = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
        assert!(!parse_answer(refusal).unwrap().unwrap().is_success);
        assert!(parse_answer(b"SSH-2.0\r\n\r\n").is_err());
        assert!(parse_answer(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
