//! Which proxy a request goes through, if any, and the tunnel it opens.
//!
//! The rules are those of Go's `httpproxy`: `no_proxy` is a list of hosts, domains, addresses and networks, each with
//! an optional port; what is on this machine is never asked through a proxy, unless the proxy was named without a
//! `no_proxy`. Absent: SOCKS, and settings by URL of a script.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::addresses::Network;
use super::error::SendCause;
use crate::url::Url;

/// The head of a proxy's answer to `CONNECT` is refused beyond this.
const MAX_CONNECT_HEAD_BYTES: usize = 16 << 10;

/// Where requests go through proxies.
#[derive(Clone, Debug, Default)]
pub(super) struct ProxyRules {
    /// For `http` targets.
    pub(super) http: Option<Url>,
    /// For `https` targets.
    pub(super) https: Option<Url>,
    /// Who is asked directly; `None` where everybody goes through the proxy, also this machine.
    pub(super) bypass: Option<NoProxy>,
    /// Sent with `CONNECT` only.
    pub(super) connect_headers: HeaderMap,
}

impl ProxyRules {
    /// One proxy for all, but for those that `no_proxy` names.
    pub(super) fn fixed(proxy: Url, no_proxy: &str) -> ProxyRules {
        let bypass = (!no_proxy.is_empty()).then(|| NoProxy::parse(no_proxy));
        ProxyRules { http: Some(proxy.clone()), https: Some(proxy), bypass, connect_headers: HeaderMap::new() }
    }

    /// What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say, each also in lower case. A value that is no URL is one
    /// without its scheme, or nothing.
    pub(super) fn from_environment(variable: impl Fn(&str) -> Option<String>) -> ProxyRules {
        let either = |name: &str| {
            variable(name).filter(|value| !value.is_empty()).or_else(|| variable(&name.to_ascii_lowercase()))
        };
        let proxy = |name| {
            let value = either(name).filter(|value| !value.is_empty())?;
            value.parse().or_else(|_| format!("http://{value}").parse()).ok()
        };
        ProxyRules {
            http: proxy("HTTP_PROXY"),
            https: proxy("HTTPS_PROXY"),
            bypass: Some(NoProxy::parse(&either("NO_PROXY").unwrap_or_default())),
            connect_headers: HeaderMap::new(),
        }
    }

    /// The proxy for a request, `None` for a direct one.
    pub(super) fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.is_secure() { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !self.bypass.as_ref().is_some_and(|bypass| bypass.covers(url)))
    }
}

/// A `no_proxy` list.
#[derive(Clone, Debug, Default)]
pub(super) struct NoProxy {
    all: bool,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    Address {
        ip: IpAddr,
        port: Option<u16>,
    },
    Network(Network),
    /// In lower case and with a dot in front; `itself` if the domain's own name counts too.
    Domain {
        dotted: String,
        itself: bool,
        port: Option<u16>,
    },
}

impl NoProxy {
    fn parse(text: &str) -> NoProxy {
        let mut list = NoProxy::default();
        for entry in text.split(',').map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                list.all = true;
            } else {
                list.entries.extend(Entry::parse(&entry));
            }
        }
        list
    }

    fn covers(&self, url: &Url) -> bool {
        let host = url.host().trim_end_matches('.').to_ascii_lowercase();
        let ip = url.ip();
        if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) || self.all {
            return true;
        }
        self.entries.iter().any(|entry| entry.covers(&host, ip, url.port()))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Entry> {
        if text.contains('/')
            && let Ok(network) = text.parse()
        {
            return Some(Entry::Network(network));
        }
        let (host, port) = split_port(text);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return None;
        }
        if let Ok(ip) = host.parse() {
            return Some(Entry::Address { ip, port });
        }
        let host = host.strip_prefix('*').unwrap_or(host);
        let itself = !host.starts_with('.');
        let dotted = if itself { format!(".{host}") } else { host.to_owned() };
        Some(Entry::Domain { dotted, itself, port })
    }

    fn covers(&self, host: &str, ip: Option<IpAddr>, at_port: u16) -> bool {
        let port_fits = |port: &Option<u16>| port.is_none_or(|port| port == at_port);
        match self {
            Entry::Address { ip: known, port } => ip == Some(*known) && port_fits(port),
            Entry::Network(network) => ip.is_some_and(|ip| network.covers(ip)),
            Entry::Domain { dotted, itself, port } => {
                (host.ends_with(dotted.as_str()) || (*itself && host == &dotted[1..])) && port_fits(port)
            }
        }
    }
}

fn split_port(text: &str) -> (&str, Option<u16>) {
    match text.rsplit_once(':') {
        // More than one colon without brackets is an IPv6 address, not a port.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    }
}

/// The `Proxy-Authorization` that a proxy's URL asks for.
pub(super) fn authorization(proxy: &Url) -> Option<HeaderValue> {
    let (user, password) = proxy.credentials()?;
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Asks the proxy at the other end of `io` for a tunnel to `address`.
pub(super) async fn open_tunnel<IO: AsyncRead + AsyncWrite + Unpin>(
    io: &mut IO,
    address: &str,
    proxy: &Url,
    headers: &HeaderMap,
) -> Result<(), SendCause> {
    let mut request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n").into_bytes();
    let authorization = authorization(proxy);
    let own = authorization.iter().map(|value| ("Proxy-Authorization", value));
    for (name, value) in headers.iter().map(|(name, value)| (name.as_str(), value)).chain(own) {
        request.extend_from_slice(name.as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    io.write_all(&request).await.map_err(SendCause::Io)?;
    match connect_status(&read_head(io).await?) {
        Some((200..300, _)) => Ok(()),
        Some((_, reason)) => Err(SendCause::Proxy(reason)),
        None => Err(SendCause::Malformed("the proxy did not answer CONNECT with HTTP".to_owned())),
    }
}

/// Reads up to the empty line. Nothing may follow it, for in a TLS session the client speaks first.
async fn read_head<IO: AsyncRead + Unpin>(io: &mut IO) -> Result<Vec<u8>, SendCause> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_CONNECT_HEAD_BYTES {
            return Err(SendCause::HeadTooLarge { limit: MAX_CONNECT_HEAD_BYTES });
        }
        if io.read_buf(&mut head).await.map_err(SendCause::Io)? == 0 {
            return Err(SendCause::Eof);
        }
    }
    Ok(head)
}

/// `HTTP/1.1 407 Proxy Authentication Required` as its number and its words.
fn connect_status(head: &[u8]) -> Option<(u16, String)> {
    let line = String::from_utf8_lossy(head.split(|&byte| byte == b'\r').next()?).into_owned();
    let (version, rest) = line.split_once(' ')?;
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let code = code.parse().ok().filter(|_| version.starts_with("HTTP/1."))?;
    Some((code, reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_asked_directly() {
        let check = |no_proxy: &str, url: &str, direct: bool| {
            let rules = ProxyRules::fixed("http://proxy:3128".parse().unwrap(), no_proxy);
            let url: Url = url.parse().unwrap();
            assert_eq!(rules.proxy_for(&url).is_none(), direct, "no_proxy {no_proxy:?}, {url}");
        };
        check("", "http://a/", false);
        check("", "http://localhost/", false);
        check("x", "http://localhost/", true);
        check("x", "http://127.0.0.5/", true);
        check("x", "http://[::1]/", true);
        check("*", "http://a/", true);
        check("a.example", "http://a.example/", true);
        check("a.example", "http://A.EXAMPLE./", true);
        check("a.example", "http://b.a.example/", true);
        check("a.example", "http://ba.example/", false);
        check(".a.example", "http://a.example/", false);
        check("*.a.example", "http://b.a.example/", true);
        check("a.example:8080", "http://a.example/", false);
        check("a.example:80", "http://a.example/", true);
        check("b, a.example", "http://a.example/", true);
        check("10.0.0.1", "http://10.0.0.1:9100/", true);
        check("10.0.0.1:9100", "http://10.0.0.1/", false);
        check("10.0.0.0/8", "http://10.200.0.1/", true);
        check("10.0.0.0/8", "http://11.0.0.1/", false);
        check("0.0.0.0/0", "http://11.0.0.1/", true);
        check("10.0.0.0/99", "http://10.0.0.1/", false);
        check("2001:db8::/32", "http://[2001:db8::7]/", true);
        check("[2001:db8::7]:80", "http://[2001:db8::7]/", true);
        check("2001:db8::7", "http://[2001:db8::8]/", false);
    }

    #[test]
    fn the_environment() {
        let variables = |name: &str| match name {
            "HTTP_PROXY" => Some("proxy-a:1".to_owned()),
            "https_proxy" => Some("https://proxy-b".to_owned()),
            "NO_PROXY" => Some("inside".to_owned()),
            _ => None,
        };
        let rules = ProxyRules::from_environment(variables);
        let check = |url: &str, want: Option<&str>| {
            let proxy = rules.proxy_for(&url.parse().unwrap()).map(Url::origin);
            assert_eq!(proxy.as_deref(), want, "{url}");
        };
        check("http://a/", Some("http://proxy-a:1"));
        check("https://a/", Some("https://proxy-b"));
        check("http://inside/", None);
        check("http://localhost:9090/", None);
    }

    #[test]
    fn answers_to_connect() {
        let check = |head: &str, want: Option<(u16, &str)>| {
            let got = connect_status(head.as_bytes());
            assert_eq!(got.as_ref().map(|(code, reason)| (*code, reason.as_str())), want, "{head:?}");
        };
        check("HTTP/1.1 200 Connection established\r\n\r\n", Some((200, "Connection established")));
        check("HTTP/1.0 407 Proxy Authentication Required\r\n\r\n", Some((407, "Proxy Authentication Required")));
        check("SSH-2.0-OpenSSH\r\n\r\n", None);
        check("\r\n\r\n", None);
    }
}
