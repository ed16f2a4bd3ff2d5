//! `http` and `https` URLs: taken apart, joined with a `Location`, printed without their password.
//!
//! Only what a client needs is kept: scheme, user, host, port, path with query. A fragment is dropped, for it is never
//! sent. Bytes that may not stand in a request line are escaped on the way in, so that whatever parses can be sent.
//! RFC 3986; no internationalised host names.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::percent::{self, Place};

/// A URL longer than this is refused.
pub const MAX_URL_BYTES: usize = 64 << 10;

/// An absolute `http` or `https` URL.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    secure: bool,
    user: Option<User>,
    /// Without brackets.
    host: String,
    port: Option<u16>,
    /// Begins with `/`; holds only bytes that may stand in a request line.
    path_and_query: String,
}

/// The user of a URL, decoded.
#[derive(Clone, PartialEq, Eq, Hash)]
struct User {
    name: String,
    password: Option<String>,
}

/// Why a text is not a URL that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// There is no `scheme://`.
    #[error("missing scheme in URL")]
    NoScheme,
    /// The scheme is neither `http` nor `https`.
    #[error("unsupported protocol scheme \"{0}\"")]
    Scheme(String),
    /// There is no host.
    #[error("no Host in request URL")]
    NoHost,
    /// The host holds a character that no host name has, or a bracket without its partner.
    #[error("invalid host \"{0}\"")]
    Host(String),
    /// The port is not a number up to 65535.
    #[error("invalid port \"{0}\" after host")]
    Port(String),
    /// User or password is not properly escaped.
    #[error("net/url: invalid userinfo")]
    User,
    /// A control character.
    #[error("net/url: invalid control character in URL")]
    Control,
    /// Longer than [`MAX_URL_BYTES`].
    #[error("URL is too long: {0} bytes, limit is {MAX_URL_BYTES}")]
    TooLong(usize),
}

impl Url {
    /// Whether the scheme is `https`.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The host without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, given or by the scheme.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The host as an address, where it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// User and password, decoded; a missing password is empty.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.user.as_ref().map(|user| (user.name.as_str(), user.password.as_deref().unwrap_or_default()))
    }

    /// What stands in the request line.
    pub fn path_and_query(&self) -> &str {
        &self.path_and_query
    }

    /// Host and port as a `Host` header has them: the port only where it was given, an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        let mut text = String::new();
        self.push_authority(&mut text);
        text
    }

    /// Host and port, the port always given, as one dials it.
    pub fn address(&self) -> String {
        join_host_port(&self.host, self.port())
    }

    /// Without user, password and path: what an absolute request line to a proxy begins with.
    pub fn origin(&self) -> String {
        let mut text = format!("{}://", self.scheme());
        self.push_authority(&mut text);
        text
    }

    fn push_authority(&self, out: &mut String) {
        let has_colon = self.host.contains(':');
        if has_colon {
            out.push('[');
        }
        out.push_str(&self.host);
        if has_colon {
            out.push(']');
        }
        if let Some(port) = self.port {
            out.push(':');
            out.push_str(&port.to_string());
        }
    }

    /// Where a `Location` leads that was answered by this URL.
    ///
    /// # Errors
    /// When it leads to another protocol or is no URL.
    pub fn join(&self, location: &str) -> Result<Url, UrlError> {
        let location = location.split('#').next().unwrap_or_default();
        if has_scheme(location) {
            return location.parse();
        }
        if let Some(rest) = location.strip_prefix("//") {
            return format!("{}://{rest}", self.scheme()).parse();
        }
        let target = match location.as_bytes().first() {
            None => self.path_and_query.clone(),
            Some(b'/') => location.to_owned(),
            Some(b'?') => format!("{}{location}", self.path()),
            Some(_) => format!("{}/{location}", self.path().rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        Ok(Url { path_and_query: path_and_query(&without_dot_segments(&target))?, ..self.clone() })
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or_default()
    }
}

/// Host and port as one dials them; an IPv6 address in brackets.
pub fn join_host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Url, UrlError> {
        if text.len() > MAX_URL_BYTES {
            return Err(UrlError::TooLong(text.len()));
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::NoScheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlError::Scheme(scheme.to_owned())),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host_port) = match authority.rsplit_once('@') {
            Some((user, host_port)) => (Some(user.parse()?), host_port),
            None => (None, authority),
        };
        let (host, port) = host_and_port(host_port)?;
        Ok(Url { secure, user, host, port, path_and_query: path_and_query(target)? })
    }
}

impl FromStr for User {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<User, UrlError> {
        let decoded = |text| percent::decode(text, Place::Path).map(String::from).map_err(|_| UrlError::User);
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(decoded(password)?)),
            None => (text, None),
        };
        Ok(User { name: decoded(name)?, password })
    }
}

fn has_scheme(location: &str) -> bool {
    let Some((scheme, _)) = location.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), UrlError> {
    let bad_host = || UrlError::Host(text.to_owned());
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(bad_host)?;
            host.split('%').next().unwrap_or_default().parse::<std::net::Ipv6Addr>().map_err(|_| bad_host())?;
            (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some("")).ok_or_else(bad_host)?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:".contains(&byte) || byte >= 0x80;
    if !host.bytes().all(is_allowed) {
        return Err(bad_host());
    }
    if port.is_empty() {
        return Ok((host.to_owned(), None));
    }
    let number = port.parse().ok().filter(|_| port.bytes().all(|byte| byte.is_ascii_digit()));
    Ok((host.to_owned(), Some(number.ok_or_else(|| UrlError::Port(port.to_owned()))?)))
}

/// Escapes what may not stand in a request line and puts the `/` in front that it must begin with.
fn path_and_query(target: &str) -> Result<String, UrlError> {
    let mut out = String::with_capacity(target.len() + 1);
    if !target.starts_with('/') {
        out.push('/');
    }
    for &byte in target.as_bytes() {
        match byte {
            0..0x20 | 0x7f => return Err(UrlError::Control),
            b' ' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                percent::push_escape(&mut out, byte);
            }
            _ => out.push(char::from(byte)),
        }
    }
    Ok(out)
}

/// RFC 3986, section 5.2.4, on a path that may be followed by a query.
fn without_dot_segments(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

impl fmt::Display for Url {
    /// With `***` for the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme())?;
        if let Some(user) = &self.user {
            f.write_str(&percent::encode(&user.name, Place::Path))?;
            f.write_str(if user.password.is_some() { ":***@" } else { "@" })?;
        }
        f.write_str(&self.authority())?;
        f.write_str(&self.path_and_query)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |text: &str, shown: &str, address: &str, path_and_query: &str| {
            let url: Url = text.parse().unwrap();
            let got = (url.to_string(), url.address(), url.path_and_query().to_owned());
            assert_eq!(got, (shown.to_owned(), address.to_owned(), path_and_query.to_owned()), "{text}");
        };
        check("http://a", "http://a/", "a:80", "/");
        check("HTTPS://a.b/c?d=e#f", "https://a.b/c?d=e", "a.b:443", "/c?d=e");
        check("http://a:8080?x", "http://a:8080/?x", "a:8080", "/?x");
        check("http://[::1]:9/m", "http://[::1]:9/m", "[::1]:9", "/m");
        check("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/", "[fe80::1%25eth0]:80", "/");
        check("http://u:p%40w@h/x", "http://u:***@h/x", "h:80", "/x");
        check("http://h/a b\"ä", "http://h/a%20b%22%C3%A4", "h:80", "/a%20b%22%C3%A4");
        let url: Url = "http://u:p%40w@h/".parse().unwrap();
        assert_eq!(url.credentials(), Some(("u", "p@w")));
        assert_eq!(format!("{url:?}"), "http://u:***@h/");
    }

    #[test]
    fn what_is_no_url() {
        let check = |text: &str, want: &str| assert_eq!(text.parse::<Url>().unwrap_err().to_string(), want, "{text:?}");
        check("", "missing scheme in URL");
        check("localhost:9090/x", "missing scheme in URL");
        check("ftp://a/", "unsupported protocol scheme \"ftp\"");
        check("http:///x", "no Host in request URL");
        check("http://:80/", "no Host in request URL");
        check("http://a:b/", "invalid port \"b\" after host");
        check("http://a:65536/", "invalid port \"65536\" after host");
        check("http://a:+80/", "invalid port \"+80\" after host");
        check("http://[::1/", "invalid host \"[::1\"");
        check("http://[zz]/", "invalid host \"[zz]\"");
        check("http://a b/", "invalid host \"a b\"");
        check("http://a\\b/", "invalid host \"a\\b\"");
        check("http://%zz@a/", "net/url: invalid userinfo");
        check("http://a/\n", "net/url: invalid control character in URL");
        check(&format!("http://a/{}", "x".repeat(MAX_URL_BYTES)), "URL is too long: 65545 bytes, limit is 65536");
    }

    #[test]
    fn joining() {
        let base: Url = "http://u:p@a:1/b/c/d;p?q".parse().unwrap();
        let check =
            |location: &str, want: &str| assert_eq!(base.join(location).unwrap().to_string(), want, "{location}");
        check("https://x/y", "https://x/y");
        check("//x/y", "http://x/y");
        check("/y?z", "http://u:***@a:1/y?z");
        check("g", "http://u:***@a:1/b/c/g");
        check("./g/", "http://u:***@a:1/b/c/g/");
        check("../g", "http://u:***@a:1/b/g");
        check("../../../g", "http://u:***@a:1/g");
        check("..", "http://u:***@a:1/b/");
        check("?y", "http://u:***@a:1/b/c/d;p?y");
        check("", "http://u:***@a:1/b/c/d;p?q");
        check("#f", "http://u:***@a:1/b/c/d;p?q");
        assert!(base.join("javascript:alert(1)").is_err());
        assert!(base.join("file:///etc/passwd").is_err());
    }
}
