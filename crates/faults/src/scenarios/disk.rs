//! A disk that is full: 503, nothing lost, and all goes on when there is space again.

use crate::Failure;
use crate::disk::SmallDisk;
use crate::plan::PATH;
use crate::report::Ending;
use crate::stage::Stage;
use crate::story::{Setting, Story, World};
use std::time::{Duration, Instant};

/// Large enough that the disk is full within seconds.
const BODY_BYTES: usize = 8 * 1024;
const FULL_PATIENCE: Duration = Duration::from_secs(40);

fn not_permitted() -> Ending {
    Ending::NotRun("this user may not mount a small file system: run it as root".to_owned())
}

fn large(nodes: usize) -> impl FnOnce(&World, String) -> Setting {
    move |world, url| Setting { body_bytes: BODY_BYTES, ..Setting::usual(world, url, nodes) }
}

pub(super) async fn fill_sqlite(stage: Stage<'_>) -> Result<Ending, Failure> {
    let Some(disk) = SmallDisk::mount(stage.folder.join("disk"), 64).await? else {
        return Ok(not_permitted());
    };
    let url = format!("sqlite://{}", disk.path.join("ringback.db").display());
    let setting = large(1)(stage.world, url);
    let fill_again = async |story: &mut Story<'_>| {
        for _ in 0..story.world.pick(1, 5) {
            story.pause(300, 1200).await;
            fill(story, &disk, 2 << 20).await?;
            disk.empty()?;
            wait_for_space(story).await;
        }
        Ok(())
    };
    stage.run(setting, fill_again).await
}

pub(super) async fn fill_postgres(mut stage: Stage<'_>) -> Result<Ending, Failure> {
    let Some(disk) = SmallDisk::mount(stage.folder.join("disk"), 320).await? else {
        return Ok(not_permitted());
    };
    let settings = "min_wal_size = 32MB\nmax_wal_size = 64MB";
    let folder = disk.path.join("server");
    let mut cluster = stage.world.programs.make(&folder, settings, &mut stage.chance).await?;
    cluster.start().await?;
    let setting = large(2)(stage.world, cluster.url("postgres"));
    let fill_again = async |story: &mut Story<'_>| {
        for _ in 0..story.world.pick(1, 3) {
            story.pause(300, 1200).await;
            fill(story, &disk, 4 << 20).await?;
            disk.empty()?;
            if !cluster.is_running() {
                // Without space for its log PostgreSQL ends itself; what supervises it starts it.
                let note =
                    "PostgreSQL ended itself when its log found no space, and was started again";
                story.notes.push(note.to_owned());
                cluster.start().await?;
            }
            wait_for_space(story).await;
        }
        Ok(())
    };
    stage.run(setting, fill_again).await
}

/// Fills the disk, and waits until senders are told to come again and have been for a while.
async fn fill(story: &mut Story<'_>, disk: &SmallDisk, left: u64) -> Result<(), Failure> {
    let before = story.sender.ledger.borrow().refused;
    disk.fill(left)?;
    story.faults += 1;
    let until = Instant::now() + FULL_PATIENCE;
    while story.sender.ledger.borrow().refused == before {
        if Instant::now() > until {
            story.failures.push("the disk is full and nobody is told to come again".to_owned());
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    Ok(())
}

/// A callback is taken again without a hand.
async fn wait_for_space(story: &mut Story<'_>) {
    let until = Instant::now() + FULL_PATIENCE;
    let url = format!("{}{PATH}", story.nodes[0].url);
    loop {
        let answer = story.client.post(&url).send_body("{\"id\":\"space\"}").await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        if Instant::now() > until {
            story.failures.push("there is space and nothing is taken".to_owned());
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
