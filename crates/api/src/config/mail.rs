//! The mail server that alerts go out by.

use super::ConfigError;
use clap::Args;
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// What `ringback serve` takes for mail.
#[derive(Args, Clone, Debug, Default)]
pub struct MailArgs {
    /// Mail server for alerts, `smtps://USER:PASSWORD@HOST` or `smtp://…` with STARTTLS; from the
    /// environment or the file, never a flag that `ps` shows.
    #[arg(long, env = "RINGBACK_SMTP_URL", hide = true, hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// The sender of alert mails, like `Ringback <ringback@example.com>`
    #[arg(long, env = "RINGBACK_SMTP_FROM", value_name = "ADDRESS")]
    pub smtp_from: Option<String>,
    /// A certificate (PEM) that the mail server's is signed with, beside those the machine trusts
    #[arg(long, env = "RINGBACK_SMTP_CA_FILE", value_name = "FILE")]
    pub smtp_ca_file: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all: for a server on the same machine.
    None,
    /// Begun in clear and protected before anything is said; a server that cannot is refused.
    StartTls,
    /// From the first byte.
    Tls,
}

/// The mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// Name and password.
    pub credentials: Option<(String, String)>,
    /// Who the mails come from.
    pub from: String,
    /// A further authority, as PEM.
    pub root_certificate: Option<Vec<u8>>,
}

impl fmt::Debug for MailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl MailConfig {
    /// Reads the configuration; `None` when no server is named.
    ///
    /// # Errors
    /// [`ConfigError::Mail`] and [`ConfigError::Read`].
    pub fn load(args: &MailArgs) -> Result<Option<Self>, ConfigError> {
        let Some(url) = args.smtp_url.as_deref().filter(|url| !url.trim().is_empty()) else {
            return Ok(None);
        };
        let from = args.smtp_from.as_deref().map(str::trim).filter(|from| !from.is_empty());
        let from =
            from.ok_or(ConfigError::Mail("RINGBACK_SMTP_FROM names who alert mails come from"))?;
        let mut config = parse_url(url.trim(), from)?;
        if config.from.parse::<lettre::message::Mailbox>().is_err() {
            return Err(ConfigError::Mail("RINGBACK_SMTP_FROM is no mail address"));
        }
        if let Some(path) = &args.smtp_ca_file {
            let pem = std::fs::read(path)
                .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
            config.root_certificate = Some(pem);
        }
        Ok(Some(config))
    }
}

/// Nothing of the URL is in the error: it holds a password.
fn parse_url(text: &str, from: &str) -> Result<MailConfig, ConfigError> {
    const FORM: ConfigError = ConfigError::Mail(
        "RINGBACK_SMTP_URL is like smtps://USER:PASSWORD@mail.example.com, smtp:// for STARTTLS; \
         special characters in the password are percent-encoded",
    );
    let url = Url::parse(text).map_err(|_| FORM)?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
    let in_clear = url.query_pairs().any(|(name, value)| name == "tls" && value == "none");
    let (security, usual_port) = match (url.scheme(), in_clear) {
        ("smtps", false) => (MailSecurity::Tls, 465),
        ("smtp", false) => (MailSecurity::StartTls, 587),
        ("smtp", true) => (MailSecurity::None, 25),
        _ => return Err(FORM),
    };
    let decode = |text: &str| percent_decode(text).ok_or(FORM);
    let credentials = match (url.username(), url.password()) {
        ("", _) => None,
        (user, password) => Some((decode(user)?, decode(password.unwrap_or_default())?)),
    };
    if credentials.is_some() && security == MailSecurity::None && !is_this_machine(host) {
        return Err(ConfigError::Mail("RINGBACK_SMTP_URL would send a password in clear"));
    }
    Ok(MailConfig {
        host: host.to_owned(),
        port: url.port().unwrap_or(usual_port),
        security,
        credentials,
        from: from.to_owned(),
        root_certificate: None,
    })
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let (code, after) = after.split_at_checked(2)?;
            bytes.extend(hex::decode(code).ok()?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(url: &str, from: &str) -> Result<Option<MailConfig>, ConfigError> {
        MailConfig::load(&MailArgs {
            smtp_url: Some(url.to_owned()),
            smtp_from: Some(from.to_owned()),
            smtp_ca_file: None,
        })
    }

    #[test]
    fn a_mail_server_is_read_from_a_url() {
        let mail = load("smtps://ada:p%40ss%3Aword@mail.example", "r@x.example").unwrap().unwrap();
        assert_eq!(
            (mail.host.as_str(), mail.port, mail.security),
            ("mail.example", 465, MailSecurity::Tls)
        );
        assert_eq!(mail.credentials, Some(("ada".to_owned(), "p@ss:word".to_owned())));
        let mail = load("smtp://mail.example:2525", "Ringback <r@x.example>").unwrap().unwrap();
        assert_eq!(
            (mail.port, mail.security, mail.credentials),
            (2525, MailSecurity::StartTls, None)
        );
        assert_eq!(load("  ", "r@x.example").unwrap(), None);
    }

    #[test]
    fn a_wrong_one_is_refused_and_its_password_is_not_shown() {
        for (url, from) in [
            ("mail.example", "r@x.example"),
            ("http://me:s3cret@mail.example", "r@x.example"),
            ("smtps://me:s3cret%zz@mail.example", "r@x.example"),
            ("smtps://me:s3cret@mail.example", "nobody"),
            ("smtps://me:s3cret@mail.example", ""),
            ("smtp://me:s3cret@mail.example?tls=none", "r@x.example"),
        ] {
            let error = load(url, from).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        }
        let mail = load("smtp://me:s3cret@127.0.0.1?tls=none", "r@x.example").unwrap().unwrap();
        assert!(!format!("{mail:?}").contains("s3cret"));
    }
}
