//! A callback as a source's sender would shape it, made from the source's map. Pure.

use ringback_core::models::Micros;
use ringback_core::source::{Place, Source};
use serde_json::{Map, Value, json};

/// The event type of a test.
pub const TEST_EVENT: &str = "ringback.test";

/// A test callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The callback's id.
    pub id: String,
    /// Its headers; no signature yet.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Sample {
    /// A sample with an id. Each field stands where the map looks first.
    pub fn new(source: &Source, id: &str, now: Micros) -> Self {
        let mut headers =
            vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        let mut body = Map::new();
        body.insert("note".to_owned(), json!("A test that an admin sent from Ringback."));
        let fields = [
            (&source.map.sent_at, json!(now.div_euclid(1_000_000))),
            (&source.map.event_type, json!(TEST_EVENT)),
            (&source.map.callback_id, json!(id)),
        ];
        for (places, value) in fields {
            match places.first() {
                Some(Place::Header(name)) => headers.push((name.clone(), text(&value))),
                Some(Place::Pointer(pointer)) => put(&mut body, pointer, value),
                None => {}
            }
        }
        let body = Value::Object(body).to_string().into_bytes();
        Self { id: id.to_owned(), headers, body }
    }

    /// Adds headers; one that is there already gives way.
    pub fn add_headers(&mut self, headers: Vec<(String, String)>) {
        self.headers.retain(|(name, _)| !headers.iter().any(|(new, _)| new == name));
        self.headers.extend(headers);
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Puts a value where a JSON pointer points, making the objects on the way.
fn put(body: &mut Map<String, Value>, pointer: &str, value: Value) {
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let Some((last, way)) = steps.split_last() else { return };
    let mut object = body;
    for step in way {
        let inner = object.entry(step.clone()).or_insert_with(|| json!({}));
        if !inner.is_object() {
            *inner = json!({});
        }
        let Some(next) = inner.as_object_mut() else { return };
        object = next;
    }
    object.insert(last.clone(), value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringback_core::intake::{Request, read_delivery};
    use ringback_core::provider::{Overrides, providers};
    use ringback_core::signature::Headers;

    #[test]
    fn a_sample_is_read_back_by_the_map_of_every_provider() {
        for provider in providers() {
            let source = provider.source("x", Vec::new(), &Overrides::default()).unwrap();
            let sample = Sample::new(&source, "test_1", 1_800_000_000_000_000);
            let headers = Headers::new(sample.headers.iter().map(|(n, v)| (n, v.as_bytes())));
            let request = Request {
                headers: &headers,
                body: &sample.body,
                remote_addr: None,
                received_at: 1_800_000_000_000_000,
            };
            let delivery = read_delivery(&source, &request);
            // A sender that names no id is known by the digest.
            let is_named = !source.map.callback_id.is_empty();
            assert_eq!(delivery.callback_id == "test_1", is_named, "{}", provider.name);
            let has_type = !source.map.event_type.is_empty();
            assert_eq!(delivery.event_type == TEST_EVENT, has_type, "{}", provider.name);
        }
    }
}
