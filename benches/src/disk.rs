//! Where the data of a benchmark lies, and how fast that disk is just now.

use crate::Failure;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The folder `target` of this workspace: on the disk, which a temporary folder may not be.
pub(crate) fn target() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"))
}

/// A folder that is gone when it is dropped.
pub(crate) fn folder() -> Result<TempDir, Failure> {
    let parent = target().join("bench-data");
    std::fs::create_dir_all(&parent)?;
    Ok(tempfile::tempdir_in(parent)?)
}

/// How often in a second 4 KiB can be written so that they survive a power cut.
pub(crate) fn measure_syncs() -> Result<f64, Failure> {
    let folder = folder()?;
    let mut file = std::fs::File::create(folder.path().join("probe"))?;
    file.write_all(&vec![0; 4096 * 64])?;
    file.sync_all()?;
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_secs(1) {
        file.seek(SeekFrom::Start(u64::from(count % 64) * 4096))?;
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}
