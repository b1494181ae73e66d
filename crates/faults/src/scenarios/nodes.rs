//! Nodes that are killed, and nodes that are replaced.

use crate::Failure;
use crate::report::Ending;
use crate::seed::Chance;
use crate::story::{Setting, Story, World};
use std::path::PathBuf;
use std::time::Duration;

pub(super) async fn kill_on_sqlite(
    world: &World,
    chance: Chance,
    folder: PathBuf,
) -> Result<Ending, Failure> {
    let url = format!("sqlite://{}", folder.join("ringback.db").display());
    let story = Story::begin(world, Setting::usual(world, url, 1), chance, &folder).await?;
    kill(story).await
}

pub(super) async fn kill_on_postgres(
    world: &World,
    mut chance: Chance,
    folder: PathBuf,
) -> Result<Ending, Failure> {
    let mut cluster = world.programs.make(&folder, "", &mut chance).await?;
    cluster.start().await?;
    let setting = Setting::usual(world, cluster.url("postgres"), 3);
    let story = Story::begin(world, setting, chance, &folder).await?;
    kill(story).await
}

async fn kill(mut story: Story<'_>) -> Result<Ending, Failure> {
    for _ in 0..story.world.pick(4, 20) {
        story.pause(100, 1500).await;
        let victim = usize::try_from(story.chance.below(story.nodes.len() as u64))?;
        story.nodes[victim].kill().await?;
        story.faults += 1;
        story.pause(0, 300).await;
        story.nodes[victim].start().await?;
    }
    Ok(Ending::Ran(story.end().await?))
}

pub(super) async fn restart_rolling(
    world: &World,
    mut chance: Chance,
    folder: PathBuf,
) -> Result<Ending, Failure> {
    let mut cluster = world.programs.make(&folder, "", &mut chance).await?;
    cluster.start().await?;
    let setting = Setting::usual(world, cluster.url("postgres"), 3);
    let mut story = Story::begin(world, setting, chance, &folder).await?;
    for _ in 0..story.world.pick(1, 4) {
        for number in 0..story.nodes.len() {
            story.pause(100, 600).await;
            story.nodes[number].stop().await?;
            story.faults += 1;
            story.nodes[number].start().await?;
            story.rotation.wait_for(story.nodes.len(), Duration::from_secs(30)).await?;
        }
    }
    // No connection was refused or cut, and nobody was told to come again.
    let retries = story.sender.ledger.borrow().retries;
    story.expect(retries == 0, || format!("{retries} requests were refused or cut"));
    Ok(Ending::Ran(story.end().await?))
}
