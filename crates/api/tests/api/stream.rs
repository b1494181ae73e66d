//! The feed as server-sent events: resumed, shared, cut, ended.

use crate::support::{TestApp, on_each_database};
use actix_web::web::Bytes;
use awc::error::PayloadError;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Integer;
use futures_util::{Stream, StreamExt};
use ringback_api::feed::Told;
use ringback_core::connection::Connection;
use ringback_core::models::Role;
use ringback_core::queries::{tokens, upsert_callbacks};
use ringback_testing::TestDatabase;
use ringback_wire::{CheckResponse, Ping};
use std::collections::HashSet;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const STREAM: &str = "/api/admin/llm-callbacks/stream";
/// More than anything here takes on a busy machine; reaching it fails a test.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event as it was sent.
#[derive(Debug)]
struct Event {
    id: String,
    name: String,
    data: String,
}

impl Event {
    fn page(&self) -> CheckResponse {
        assert_eq!(self.name, "page", "{self:?}");
        let page: CheckResponse = serde_json::from_str(&self.data).expect("a page");
        assert_eq!(page.cursor, self.id, "the id is what resumes");
        page
    }
}

/// A stream as a browser reads it.
struct Client<S> {
    body: S,
    text: String,
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Client<S> {
    /// The next event; `None` when the server ended the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().to_owned()
                };
                if block.starts_with("retry: ") {
                    continue;
                }
                let (id, name, data) = (field("id: "), field("event: "), field("data: "));
                return Some(Event { id, name, data });
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await;
            let chunk = chunk.expect("the stream says nothing")?.expect("the stream is whole");
            self.text.push_str(std::str::from_utf8(&chunk).expect("events are text"));
        }
    }

    async fn next_page(&mut self) -> CheckResponse {
        self.next().await.expect("the stream goes on").page()
    }

    /// Pages until so many callbacks were seen; gives their ids in order and the last cursor.
    async fn collect(&mut self, count: usize) -> (Vec<i64>, String) {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        while ids.len() < count {
            let page = self.next_page().await;
            ids.extend(page.callbacks.iter().map(|callback| callback.id));
            cursor = page.cursor;
        }
        (ids, cursor)
    }

    /// Reads to the end, which must come.
    async fn read_to_the_end(&mut self) {
        while self.next().await.is_some() {}
    }
}

async fn follow(
    app: &TestApp,
    query: &str,
    headers: &[(&str, &str)],
) -> Client<impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + use<>> {
    let client = awc::Client::builder().timeout(PATIENCE).finish();
    let mut request = client.get(format!("{}{STREAM}{query}", app.url)).no_decompress();
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    let response = request.timeout(PATIENCE).send().await.expect("the server answers");
    assert_eq!(response.status(), 200);
    let header =
        |name: &str| response.headers().get(name).expect("a header").to_str().expect("text");
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-store");
    // The body has no deadline: a stream does not end.
    let body = response.timeout(Duration::from_secs(3600));
    Client { body, text: String::new() }
}

async fn follow_as_admin(
    app: &TestApp,
    query: &str,
) -> Client<impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + use<>> {
    let bearer = app.bearer();
    follow(app, query, &[("authorization", &bearer)]).await
}

/// Waits for something that another task does; fails when it never comes.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[actix_web::test]
async fn a_stream_begins_at_the_newest_position_and_sends_what_comes() {
    on_each_database(async |app| {
        app.receipt("before", "{}").await;
        let mut stream = follow_as_admin(app, "").await;
        let first = stream.next_page().await;
        assert!(first.callbacks.is_empty() && first.unviewed == 1);
        let receipt = app.receipt("after", "{\"event_type\":\"done\"}").await;
        let page = stream.next_page().await;
        assert_eq!(page.callbacks.len(), 1);
        assert_eq!(
            (page.callbacks[0].id, page.callbacks[0].event_type.as_str()),
            (receipt.id, "done")
        );
        // The same request again changes nothing that anybody sees; the next change is the next page.
        app.receipt("after", "{\"event_type\":\"done\"}").await;
        app.receipt("after", "{\"event_type\":\"undone\"}").await;
        let page = stream.next_page().await;
        assert_eq!(page.callbacks.len(), 1);
        assert_eq!(page.callbacks[0].event_type, "undone");
    })
    .await;
}

#[actix_web::test]
async fn a_stream_resumes_behind_the_last_event_without_gap_or_repeat() {
    on_each_database(async |app| {
        let mut stream = follow_as_admin(app, "").await;
        let start = stream.next_page().await.cursor;
        let mut seen = Vec::new();
        let mut cursor = start.clone();
        for round in 0..6 {
            for n in 0..5 {
                app.receipt(&format!("cb-{round}-{n}"), "{}").await;
            }
            // Cut after the first event, wherever that is.
            let bearer = app.bearer();
            // The header is what a browser resumes with, so it wins over the address.
            let query = format!("?cursor={start}");
            let headers = [("authorization", bearer.as_str()), ("last-event-id", &cursor)];
            let mut again = follow(app, &query, &headers).await;
            let page = again.next_page().await;
            seen.extend(page.callbacks.iter().map(|callback| callback.id));
            cursor = page.cursor;
        }
        let mut last = follow_as_admin(app, &format!("?cursor={cursor}")).await;
        assert!(last.next_page().await.callbacks.is_empty());
        let (all, _) = stream.collect(30).await;
        assert_eq!(seen, all);
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 30);
    })
    .await;
}

#[actix_web::test]
async fn a_stream_from_far_behind_catches_up_page_by_page() {
    on_each_database(async |app| {
        let start = follow_as_admin(app, "").await.next_page().await.cursor;
        let batch: Vec<_> = (0..250).map(|n| crate::writer::delivery(&format!("cb-{n}"))).collect();
        upsert_callbacks(&mut app.database.connect(), &batch).expect("they are stored");
        let mut stream = follow_as_admin(app, &format!("?cursor={start}")).await;
        let sizes = [stream.next_page().await, stream.next_page().await, stream.next_page().await]
            .map(|page| (page.callbacks.len(), page.has_more));
        assert_eq!(sizes, [(100, true), (100, true), (50, false)]);
    })
    .await;
}

#[actix_web::test]
async fn a_cursor_of_another_feed_is_refused_before_the_stream_begins() {
    on_each_database(async |app| {
        for query in ["?cursor=nonsense", "?cursor=", "?other=1"] {
            let answer = app.get(&format!("{STREAM}{query}")).await;
            assert!(answer.status == 410 || answer.status == 422, "{query}: {}", answer.status);
        }
        let answer = app.get_with(STREAM, &[("last-event-id", "nonsense")]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (410, "/problems/cursor-unknown")
        );
        assert_eq!(app.state.feed.streams(), 0);
    })
    .await;
}

#[actix_web::test]
async fn a_quiet_stream_says_that_it_is_alive() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.stream_ping = Duration::from_millis(20);
    });
    let mut stream = follow_as_admin(&app, "").await;
    stream.next_page().await;
    for _ in 0..3 {
        let event = stream.next().await.expect("the stream goes on");
        assert_eq!((event.name.as_str(), event.id.as_str()), ("ping", ""));
        let ping: Ping = serde_json::from_str(&event.data).expect("a ping");
        assert_eq!(ping.server_time, "2027-01-15T08:00:00.000000Z");
    }
    drop(stream);
    app.stop().await;
}

#[actix_web::test]
async fn signing_out_ends_the_stream_at_once_and_no_other() {
    on_each_database(async |app| {
        app.add_user("ada", Role::Admin);
        app.add_user("bob", Role::Viewer);
        let (ada, bob) = (app.sign_in("ada").await, app.sign_in("bob").await);
        let mut of_ada = follow(app, "", &[("cookie", &ada)]).await;
        let mut of_bob = follow(app, "", &[("cookie", &bob)]).await;
        of_ada.next_page().await;
        of_bob.next_page().await;
        let headers = [("cookie", ada.as_str()), ("sec-fetch-site", "same-origin")];
        let answer = app.ask(actix_web::http::Method::DELETE, "/api/session", &headers, "").await;
        assert_eq!(answer.status, 204);
        // Pings come every 15 seconds here and the test waits for none of them.
        of_ada.read_to_the_end().await;
        app.receipt("for bob", "{}").await;
        assert_eq!(of_bob.next_page().await.callbacks.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn a_token_revoked_by_another_program_ends_the_stream_at_the_next_ping() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), |config| config.stream_ping = Duration::from_millis(20));
        let mut stream = follow_as_admin(&app, "").await;
        stream.next_page().await;
        let revoked = tokens::revoke_token(&mut app.database.connect(), "tests", 1);
        assert_eq!(revoked, Ok(true));
        stream.read_to_the_end().await;
        app.stop().await;
    }
}

#[actix_web::test]
async fn an_expired_session_ends_the_stream() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.stream_ping = Duration::from_millis(20);
    });
    app.add_user("ada", Role::Admin);
    let cookie = app.sign_in("ada").await;
    let mut stream = follow(&app, "", &[("cookie", &cookie)]).await;
    stream.next_page().await;
    app.clock.advance(8 * 24 * 3600 * 1_000_000);
    stream.read_to_the_end().await;
    app.stop().await;
}

#[actix_web::test]
async fn a_graceful_stop_ends_the_streams_and_does_not_wait_for_them() {
    for make in [TestDatabase::sqlite, TestDatabase::postgres] {
        let app = TestApp::start(make(), |_| {});
        let mut stream = follow_as_admin(&app, "").await;
        stream.next_page().await;
        let begin = std::time::Instant::now();
        app.stop().await;
        stream.read_to_the_end().await;
        // The server would give a request that does not end 30 seconds.
        assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
    }
}

#[actix_web::test]
async fn a_reader_that_falls_behind_what_is_told_reads_by_itself() {
    on_each_database(async |app| {
        let mut stream = follow_as_admin(app, "").await;
        stream.next_page().await;
        app.receipt("one", "{}").await;
        // More than is kept for a reader that does not listen.
        for _ in 0..100 {
            app.state.feed.tell(Told::Changed);
        }
        app.receipt("two", "{}").await;
        let (ids, _) = stream.collect(2).await;
        assert_eq!(ids.len(), 2);
    })
    .await;
}

#[actix_web::test]
#[cfg(target_os = "linux")]
async fn a_client_that_takes_nothing_is_cut_and_resumes_where_it_was() {
    let app = TestApp::start(TestDatabase::sqlite(), |config| {
        config.stalled_client = Duration::from_millis(500);
    });
    // More than the system buffers for a connection: ten megabytes of lines.
    let mut conn = app.database.connect();
    for batch in 0..40 {
        let batch: Vec<_> = (0..250)
            .map(|n| {
                let mut delivery = crate::writer::delivery(&format!("cb-{batch}-{n}"));
                delivery.event_type = "e".repeat(250);
                delivery.job_id = Some("j".repeat(250));
                delivery.workflow = Some("w".repeat(250));
                delivery
            })
            .collect();
        upsert_callbacks(&mut conn, &batch).expect("they are stored");
    }
    let start = ringback_core::cursor::FeedCursor { feed_id: app.state.feed_id, seq: 0 }.encode();
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let address = app.url.strip_prefix("http://").unwrap().parse().expect("an address");
    let mut connection = socket.connect(address).await.expect("a connection");
    let request = format!(
        "GET {STREAM}?cursor={start} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
        app.bearer()
    );
    connection.write_all(request.as_bytes()).await.expect("asked");
    let mut part = vec![0; 300_000];
    connection.read_exact(&mut part).await.expect("it begins");
    // From here on it takes nothing.
    until("the client is cut", || app.state.feed.streams() == 0).await;
    // Browsers resume at the last event that they have whole.
    let text = String::from_utf8_lossy(&part);
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let last = whole.lines().rev().find_map(|line| line.strip_prefix("id: "));
    let cursor = last.expect("a whole page").to_owned();
    let mut again = follow_as_admin(&app, &format!("?cursor={cursor}")).await;
    let rest = 10_000 - whole.matches("\"callback_id\":").count();
    let (ids, _) = again.collect(rest).await;
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), rest);
    drop(again);
    app.stop().await;
}

#[actix_web::test]
async fn two_nodes_on_one_database_show_each_callback_once_while_both_write() {
    let one = TestApp::start(TestDatabase::postgres(), |_| {});
    let other = one.start_second_node();
    let mut streams = [follow_as_admin(&one, "").await, follow_as_admin(&other, "").await];
    for stream in &mut streams {
        stream.next_page().await;
    }
    let write = async |app: &TestApp, name: &str| {
        for n in 0..60 {
            app.receipt(&format!("{name}-{n}"), "{}").await;
        }
    };
    let [of_one, of_other] = &mut streams;
    let ((), (), (), (first, _), (second, _)) = tokio::join!(
        write(&one, "one"),
        write(&other, "other"),
        write(&other, "another"),
        of_one.collect(180),
        of_other.collect(180),
    );
    assert_eq!(first, second, "one order for all");
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 180);
    drop(streams);
    other.stop().await;
    one.stop().await;
}

#[actix_web::test]
async fn signing_out_on_one_node_ends_the_stream_on_another() {
    let one = TestApp::start(TestDatabase::postgres(), |_| {});
    let other = one.start_second_node();
    one.add_user("ada", Role::Admin);
    let cookie = one.sign_in("ada").await;
    let mut stream = follow(&other, "", &[("cookie", &cookie)]).await;
    stream.next_page().await;
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let answer = one.ask(actix_web::http::Method::DELETE, "/api/session", &headers, "").await;
    assert_eq!(answer.status, 204);
    // Told by NOTIFY: the next ping is 15 seconds away.
    let begin = std::time::Instant::now();
    stream.read_to_the_end().await;
    assert!(begin.elapsed() < Duration::from_secs(14), "{:?}", begin.elapsed());
    other.stop().await;
    one.stop().await;
}

/// The processes of the server that listen for the nodes.
fn listeners(conn: &mut Connection) -> Vec<i32> {
    diesel::dsl::sql::<Integer>(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'ringback listener' ORDER BY pid",
    )
    .load(conn)
    .expect("the sessions are listed")
}

#[actix_web::test]
async fn a_listener_that_is_cut_off_comes_back_and_no_stream_misses_or_repeats_anything() {
    const ROUNDS: usize = 4;
    let one = TestApp::start(TestDatabase::postgres(), |_| {});
    let other = one.start_second_node();
    let mut streams = [follow_as_admin(&one, "").await, follow_as_admin(&other, "").await];
    for stream in &mut streams {
        stream.next_page().await;
    }
    let mut conn = one.database.connect();
    until("both nodes listen", || listeners(&mut conn).len() == 2).await;
    let mut ids = Vec::new();
    for round in 0..ROUNDS {
        ids.push(one.receipt(&format!("before-{round}"), "{}").await.id);
        let cut = listeners(&mut conn);
        conn.batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'ringback listener'",
        )
        .expect("they are cut off");
        ids.push(other.receipt(&format!("during-{round}"), "{}").await.id);
        ids.push(one.receipt(&format!("meanwhile-{round}"), "{}").await.id);
        let are_back = |now: &[i32]| now.len() == 2 && now.iter().all(|pid| !cut.contains(pid));
        until("both listen again", || are_back(&listeners(&mut conn))).await;
    }
    for stream in &mut streams {
        assert_eq!(stream.collect(3 * ROUNDS).await.0, ids);
    }
    drop(streams);
    other.stop().await;
    one.stop().await;
}

#[actix_web::test]
async fn what_is_stored_and_never_told_reaches_the_streams_of_all_nodes_once() {
    let one = TestApp::start(TestDatabase::postgres(), |_| {});
    let other = one.start_second_node();
    let mut streams = [follow_as_admin(&one, "").await, follow_as_admin(&other, "").await];
    for stream in &mut streams {
        stream.next_page().await;
    }
    // Stored by nobody who says so, as when a notice is lost.
    let mut conn = one.database.connect();
    for n in 0..3 {
        let untold = crate::writer::delivery(&format!("untold-{n}"));
        let id = upsert_callbacks(&mut conn, &[untold]).expect("it is stored")[0].id;
        for stream in &mut streams {
            assert_eq!(stream.collect(1).await.0, [id]);
        }
    }
    let last = one.receipt("told", "{}").await.id;
    for stream in &mut streams {
        assert_eq!(stream.collect(1).await.0, [last], "nothing came twice");
    }
    drop(streams);
    other.stop().await;
    one.stop().await;
}
