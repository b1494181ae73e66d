//! Where the source lay when it was compiled: the paths in the program's data, for messages of panics
//! that no browser shows. They are other ones on every machine, and tell of it.

use std::path::Path;

/// How the paths of source files begin.
#[derive(Default)]
pub(crate) struct Places(Vec<Vec<u8>>);

impl Places {
    /// Those of the app, of the standard library, and of what Cargo fetched into its folder.
    pub(crate) fn of(cargo_home: &Path) -> Self {
        let fetched = cargo_home.join("registry/src/").into_os_string().into_encoded_bytes();
        Self(vec![fetched, b"/rustc/".to_vec(), b"/rust/deps/".to_vec(), b"src/".to_vec()])
    }

    /// The data with zeros instead of the paths: the same length, and nothing to compress.
    pub(crate) fn forget(&self, data: &[u8]) -> Vec<u8> {
        let mut kept = data.to_vec();
        let mut at = 0;
        while let Some(rest) = kept.get_mut(at..).filter(|rest| !rest.is_empty()) {
            let length = self.path_length(rest).unwrap_or_default();
            rest[..length].fill(0);
            at += length.max(1);
        }
        kept
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_source_are_forgotten_and_all_else_stays() {
        let places = Places::of(Path::new("/home/ada/.cargo"));
        let data = "Older/home/ada/.cargo/registry/src/a-1.0/src/b.rssrc/ui/dom.rsSee src/ or b.rs/rustc/0f/x.rs";
        let kept = places.forget(data.as_bytes());
        assert_eq!(kept.len(), data.len());
        let text = String::from_utf8(kept).expect("text").replace('\0', "");
        assert_eq!(text, "OlderSee src/ or b.rs");
    }
}
