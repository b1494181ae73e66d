//! Many writers on three nodes: one feed without gap or repeat.

use crate::Failure;
use crate::cluster::Cluster;
use crate::report::Ending;
use crate::sender::Shape;
use crate::stage::Stage;
use crate::story::{Setting, Story, World};
use diesel::prelude::*;
use std::time::{Duration, Instant};

const BODY_BYTES: usize = 250;

pub(super) async fn follow(stage: Stage<'_>) -> Result<Ending, Failure> {
    let many = |world: &World, url| Setting {
        shape: Shape {
            connections: world.pick(48, 192),
            rate: u32::MAX,
            at_most: world.count(2_500, 1_000_000),
        },
        body_bytes: BODY_BYTES,
        ..Setting::usual(world, url, 3)
    };
    let measure = async |story: &mut Story<'_>, cluster: &mut Cluster<'_>| {
        let begin = Instant::now();
        let (nodes_before, database_before) = (nodes_cpu(story), cluster.cpu());
        story.wait_for_load().await?;
        let took = begin.elapsed().as_secs_f64();
        let count = story.sender.ledger.borrow().acknowledgements();
        let each = |before: Option<Duration>, after: Option<Duration>| {
            let used = before.zip(after).map(|(before, after)| after.saturating_sub(before));
            used.map_or(0.0, |used| used.as_secs_f64() * 1e6 / count_f64(count))
        };
        let database_bytes = database_bytes(cluster)?;
        story.notes.push(format!(
            "{:.0} acknowledged in a second, for {took:.0} s; CPU for each: {:.0} µs in the nodes, \
             {:.0} µs in PostgreSQL; {:.0} bytes of database for each of {} bytes",
            count_f64(count) / took,
            each(nodes_before, nodes_cpu(story)),
            each(database_before, cluster.cpu()),
            count_f64(database_bytes) / count_f64(count),
            BODY_BYTES,
        ));
        Ok(())
    };
    stage.on_postgres_with("max_wal_size = 4GB", many, measure).await
}

fn nodes_cpu(story: &Story<'_>) -> Option<Duration> {
    story.nodes.iter().map(crate::node::Node::cpu).sum()
}

#[expect(clippy::cast_precision_loss, reason = "for a person to read")]
fn count_f64(count: u64) -> f64 {
    count as f64
}

fn database_bytes(cluster: &Cluster<'_>) -> Result<u64, Failure> {
    #[derive(QueryableByName)]
    struct Size {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        bytes: i64,
    }
    let size: Size = diesel::sql_query("SELECT pg_database_size(current_database()) AS bytes")
        .get_result(&mut cluster.connect("postgres")?)?;
    Ok(u64::try_from(size.bytes)?)
}
