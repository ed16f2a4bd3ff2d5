//! What a server allows its clients, each limit with the name under which it is listed and raised.

use std::time::Duration;

/// Limits of a server. The defaults are those of Prometheus where it has one.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Connections at a time (`--web.max-connections`).
    pub max_connections: usize,
    /// Connections beyond that, which are only served what is vital, such as health checks.
    pub reserved_connections: usize,
    /// A request's head must be complete this long after its first byte, and a TLS handshake after the connection.
    pub head_timeout: Duration,
    /// A connection without a request is closed after this, and a body must be complete (`--web.read-timeout`).
    pub read_timeout: Duration,
    /// A body may pause for this long.
    pub body_pause: Duration,
    /// A client may refuse to take more of the response for this long.
    pub write_pause: Duration,
    /// Bytes of a request's head; at least 8192.
    pub max_head_bytes: usize,
    /// After this, requests that are still being answered are cut off when the server stops.
    pub shutdown_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        ServerLimits {
            max_connections: 512,
            reserved_connections: 64,
            head_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(300),
            body_pause: Duration::from_secs(30),
            write_pause: Duration::from_secs(30),
            max_head_bytes: 128 << 10,
            shutdown_timeout: Duration::from_secs(3),
        }
    }
}
