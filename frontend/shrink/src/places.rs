//! Where the source lay when it was compiled: the paths in the program's data, for messages of panics
//! that no browser shows. They are other ones on every machine, and tell of it.

use std::collections::HashMap;
use std::path::Path;

/// Addresses of paths, and the length of each.
pub(crate) type Paths = HashMap<u32, u32>;

/// How the paths of source files begin.
#[derive(Default)]
pub(crate) struct Places(Vec<Vec<u8>>);

impl Places {
    /// Those of the app, of the standard library, and of what Cargo fetched into its folder.
    pub(crate) fn of(cargo_home: &Path) -> Self {
        let fetched = cargo_home.join("registry/src/").into_os_string().into_encoded_bytes();
        Self(vec![fetched, b"/rustc/".to_vec(), b"/rust/deps/".to_vec(), b"src/".to_vec()])
    }

    /// The addresses of the paths in data that begins at an address, and their lengths.
    pub(crate) fn find(&self, begin: u32, data: &[u8]) -> Paths {
        let mut paths = Paths::new();
        let mut at = 0;
        while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
            let length = self.path_length(rest);
            paths.extend(length.map(|length| (begin + narrow(at), narrow(length))));
            at += length.unwrap_or(1);
        }
        paths
    }

    /// The length of a path to a source file that begins here.
    fn path_length(&self, data: &[u8]) -> Option<usize> {
        self.0.iter().find(|beginning| data.starts_with(beginning))?;
        let is_of_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-@+".contains(byte);
        let run = data.iter().take_while(|byte| is_of_path(byte)).count();
        let end = data[..run].windows(3).position(|end| end == b".rs")?;
        Some(end + 3)
    }
}

/// The data, which begins at an address, with zeros instead of the paths and of what leads there: it is
/// as long as before, with nothing to compress.
///
/// A place in the source is four words, as the compiler lays `core::panic::Location` out: the address
/// and the length of its path, the line, the column. An empty path at a place that is not null is left.
pub(crate) fn forget(paths: &Paths, begin: u32, data: &[u8]) -> Vec<u8> {
    let mut kept = data.to_vec();
    for at in (0..data.len()).filter(|at| (begin as usize + at).is_multiple_of(4)) {
        let place = kept.get_mut(at..at + 16);
        if let Some(place) =
            place.filter(|place| paths.get(&word(place, 0)) == Some(&word(place, 4)))
        {
            place.fill(0);
            place[0] = 1;
        }
    }
    for (address, length) in paths {
        let at = address.checked_sub(begin).map(|at| at as usize);
        if let Some(path) = at.and_then(|at| kept.get_mut(at..at + *length as usize)) {
            path.fill(0);
        }
    }
    kept
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).expect("the program's memory has 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_source_are_forgotten_and_all_else_stays() {
        let places = Places::of(Path::new("/home/ada/.cargo"));
        let data = "Older/home/ada/.cargo/registry/src/a-1.0/src/b.rssrc/ui/dom.rsSee src/ or b.rs/rustc/0f/x.rs";
        let kept = forget(&places.find(1000, data.as_bytes()), 1000, data.as_bytes());
        assert_eq!(kept.len(), data.len());
        let text = String::from_utf8(kept).expect("text").replace('\0', "");
        assert_eq!(text, "OlderSee src/ or b.rs");
    }

    #[test]
    fn what_leads_to_a_path_is_forgotten_and_other_numbers_stay() {
        let words = |words: [u32; 4]| words.map(u32::to_le_bytes).concat();
        // The path lies in other data, at address 2000.
        let paths = Places::of(Path::new("/home/ada/.cargo")).find(2000, b"src/a.rs");
        let data = [words([2000, 8, 31, 7]), words([2000, 9, 31, 7])].concat();
        let kept = forget(&paths, 1000, &data);
        assert_eq!(kept, [words([1, 0, 0, 0]), words([2000, 9, 31, 7])].concat());
        assert_eq!(forget(&paths, 1002, &data), data, "it does not lie where a word can");
    }
}
