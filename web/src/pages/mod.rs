//! The pages: the files that `web/ui` was built into, in the binary.
//!
//! They never touch the disk at run time, so that no path leads out of them. Files under `assets/` bear the hash of
//! their content in their name and may be kept for ever; the page itself and what lies beside it are asked for again
//! each time and answered with 304 while they are the same. Each is compressed once, when somebody first takes it so.
//! Where the page was not built, one that says how is served instead.

use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, REFERRER_POLICY, VARY,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use net::server::{Encoding, Request, Response, gzip};
use xxhash_rust::xxh3::xxh3_128;

mod files {
    include!(concat!(env!("OUT_DIR"), "/page_files.rs"));
}

/// What is served where the page was not built.
const NOT_BUILT: &str = include_str!("not_built.html");
const INDEX: &str = "index.html";
/// Scripts, styles and data from here only, and nobody may frame the page. Styles may also be written by the scripts:
/// the editor brings its own.
const SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                               object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
/// Shorter files are not worth compressing.
const MIN_COMPRESSED_BYTES: usize = 512;

/// The files of the page.
#[derive(Debug)]
pub(crate) struct Pages {
    index: File,
    /// By their paths, sorted.
    others: Vec<(&'static str, File)>,
}

#[derive(Debug)]
struct File {
    content_type: &'static str,
    cache_control: &'static str,
    bytes: Bytes,
    /// Of the file as it is, and compressed: they are two representations.
    etags: [HeaderValue; 2],
    compressed: OnceLock<Bytes>,
}

impl Pages {
    /// The files in the binary, the page with this title.
    pub(crate) fn new(title: &str) -> Pages {
        Pages::of(files::FILES, title)
    }

    fn of(files: &[(&'static str, &'static [u8])], title: &str) -> Pages {
        let index = files.iter().find(|(path, _)| *path == INDEX);
        let index = index.map_or(NOT_BUILT, |(_, bytes)| std::str::from_utf8(bytes).unwrap_or(NOT_BUILT));
        let index = index.replace("<title>narthex</title>", &format!("<title>{}</title>", escaped(title)));
        let mut others: Vec<_> = files
            .iter()
            .filter(|(path, _)| *path != INDEX)
            .map(|(path, bytes)| (*path, File::new(path, Bytes::from_static(bytes))))
            .collect();
        others.sort_unstable_by_key(|(path, _)| *path);
        Pages { index: File::new(INDEX, index.into()), others }
    }

    /// The page itself.
    pub(crate) fn index(&self, request: &Request) -> Response {
        self.index.respond(request)
    }

    /// A file beside the page, by its path with the leading slash.
    pub(crate) fn asset(&self, path: &str, request: &Request) -> Option<Response> {
        let path = path.strip_prefix('/')?;
        let at = self.others.binary_search_by_key(&path, |(known, _)| known).ok()?;
        Some(self.others[at].1.respond(request))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl File {
    fn new(path: &str, bytes: Bytes) -> File {
        let is_hashed = path.starts_with("assets/");
        let hash = xxh3_128(&bytes);
        let etag = |suffix| HeaderValue::try_from(format!("\"{hash:032x}{suffix}\"")).expect("digits and letters");
        File {
            content_type: content_type(path),
            cache_control: if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" },
            etags: [etag(""), etag("-gzip")],
            bytes,
            compressed: OnceLock::new(),
        }
    }

    fn respond(&self, request: &Request) -> Response {
        let is_small = self.bytes.len() < MIN_COMPRESSED_BYTES;
        let encoding = if is_small { Encoding::Identity } else { request.accepted_encoding() };
        let etag = &self.etags[usize::from(encoding == Encoding::Gzip)];
        let is_known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| is_named_in(etag, known));
        let response = match (is_known, encoding) {
            (true, _) => Response::new(StatusCode::NOT_MODIFIED),
            (false, Encoding::Identity) => Response::with_body(StatusCode::OK, self.content_type, self.bytes.clone()),
            (false, Encoding::Gzip) => {
                let compressed = self.compressed.get_or_init(|| gzip(&self.bytes).into()).clone();
                Response::with_body(StatusCode::OK, self.content_type, compressed)
                    .with(CONTENT_ENCODING, HeaderValue::from_static("gzip"))
            }
        };
        response
            .with(ETAG, etag.clone())
            .with(CACHE_CONTROL, HeaderValue::from_static(self.cache_control))
            .with(VARY, HeaderValue::from_static("Accept-Encoding"))
            .with(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SECURITY_POLICY))
            .with(REFERRER_POLICY, HeaderValue::from_static("same-origin"))
            .with(X_FRAME_OPTIONS, HeaderValue::from_static("deny"))
    }
}

fn is_named_in(etag: &HeaderValue, known: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (known.to_str(), etag.to_str()) else { return false };
    known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_what_is_not_one() {
        const FILES: &[(&str, &[u8])] =
            &[("index.html", b"<title>narthex</title>"), ("theme.js", b"1"), ("assets/a-1.js", b"2")];
        let pages = Pages::of(FILES, "a <b> & c");
        assert_eq!(pages.index.bytes, "<title>a &lt;b&gt; &amp; c</title>");
        let paths: Vec<_> = pages.others.iter().map(|(path, file)| (*path, file.cache_control)).collect();
        assert_eq!(paths, [("assets/a-1.js", "public, max-age=31536000, immutable"), ("theme.js", "no-cache")]);
        let unbuilt = Pages::of(&[], "narthex");
        assert!(std::str::from_utf8(&unbuilt.index.bytes).unwrap().contains("npm run build"));
    }
}
