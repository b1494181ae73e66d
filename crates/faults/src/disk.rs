//! Small file systems that can be filled and emptied.

use crate::Failure;
use crate::cluster::run;
use std::io::Write;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A file system in memory of a bounded size, unmounted when this is dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl SmallDisk {
    /// Mounts one; `None` when this user may not mount.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) async fn mount(path: PathBuf, size_mib: u32) -> Result<Option<Self>, Failure> {
        std::fs::create_dir_all(&path)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size_mib}m,mode=0755"), "tmpfs"]);
        Ok(run(mount.arg(&path)).await.is_ok().then_some(Self { path }))
    }

    /// Fills it until so many bytes are left.
    ///
    /// # Errors
    /// When the size of what is free cannot be read.
    pub(crate) fn fill(&self, left_bytes: u64) -> Result<(), Failure> {
        let mut filler = std::fs::File::create(self.filler())?;
        let block = vec![0_u8; 64 * 1024];
        while filler.write_all(&block).is_ok() {}
        let size = filler.metadata()?.len();
        Ok(filler.set_len(size.saturating_sub(left_bytes))?)
    }

    /// Gives the space back.
    ///
    /// # Errors
    /// When the filler is not there.
    pub(crate) fn empty(&self) -> Result<(), Failure> {
        Ok(std::fs::remove_file(self.filler())?)
    }

    /// Lets nobody write any more, or lets them again.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) async fn remount(&self, mode: &str) -> Result<(), Failure> {
        run(Command::new("mount").args(["-o", &format!("remount,{mode}")]).arg(&self.path)).await
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is just ending may hold a file for a moment.
        let _ok = std::process::Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

/// The bytes of a file, to compare.
pub(crate) fn digest(path: &Path) -> Result<String, Failure> {
    use sha2::Digest;
    Ok(hex::encode(sha2::Sha256::digest(std::fs::read(path)?)))
}
