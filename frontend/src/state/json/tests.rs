use super::*;
use proptest::prelude::*;

fn pretty_of(text: &str) -> String {
    pretty(text, &rows(text).expect("JSON"))
}

fn without_white_space(text: &str) -> String {
    let whole = |text: &str| {
        let rows = rows(text).expect("JSON");
        rows.iter()
            .flat_map(|row| row_tokens(text, *row))
            .map(|token| text[token.start..token.end].to_owned())
            .collect::<String>()
    };
    whole(text)
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
}

#[test]
fn keys_and_strings_are_told_apart() {
    let text = r#"{"a":"b","c":["d"]}"#;
    let kinds: Vec<_> = rows(text)
        .expect("JSON")
        .iter()
        .flat_map(|row| row_tokens(text, *row))
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
        assert_eq!(rows(text).expect(text).len(), 1, "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "01",
        "1.",
        "1e",
        "-",
        "tru",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"open",
        "1 2",
        "[1}",
        "{\"a\" 1}",
        "{\"a\":}",
        "]",
        "NaN",
        "{]",
        "[1 2]",
        "'a'",
    ] {
        assert!(rows(text).is_err(), "{text:?}");
    }
    let place = rows("{\n  \"é\": nope\n}").expect_err("no such word");
    assert_eq!((place.line, place.column), (2, 8));
}

#[test]
fn a_very_deep_text_is_no_danger() {
    let text = "[".repeat(200_000) + &"]".repeat(200_000);
    assert_eq!(rows(&text).expect("JSON").len(), 399_999);
}

#[test]
fn agrees_with_serde_json_on_what_json_is() {
    for text in
        ["{\"a\":[1,2,{\"b\":null}]}", "[[],[{}]]", "\"\\ud800\"", "[1,,2]", "+1", "1e5", "--1"]
    {
        // serde_json's raw values check the grammar alone, as this tokenizer does.
        let expected = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert_eq!(rows(text).is_ok(), expected, "{text}");
    }
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

proptest! {
    #[test]
    fn the_pretty_view_has_exactly_the_tokens_of_the_raw_text(text in any_json()) {
        let shown = pretty_of(&text);
        prop_assert_eq!(without_white_space(&shown), without_white_space(&text));
        // Indenting what is indented changes nothing.
        prop_assert_eq!(pretty_of(&shown), shown);
    }

    #[test]
    fn no_text_is_a_danger(text in "\\PC{0,60}") {
        let expected = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(rows(&text).is_ok(), expected);
    }
}
