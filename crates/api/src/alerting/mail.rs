//! Mail by SMTP.

use super::message::Message;
use super::send::SendError;
use crate::config::{MailConfig, MailSecurity};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use std::time::Duration;

/// A server that does not answer is given up after this long.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Sends a message to addresses, text and HTML.
///
/// # Errors
/// [`SendError`] with what the server said.
pub async fn send(config: &MailConfig, to: &str, message: &Message) -> Result<(), SendError> {
    let mail = compose(config, to, message)?;
    transport(config)?
        .send(mail)
        .await
        .map(drop)
        .map_err(|error| SendError::new("the mail server did not take it", &error))
}

/// Reads addresses separated by commas.
///
/// # Errors
/// A sentence that names the one that is none.
pub fn parse_addresses(list: &str) -> Result<Vec<Mailbox>, String> {
    let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
    let boxes: Vec<Mailbox> = parts
        .map(|part| part.parse().map_err(|_| format!("{part:?} is no mail address")))
        .collect::<Result<_, String>>()?;
    if boxes.is_empty() { Err("give at least one mail address".to_owned()) } else { Ok(boxes) }
}

fn compose(config: &MailConfig, to: &str, message: &Message) -> Result<Mail, SendError> {
    let from: Mailbox = config
        .from
        .parse()
        .map_err(|_| SendError::plain("RINGBACK_SMTP_FROM is no mail address"))?;
    let domain = from.email.domain().to_owned();
    let mut builder = Mail::builder()
        .from(from)
        .subject(format!("[Ringback] {}", one_line(&message.subject)))
        // The same for each try: a mail that came through and was not answered is not shown twice.
        .message_id(Some(format!("<{}@{domain}>", message.id)));
    for mailbox in parse_addresses(to).map_err(|why: String| SendError::plain(&why))? {
        builder = builder.to(mailbox);
    }
    builder
        .multipart(MultiPart::alternative_plain_html(message.text(), message.html()))
        .map_err(|error| SendError::new("the mail cannot be written", &error))
}

fn transport(config: &MailConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>, SendError> {
    let mut parameters = TlsParameters::builder(config.host.clone());
    if let Some(pem) = &config.root_certificate {
        let certificate = Certificate::from_pem(pem)
            .map_err(|error| SendError::new("the root certificate cannot be read", &error))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = || {
        parameters.build_rustls().map_err(|error| SendError::new("TLS cannot be prepared", &error))
    };
    let tls = match config.security {
        MailSecurity::None => Tls::None,
        MailSecurity::StartTls => Tls::Required(parameters()?),
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.host.clone())
        .port(config.port)
        .hello_name(ClientId::Domain("ringback".to_owned()))
        .timeout(Some(TIMEOUT))
        .tls(tls);
    if let Some((user, password)) = &config.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder.build())
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_a_wrong_one_is_named() {
        assert_eq!(parse_addresses("a@x.example, Ops <b@y.example>,").unwrap().len(), 2);
        assert!(parse_addresses("a@x.example, nobody").unwrap_err().contains("nobody"));
        assert!(parse_addresses(" , ").is_err());
    }

    #[test]
    fn a_subject_is_one_line_whatever_a_sender_named() {
        assert_eq!(one_line("a\r\nBcc: x@y"), "a  Bcc: x@y");
    }
}
