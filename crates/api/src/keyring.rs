//! Where the server's key is kept: in the environment, or in a file that is made at first start.
//!
//! Both may hold several keys: the first seals, the others only open what they sealed before. So a
//! key is changed without a moment in which something cannot be opened.

use ringback_core::connection::DatabaseUrl;
use ringback_core::keys::{KEY_BYTES, KeyFormError, ServerKey};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

/// The file beside the database.
const FILE_NAME: &str = "ringback.key";
/// Where the file is when the database is a server's.
const DATA_FOLDER: &str = "./data";

/// Where the keys are.
#[derive(Clone, Debug)]
pub enum KeyPlace {
    /// As the configuration gave them: they change with the next start.
    Given(Vec<ServerKey>),
    /// One a line, the present one first.
    File(PathBuf),
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read, made or written.
    #[error("cannot use the key file {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("the key file {path} holds something else than keys")]
    Form {
        /// Which.
        path: PathBuf,
        /// What a key is.
        source: KeyFormError,
    },
    /// The file does not exist, for a command that makes none.
    #[error("there is no key file at {0}: the server makes it at its first start")]
    Missing(PathBuf),
}

/// The server's keys, the present one first.
#[derive(Debug)]
pub struct Keyring {
    place: KeyPlace,
    keys: RwLock<Vec<ServerKey>>,
}

impl KeyPlace {
    /// Reads keys separated by commas, as an environment variable holds them.
    ///
    /// # Errors
    /// [`KeyFormError`], also when there is none.
    pub fn given(text: &str) -> Result<Self, KeyFormError> {
        let keys: Result<Vec<ServerKey>, _> = text.split(',').map(ServerKey::parse).collect();
        Ok(Self::Given(keys?))
    }

    /// The file beside a database.
    pub fn beside(database: &DatabaseUrl) -> Self {
        let folder = match database {
            DatabaseUrl::Sqlite(path) => path.parent().map(Path::to_owned).unwrap_or_default(),
            DatabaseUrl::Postgres(_) => PathBuf::from(DATA_FOLDER),
        };
        Self::File(folder.join(FILE_NAME))
    }
}

impl Keyring {
    /// Reads the keys; makes the file with a random key when it does not exist.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn open_or_make(place: KeyPlace) -> Result<Self, KeyringError> {
        if let KeyPlace::File(path) = &place
            && !path.exists()
        {
            make_file(path, &random_key())
                .map_err(|source| KeyringError::File { path: path.clone(), source })?;
        }
        Self::open(place)
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn open(place: KeyPlace) -> Result<Self, KeyringError> {
        let keys = read_keys(&place)?;
        Ok(Self { place, keys: RwLock::new(keys) })
    }

    /// Where the keys are.
    pub fn place(&self) -> &KeyPlace {
        &self.place
    }

    /// Every key, the present one first; never empty.
    pub fn keys(&self) -> Vec<ServerKey> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The key that seals.
    pub fn current(&self) -> ServerKey {
        self.keys().swap_remove(0)
    }

    /// Reads the file again: another process may have changed the key.
    ///
    /// # Errors
    /// [`KeyringError`]; the keys stay as they were.
    pub fn reload(&self) -> Result<(), KeyringError> {
        let keys = read_keys(&self.place)?;
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Puts a new key before the others, in the file too. When there are several already, a change
    /// was begun and broke off: then nothing is done. Keys that were given cannot be changed here.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn begin_change(&self) -> Result<(), KeyringError> {
        let KeyPlace::File(path) = &self.place else { return Ok(()) };
        let mut keys = self.keys();
        if keys.len() > 1 {
            return Ok(());
        }
        keys.insert(0, random_key());
        self.write(path, keys)
    }

    /// Lets go of all keys but the present one, in the file too.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub fn end_change(&self) -> Result<(), KeyringError> {
        let KeyPlace::File(path) = &self.place else { return Ok(()) };
        self.write(path, vec![self.current()])
    }

    fn write(&self, path: &Path, keys: Vec<ServerKey>) -> Result<(), KeyringError> {
        replace_file(path, &keys)
            .map_err(|source| KeyringError::File { path: path.to_owned(), source })?;
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = keys;
        Ok(())
    }
}

fn random_key() -> ServerKey {
    let mut bytes = [0; KEY_BYTES];
    crate::tokens::fill_random(&mut bytes);
    ServerKey::new(bytes)
}

fn read_keys(place: &KeyPlace) -> Result<Vec<ServerKey>, KeyringError> {
    let path = match place {
        KeyPlace::Given(keys) => return Ok(keys.clone()),
        KeyPlace::File(path) => path,
    };
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => KeyringError::Missing(path.clone()),
        _ => KeyringError::File { path: path.clone(), source },
    })?;
    warn_when_others_may_read(path);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Result<Vec<ServerKey>, KeyFormError> = lines.map(ServerKey::parse).collect();
    keys.and_then(|keys| if keys.is_empty() { Err(KeyFormError) } else { Ok(keys) })
        .map_err(|source| KeyringError::Form { path: path.clone(), source })
}

#[cfg(unix)]
fn warn_when_others_may_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map(|meta| meta.permissions().mode() & 0o077);
    if mode.is_ok_and(|others| others != 0) {
        tracing::warn!(path = %path.display(), "others may read the key file: chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_when_others_may_read(_: &Path) {}

/// Writes a whole file under a name of its own, readable by its owner alone and safe on the disk.
fn write_aside(path: &Path, keys: &[ServerKey]) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder)?;
    }
    let aside = path.with_extension(format!("{:016x}.new", crate::tokens::random_u64()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    for key in keys {
        writeln!(file, "{}", key.to_text())?;
    }
    file.sync_all()?;
    Ok(aside)
}

/// Makes the file; of several processes that do so at once, one wins and the others keep its key.
fn make_file(path: &Path, key: &ServerKey) -> std::io::Result<()> {
    let aside = write_aside(path, std::slice::from_ref(key))?;
    // A link, unlike a rename, refuses to take the place of another's file.
    let linked = std::fs::hard_link(&aside, path);
    std::fs::remove_file(&aside)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(path)
}

/// Takes the place of the file in one step: whoever reads finds the old keys or the new.
fn replace_file(path: &Path, keys: &[ServerKey]) -> std::io::Result<()> {
    let aside = write_aside(path, keys)?;
    std::fs::rename(&aside, path)?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, KeyPlace, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/ringback.key");
        (folder, KeyPlace::File(path.clone()), path)
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_found_again() {
        let (_folder, place, path) = place();
        assert!(matches!(Keyring::open(place.clone()), Err(KeyringError::Missing(_))));
        let made = Keyring::open_or_make(place.clone()).unwrap();
        assert!(made.current() == Keyring::open_or_make(place).unwrap().current());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let left = path.parent().unwrap().read_dir().unwrap().count();
        assert_eq!(left, 1, "no file is left beside it");
    }

    #[test]
    fn processes_that_start_at_once_take_one_key() {
        let (_folder, place, _) = place();
        let barrier = std::sync::Barrier::new(6);
        let ids: Vec<String> = std::thread::scope(|scope| {
            let start = |_| {
                scope.spawn(|| {
                    barrier.wait();
                    Keyring::open_or_make(place.clone()).expect("it opens").current().id()
                })
            };
            let handles: Vec<_> = (0..6).map(start).collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }

    #[test]
    fn a_change_that_breaks_off_is_taken_up_again_and_both_keys_are_there_until_it_ends() {
        let (_folder, place, _) = place();
        let keyring = Keyring::open_or_make(place.clone()).unwrap();
        let old = keyring.current();
        keyring.begin_change().unwrap();
        let new = keyring.current();
        assert!(new != old);
        let again = Keyring::open(place.clone()).unwrap();
        again.begin_change().unwrap();
        assert!(again.keys() == [new.clone(), old], "no third key");
        again.end_change().unwrap();
        keyring.reload().unwrap();
        assert!(keyring.keys() == [new]);
    }

    #[test]
    fn given_keys_are_read_and_a_mistake_does_not_show_them() {
        let (one, two) = ("11".repeat(32), "22".repeat(32));
        let place = KeyPlace::given(&format!("{one}, {two}")).unwrap();
        assert_eq!(Keyring::open(place).unwrap().keys().len(), 2);
        for wrong in ["", "s3cret", &format!("{one},")] {
            let error = KeyPlace::given(wrong).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let (_folder, place, path) = self::place();
        Keyring::open_or_make(place.clone()).unwrap();
        std::fs::write(path, "s3cret").unwrap();
        let error = Keyring::open(place).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
