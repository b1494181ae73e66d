use super::*;
use proptest::prelude::*;
use serde_json::Value;

fn pretty_of(text: &str) -> String {
    let rows = rows(text.as_bytes()).expect("JSON");
    String::from_utf8(pretty(text.as_bytes(), &rows)).expect("the same text")
}

fn without_white_space(text: &str) -> String {
    let rows = rows(text.as_bytes()).expect("JSON");
    rows.iter()
        .flat_map(|row| row_tokens(text.as_bytes(), *row))
        .map(|token| text[token.start..token.end].to_owned())
        .collect()
}

#[test]
fn pretty_is_an_indentation_of_the_same_tokens() {
    let text = r#"{"b" : 1,"a":[ 1,{"x":null} ], "e":{},"f":[ ]}"#;
    let expected = "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    {\n      \"x\": null\n    }\n  ],\n  \
                    \"e\": {},\n  \"f\": []\n}";
    assert_eq!(pretty_of(text), expected);
}

#[test]
fn big_numbers_duplicate_keys_and_escapes_stay_as_sent() {
    let text = r#"{"n":12345678901234567890123,"n":1.50e+02,"s":"\u00e9\/"}"#;
    let shown = pretty_of(text);
    for piece in ["12345678901234567890123", "1.50e+02", r#""\u00e9\/""#] {
        assert!(shown.contains(piece), "{piece} in {shown}");
    }
    assert_eq!(shown.matches("\"n\"").count(), 2);
    let rows = rows(text.as_bytes()).expect("JSON");
    assert_eq!(duplicates(text.as_bytes(), &rows, 1, 100), 2);
    assert_eq!(duplicates(text.as_bytes(), &rows, 3, 100), 1);
    assert_eq!(duplicates(text.as_bytes(), &rows, 0, 100), 0);
}

#[test]
fn keys_and_strings_are_told_apart() {
    let text = r#"{"a":"b","c":["d"]}"#;
    let kinds: Vec<_> = rows(text.as_bytes())
        .expect("JSON")
        .iter()
        .flat_map(|row| row_tokens(text.as_bytes(), *row))
        .filter(|token| matches!(token.kind, Kind::Key | Kind::String))
        .map(|token| (token.kind, &text[token.start..token.end]))
        .collect();
    let expected = [
        (Kind::Key, "\"a\""),
        (Kind::String, "\"b\""),
        (Kind::Key, "\"c\""),
        (Kind::String, "\"d\""),
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn scalars_alone_are_json() {
    for text in ["1", " true ", "\"x\"", "null", "-0.5E-3", "[]", "{}"] {
        assert_eq!(rows(text.as_bytes()).expect(text).len(), 1, "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let broken = [
        ("", 0),
        (" ", 1),
        ("{", 1),
        ("[1,]", 3),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("01", 0),
        ("1.", 2),
        ("1e", 2),
        ("-", 1),
        ("tru", 0),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 1),
        ("\"\n\"", 1),
        ("\"open", 0),
        ("1 2", 2),
        ("[1}", 2),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("]", 0),
        ("NaN", 0),
        ("{]", 1),
        ("[1 2]", 3),
        ("'a'", 0),
    ];
    for (text, at) in broken {
        assert_eq!(rows(text.as_bytes()).expect_err(text).at, at, "{text:?}");
    }
}

#[test]
fn a_very_deep_text_is_no_danger() {
    let text = "[".repeat(200_000) + &"]".repeat(200_000);
    let rows = rows(text.as_bytes()).expect("JSON");
    assert_eq!(rows.len(), 399_999);
    assert_eq!(rows[0].span, 399_998);
}

#[test]
fn a_row_is_named_by_pointer_and_by_path() {
    let text = r#"{"a b":[{"c/d~e":1},2],"f":{"g'":[true]}}"#;
    let bytes = text.as_bytes();
    let rows = rows(bytes).expect("JSON");
    let named = |wanted: &str| {
        (0..u32::try_from(rows.len()).unwrap()).find(|at| pointer(bytes, &rows, *at) == wanted)
    };
    assert_eq!(pointer(bytes, &rows, 0), "");
    let deep = named("/a b/0/c~1d~0e").expect("there");
    assert_eq!(json_path(bytes, &rows, deep), "$['a b'][0]['c/d~e']");
    let list = named("/f/g'").expect("there");
    assert_eq!(json_path(bytes, &rows, list), r"$.f['g\'']");
    let (start, end) = value(bytes, &rows, list).expect("a value");
    assert_eq!(&text[start..end], "[true]");
    assert_eq!(json_path(bytes, &rows, 0), "$");
}

#[test]
fn escapes_stand_for_their_characters() {
    let cases = [
        (r#""a\n\t\"\\\/""#, "a\n\t\"\\/"),
        (r#""\u00e9\ud83d\ude00""#, "é😀"),
        (r#""\ud83d x""#, "\u{fffd} x"),
        (r#""\ud83d\u0041""#, "\u{fffd}A"),
    ];
    for (string, text) in cases {
        assert_eq!(unescape(string.as_bytes()), text, "{string}");
    }
}

/// Every row of the list, by folding as the list does it and by reading the index naively.
fn visible(rows: &[Row], closed: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(row) = rows.get(at as usize) {
        out.push(at);
        at += if closed.contains(&at) { row.span + 1 } else { 1 };
    }
    out
}

fn any_json() -> impl Strategy<Value = String> {
    let space = || proptest::sample::select(vec!["", " ", "\n", "\t ", "\r\n"]);
    let string = proptest::collection::vec(
        proptest::sample::select(vec!["a", "é", "\\n", "\\\"", "\\u0041", "{", "]", ",", ":", " "]),
        0..6,
    )
    .prop_map(|parts| format!("\"{}\"", parts.concat()));
    let scalar = prop_oneof![
        string.clone(),
        Just("true".to_owned()),
        Just("null".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        Just("98765432109876543210.50e+1".to_owned()),
    ];
    scalar.prop_recursive(5, 60, 6, move |inner| {
        let pair = (string.clone(), space(), inner.clone(), space())
            .prop_map(|(key, a, value, b)| format!("{key}{a}:{b}{value}{a}"));
        prop_oneof![
            (proptest::collection::vec(inner, 0..5), space())
                .prop_map(|(items, s)| format!("[{s}{}{s}]", items.join(&format!("{s},{s}")))),
            (proptest::collection::vec(pair, 0..5), space())
                .prop_map(|(items, s)| format!("{{{s}{}{s}}}", items.join(&format!("{s},")))),
        ]
    })
}

/// Every value inside with its pointer, as `serde_json` has it; a repeated key only once.
fn all_values(value: &Value, pointer: &str, out: &mut Vec<(String, Value)>) {
    out.push((pointer.to_owned(), value.clone()));
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                all_values(item, &format!("{pointer}/{index}"), out);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                all_values(member, &format!("{pointer}/{key}"), out);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn the_tree_has_exactly_the_tokens_of_the_raw_text(text in any_json()) {
        let shown = pretty_of(&text);
        prop_assert_eq!(without_white_space(&shown), without_white_space(&text));
        // Indenting what is indented changes nothing.
        prop_assert_eq!(pretty_of(&shown), shown);
    }

    #[test]
    fn every_value_is_where_serde_json_has_it(text in any_json()) {
        let bytes = text.as_bytes();
        let rows = rows(bytes).expect("JSON");
        let mut here: Vec<(String, Value)> = Vec::new();
        for (index, row) in (0_u32..).zip(&rows) {
            if is_closing(bytes, *row) {
                continue;
            }
            let (start, end) = value(bytes, &rows, index).expect("a value");
            let value = serde_json::from_str(&text[start..end]).expect("the value is JSON");
            let name = pointer(bytes, &rows, index);
            // Of a repeated key serde_json keeps the last, with all that is inside.
            here.retain(|(known, _)| *known != name && !known.starts_with(&format!("{name}/")));
            here.push((name, value));
        }
        let mut expected = Vec::new();
        all_values(&serde_json::from_str(&text).expect("JSON"), "", &mut expected);
        here.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        prop_assert_eq!(here, expected);
    }

    #[test]
    fn slices_of_any_size_give_the_same_rows(text in any_json(), cut in 0_usize..200, budget in 1_usize..9) {
        // Whole documents and such as were cut off.
        let bytes = &text.as_bytes()[..text.len().saturating_sub(cut % (text.len() + 1))];
        let mut sliced = Indexer::default();
        while sliced.end.is_none() {
            sliced.run(bytes, budget);
        }
        match rows(bytes) {
            Ok(rows) => prop_assert_eq!(sliced.rows, rows),
            Err(error) => prop_assert_eq!(sliced.end, Some(Err(error))),
        }
    }

    #[test]
    fn siblings_are_counted_and_containers_reach_to_their_end(text in any_json()) {
        let bytes = text.as_bytes();
        let rows = rows(bytes).expect("JSON");
        for (index, row) in (0_u32..).zip(&rows) {
            if is_closing(bytes, *row) {
                let opener = rows[row.parent as usize];
                prop_assert_eq!(row.parent + opener.span, index);
                prop_assert_eq!(row.depth, opener.depth);
                let inside = rows.iter().filter(|other| other.parent == row.parent);
                prop_assert_eq!(inside.count() - 1, row.place as usize);
            } else if row.parent != NONE {
                let before = rows[..index as usize].iter().filter(|other| {
                    other.parent == row.parent && !is_closing(bytes, **other)
                });
                prop_assert_eq!(before.count() + 1, row.place as usize);
            }
        }
    }

    #[test]
    fn folding_hides_what_is_inside_and_nothing_else(
        text in any_json(), toggles in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..20),
    ) {
        let rows = rows(text.as_bytes()).expect("JSON");
        let mut folds = Folds::default();
        let mut closed = Vec::new();
        for (index, close) in toggles {
            let row = u32::try_from(index.index(rows.len())).unwrap();
            folds.set(&rows, row, close);
            closed.retain(|other| *other != row);
            if close && rows[row as usize].span > 0 {
                closed.push(row);
            }
        }
        let naive = visible(&rows, &closed);
        let listed: Vec<u32> = (0..folds.count(&rows)).map(|place| folds.row_at(place)).collect();
        prop_assert_eq!(&listed, &naive);
        for (place, row) in naive.iter().enumerate() {
            prop_assert_eq!(folds.place_of(*row), place);
        }
        // What is revealed is in the list.
        let last = u32::try_from(rows.len() - 1).unwrap();
        for row in [last / 2, last] {
            folds.reveal(&rows, row);
            prop_assert_eq!(folds.row_at(folds.place_of(row)), row);
        }
    }

    #[test]
    fn random_bytes_are_json_when_serde_json_says_so(bytes in proptest::collection::vec(
        proptest::sample::select(b"{}[]:,\"\\ue019-.truefalsn \n\x01".to_vec()), 0..24)) {
        // It checks the grammar alone, as this index does.
        let expected = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        prop_assert_eq!(rows(&bytes).is_ok(), expected);
    }

    #[test]
    fn a_broken_document_is_refused_as_serde_json_refuses_it(
        text in any_json(), at in any::<prop::sample::Index>(), put in proptest::sample::select(b"{}[]:,\"\\x 0".to_vec()),
        insert in any::<bool>(),
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        if insert { bytes.insert(at, put) } else { bytes[at] = put }
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let expected = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            prop_assert_eq!(rows(text.as_bytes()).is_ok(), expected);
        }
    }
}
