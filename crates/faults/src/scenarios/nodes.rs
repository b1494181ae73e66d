//! Nodes that are killed, and nodes that are replaced.

use crate::Failure;
use crate::report::Ending;
use crate::stage::{Stage, usual};
use crate::story::Story;
use std::time::Duration;

pub(super) async fn kill_on_sqlite(stage: Stage<'_>) -> Result<Ending, Failure> {
    stage.on_sqlite(usual(1), async |story| kill(story).await).await
}

pub(super) async fn kill_on_postgres(stage: Stage<'_>) -> Result<Ending, Failure> {
    stage.on_postgres(usual(3), async |story, _| kill(story).await).await
}

async fn kill(story: &mut Story<'_>) -> Result<(), Failure> {
    for _ in 0..story.world.pick(4, 20) {
        story.pause(100, 1500).await;
        let victim = usize::try_from(story.chance.below(story.nodes.len() as u64))?;
        story.nodes[victim].kill().await?;
        story.faults += 1;
        story.pause(0, 300).await;
        story.nodes[victim].start().await?;
    }
    Ok(())
}

pub(super) async fn restart_rolling(stage: Stage<'_>) -> Result<Ending, Failure> {
    let restart = async |story: &mut Story<'_>, _: &mut _| {
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
        Ok(())
    };
    stage.on_postgres(usual(3), restart).await
}
