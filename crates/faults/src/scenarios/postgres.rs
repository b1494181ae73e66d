//! PostgreSQL that dies, is away, cuts, blocks and aborts.

use crate::Failure;
use crate::cluster::Cluster;
use crate::report::Ending;
use crate::stage::{Stage, usual};
use crate::story::Story;
use diesel::connection::SimpleConnection;
use std::time::{Duration, Instant};

/// Two nodes on a server under load, and what happens to the server meanwhile.
async fn run<'a>(
    stage: Stage<'a>,
    fault: impl AsyncFnOnce(&mut Story<'a>, &mut Cluster<'a>) -> Result<(), Failure>,
) -> Result<Ending, Failure> {
    stage.on_postgres(usual(2), fault).await
}

pub(super) async fn kill(stage: Stage<'_>) -> Result<Ending, Failure> {
    crash(stage, async |cluster| cluster.kill().await).await
}

pub(super) async fn stop_immediately(stage: Stage<'_>) -> Result<Ending, Failure> {
    crash(stage, async |cluster| cluster.stop("immediate").await).await
}

/// Ends the server without a chance to tidy up, and starts it again.
async fn crash<'a>(
    stage: Stage<'a>,
    end: impl AsyncFn(&mut Cluster<'a>) -> Result<(), Failure>,
) -> Result<Ending, Failure> {
    run(stage, async |story, cluster| {
        for _ in 0..story.world.pick(2, 10) {
            story.pause(500, 2000).await;
            end(cluster).await?;
            story.faults += 1;
            cluster.start().await?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn be_away(stage: Stage<'_>) -> Result<Ending, Failure> {
    run(stage, async |story, cluster| {
        story.pause(500, 1500).await;
        cluster.stop("fast").await?;
        story.faults += 1;
        tokio::time::sleep(Duration::from_secs(story.world.pick(5, 30))).await;
        let refused = story.sender.ledger.borrow().refused;
        story.expect(refused > 0, || "nobody was told to come again".to_owned());
        cluster.start().await?;
        Ok(())
    })
    .await
}

pub(super) async fn cut_connections(stage: Stage<'_>) -> Result<Ending, Failure> {
    run(stage, async |story, cluster| {
        let mut operator = cluster.connect("postgres")?;
        for _ in 0..story.world.pick(8, 60) {
            story.pause(50, 700).await;
            operator.batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )?;
            story.faults += 1;
        }
        Ok(())
    })
    .await
}

pub(super) async fn be_stuck(stage: Stage<'_>) -> Result<Ending, Failure> {
    run(stage, async |story, cluster| {
        story.pause(500, 1500).await;
        let mut stuck = cluster.connect("postgres")?;
        // In the order in which writers take the two: the other way around they could wait for each other.
        stuck.batch_execute(
            "BEGIN; LOCK TABLE llm_callbacks IN ACCESS EXCLUSIVE MODE; \
         UPDATE feed_head SET seq = seq WHERE one = 1",
        )?;
        story.faults += 1;
        let hold = Duration::from_secs(story.world.pick(12, 30));
        let until = Instant::now() + hold;
        let mut slowest = Duration::ZERO;
        while Instant::now() < until {
            let asked = Instant::now();
            let answer = story.client.get(format!("{}/healthz", story.nodes[0].url)).send().await;
            let is_alive = answer.is_ok_and(|answer| answer.status().is_success());
            story.expect(is_alive, || {
                "a node does not answer while the database is stuck".to_owned()
            });
            slowest = slowest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let refused = story.sender.ledger.borrow().refused;
        story.expect(refused > 0, || {
            format!("nobody was told to come again within {} s", hold.as_secs())
        });
        story.expect(slowest < Duration::from_secs(1), || format!("/healthz took {slowest:?}"));
        stuck.batch_execute("ROLLBACK")?;
        Ok(())
    })
    .await
}

pub(super) async fn abort_transactions(stage: Stage<'_>) -> Result<Ending, Failure> {
    run(stage, async |story, cluster| {
        story.pause(200, 600).await;
        cluster.execute(
            "postgres",
            "CREATE SEQUENCE aborted; \
         CREATE FUNCTION abort_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF random() < 0.15 THEN PERFORM nextval('aborted'); \
         RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001'; END IF; \
         IF random() < 0.15 THEN PERFORM nextval('aborted'); \
         RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF; \
         RETURN NULL; END $$; \
         CREATE TRIGGER abort_some AFTER INSERT ON llm_callbacks \
         FOR EACH STATEMENT EXECUTE FUNCTION abort_some()",
        )?;
        tokio::time::sleep(Duration::from_secs(story.world.pick(5, 30))).await;
        cluster.execute("postgres", "DROP TRIGGER abort_some ON llm_callbacks")?;
        story.faults = aborted(cluster)?;
        story.expect(story.faults > 0, || "nothing was aborted".to_owned());
        let retries = story.sender.ledger.borrow().retries;
        story.notes.push(format!("{retries} requests were told to come again; the server repeats"));
        Ok(())
    })
    .await
}

fn aborted(cluster: &Cluster<'_>) -> Result<u32, Failure> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        last_value: i64,
    }
    let count: Count = diesel::sql_query("SELECT last_value FROM aborted")
        .get_result(&mut cluster.connect("postgres")?)?;
    Ok(u32::try_from(count.last_value)?)
}
