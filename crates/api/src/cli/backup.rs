//! `ringback backup` and `ringback restore`: a SQLite database in a file, and back.

use super::Failure;
use crate::config::DatabaseArgs;
use crate::error::chain;
use crate::views;
use clap::Args;
use ringback_core::connection::{Connection, DatabaseUrl, Purpose};
use ringback_core::migrations;
use ringback_core::queries::backup::{
    backup_into, check_integrity, find_extent, skip_positions, take_alone,
};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What `ringback backup` takes.
#[derive(Args, Debug)]
pub(super) struct BackupArgs {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// What `ringback restore` takes.
#[derive(Args, Debug)]
pub(super) struct RestoreArgs {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Replace the database when there is one; it is kept beside, as `<file>.before-restore`
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn back_up(args: &BackupArgs) -> Result<(), Failure> {
    let url = args.database.url()?;
    sqlite_path(&url, "`pg_dump` or `pg_basebackup`")?;
    if args.to.exists() && !args.force {
        return Err(format!("{} exists: --force replaces it", args.to.display()).into());
    }
    let partial = beside(&args.to, "partial");
    remove_database(&partial)?;
    let mut conn = url.open(Purpose::Write)?;
    let made = backup_into(&mut conn, &partial.to_string_lossy())
        .map_err(Failure::from)
        .and_then(|()| finish_backup(&partial, &args.to));
    match made {
        Ok((count, newest)) => {
            println!("{} has {count} callbacks, {newest}, and is whole", args.to.display());
            println!(
                "Secrets of sources in it can be read with the key file only: keep a copy of that elsewhere."
            );
            Ok(())
        }
        Err(error) => {
            remove_database(&partial)?;
            Err(error)
        }
    }
}

/// Checks the copy and gives it its name when it is whole and on disk.
fn finish_backup(partial: &Path, to: &Path) -> Result<(i64, String), Failure> {
    make_private(partial)?;
    let extent = check_backup(partial)?;
    File::open(partial)?.sync_all()?;
    std::fs::rename(partial, to)?;
    sync_folder(to)?;
    Ok(extent)
}

pub(super) fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    let url = args.database.url()?;
    let path = sqlite_path(&url, "`pg_restore` or `psql`")?;
    if !args.from.exists() {
        return Err(format!("there is no file {}", args.from.display()).into());
    }
    if path.exists() && !args.force {
        return Err(
            format!("{} exists: --force replaces it and keeps it beside", path.display()).into()
        );
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    // Checked and mended as a copy: the backup itself is not touched.
    let partial = beside(&path, "partial");
    remove_database(&partial)?;
    let restored = prepare(&args.from, &partial).and_then(|extent| {
        let kept = set_aside(&url, &path)?;
        std::fs::rename(&partial, &path)?;
        sync_folder(&path)?;
        Ok((extent, kept))
    });
    match restored {
        Ok(((count, newest), kept)) => {
            println!("{} has {count} callbacks, {newest}", path.display());
            if let Some(kept) = kept {
                println!("What was there is in {}", kept.display());
            }
            Ok(())
        }
        Err(error) => {
            remove_database(&partial)?;
            Err(error)
        }
    }
}

fn prepare(from: &Path, partial: &Path) -> Result<(i64, String), Failure> {
    std::fs::copy(from, partial)?;
    make_private(partial)?;
    let extent = check_backup(partial)?;
    let mut conn = DatabaseUrl::Sqlite(partial.to_owned()).open(Purpose::Write)?;
    skip_positions(&mut conn)?;
    // One file again, without a log.
    if !take_alone(&mut conn)? {
        return Err("another process opened the copy: is a scanner at work here?".into());
    }
    drop(conn);
    File::open(partial)?.sync_all()?;
    Ok(extent)
}

/// A file that is whole and of a schema that this version knows.
fn check_backup(path: &Path) -> Result<(i64, String), Failure> {
    let open = || -> Result<Connection, Failure> {
        Ok(DatabaseUrl::Sqlite(path.to_owned()).open(Purpose::Write)?)
    };
    let no_database = |error: &dyn std::error::Error| {
        format!("the file is not a whole SQLite database: {}", chain(error))
    };
    let mut conn = open().map_err(|error| no_database(error.as_ref()))?;
    let wrong = check_integrity(&mut conn).map_err(|error| no_database(&error))?;
    if let Some(first) = wrong.first() {
        return Err(format!("the file is damaged: {first}").into());
    }
    for pending in migrations::list_pending(&mut conn)? {
        if pending.contains("2026-11-23-000000") {
            return Err("the file is a database, and not one of Ringback".into());
        }
        println!("its schema is older: `ringback migrate` or the next start runs {pending}");
    }
    let (count, newest) = find_extent(&mut conn)?;
    let newest = newest.map_or_else(
        || "none of them received".to_owned(),
        |at| format!("the newest received at {}", views::time(at)),
    );
    if !take_alone(&mut conn)? {
        return Err("another process opened the copy: is a scanner at work here?".into());
    }
    Ok((count, newest))
}

/// Moves a database away, when nobody has it open; gives where to.
fn set_aside(url: &DatabaseUrl, path: &Path) -> Result<Option<PathBuf>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    // A file that cannot be opened is damaged, which is a reason to restore.
    if let Ok(mut conn) = url.open(Purpose::Write)
        && matches!(take_alone(&mut conn), Ok(false))
    {
        return Err("the database is in use: stop the server first".into());
    }
    let kept = (0..1000)
        .map(|n| if n == 0 { "before-restore".to_owned() } else { format!("before-restore.{n}") })
        .map(|suffix| beside(path, &suffix))
        .find(|kept| !kept.exists())
        .ok_or("there are a thousand files of earlier restores: remove some")?;
    std::fs::rename(path, &kept)?;
    for suffix in ["-wal", "-shm"] {
        let (log, kept) = (with_suffix(path, suffix), with_suffix(&kept, suffix));
        if log.exists() {
            std::fs::rename(log, kept)?;
        }
    }
    Ok(Some(kept))
}

fn sqlite_path(url: &DatabaseUrl, tools: &str) -> Result<PathBuf, Failure> {
    match url {
        DatabaseUrl::Sqlite(path) => Ok(path.clone()),
        DatabaseUrl::Postgres(_) => {
            Err(format!("{url} is PostgreSQL: use {tools}, docs/OPERATIONS.md shows how").into())
        }
    }
}

/// `FILE.suffix`
fn beside(path: &Path, suffix: &str) -> PathBuf {
    with_suffix(path, &format!(".{suffix}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove_database(path: &Path) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match std::fs::remove_file(with_suffix(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Payloads are nobody's business but the owner's.
fn make_private(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// A new name is on disk when its folder is.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
