//! What a scenario is given, and the runner that sets it up: a database, nodes under load, readers.
//! What happens meanwhile is the scenario's own.

use crate::Failure;
use crate::cluster::Cluster;
use crate::report::Ending;
use crate::seed::Chance;
use crate::story::{Setting, Story, World};
use std::path::PathBuf;

/// A place of its own for one scenario.
pub(crate) struct Stage<'a> {
    /// What all scenarios share.
    pub(crate) world: &'a World,
    /// Chance of this scenario alone.
    pub(crate) chance: Chance,
    /// Where it keeps what it needs.
    pub(crate) folder: PathBuf,
}

/// The usual load on a number of nodes.
pub(crate) fn usual(nodes: usize) -> impl FnOnce(&World, String) -> Setting {
    move |world, url| Setting::usual(world, url, nodes)
}

impl<'a> Stage<'a> {
    /// Runs a scenario on a PostgreSQL server of its own.
    ///
    /// # Errors
    /// When it cannot be brought to its end.
    pub(crate) async fn on_postgres(
        self,
        setting: impl FnOnce(&World, String) -> Setting,
        scenario: impl AsyncFnOnce(&mut Story<'a>, &mut Cluster<'a>) -> Result<(), Failure>,
    ) -> Result<Ending, Failure> {
        self.on_postgres_with("", setting, scenario).await
    }

    /// The same with further settings of the server.
    ///
    /// # Errors
    /// When it cannot be brought to its end.
    pub(crate) async fn on_postgres_with(
        mut self,
        settings: &str,
        setting: impl FnOnce(&World, String) -> Setting,
        scenario: impl AsyncFnOnce(&mut Story<'a>, &mut Cluster<'a>) -> Result<(), Failure>,
    ) -> Result<Ending, Failure> {
        let mut cluster =
            self.world.programs.make(&self.folder, settings, &mut self.chance).await?;
        cluster.start().await?;
        let setting = setting(self.world, cluster.url("postgres"));
        self.run(setting, async |story| scenario(story, &mut cluster).await).await
    }

    /// Runs a scenario on a SQLite file of its own.
    ///
    /// # Errors
    /// When it cannot be brought to its end.
    pub(crate) async fn on_sqlite(
        self,
        setting: impl FnOnce(&World, String) -> Setting,
        scenario: impl AsyncFnOnce(&mut Story<'a>) -> Result<(), Failure>,
    ) -> Result<Ending, Failure> {
        let setting = setting(self.world, self.sqlite_url());
        self.run(setting, scenario).await
    }

    /// Runs a scenario on a database that is there.
    ///
    /// # Errors
    /// When it cannot be brought to its end.
    pub(crate) async fn run(
        self,
        setting: Setting,
        scenario: impl AsyncFnOnce(&mut Story<'a>) -> Result<(), Failure>,
    ) -> Result<Ending, Failure> {
        let mut story = Story::begin(self.world, setting, self.chance, &self.folder).await?;
        scenario(&mut story).await?;
        Ok(Ending::Ran(story.end().await?))
    }

    /// The URL of the file that a scenario on SQLite has.
    pub(crate) fn sqlite_url(&self) -> String {
        format!("sqlite://{}", self.folder.join("ringback.db").display())
    }
}
