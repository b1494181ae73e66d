//! The app reads and writes what crosses the network without serde, the server with it: here both
//! take every wire type that is made up, and must be of one mind.

use ringback_wire::json::{self, Json};
use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::any::type_name;

type Fault = serde::de::value::Error;

/// Makes up values of any type; the same number makes the same one.
struct MadeUp<'a>(&'a mut u64);

impl MadeUp<'_> {
    /// A number below the limit.
    fn below(&mut self, limit: usize) -> usize {
        *self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*self.0 >> 33).unwrap_or(0) % limit
    }

    fn text(&mut self) -> String {
        let letters = [
            'a', 'ä', '"', '\\', '/', '\n', '\r', '\t', '\u{8}', '\u{c}', '\u{1}', '😀', '\u{7f}',
            ' ',
        ];
        let length = self.below(9);
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }
}

macro_rules! made_up {
    ($($method:ident => $visit:ident($made:expr)),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
            let make: fn(&mut Self) -> _ = $made;
            let made = make(&mut self);
            visitor.$visit(made)
        })*
    };
}

impl<'de> Deserializer<'de> for MadeUp<'_> {
    type Error = Fault;

    made_up! {
        deserialize_bool => visit_bool(|made| made.below(2) == 1),
        // To the last digit, which a float would lose.
        deserialize_i64 => visit_i64(|made| [i64::MIN, -1, 0, 7, (1 << 53) + 1, i64::MAX][made.below(6)]),
        deserialize_u16 => visit_u16(|made| [0, 404, u16::MAX][made.below(3)]),
        deserialize_u32 => visit_u32(|made| [0, 12, u32::MAX][made.below(3)]),
        deserialize_u64 => visit_u64(|made| made.below(1 << 31) as u64),
        deserialize_str => visit_string(Self::text),
        deserialize_string => visit_string(Self::text),
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        match self.below(3) {
            0 => visitor.visit_bool(true),
            1 => visitor.visit_i64((1 << 60) + 1),
            _ => self.deserialize_string(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        if self.below(3) == 0 { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let length = self.below(4);
        visitor.visit_seq(Several { left: length, from: self })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(Several { left: length, from: self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_map(Members { names, from: self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let at = self.below(words.len());
        let chosen: StrDeserializer<'_, Fault> =
            serde::de::IntoDeserializer::into_deserializer(words[at]);
        visitor.visit_enum(chosen)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct
        tuple_struct map identifier ignored_any
    }
}

struct Several<'a> {
    left: usize,
    from: MadeUp<'a>,
}

impl<'de> SeqAccess<'de> for Several<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(MadeUp(self.from.0)).map(Some)
    }
}

struct Members<'a> {
    names: &'static [&'static str],
    from: MadeUp<'a>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some(name) = self.names.first() else { return Ok(None) };
        let name: StrDeserializer<'_, Fault> =
            serde::de::IntoDeserializer::into_deserializer(*name);
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        self.names = &self.names[1..];
        seed.deserialize(MadeUp(self.from.0))
    }
}

fn compare<T: DeserializeOwned + Serialize + Json>() -> &'static str {
    let name = type_name::<T>();
    for seed in 0..200 {
        let made = T::deserialize(MadeUp(&mut { seed })).expect(name);
        let theirs = serde_json::to_string(&made).expect(name);
        let read: T = json::from_str(&theirs).unwrap_or_else(|| panic!("{name}: {theirs}"));
        assert_eq!(serde_json::to_string(&read).expect(name), theirs, "read as {name}");
        assert_eq!(json::to_string(&made), theirs, "{name} is written as serde writes it");
        leave_out::<T>(&theirs);
    }
    name.rsplit("::").next().unwrap_or(name)
}

/// Whichever member is missing, both say the same of the rest.
fn leave_out<T: DeserializeOwned + Serialize + Json>(text: &str) {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) else { return };
    for name in members.keys() {
        let mut rest = members.clone();
        rest.remove(name);
        let text = serde_json::Value::Object(rest).to_string();
        let theirs = serde_json::from_str::<T>(&text).ok();
        let theirs = theirs.map(|value| serde_json::to_string(&value).expect("it was read"));
        let ours = json::from_str::<T>(&text).map(|value| json::to_string(&value));
        assert_eq!(ours, theirs, "{} without {name}", type_name::<T>());
    }
}

macro_rules! every {
    ($($kind:ident),* $(,)?) => {
        [$(compare::<ringback_wire::$kind>()),*]
    };
}

#[test]
fn the_app_reads_and_writes_every_wire_type_as_the_server_does() {
    let compared = every![
        Alert,
        AlertHistoryResponse,
        AlertsResponse,
        ChangeChannelRequest,
        Channel,
        ChannelKind,
        ChannelsResponse,
        Digest,
        MuteRequest,
        NewChannelRequest,
        NewChannelResponse,
        Preferences,
        QuietHours,
        ShowRules,
        TestChannelResponse,
        CallbackDetail,
        CallbackSummary,
        CheckResponse,
        Delivery,
        FilterOptionsResponse,
        HistoryResponse,
        IdOrigin,
        MarkUnviewedRequest,
        MarkUnviewedResponse,
        MarkViewedRequest,
        MarkViewedResponse,
        PayloadAbsence,
        Ping,
        Reason,
        Receipt,
        Seen,
        Signature,
        Certainty,
        DiagnosisResponse,
        ReverifiedResponse,
        ReverifyRequest,
        ReverifyRun,
        ReverifyRunsResponse,
        Refusal,
        RefusalsResponse,
        ReplaceChannelSecretRequest,
        Problem,
        Role,
        SessionResponse,
        SetUpRequest,
        SignInRequest,
        AddSecretRequest,
        AddSecretResponse,
        AuditEntry,
        AuditResponse,
        ChangeSecretRequest,
        ChangeSourceRequest,
        CreateSourceRequest,
        HintSeverity,
        JwksSummary,
        ProviderSummary,
        ProvidersResponse,
        SecretHint,
        SecretHintsRequest,
        SecretHintsResponse,
        SecretState,
        SecretSummary,
        SourceSummary,
        SourcesResponse,
        TestResponse,
    ];
    let source = include_str!("../../crates/wire/src/lib.rs");
    let names = source.split("pub use ").skip(1).filter_map(|line| line.split(';').next());
    let mut all: Vec<&str> = names
        .flat_map(|line| line.split(|letter: char| !letter.is_alphanumeric()))
        .filter(|name| name.starts_with(|letter: char| letter.is_uppercase()) && *name != "Value")
        .collect();
    let mut compared = compared.to_vec();
    all.sort_unstable();
    compared.sort_unstable();
    assert_eq!(compared, all);
}

#[test]
fn what_is_not_json_is_refused_as_serde_refuses_it() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let texts = [
        "",
        " ",
        "nul",
        "null ",
        "01",
        "1.",
        "1e",
        "-",
        "- 1",
        "1 2",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\\u0041\"",
        "\"a",
        "[",
        "{",
        "{\"a\"",
        "{\"a\":",
        "[1 2]",
        "\u{feff}1",
        "1e5",
        "-0",
        "\"\\u00e4\\/\"",
        &deep(127),
        &deep(128),
        &deep(129),
    ];
    for text in texts {
        let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
        assert_eq!(json::Value::parse(text).is_some(), theirs, "{text:?}");
    }
    let surrogates = json::Value::parse("\"\\ud83d\\ude00\"");
    assert_eq!(surrogates, Some(json::Value::Text("😀".to_owned())));
}
