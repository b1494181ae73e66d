//! SQLite files that cannot be used: a clear error, and never a byte changed.

use crate::Failure;
use crate::disk::{SmallDisk, digest};
use crate::node::{Node, NodeSettings, free_port};
use crate::report::Ending;
use crate::seed::Chance;
use crate::stage::Stage;
use crate::story::{Setting, Story, World};
use diesel::connection::SimpleConnection;
use ringback_core::connection::{DatabaseUrl, Purpose};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// What is done to a file.
type Damage = fn(&Path) -> Result<(), Failure>;

pub(super) async fn refuse(stage: Stage<'_>) -> Result<Ending, Failure> {
    let url = stage.sqlite_url();
    let Stage { world, mut chance, folder } = stage;
    let file = folder.join("ringback.db");
    let mut story =
        Story::begin(world, Setting::usual(world, url.clone(), 1), chance.clone(), &folder).await?;
    story.pause(500, 1000).await;

    // Locked: somebody's shell keeps a transaction open for longer than writers wait.
    let mut shell = DatabaseUrl::parse(&url)?.open(Purpose::Write)?;
    shell.batch_execute("BEGIN EXCLUSIVE")?;
    story.faults += 1;
    tokio::time::sleep(Duration::from_secs(world.pick(8, 20))).await;
    let refused = story.sender.ledger.borrow().refused;
    story.expect(refused > 0, || "locked: nobody was told to come again".to_owned());
    shell.batch_execute("ROLLBACK")?;
    drop(shell);
    let mut outcome = story.end().await?;

    let cases: [(&str, &str, Damage); 4] = [
        ("corrupt", "not a database", |file| overwrite(file, 0, &[b'x'; 4096])),
        ("another kind of file", "not a database", |file| {
            Ok(std::fs::write(file, "name,size\n".repeat(200))?)
        }),
        ("damaged within", "malformed", |file| overwrite(file, 100, &[0xff; 3996])),
        ("of a newer schema", "use a newer Ringback", |file| {
            let mut conn = DatabaseUrl::Sqlite(file.to_owned()).open(Purpose::Write)?;
            Ok(conn.batch_execute(
                "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000'); \
                 PRAGMA wal_checkpoint(TRUNCATE)",
            )?)
        }),
    ];
    for (name, words, damage) in cases {
        let copy = folder.join(name.replace(' ', "-")).join("ringback.db");
        std::fs::create_dir_all(copy.parent().ok_or("a folder")?)?;
        std::fs::copy(&file, &copy)?;
        damage(&copy)?;
        outcome.faults += 1;
        outcome.failures.extend(try_start(world, &mut chance, &copy, name, words).await?);
    }
    if let Some(disk) = SmallDisk::mount(folder.join("disk"), 64).await? {
        let copy = disk.path.join("ringback.db");
        std::fs::copy(&file, &copy)?;
        disk.remount("ro").await?;
        outcome.faults += 1;
        outcome
            .failures
            .extend(try_start(world, &mut chance, &copy, "read-only", "is read-only").await?);
        disk.remount("rw").await?;
        let mut node = node_on(world, &mut chance, &copy)?;
        node.start().await?;
        node.stop().await?;
    } else {
        outcome.notes.push("read-only: not run, this user may not mount".to_owned());
    }
    Ok(Ending::Ran(outcome))
}

/// A start that must fail with these words and change nothing.
async fn try_start(
    world: &World,
    chance: &mut Chance,
    file: &Path,
    name: &str,
    words: &str,
) -> Result<Vec<String>, Failure> {
    let before = digest(file)?;
    let node = node_on(world, chance, file)?;
    let (status, log) = node.start_and_end().await?;
    let mut failures = Vec::new();
    if status.success() {
        failures.push(format!("a file that is {name} was taken"));
    }
    if !log.contains(words) {
        failures.push(format!("a file that is {name}: the error is not clear: {log}"));
    }
    if digest(file)? != before {
        failures.push(format!("a file that is {name} was changed"));
    }
    Ok(failures)
}

fn node_on(world: &World, chance: &mut Chance, file: &Path) -> Result<Node, Failure> {
    let settings = NodeSettings {
        program: world.server.clone(),
        arguments: vec!["serve".to_owned()],
        database_url: format!("sqlite://{}", file.display()),
        environment: Vec::new(),
        log: file.with_extension("log"),
    };
    let settings = NodeSettings {
        // The log of a node on a read-only disk cannot lie beside its file.
        log: world.folder.join(format!("{:016x}.log", chance.next())),
        ..settings
    };
    Ok(Node::new(settings, free_port(chance)?))
}

fn overwrite(file: &Path, at: u64, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Seek;
    let mut file = std::fs::File::options().write(true).open(file)?;
    file.seek(std::io::SeekFrom::Start(at))?;
    Ok(file.write_all(bytes)?)
}
