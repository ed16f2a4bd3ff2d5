//! The way to a mail server: TLS at once, after STARTTLS, or not at all.
//!
//! STARTTLS is spoken here, byte by byte, so that nothing that a stranger put behind the server's answer is taken for what
//! the server says after TLS has begun. lettre, which expects a greeting first, gets one made up.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use net::client::{Addresses, Dialer};
use net::config::TlsConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::failure;
use crate::config::EmailConfig;
use crate::receivers::{FailureKind, SendFailure};

/// How much a server may say before TLS begins. (Limit `mail_greeting_bytes`.)
const MAX_GREETING_BYTES: usize = 64 << 10;
/// How much it may say from then on, or in all where there is no TLS. (Limit `mail_answers_bytes`.)
const MAX_ANSWERS_BYTES: usize = 256 << 10;

/// Connects and says hello.
pub(super) async fn connection(
    config: &EmailConfig,
    addresses: &Addresses,
    deadline: Instant,
) -> Result<AsyncSmtpConnection, SendFailure> {
    let plain_tls = TlsConfig::default();
    let dialer = Dialer::new(config.tls_config.as_ref().unwrap_or(&plain_tls), addresses.clone());
    let dialer = dialer.map_err(|error| SendFailure::permanent(format_args!("tls_config: {error}")))?;
    let host = config.smarthost.host.as_str();
    let tcp = dialer.connect(host, port(&config.smarthost.port)?, deadline).await;
    let tcp = tcp.map_err(|error| SendFailure::of_dial(&error, &error))?;
    let peer = tcp.peer_addr().map_err(SendFailure::passing)?;
    let stream: Box<dyn AsyncTokioStream> = if is_implicit(config) {
        let secure = dialer.secure(host, tcp).await.map_err(SendFailure::passing)?;
        Box::new(Greeted::new(b"", secure, peer))
    } else if config.require_tls.unwrap_or(true) {
        let tcp = start_tls(config, tcp).await?;
        let secure = dialer.secure(host, tcp).await.map_err(SendFailure::passing)?;
        Box::new(Greeted::new(b"220 secure\r\n", secure, peer))
    } else {
        Box::new(Greeted::new(b"", tcp, peer))
    };
    let connected = AsyncSmtpConnection::connect_with_transport(stream, &client_id(config)).await;
    connected.map_err(|error| failure("EHLO", &error))
}

/// Whether TLS begins with the connection.
fn is_implicit(config: &EmailConfig) -> bool {
    config.force_implicit_tls.unwrap_or(config.smarthost.port == "465")
}

/// Whether what is said is said over TLS.
pub(super) fn is_secure(config: &EmailConfig) -> bool {
    is_implicit(config) || config.require_tls.unwrap_or(true)
}

/// How we call ourselves.
pub(super) fn client_id(config: &EmailConfig) -> ClientId {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    let hello = config.hello.as_str();
    let is_fine = !hello.is_empty() && hello.chars().all(is_name);
    ClientId::Domain(if is_fine { hello } else { "localhost" }.to_owned())
}

fn port(text: &str) -> Result<u16, SendFailure> {
    match text {
        "smtp" => Ok(25),
        "submission" => Ok(587),
        "smtps" | "submissions" => Ok(465),
        number => {
            number.parse().map_err(|_| SendFailure::permanent(format_args!("smarthost: unknown port {number:?}")))
        }
    }
}

/// Goes as far as the server's consent to TLS.
async fn start_tls(config: &EmailConfig, mut tcp: TcpStream) -> Result<TcpStream, SendFailure> {
    expect(&mut tcp, "greeting", b"").await?;
    let hello = format!("EHLO {}\r\n", client_id(config));
    let offered = expect(&mut tcp, "EHLO", hello.as_bytes()).await?;
    let offers = |line: &str| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
    if !offered.lines().any(offers) {
        let server = &config.smarthost;
        return Err(SendFailure::permanent(format_args!(
            "'require_tls' is true (default) but {server} does not offer STARTTLS: set require_tls: false for a server on \
             this machine, or force_implicit_tls: true for one that begins with TLS"
        )));
    }
    expect(&mut tcp, "STARTTLS", b"STARTTLS\r\n").await?;
    Ok(tcp)
}

/// Says something, and reads the whole answer and not a byte more.
async fn expect(tcp: &mut TcpStream, what: &str, command: &[u8]) -> Result<String, SendFailure> {
    let broken = |error: io::Error| SendFailure::passing(format_args!("{what}: {error}"));
    tcp.write_all(command).await.map_err(broken)?;
    let mut answer = Vec::new();
    let mut line_start = 0;
    loop {
        let byte = tcp.read_u8().await.map_err(broken)?;
        answer.push(byte);
        if answer.len() > MAX_GREETING_BYTES {
            let limit = "limit mail_greeting_bytes";
            return Err(SendFailure::passing(format_args!("{what}: more than {MAX_GREETING_BYTES} bytes ({limit})")));
        }
        if byte == b'\n' {
            // `250-` goes on, `250 ` is the last line.
            if answer.get(line_start + 3) != Some(&b'-') {
                break;
            }
            line_start = answer.len();
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    match answer.first() {
        Some(b'2') => Ok(text),
        Some(b'5') => {
            Err(SendFailure::permanent(format_args!("{what}: {}", text.trim())).of_kind(FailureKind::ClientError))
        }
        _ => Err(SendFailure::passing(format_args!("{what}: {}", text.trim())).of_kind(FailureKind::ServerError)),
    }
}

/// A stream before whose first byte something else is read, and that ends where a server does not stop talking.
#[derive(Debug)]
struct Greeted<S> {
    greeting: &'static [u8],
    stream: S,
    n_read: usize,
    peer: SocketAddr,
}

impl<S> Greeted<S> {
    fn new(greeting: &'static [u8], stream: S, peer: SocketAddr) -> Greeted<S> {
        Greeted { greeting, stream, n_read: 0, peer }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Greeted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.n_read > MAX_ANSWERS_BYTES {
            let said = format!("the server said more than {MAX_ANSWERS_BYTES} bytes (limit mail_answers_bytes)");
            return Poll::Ready(Err(io::Error::other(said)));
        }
        if self.greeting.is_empty() {
            let n_before = buf.filled().len();
            let read = Pin::new(&mut self.stream).poll_read(cx, buf);
            self.n_read += buf.filled().len() - n_before;
            return read;
        }
        let (now, later) = self.greeting.split_at(self.greeting.len().min(buf.remaining()));
        buf.put_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Greeted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for Greeted<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
