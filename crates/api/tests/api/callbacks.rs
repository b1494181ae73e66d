//! What admins read, and marking as viewed.

use crate::support::{Answer, TestApp, on_each_database};
use actix_web::http::Method;
use ringback_core::cursor::FeedCursor;
use ringback_testing::TestDatabase;
use ringback_wire::{
    CallbackDetail, CheckResponse, FilterOptionsResponse, HistoryResponse, MarkUnviewedResponse,
    MarkViewedResponse,
};
use serde_json::{Value, json};

const CHECK: &str = "/api/admin/llm-callbacks/check";
const HISTORY: &str = "/api/admin/llm-callbacks/history";
const MARK: &str = "/api/admin/llm-callbacks/mark-viewed";

async fn check(app: &TestApp, query: &str) -> CheckResponse {
    app.get(&format!("{CHECK}?{query}")).await.json()
}

async fn history(app: &TestApp, query: &str) -> Vec<String> {
    let page: HistoryResponse = app.get(&format!("{HISTORY}?{query}")).await.json();
    page.callbacks.into_iter().map(|callback| callback.callback_id).collect()
}

#[actix_web::test]
async fn the_history_is_read_from_the_replica_and_the_feed_from_the_primary() {
    // A database that is not replicated at all: what is read from it shows.
    let replica = TestDatabase::postgres();
    let behind = replica.url().clone();
    let app = TestApp::start(TestDatabase::postgres(), |config| {
        config.database_read_url = Some(behind);
    });
    let start: CheckResponse = app.get("/api/admin/llm-callbacks/check").await.json();
    let receipt = app.receipt("here", "{}").await;
    let history =
        async || -> HistoryResponse { app.get("/api/admin/llm-callbacks/history").await.json() };
    assert!(history().await.callbacks.is_empty());
    let check = format!("/api/admin/llm-callbacks/check?cursor={}", start.cursor);
    let check: CheckResponse = app.get(&check).await.json();
    assert_eq!(check.callbacks.len(), 1);
    let detail = app.get(&format!("/api/admin/llm-callbacks/{}", receipt.id)).await;
    assert_eq!(detail.status, 200);
    // Away: the primary does its work.
    drop(replica);
    assert_eq!(history().await.callbacks.len(), 1);
    app.stop().await;
}

#[actix_web::test]
async fn a_first_check_is_silent_and_the_next_has_what_is_new() {
    on_each_database(async |app| {
        app.receipt("old", "{}").await;
        let first = check(app, "").await;
        assert!(first.callbacks.is_empty() && !first.has_more);
        assert_eq!(first.unviewed, 1);
        assert_eq!(first.server_time, "2027-01-15T08:00:00.000000Z");
        for id in ["a", "b", "c"] {
            app.receipt(id, "{}").await;
        }
        let page = check(app, &format!("cursor={}&limit=2", first.cursor)).await;
        let ids: Vec<&str> = page.callbacks.iter().map(|c| c.callback_id.as_str()).collect();
        assert_eq!((ids, page.has_more), (vec!["a", "b"], true));
        let rest = check(app, &format!("cursor={}&limit=2", page.cursor)).await;
        assert_eq!((rest.callbacks.len(), rest.has_more), (1, false));
        assert_eq!(rest.unviewed, 4);
    })
    .await;
}

#[actix_web::test]
async fn nothing_new_is_a_304_and_something_new_is_not() {
    on_each_database(async |app| {
        let first = app.get(CHECK).await;
        let etag = first.header("etag").to_owned();
        let path = format!("{CHECK}?cursor={}", first.json::<CheckResponse>().cursor);
        let ask = async |etag: &str| {
            // The credential of the tests' admin goes along.
            app.get_with(&path, &[("if-none-match", etag)]).await
        };
        let unchanged = ask(&etag).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
        app.receipt("a", "{}").await;
        let changed = ask(&etag).await;
        assert_eq!(changed.status, 200);
        let etag = changed.header("etag").to_owned();
        let page: CheckResponse = changed.json();
        app.post(MARK, &json!({ "ids": [page.callbacks[0].id] })).await;
        let path = format!("{CHECK}?cursor={}", page.cursor);
        let viewed = app.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!(viewed.status, 200, "the unviewed count changed");
    })
    .await;
}

#[actix_web::test]
async fn an_unknown_or_foreign_cursor_is_told_where_to_start_over() {
    on_each_database(async |app| {
        let foreign = FeedCursor { feed_id: 1, seq: 0 }.encode();
        let ahead = FeedCursor { feed_id: app.state.feed_id, seq: 999 }.encode();
        for cursor in ["x", "", "0", &foreign, &ahead, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let answer = app.get(&format!("{CHECK}?cursor={cursor}")).await;
            assert_eq!(answer.problem(), "/problems/cursor-unknown", "{cursor:?}");
            assert_eq!(answer.status, 410);
            assert_eq!(answer.json::<Value>()["start_over"], CHECK);
        }
    })
    .await;
}

#[actix_web::test]
async fn the_history_is_paged_both_ways_without_gap_or_repeat() {
    on_each_database(async |app| {
        for n in 0..7 {
            app.receipt(&format!("m{n}"), "{}").await;
            // Three share a time, so that ties are broken by the id.
            if n % 3 == 2 {
                app.clock.advance(1_000_000);
            }
        }
        let mut seen = Vec::new();
        let mut query = "limit=3".to_owned();
        let mut pages: Vec<HistoryResponse> = Vec::new();
        loop {
            let page: HistoryResponse = app.get(&format!("{HISTORY}?{query}")).await.json();
            seen.extend(page.callbacks.iter().map(|callback| callback.callback_id.clone()));
            let before = page.before.clone();
            pages.push(page);
            let Some(before) = before else { break };
            query = format!("limit=3&before={before}");
        }
        assert_eq!(seen, ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);
        assert_eq!(pages.len(), 3);
        assert!(pages[0].after.is_none());
        let after = pages[2].after.clone().expect("there are newer ones");
        let back: HistoryResponse =
            app.get(&format!("{HISTORY}?limit=3&after={after}")).await.json();
        assert_eq!(back.callbacks, pages[1].callbacks);
        let after = back.after.expect("there are newer ones");
        let first: HistoryResponse =
            app.get(&format!("{HISTORY}?limit=3&after={after}")).await.json();
        assert_eq!(first.callbacks, pages[0].callbacks);
        assert!(first.after.is_none() && first.before.is_some());
    })
    .await;
}

#[actix_web::test]
async fn the_history_is_filtered() {
    on_each_database(async |app| {
        app.receipt("evt_1", r#"{"type":"batch.completed","workflow":"review","job_id":"job_1"}"#)
            .await;
        app.clock.advance(60_000_000);
        app.receipt("evt_2", r#"{"type":"batch.failed","workflow":"review"}"#).await;
        app.ask(Method::POST, crate::support::RECEIVE, &[("x-callback-id", "evt_3")], "{}").await;
        app.post(MARK, &json!({ "ids": [1] })).await;
        let cases: &[(&str, &[&str])] = &[
            ("event_type=batch.failed", &["evt_2"]),
            ("workflow=review", &["evt_2", "evt_1"]),
            ("signature=missing", &["evt_3"]),
            ("signature=valid,missing", &["evt_3", "evt_2", "evt_1"]),
            ("source=nobody", &[]),
            ("viewed=true", &["evt_1"]),
            ("viewed=false&signature=valid", &["evt_2"]),
            ("id_prefix=evt_2", &["evt_2"]),
            ("id_prefix=job", &["evt_1"]),
            ("id_prefix=EVT", &[]),
            ("to=2027-01-15T08:01:00Z", &["evt_1"]),
            ("from=2027-01-15T08:01:00Z", &["evt_3", "evt_2"]),
            ("event_type=&source=", &["evt_3", "evt_2", "evt_1"]),
        ];
        for (query, expected) in cases {
            assert_eq!(history(app, query).await, *expected, "{query}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_query_that_cannot_be_read_is_told_what_it_takes() {
    on_each_database(async |app| {
        for query in [
            "limit=0",
            "limit=201",
            "limit=x",
            "signature=good",
            "from=yesterday",
            "viewed=perhaps",
            "before=x",
            "before=x&after=y",
            "colour=red",
            "viewed=true&viewed=false",
            "id_prefix=%00",
            "workflow=a%00b",
        ] {
            let answer = app.get(&format!("{HISTORY}?{query}")).await;
            assert_eq!(answer.problem(), "/problems/invalid-input", "{query}");
        }
        for id in ["0", "999", "x", "-1", "99999999999999999999"] {
            let answer = app.get(&format!("/api/admin/llm-callbacks/{id}")).await;
            assert_eq!(answer.problem(), "/problems/not-found", "{id}");
        }
    })
    .await;
}

#[actix_web::test]
async fn some_or_all_are_marked_as_viewed_and_the_first_viewer_stays() {
    on_each_database(async |app| {
        for n in 0..5 {
            app.receipt(&format!("m{n}"), "{}").await;
        }
        let cursor = check(app, "").await.cursor;
        app.receipt("later", "{}").await;
        let marked = async |body: Value| app.post(MARK, &body).await.json::<MarkViewedResponse>();
        let first = marked(json!({ "ids": [1, 2, 999] })).await;
        assert_eq!((first.marked, first.unviewed), (2, 4));
        let again = marked(json!({ "ids": [1, 2] })).await;
        assert_eq!((again.marked, again.unviewed), (0, 4));
        let all = marked(json!({ "through": cursor })).await;
        assert_eq!((all.marked, all.unviewed), (3, 1), "what came later is not marked");
        let refused = async |body: Value| -> Answer { app.post(MARK, &body).await };
        for body in [
            json!({}),
            json!({ "ids": [1], "through": cursor }),
            json!({ "ids": vec![1; 1001] }),
            json!({ "ids": "x" }),
            json!({ "id": [1] }),
            json!({ "seen": [{ "id": 1 }] }),
            json!({ "seen": [{ "id": 1, "seq": 1 }], "ids": [1] }),
        ] {
            assert_eq!(refused(body).await.problem(), "/problems/invalid-input");
        }
        assert_eq!(refused(json!({ "through": "x" })).await.problem(), "/problems/cursor-unknown");
    })
    .await;
}

#[actix_web::test]
async fn what_was_replaced_after_it_was_opened_stays_unviewed() {
    on_each_database(async |app| {
        app.receipt("m", "{}").await;
        let opened: CallbackDetail = app.get("/api/admin/llm-callbacks/1").await.json();
        app.receipt("m", "{\"replaced\": true}").await;
        let seen = json!({ "seen": [{ "id": 1, "seq": opened.seq }] });
        let answer: MarkViewedResponse = app.post(MARK, &seen).await.json();
        assert_eq!((answer.marked, answer.unviewed), (0, 1));
        let opened: CallbackDetail = app.get("/api/admin/llm-callbacks/1").await.json();
        let seen = json!({ "seen": [{ "id": 1, "seq": opened.seq }] });
        let answer: MarkViewedResponse = app.post(MARK, &seen).await.json();
        assert_eq!((answer.marked, answer.unviewed), (1, 0));
    })
    .await;
}

#[actix_web::test]
async fn marks_are_taken_back_by_the_time_that_marking_answered_or_by_id() {
    on_each_database(async |app| {
        const UNMARK: &str = "/api/admin/llm-callbacks/mark-unviewed";
        for n in 0..4 {
            app.receipt(&format!("m{n}"), "{}").await;
        }
        app.post(MARK, &json!({ "ids": [1] })).await;
        app.clock.advance(1);
        let cursor = check(app, "").await.cursor;
        let all: MarkViewedResponse = app.post(MARK, &json!({ "through": cursor })).await.json();
        assert_eq!((all.marked, all.unviewed), (3, 0));
        let unmark =
            async |body: Value| app.post(UNMARK, &body).await.json::<MarkUnviewedResponse>();
        let undone = unmark(json!({ "viewed_at": all.viewed_at })).await;
        assert_eq!((undone.unmarked, undone.unviewed), (3, 3), "the first mark stays");
        let undone = unmark(json!({ "ids": [1, 2] })).await;
        assert_eq!((undone.unmarked, undone.unviewed), (1, 4));
        for body in [
            json!({}),
            json!({ "ids": [1], "viewed_at": all.viewed_at }),
            json!({ "ids": vec![1; 1001] }),
            json!({ "viewed_at": "yesterday" }),
        ] {
            assert_eq!(app.post(UNMARK, &body).await.problem(), "/problems/invalid-input");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_filter_takes_several_values_and_is_told_which_there_are() {
    on_each_database(async |app| {
        app.receipt("a", r#"{"event_type":"done","workflow":"x,y"}"#).await;
        app.receipt("b", r#"{"event_type":"failed","workflow":"z"}"#).await;
        app.receipt("c", r#"{"event_type":"started"}"#).await;
        assert_eq!(history(app, "event_type=done&event_type=started").await, ["c", "a"]);
        assert_eq!(history(app, "workflow=x,y&workflow=z&source=default").await, ["b", "a"]);
        assert_eq!(history(app, "event_type=&workflow=").await.len(), 3);
        let offered: FilterOptionsResponse =
            app.get("/api/admin/llm-callbacks/filters").await.json();
        assert_eq!(offered.event_types, ["done", "failed", "started"]);
        assert_eq!(offered.workflows, ["x,y", "z"]);
        assert_eq!(offered.sources, ["default"]);
    })
    .await;
}

#[actix_web::test]
async fn a_detail_leaves_out_a_payload_that_is_larger_than_the_asker_wants() {
    on_each_database(async |app| {
        app.receipt("m", "{\"a\":1}").await;
        let ask = async |query: &str| {
            let path = format!("/api/admin/llm-callbacks/1{query}");
            app.get(&path).await.json::<CallbackDetail>()
        };
        assert_eq!(ask("").await.payload.as_deref(), Some("{\"a\":1}"));
        assert_eq!(ask("?payload_limit=7").await.payload.as_deref(), Some("{\"a\":1}"));
        let without = ask("?payload_limit=6").await;
        assert_eq!((without.payload, without.payload_base64, without.size_bytes), (None, None, 7));
    })
    .await;
}

#[actix_web::test]
async fn the_position_of_a_callback_leads_to_its_neighbours() {
    on_each_database(async |app| {
        for id in ["a", "b", "c"] {
            app.receipt(id, "{}").await;
        }
        let detail: CallbackDetail = app.get("/api/admin/llm-callbacks/2").await.json();
        let query = |side: &str| format!("{side}={}&limit=1", detail.position);
        assert_eq!(history(app, &query("before")).await, ["a"]);
        assert_eq!(history(app, &query("after")).await, ["c"]);
    })
    .await;
}
