use super::bytes::RAW_BYTES;
use super::*;

fn payload(bytes: impl AsRef<[u8]>) -> Payload {
    let mut payload = Payload::new(bytes.as_ref().to_vec());
    while payload.run() {}
    payload.split_lines();
    payload
}

fn shown(payload: &Payload, view: View) -> Vec<String> {
    (0..payload.row_count(view))
        .map(|index| payload.row(view, index).into_iter().map(|span| span.text).collect())
        .collect()
}

#[test]
fn json_is_shown_as_a_tree_and_raw() {
    let payload = payload("{\"a\":1}");
    assert_eq!(payload.views(), [View::Tree, View::Raw, View::Hex]);
    assert_eq!(shown(&payload, View::Tree), ["{", "  \"a\": 1", "}"]);
    assert_eq!(payload.copy_text(), "{\"a\":1}");
}

#[test]
fn a_folded_container_is_one_row_that_counts_what_is_inside() {
    let mut payload = payload(r#"{"a":[1,2,3],"b":{"c":null}}"#);
    let rows = payload.rows().to_vec();
    payload.folds.set(&rows, 1, true);
    payload.folds.set(&rows, 6, true);
    let expected = ["{", "  \"a\": [ … ] 3 items", "  \"b\": { … } 1 item", "}"];
    assert_eq!(shown(&payload, View::Tree), expected);
}

#[test]
fn what_is_found_is_marked_in_both_columns_of_the_hex_view() {
    let mut payload = payload(b"0123456789abcdefgh\n");
    payload.find = Find::new(payload.bytes(), "FG");
    let marked = |place| -> Vec<String> {
        let spans = payload.row(View::Hex, place).into_iter();
        spans.filter(|span| span.class == FOUND).map(|span| span.text).collect()
    };
    assert_eq!(
        (marked(0), marked(1)),
        (vec!["66".into(), "f".into()], vec!["67".into(), "g".into()])
    );
    let rows = shown(&payload, View::Hex);
    assert_eq!(
        rows[0],
        "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef"
    );
    assert_eq!(rows[1], format!("00000010  67 68 0a {} gh·", " ".repeat(13 * 3 + 1)));
}

#[test]
fn rows_too_deep_to_be_indented_tell_their_level() {
    let payload = payload("[".repeat(40) + &"]".repeat(40));
    let rows = shown(&payload, View::Tree);
    let indent = "  ".repeat(DEEPEST as usize);
    assert_eq!(rows[12], indent.clone() + "[");
    assert_eq!(rows[13], indent.clone() + "14[");
    assert_eq!(rows[40], indent + "39]");
}

#[test]
fn what_cannot_be_seen_is_written_out_and_copied_as_sent() {
    let json = "{\"\u{202e}evil\":\"\u{202e}gnp.exe\"}";
    let mut payload = payload(json);
    payload.find = Find::new(payload.bytes(), "gnp");
    let row: Vec<(&str, String)> =
        payload.row(View::Tree, 1).into_iter().map(|span| (span.class, span.text)).collect();
    let expected = [
        ("cut", "  "),
        ("json-key", "\""),
        ("unseen", "⟨U+202E⟩"),
        ("json-key", "evil\""),
        ("json-punctuation", ": "),
        ("json-string", "\""),
        ("unseen", "⟨U+202E⟩"),
        ("found found-current", "gnp"),
        ("json-string", ".exe\""),
    ];
    assert_eq!(row, expected.map(|(class, text)| (class, text.to_owned())));
    assert_eq!(shown(&payload, View::Raw), ["{\"⟨U+202E⟩evil\":\"⟨U+202E⟩gnp.exe\"}"]);
    assert_eq!(
        (payload.copy_text().as_str(), payload.value(1).as_str()),
        (json, "\u{202e}gnp.exe")
    );
    assert_eq!(json::pointer(payload.bytes(), payload.rows(), 1), "/\u{202e}evil");
}

#[test]
fn what_is_not_json_is_shown_raw_with_the_place() {
    let payload = payload("hello\nworld");
    assert_eq!(payload.views(), [View::Raw, View::Hex]);
    assert_eq!(shown(&payload, View::Raw), ["hello", "world"]);
    let remark = payload.remark().unwrap();
    assert!(remark.contains("a value is expected at line 1, column 1, offset 0"), "{remark}");
    let cut = super::tests::payload("{\n  \"é\": nope\n}");
    assert!(cut.remark().unwrap().contains("line 2, column 8, offset 10"));
    assert_eq!(cut.error_at(), Some(10));
}

#[test]
fn what_is_not_utf8_is_shown_in_hex_with_the_place() {
    let payload = payload(b"ab\n\xff\xfe");
    assert_eq!(payload.views(), [View::Hex, View::Raw]);
    let remark = payload.remark().unwrap();
    assert!(remark.contains("byte ff at offset 3, line 2, column 1"), "{remark}");
    assert_eq!(shown(&payload, View::Raw), ["ab", "\u{fffd}\u{fffd}"]);
    assert!(shown(&payload, View::Hex)[0].starts_with("00000000  61 62 0a ff fe"));
    assert!(shown(&payload, View::Hex)[0].ends_with("ab···"));
    assert_eq!(payload.copy_text(), "61620afffe");
}

#[test]
fn one_long_line_is_many_rows_and_nothing_is_lost() {
    let line = "é".repeat(RAW_BYTES + 7);
    let rows = shown(&payload(&line), View::Raw);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.concat(), line);
    assert_eq!(shown(&payload("\n\nx\n"), View::Raw), ["", "", "x"]);
}

#[test]
fn a_long_string_is_cut_in_the_tree_and_copied_whole() {
    let json = format!("[\"{}needle{}\"]", "x".repeat(50_000), "y".repeat(9));
    let mut payload = payload(&json);
    let row = shown(&payload, View::Tree).remove(1);
    assert!(row.len() < 1_100 && row.contains("47.9 KB more"), "{row}");
    assert_eq!(payload.value(1).len(), 50_015);
    payload.find = Find::new(payload.bytes(), "needle");
    let row = payload.row(View::Tree, 1);
    assert!(row.iter().any(|span| span.class.contains("found") && span.text == "needle"));
}

#[test]
fn what_is_found_leads_to_its_row_in_every_view() {
    let mut payload = payload("{\"a\":1,\n\"b\":[\"needle\"]}");
    payload.find = Find::new(payload.bytes(), "NEEDLE");
    let (at, _) = payload.find.current().unwrap();
    assert_eq!(payload.row_of(View::Tree, at), 3);
    assert_eq!(payload.row_of(View::Raw, at), 1);
    assert_eq!(payload.row_of(View::Hex, at), 0);
}

#[test]
fn big_numbers_and_repeated_keys_are_remarked_on() {
    let payload = payload(r#"{"a":12345678901234567890,"b":1,"a":2,"c":"12345678901234567890"}"#);
    assert!(payload.note(1).unwrap().contains("more than once"));
    assert_eq!((payload.note(2), payload.note(4)), (None, None));
    let number = super::tests::payload("[-12345678901234567890]");
    assert!(number.note(1).unwrap().contains("digits"));
    assert_eq!(number.value(1), "-12345678901234567890");
}

#[test]
fn keys_lead_through_the_tree_and_past_what_only_closes() {
    let mut payload = payload(r#"{"a":[1,2],"b":{"c":[]},"d":3}"#);
    let rows = payload.rows().to_vec();
    // 0 { 1 a 2 1 3 2 4 ] 5 b 6 c 7 } 8 d 9 }
    assert_eq!(payload.go(3, Step::Down), 5);
    assert_eq!(payload.go(5, Step::Up), 3);
    assert_eq!(payload.go(6, Step::Parent), 5);
    assert_eq!((payload.go(0, Step::Parent), payload.go(0, Step::Up)), (0, 0));
    assert_eq!((payload.go(3, Step::End), payload.go(8, Step::Home)), (8, 0));
    assert_eq!((payload.go(8, Step::Down), payload.go(1, Step::PageDown)), (8, 8));
    payload.folds.set(&rows, 1, true);
    assert_eq!(payload.go(1, Step::Down), 5);
    let item = payload.item(1).unwrap();
    assert_eq!((item.level, item.place, item.siblings, item.open), (2, 1, Some(3), Some(false)));
    assert_eq!(payload.item(6).unwrap().open, None, "nothing is inside");
    assert_eq!(payload.item(7), None);
}

#[test]
fn an_empty_body_says_so() {
    let payload = payload("");
    assert!(payload.views().is_empty() && payload.remark().unwrap().contains("empty"));
}
