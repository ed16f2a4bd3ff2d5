//! From a host and a port to a connected socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::addresses::Addresses;
use super::error::DialError;

/// Name look-ups that run at the same time in the whole process. Each holds a thread of the blocking pool until the
/// resolver gives up, and with a dead name server a thousand targets would take all of them.
const MAX_LOOKUPS: usize = 32;
static LOOKUPS: Semaphore = Semaphore::const_new(MAX_LOOKUPS);

/// The least time an address gets while others are left to be tried.
const MIN_SHARE: Duration = Duration::from_secs(2);

/// Connects to the first address of `host` that accepts, of those that may be connected to. Each gets its share of the time that is left, so that one
/// that never answers does not keep the others from being tried.
pub(super) async fn tcp(host: &str, port: u16, allowed: &Addresses, deadline: Instant) -> Result<TcpStream, DialError> {
    let mut addresses = addresses(host, port).await?;
    let mut first_error = None;
    addresses.retain(|address| match allowed.check(address.ip()) {
        Ok(()) => true,
        Err(refused) => {
            first_error.get_or_insert(refused);
            false
        }
    });
    for (n_tried, &address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let n_left = (addresses.len() - n_tried) as u32;
        let share = (deadline.saturating_duration_since(now) / n_left).max(MIN_SHARE);
        let error = match timeout_at(deadline.min(now + share), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are written whole; waiting for more to send would only add latency.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => DialError::Connect { network: "tcp", address: address.to_string(), error },
            Err(_) => DialError::Timeout { address: address.to_string() },
        };
        first_error.get_or_insert(error);
    }
    Err(first_error.unwrap_or_else(|| no_such_host(host)))
}

/// Connects to a Unix socket.
pub(super) async fn unix(path: &Path) -> Result<UnixStream, DialError> {
    UnixStream::connect(path).await.map_err(|error| DialError::Connect {
        network: "unix",
        address: path.display().to_string(),
        error,
    })
}

async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let permit = LOOKUPS.acquire().await.expect("the semaphore is never closed");
    let name = host.to_owned();
    // A task of its own, because the permit must be held until the resolver's thread is free again, also when nobody
    // waits for the answer any longer.
    let lookup = tokio::spawn(async move {
        let _permit = permit;
        tokio::net::lookup_host((name, port)).await.map(Vec::from_iter)
    });
    match lookup.await {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Ok(_)) => Err(no_such_host(host)),
        Ok(Err(error)) => Err(DialError::Lookup { host: host.to_owned(), reason: lookup_text(&error) }),
        Err(_) => Err(DialError::Lookup { host: host.to_owned(), reason: "the look-up was cut off".to_owned() }),
    }
}

fn no_such_host(host: &str) -> DialError {
    DialError::Lookup { host: host.to_owned(), reason: "no such host".to_owned() }
}

/// The C library's words for a failed look-up as Go prints them.
fn lookup_text(error: &io::Error) -> String {
    let text = error.to_string();
    let reason = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    match reason {
        "Name or service not known" | "No address associated with hostname" => "no such host".to_owned(),
        "Temporary failure in name resolution" => "server misbehaving".to_owned(),
        other => other.to_owned(),
    }
}
