//! Where narthex listens, and under which URL others reach it.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use net::url::{Url, join_host_port};
use tokio::net::{TcpListener, lookup_host};

use super::settings::hostname;
use crate::cli::flags::Flags;
use crate::cli::print;

/// Where narthex listens, and what that means for URLs.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// `HOST:PORT`, at least one; the host may be empty.
    pub(super) listen: Vec<String>,
    pub(super) external_url: Url,
    /// `/`, or a path without a slash at its end.
    pub(super) route_prefix: String,
}

impl Addresses {
    /// What the flags say.
    pub(super) fn new(flags: &Flags) -> anyhow::Result<Addresses> {
        let listen = flags.list("web.listen-address").to_vec();
        for address in &listen {
            host_and_port(address)?;
        }
        let Some(first) = listen.first() else { bail!("--web.listen-address needs a value") };
        let external_url = external_url(flags.text("web.external-url"), first)?;
        let prefix = match flags.text("web.route-prefix") {
            "" => external_url.path(),
            prefix => prefix,
        };
        let route_prefix = format!("/{}", prefix.trim_matches('/'));
        Ok(Addresses { listen, external_url, route_prefix })
    }

    /// The address by which a process on this machine reaches narthex.
    pub(super) fn local(&self) -> String {
        local(&self.listen[0])
    }

    /// The path of `/metrics`, with the prefix.
    pub(super) fn metrics_path(&self) -> String {
        format!("{}/metrics", self.route_prefix.trim_end_matches('/'))
    }

    /// Listens on all addresses.
    pub(super) async fn listen(&self) -> anyhow::Result<Vec<TcpListener>> {
        let mut listeners = Vec::new();
        for address in &self.listen {
            let listening = async { TcpListener::bind(resolve(address).await?).await };
            listeners.push(listening.await.with_context(|| format!("cannot listen on {address}"))?);
        }
        Ok(listeners)
    }
}

/// The addresses of `HOST:PORT`. An empty host means every interface, of IPv6 as well where there is any.
async fn resolve(address: &str) -> std::io::Result<SocketAddr> {
    let address = if address.starts_with(':') { format!("0.0.0.0{address}") } else { address.to_owned() };
    let none = || std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    lookup_host(address).await?.next().ok_or_else(none)
}

fn host_and_port(address: &str) -> anyhow::Result<(&str, &str)> {
    let parts = address.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    parts.with_context(|| format!("--web.listen-address takes HOST:PORT, such as 0.0.0.0:9090, not '{address}'"))
}

/// The address to ask from this machine, where the one that is listened on means all interfaces.
fn local(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("" | "0.0.0.0" | "[::]", port)) => format!("localhost:{port}"),
        _ => address.to_owned(),
    }
}

/// The URL of `--web.external-url`, which may be a path alone. By default the host's name and the port.
fn external_url(text: &str, listen: &str) -> anyhow::Result<Url> {
    let port = host_and_port(listen)?.1.parse().unwrap_or(0);
    let default = || format!("http://{}", join_host_port(&hostname(), port));
    let whole = match text {
        "" => default(),
        path if path.starts_with('/') => default() + path,
        url => url.to_owned(),
    };
    whole.parse().with_context(|| format!("--web.external-url takes a URL or a path, not '{text}'"))
}

/// Says where the page is.
pub(super) fn tell(addresses: &Addresses, is_secure: bool) {
    let scheme = if is_secure { "https" } else { "http" };
    let prefix = addresses.route_prefix.trim_end_matches('/');
    print(&format!("narthex is ready: {scheme}://{}{prefix}/\n", addresses.local()));
    tracing::info!(addresses = addresses.listen.join(","), "ready");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses() {
        for (listen, want) in [
            ("0.0.0.0:9090", "localhost:9090"),
            (":9090", "localhost:9090"),
            ("[::]:1", "localhost:1"),
            ("127.0.0.1:2", "127.0.0.1:2"),
        ] {
            assert_eq!(local(listen), want);
        }
    }

    #[test]
    fn external_urls() {
        let check = |text: &str, want: Option<&str>| {
            let got = external_url(text, "0.0.0.0:9090").ok().map(|url| url.path().to_owned());
            assert_eq!(got.as_deref(), want, "{text}");
        };
        check("", Some("/"));
        check("/narthex", Some("/narthex"));
        check("https://example.org/a/", Some("/a/"));
        check("ftp://example.org", None);
        assert!(external_url("", "nonsense").is_err());
    }
}
