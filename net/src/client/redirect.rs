//! Where a response sends us on, and what may not go with us.
//!
//! Methods change as in Go and browsers. Credentials (and all configured headers, which often are some) stay behind as
//! soon as one hop leaves the first host, or goes from TLS to plain text, and do not come back when a later hop
//! returns: whoever was in between could have chosen the address.

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION, PROXY_AUTHORIZATION,
};
use http::{HeaderMap, Method, StatusCode};

use super::Request;
use super::error::SendCause;
use crate::url::Url;

/// Redirects that are followed in a row.
pub(super) const MAX_REDIRECTS: usize = 10;

/// A request on its way from host to host.
#[derive(Debug)]
pub(super) struct Journey {
    /// What is asked now.
    pub(super) request: Request,
    /// Whether credentials may still be sent.
    pub(super) trusted: bool,
    first: Url,
    n_redirects: usize,
}

impl Journey {
    pub(super) fn new(request: &Request) -> Journey {
        Journey { request: request.clone(), trusted: true, first: request.url.clone(), n_redirects: 0 }
    }

    /// Takes the step that a response asks for; answers `false` where it asks for none.
    pub(super) fn step(&mut self, response: &http::response::Parts) -> Result<bool, SendCause> {
        let keeps_method = match response.status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => false,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return Ok(false),
        };
        let Some(location) = response.headers.get(LOCATION) else { return Ok(false) };
        if self.n_redirects == MAX_REDIRECTS {
            return Err(SendCause::Redirects { limit: MAX_REDIRECTS });
        }
        self.n_redirects += 1;
        let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
        let next = match self.request.url.join(&location) {
            Ok(next) => next,
            Err(error) => return Err(SendCause::Location { location, error }),
        };
        self.trusted &= is_same_or_below(next.host(), self.first.host());
        self.trusted &= next.is_secure() || !self.request.url.is_secure();
        if !keeps_method {
            self.forget_body();
        }
        self.request.url = next;
        Ok(true)
    }

    fn forget_body(&mut self) {
        if !matches!(self.request.method, Method::GET | Method::HEAD) {
            self.request.method = Method::GET;
        }
        self.request.body = Bytes::new();
        for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
            self.request.headers.remove(name);
        }
    }
}

/// Removes what a request's own headers may hold that must not reach a stranger.
pub(super) fn strip_credentials(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE] {
        headers.remove(name);
    }
}

/// Whether `host` is `parent` or a name below it.
fn is_same_or_below(host: &str, parent: &str) -> bool {
    let (host, parent) = (host.to_ascii_lowercase(), parent.to_ascii_lowercase());
    if host == parent {
        return true;
    }
    // Addresses have no names below them, though their texts may end alike.
    let is_name = !host.contains([':', '%']) && host.parse::<std::net::IpAddr>().is_err();
    is_name && host.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below() {
        let check = |host: &str, parent: &str, want: bool| {
            assert_eq!(is_same_or_below(host, parent), want, "{host} below {parent}");
        };
        check("a.example", "A.example", true);
        check("b.a.example", "a.example", true);
        check("ba.example", "a.example", false);
        check("example", "a.example", false);
        check("10.1.2.3", "2.3", false);
        check("::1%.a.example", "a.example", false);
    }

    fn journey(method: Method, from: &str, hops: &[(u16, &str)]) -> Result<Journey, String> {
        let mut journey = Journey::new(&Request {
            method,
            url: from.parse().unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"body"),
        });
        for (status, location) in hops {
            let response = http::Response::builder().status(*status).header(LOCATION, *location).body(()).unwrap();
            journey.step(&response.into_parts().0).map_err(|error| error.to_string())?;
        }
        Ok(journey)
    }

    #[test]
    fn where_credentials_go() {
        let check = |from: &str, hops: &[(u16, &str)], trusted: bool| {
            assert_eq!(journey(Method::GET, from, hops).unwrap().trusted, trusted, "{from} {hops:?}");
        };
        check("http://a/", &[(302, "/other")], true);
        check("http://a/", &[(302, "https://a:8443/")], true);
        check("http://a/", &[(302, "http://b/")], false);
        check("http://a/", &[(302, "http://b/"), (302, "http://a/")], false);
        check("http://a/", &[(302, "http://x.a/"), (302, "http://c/"), (302, "http://x.a/")], false);
        check("https://a/", &[(302, "http://a/")], false);
        check("https://a/", &[(302, "http://a/"), (302, "https://a/")], false);
    }

    #[test]
    fn methods_and_bodies() {
        let check = |method: Method, status: u16, want: Method, body: &[u8]| {
            let journey = journey(method, "http://a/", &[(status, "/x")]).unwrap();
            assert_eq!((journey.request.method, &journey.request.body[..]), (want, body), "{status}");
        };
        check(Method::POST, 302, Method::GET, b"");
        check(Method::POST, 303, Method::GET, b"");
        check(Method::POST, 307, Method::POST, b"body");
        check(Method::POST, 308, Method::POST, b"body");
        check(Method::HEAD, 301, Method::HEAD, b"");
    }

    #[test]
    fn loops_and_strange_schemes_end() {
        let hops = vec![(302, "/again"); MAX_REDIRECTS + 1];
        assert_eq!(journey(Method::GET, "http://a/", &hops).unwrap_err(), "stopped after 10 redirects");
        let error = journey(Method::GET, "http://a/", &[(302, "file:///etc/passwd")]).unwrap_err();
        assert!(error.starts_with("failed to parse Location header \"file:///etc/passwd\""), "{error}");
    }
}
