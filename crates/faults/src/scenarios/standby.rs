//! Fail-over to a synchronous standby.

use crate::Failure;
use crate::report::Ending;
use crate::stage::Stage;
use crate::story::{Setting, Story};
use diesel::prelude::*;
use std::time::{Duration, Instant};

const STREAM_PATIENCE: Duration = Duration::from_secs(30);

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    yes: bool,
}

pub(super) async fn fail_over(mut stage: Stage<'_>) -> Result<Ending, Failure> {
    let (world, folder, chance) = (stage.world, &stage.folder, &mut stage.chance);
    let primary_folder = folder.join("primary");
    std::fs::create_dir_all(folder)?;
    let mut primary = world.programs.make(&primary_folder, "", chance).await?;
    let following = primary.standby_settings("standby");
    let mut standby =
        world.programs.copy(&primary.data, &folder.join("standby"), &following, chance).await?;
    std::fs::write(standby.data.join("standby.signal"), "")?;
    primary.start().await?;
    standby.start().await?;
    // From here on a commit waits for the standby's disk.
    primary.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'standby'")?;
    primary.execute("postgres", "SELECT pg_reload_conf()")?;
    let streams = "SELECT COALESCE(bool_or(sync_state = 'sync'), false) AS yes \
                   FROM pg_stat_replication";
    wait_until("the standby follows", || {
        let answer: Answer =
            diesel::sql_query(streams).get_result(&mut primary.connect("postgres")?)?;
        Ok(answer.yes)
    })
    .await?;
    let url = format!(
        "{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        primary.url("").trim_end_matches('/'),
        standby.port
    );
    let setting = Setting::usual(world, url, 2);
    let promote = async |story: &mut Story<'_>| {
        story.pause(1500, 3000).await;
        let killed = Instant::now();
        primary.kill().await?;
        story.faults += 1;
        // What decides to promote takes its time too.
        story.pause(500, 2000).await;
        standby.execute("postgres", "SELECT pg_promote()")?;
        story.rotation.wait_for(2, Duration::from_secs(60)).await?;
        story.notes.push(format!(
            "both nodes were ready on the new primary {:.1} s after the old one was killed",
            killed.elapsed().as_secs_f64()
        ));
        story.pause(1000, 2000).await;
        Ok(())
    };
    stage.run(setting, promote).await
}

async fn wait_until(
    what: &str,
    mut holds: impl FnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let until = Instant::now() + STREAM_PATIENCE;
    while !holds()? {
        if Instant::now() > until {
            return Err(format!("it never came true that {what}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
