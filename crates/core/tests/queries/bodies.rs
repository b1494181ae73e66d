//! Bytes are bytes: what was received comes back, through intake, storage and reading.

use crate::support::{START, callback, store_one};
use ringback_core::connection::Connection;
use ringback_core::intake::{Request, read_delivery};
use ringback_core::queries::find_payload;
use ringback_core::signature::Headers;
use ringback_core::source::Source;
use ringback_testing::for_each_backend;

/// Receives a body as the server does, and reads it back.
fn round_trip(conn: &mut Connection, body: &[u8]) -> Vec<u8> {
    let headers = Headers::new([("content-type", b"application/json".as_slice())]);
    let request = Request { headers: &headers, body, remote_addr: None, received_at: START };
    let receipt = store_one(conn, read_delivery(&Source::default_source(vec![]), &request));
    let delivery = callback(conn, receipt.id).line.callback.delivery_id;
    let body = find_payload(conn, receipt.id, delivery).expect("the body is read");
    body.expect("the body is kept")
}

fn comes_back(body: &[u8]) {
    for_each_backend(|conn| assert!(round_trip(conn, body) == body, "other bytes came back"));
}

#[test]
fn a_body_that_is_not_utf_8_comes_back() {
    comes_back(&(0..=255).collect::<Vec<u8>>());
}

#[test]
fn a_body_with_nul_bytes_comes_back() {
    comes_back(b"{\"a\":\"\0\"}\0\0");
}

#[test]
fn a_body_with_duplicate_keys_odd_order_and_white_space_comes_back() {
    comes_back(b" {\"z\": 1,\r\n\t\"a\" :2, \"z\":3 }\n");
}

#[test]
fn a_body_with_integers_beyond_2_to_the_53_comes_back() {
    comes_back(br#"{"n":9007199254740993,"m":123456789012345678901234567890,"f":1.10}"#);
}

#[test]
fn an_empty_body_comes_back() {
    comes_back(b"");
}

#[test]
fn a_body_with_a_byte_order_mark_and_escapes_comes_back() {
    comes_back(b"\xef\xbb\xbf{\"a\":\"\\u00e9\\ud83d\"}");
}

#[test]
fn a_mebibyte_of_text_which_compresses_comes_back() {
    comes_back(&br#"{"event":"token","text":"lorem"},"#.repeat(40_000)[..1 << 20]);
}

#[test]
fn a_mebibyte_of_noise_which_does_not_compress_comes_back() {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let body: Vec<u8> = (0..1 << 17).flat_map(|_| noise()).collect();
    comes_back(&body);
}
