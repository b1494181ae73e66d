//! A mail server that speaks real SMTP: EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA.
//!
//! The certificate is signed by an authority of the fixtures, whose private key is gone; the server's
//! own key opens nothing but this.

use actix_web::rt;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The authority that signed the server's certificate.
pub(crate) const AUTHORITY: &[u8] = include_bytes!("../fixtures/mail/ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../fixtures/mail/server.pem");
const KEY: &[u8] = include_bytes!("../fixtures/mail/server.key");
/// Who may send.
pub(crate) const USER: &str = "ringback";
pub(crate) const PASSWORD: &str = "mail-password";

/// A mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) was_encrypted: bool,
    /// Head and parts, as they came.
    pub(crate) data: String,
}

impl Mail {
    /// A line of the head, unfolded and decoded where it is encoded.
    pub(crate) fn subject(&self) -> String {
        let unfolded = self.data.replace("\r\n ", " ");
        let line = unfolded.lines().find_map(|line| line.strip_prefix("Subject: "));
        decode_words(line.expect("a subject"))
    }

    /// All of it as text, with the encodings of its parts undone.
    pub(crate) fn text(&self) -> String {
        decode_quoted_printable(&self.data)
    }
}

/// Where a session stands.
#[derive(Default)]
struct Shared {
    mails: Mutex<Vec<Mail>>,
    is_down: AtomicBool,
    offers_tls: bool,
}

/// A running server.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

impl MailServer {
    /// Starts one that wants STARTTLS and a password, or one that offers neither.
    pub(crate) async fn start(offers_tls: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared { offers_tls, ..Shared::default() });
        let for_loop = Arc::clone(&shared);
        rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if for_loop.is_down.load(Ordering::SeqCst) {
                    continue;
                }
                rt::spawn(serve(stream, Arc::clone(&for_loop)));
            }
        });
        Self { port, shared }
    }

    /// From now on it hangs up at once, or answers again.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.shared.is_down.store(is_down, Ordering::SeqCst);
    }

    /// What was taken, oldest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().expect("not poisoned").clone()
    }
}

async fn serve(stream: tokio::net::TcpStream, shared: Arc<Shared>) {
    let Some(stream) = converse(stream, &shared, false, true).await else { return };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(CERTIFICATE).collect::<Result<_, _>>().expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("PEM");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    if let Ok(stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await {
        let _ended = converse(stream, &shared, true, false).await;
    }
}

/// Speaks until the client quits; gives the stream back when the client asks for TLS.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    shared: &Shared,
    is_encrypted: bool,
    greets: bool,
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    if greets {
        say(&mut stream, "220 mail.example ESMTP").await?;
    }
    let mut mail = Mail {
        from: String::new(),
        to: Vec::new(),
        user: None,
        was_encrypted: is_encrypted,
        data: String::new(),
    };
    let needs_user = shared.offers_tls;
    loop {
        let line = hear(&mut stream).await?;
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if shared.offers_tls && !is_encrypted => "250-mail.example\r\n250 STARTTLS",
            "EHLO" if is_encrypted => "250-mail.example\r\n250 AUTH PLAIN LOGIN",
            "EHLO" => "250 mail.example",
            "STARTTLS" => {
                say(&mut stream, "220 go ahead").await?;
                return Some(stream.into_inner());
            }
            "AUTH" => match read_user(&line) {
                Some(user) => {
                    mail.user = Some(user);
                    "235 welcome"
                }
                None => "535 wrong name or password",
            },
            "MAIL" if needs_user && mail.user.is_none() => "530 who are you?",
            "MAIL" => {
                line.clone_into(&mut mail.from);
                "250 ok"
            }
            "RCPT" if line.contains("nobody@") => "550 no such box",
            "RCPT" => {
                mail.to.push(address(&line));
                "250 ok"
            }
            "DATA" => {
                say(&mut stream, "354 end with a dot").await?;
                mail.data = read_data(&mut stream).await?;
                shared.mails.lock().expect("not poisoned").push(mail.clone());
                mail.to.clear();
                "250 taken"
            }
            "QUIT" => {
                let _gone = say(&mut stream, "221 bye").await;
                return None;
            }
            _ => "250 ok",
        };
        say(&mut stream, answer).await?;
    }
}

fn read_user(line: &str) -> Option<String> {
    let encoded = line.strip_prefix("AUTH PLAIN ")?;
    let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let mut parts = plain.split('\0').skip(1);
    let (user, password) = (parts.next()?, parts.next()?);
    (user == USER && password == PASSWORD).then(|| user.to_owned())
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

async fn read_data<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut data = String::new();
    loop {
        let line = hear(stream).await?;
        if line == "." {
            return Some(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
}

async fn hear<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    line: &str,
) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

fn decode_quoted_printable(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'=').then(|| after.get(..2)).flatten();
        let byte =
            code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Decodes `=?utf-8?b?…?=` words; those that follow each other belong together.
fn decode_words(text: &str) -> String {
    text.split(' ')
        .map(|word| {
            let coded = word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?="));
            let bytes = coded.and_then(|coded| STANDARD.decode(coded).ok());
            bytes.map_or_else(
                || format!("{word} "),
                |bytes| String::from_utf8_lossy(&bytes).into_owned(),
            )
        })
        .collect::<String>()
        .trim()
        .to_owned()
}
