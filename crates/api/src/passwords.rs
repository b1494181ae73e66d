//! Passwords: Argon2id, and the rule for a new one.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;

/// The shortest password that is taken, in characters.
pub const SHORTEST: usize = 12;
/// The longest, in bytes: hashing more is work for nothing.
const LONGEST_BYTES: usize = 1024;

/// Says why a new password is not good enough.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn check_new_password(password: &str) -> Result<(), String> {
    if password.chars().count() < SHORTEST {
        return Err(format!("the password needs at least {SHORTEST} characters"));
    }
    if password.len() > LONGEST_BYTES {
        return Err(format!("the password is longer than {LONGEST_BYTES} bytes"));
    }
    Ok(())
}

/// Says why a name of a user or a token is not good enough.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn check_new_name(name: &str) -> Result<(), String> {
    if name.is_empty()
        || name.len() > 64
        || name.trim() != name
        || name.chars().any(char::is_control)
    {
        return Err(
            "the name needs 1 to 64 bytes, no control characters and no space around it".to_owned()
        );
    }
    Ok(())
}

/// The PHC string of a password. Takes tens of milliseconds on purpose.
pub fn hash_password(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("the default parameters are valid")
        .to_string()
}

/// True when the password is the hash's. Without a hash it takes the same time and is false, so
/// that an answer does not tell whether a user exists.
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: LazyLock<String> = LazyLock::new(|| hash_password("nobody has this password"));
    let known = hash.is_some();
    let Ok(hash) = PasswordHash::new(hash.unwrap_or(&NOBODY)) else { return false };
    let fits = password.len() <= LONGEST_BYTES
        && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    fits && known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_and_no_other() {
        let hash = hash_password("correct horse battery");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse battery", Some(&hash)));
        assert!(!verify_password("correct horse batterz", Some(&hash)));
        assert!(!verify_password("nobody has this password", None));
        assert!(!verify_password("x", Some("not a hash")));
    }
}
