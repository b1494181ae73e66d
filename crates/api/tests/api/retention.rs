//! What is old goes, a little at a time, and the database stays as large as it should be.

use crate::support::{NOW_SECONDS, RECEIVE, TestApp, forge, on_each_database_with};
use actix_web::http::Method;
use ringback_api::clock::Clock;
use ringback_api::config::Config;
use ringback_api::worker::retention::{Round, run_once};
use ringback_core::connection::Connection;
use ringback_core::models::{Micros, NewDelivery, Signature};
use ringback_core::queries::{self, leases};
use ringback_wire::{CallbackDetail, HistoryResponse, PayloadAbsence, Receipt};
use std::time::{Duration, Instant};

const DAY: Micros = 24 * 3600 * 1_000_000;

/// A round. The server has a loop of its own, which a long test may meet: then its lease has to end.
async fn round(app: &TestApp) -> Round {
    for _ in 0..20 {
        if let Ok(Some(round)) = run_once(&app.state, "tests").await {
            return round;
        }
        app.clock.advance(121 * 1_000_000);
    }
    panic!("there was no round in twenty tries");
}

async fn ids(app: &TestApp) -> Vec<String> {
    let history: HistoryResponse = app.get("/api/admin/llm-callbacks/history").await.json();
    history.callbacks.into_iter().map(|callback| callback.callback_id).collect()
}

#[actix_web::test]
async fn untrusted_callbacks_go_first_then_bodies_then_the_rest() {
    let days = |config: &mut Config| {
        config.operations.retention.keep = Some(100 * DAY);
        config.operations.retention.keep_untrusted = Some(10 * DAY);
        config.operations.retention.keep_payload = Some(50 * DAY);
    };
    on_each_database_with(days, async |app| {
        let genuine = app.receipt("genuine", "{\"n\":1}").await;
        app.deliver_with(&forge("forged", b"{}", NOW_SECONDS), "{}").await;
        assert_eq!(round(app).await.untrusted, 0);
        app.clock.advance(10 * DAY + 1);
        assert_eq!(round(app).await.untrusted, 1);
        assert_eq!(ids(app).await, ["genuine"]);
        let detail = async || -> CallbackDetail {
            app.get(&format!("/api/admin/llm-callbacks/{}", genuine.id)).await.json()
        };
        assert_eq!(detail().await.payload.as_deref(), Some("{\"n\":1}"));
        app.clock.advance(40 * DAY);
        assert_eq!(round(app).await.payloads, 1);
        let expired = detail().await;
        assert_eq!(
            (expired.payload, expired.payload_absence),
            (None, Some(PayloadAbsence::Expired))
        );
        assert_eq!(round(app).await.payloads, 0);
        app.clock.advance(50 * DAY);
        assert_eq!(round(app).await.callbacks, 1);
        assert!(ids(app).await.is_empty());
        let metrics = String::from_utf8(app.get("/metrics").await.body).expect("text");
        for kind in ["untrusted", "payloads", "callbacks"] {
            let line = format!("ringback_retention_removed_total{{kind=\"{kind}\"}} 1");
            assert!(metrics.contains(&line), "{line} is not in {metrics}");
        }
    })
    .await;
}

#[actix_web::test]
async fn one_node_does_it_and_another_takes_over() {
    on_each_database_with(
        |_| {},
        async |app| {
            assert!(run_once(&app.state, "one").await.expect("a round").is_some());
            assert!(run_once(&app.state, "other").await.expect("a round").is_none());
            app.clock.advance(121 * 1_000_000);
            assert!(run_once(&app.state, "other").await.expect("a round").is_some());
            let mut conn = app.database.connect();
            let now = app.clock.now();
            assert!(!leases::claim_lease(&mut conn, "retention", "one", now, 1).expect("a query"));
        },
    )
    .await;
}

#[actix_web::test]
async fn what_is_over_the_size_goes_oldest_and_untrusted_first() {
    let small = |config: &mut Config| config.operations.retention.keep_bytes = Some(700_000);
    on_each_database_with(small, async |app| {
        for n in 0..20 {
            // 100,000 digits, which take about 45,000 bytes.
            let digits = |i: u64| format!("{:05}", (i * i * 7919 + n) % 99_991);
            let body = (0..20_000).map(digits).collect::<Vec<String>>().concat();
            app.clock.advance(1_000_000);
            app.receipt(&format!("genuine_{n}"), &body).await;
            let forged: Receipt = app.ask(Method::POST, RECEIVE, &[], body).await.json();
            assert!(forged.id > 0);
        }
        let done = round(app).await;
        assert!(done.over_size >= 20, "{done:?}");
        assert!(done.stored_bytes <= 700_000, "{done:?}");
        assert!(done.stored_bytes > 350_000, "no more than needed: {done:?}");
        let left = ids(app).await;
        assert_eq!(left.first().map(String::as_str), Some("genuine_19"), "{left:?}");
        assert!(left.iter().all(|id| id.starts_with("genuine")), "{left:?}");
        assert_eq!(round(app).await.over_size, 0);
    })
    .await;
}

#[actix_web::test]
async fn deliveries_are_stored_while_retention_works() {
    let short = |config: &mut Config| config.operations.retention.keep = Some(DAY);
    on_each_database_with(short, async |app| {
        for chunk in 0..10 {
            fill(app, chunk, 300, 1000).await;
        }
        app.clock.advance(2 * DAY);
        let deliveries = async {
            let mut taken = 0;
            for n in 0..40 {
                let body = format!("{{\"n\":{n}}}");
                let answer = app.deliver(&format!("new_{n}"), &body).await;
                taken += usize::from(answer.status == 200);
            }
            taken
        };
        let (done, taken) = futures_util::future::join(round(app), deliveries).await;
        assert_eq!((done.callbacks, taken), (3000, 40));
        assert_eq!(ids(app).await.len(), 40);
    })
    .await;
}

/// Stores as the writer does, without the network, and in large batches: a quarter has a million.
async fn fill(app: &TestApp, day: i64, count: i64, size: usize) {
    let now = app.clock.now();
    let deliveries: Vec<NewDelivery> = (0..count).map(|n| delivery(day, n, now, size)).collect();
    let (writer, mut stored) = (app.state.writer.clone(), 0);
    for batch in deliveries.chunks(1000) {
        let batch = batch.to_vec();
        let receipts = writer.write(move |conn| queries::upsert_callbacks(conn, &batch)).await;
        stored += receipts.expect("they are stored").len();
    }
    assert_eq!(i64::try_from(stored).expect("small"), count);
}

/// One in twenty is forged; sizes differ as they do.
fn delivery(day: i64, n: i64, now: Micros, size: usize) -> NewDelivery {
    let length = size / 2 + usize::try_from((n * 7919) % 1000).expect("small") * size / 1000;
    let pieces = i64::try_from(length / 8).expect("small");
    let piece = |i: i64| format!("{:08x}", (i * 2_654_435 + n) % 0xffff_ffff);
    let text = (0..pieces).map(piece).collect::<Vec<String>>().concat();
    let body = format!(
        "{{\"job_id\":\"job_{day}_{n}\",\"type\":\"job.completed\",\"output\":\"{text}\"}}"
    );
    let source = ringback_core::source::Source::default_source(Vec::new());
    let headers = ringback_core::signature::Headers::new(std::iter::empty::<(&str, &str)>());
    let request = ringback_core::intake::Request {
        headers: &headers,
        body: body.as_bytes(),
        remote_addr: Some("192.0.2.1".to_owned()),
        received_at: now + n,
    };
    let delivery = ringback_core::intake::read_delivery(&source, &request);
    let signature = if n % 20 == 0 { Signature::Invalid } else { Signature::Valid };
    NewDelivery { signature, callback_id: format!("cb_{day}_{n}"), ..delivery }
}

/// Has SQLite's writer commit at once, as the tests' PostgreSQL does: sizes are looked at, nothing
/// crashes, and a quarter has many steps, after each of which the loop rests as long as it took.
async fn do_not_wait_for_the_disk(app: &TestApp) {
    if app.database.url().is_postgres() {
        return;
    }
    let told = app.state.writer.write(|conn| {
        use diesel::connection::SimpleConnection;
        conn.batch_execute("PRAGMA synchronous = OFF")
    });
    told.await.expect("it is told");
}

/// What SQLite says of a checkpoint.
#[derive(diesel::QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    busy: i32,
}

/// Does what the server and autovacuum do when there is a moment, and says whether it is done.
/// SQLite lets one checkpoint run at a time and only says so when the server's own is that one.
fn tidy(conn: &mut Connection) -> diesel::QueryResult<bool> {
    use diesel::RunQueryDsl;
    use diesel::connection::SimpleConnection;
    match conn {
        Connection::Sqlite(sqlite) => {
            let told = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)");
            Ok(told.get_result::<Checkpoint>(sqlite)?.busy == 0)
        }
        Connection::Postgres(pg) => {
            pg.batch_execute("VACUUM llm_callbacks")?;
            pg.batch_execute("VACUUM llm_callback_deliveries")?;
            Ok(true)
        }
    }
}

/// The size on disk: the SQLite file once its log is in it, or PostgreSQL's tables after a vacuum.
async fn size_on_disk(app: &TestApp) -> i64 {
    while !app.state.writer.write(tidy).await.expect("it is tidied") {}
    if app.database.url().is_postgres() {
        let size = |conn: &mut _| queries::retention::measure_stored_bytes(conn, i64::MAX);
        return app.state.readers.read(size).await.expect("a size");
    }
    let path = app.database.url_text().strip_prefix("sqlite://").expect("a file").to_owned();
    let length = |suffix: &str| std::fs::metadata(format!("{path}{suffix}")).map_or(0, |m| m.len());
    i64::try_from(length("") + length("-wal")).expect("small")
}

/// 90 days go by: with retention of 15 days the database grows for as long and then stays.
#[actix_web::test]
async fn ninety_days_stay_flat() {
    // `just simulate-retention` asks for 10,000 a day; the suite has no time for that.
    #[expect(clippy::disallowed_methods, reason = "the long form of this test is asked for so")]
    let per_day = std::env::var("RINGBACK_SIMULATE_PER_DAY").ok();
    let per_day: i64 = per_day.map_or(120, |text| text.parse().expect("a number"));
    let days = |config: &mut Config| {
        config.operations.retention.keep = Some(15 * DAY);
        config.operations.retention.keep_untrusted = Some(3 * DAY);
        config.operations.retention.keep_payload = Some(10 * DAY);
    };
    on_each_database_with(days, async |app| {
        do_not_wait_for_the_disk(app).await;
        let mut sizes = Vec::new();
        let [mut storing, mut letting_go, mut measuring] = [Duration::ZERO; 3];
        for day in 0..90 {
            let begin = Instant::now();
            fill(app, day, per_day, 1500).await;
            storing += begin.elapsed();
            let begin = Instant::now();
            round(app).await;
            letting_go += begin.elapsed();
            let begin = Instant::now();
            sizes.push(size_on_disk(app).await);
            measuring += begin.elapsed();
            app.clock.advance(DAY);
        }
        eprintln!(
            "storing took {storing:.0?}, letting go {letting_go:.0?}, measuring {measuring:.0?}"
        );
        let (settled, last) = (&sizes[20..40], &sizes[70..90]);
        let most = |sizes: &[i64]| sizes.iter().copied().max().expect("some");
        let grown = most(last) * 1000 / most(settled);
        eprintln!(
            "{per_day} a day, on {}: day 5 {} KiB, day 15 {} KiB, days 20 to 40 at most {} KiB, \
             days 70 to 90 at most {} KiB: {grown} thousandths of it",
            app.database.url(),
            sizes[5] / 1024,
            sizes[15] / 1024,
            most(settled) / 1024,
            most(last) / 1024,
        );
        assert!(grown < 1100, "it grew to {grown} thousandths of its size: {sizes:?}");
        let stored = queries::retention::measure_stored_bytes(&mut app.database.connect(), 0);
        let per_callback = stored.expect("a size") / (per_day * 15);
        assert!((500..4000).contains(&per_callback), "{per_callback} bytes for each callback");
    })
    .await;
}
