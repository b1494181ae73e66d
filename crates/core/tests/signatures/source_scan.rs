//! Where secrets are compared: the source itself is read.

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code without its tests and comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a source");
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn secrets_are_compared_by_constant_time_eq_or_the_signature_library_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/signature");
    let claims = code(&root.join("claims.rs"));
    // All that is claimed leaves `Claims` through these two functions, and both compare in constant time.
    assert_eq!(claims.matches("constant_time_eq_32(").count(), 2, "MACs and tokens");
    assert_eq!(claims.matches(".verify(&message, claimed)").count(), 1, "ed25519");
    for path in sources(&root) {
        let (name, text) = (path.display().to_string(), code(&path));
        let in_claims = path.ends_with("claims.rs");
        assert!(
            in_claims || !text.contains("constant_time_eq"),
            "{name}: another place that compares"
        );
        assert!(in_claims || !text.contains("Hmac<"), "{name}: another HMAC");
        // The claimed bytes are private to the two functions, so nothing else can compare them.
        for secret in
            [".macs ==", ".signatures ==", "macs.contains", "signatures.contains", "text() =="]
        {
            assert!(!text.contains(secret), "{name}: `{secret}` is not constant time");
        }
        let macs_used = text.matches(".macs").count();
        assert!(in_claims || macs_used == 0, "{name} touches the claimed MACs");
    }
}

#[test]
fn no_other_file_of_core_compares_a_mac() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root).into_iter().filter(|path| !path.ends_with("signature/claims.rs")) {
        let text = code(&path);
        assert!(
            !text.contains("constant_time_eq") && !text.contains("Hmac<"),
            "{}: comparing belongs to signature/claims.rs",
            path.display()
        );
    }
}
