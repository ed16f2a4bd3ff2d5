//! Which encoding of a response a client takes (RFC 9110, 12.5.3), and gzip.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// How a response is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    #[default]
    Identity,
    /// `gzip`.
    Gzip,
}

/// Of the `Accept-Encoding` headers so many bytes are looked at.
const MAX_LOOKED_AT: usize = 1024;

impl Encoding {
    /// What a request's headers allow: gzip, if it is named and not refused by `q=0`.
    pub fn accepted(headers: &HeaderMap) -> Encoding {
        let mut by_star = None;
        for value in headers.get_all(ACCEPT_ENCODING) {
            let text = value.as_bytes();
            let text = std::str::from_utf8(&text[..text.len().min(MAX_LOOKED_AT)]).unwrap_or_default();
            for item in text.split(',') {
                let (coding, is_wanted) = coding_and_weight(item);
                match coding {
                    "gzip" | "x-gzip" => return if is_wanted { Encoding::Gzip } else { Encoding::Identity },
                    "*" => by_star = Some(is_wanted),
                    _ => {}
                }
            }
        }
        if by_star == Some(true) { Encoding::Gzip } else { Encoding::Identity }
    }
}

/// `gzip;q=0.5` as `gzip` and whether its weight is more than nothing.
fn coding_and_weight(item: &str) -> (&str, bool) {
    let mut parts = item.split(';').map(str::trim);
    let coding = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (coding, weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)))
}

/// Bytes as one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4 + 64), Compression::new(6));
    encoder.write_all(bytes).expect("writing into memory cannot fail");
    encoder.finish().expect("writing into memory cannot fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_accept() {
        let check = |header: &str, want: Encoding| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, header.parse().unwrap());
            assert_eq!(Encoding::accepted(&headers), want, "{header}");
        };
        check("", Encoding::Identity);
        check("gzip", Encoding::Gzip);
        check("deflate, gzip;q=0.5, br", Encoding::Gzip);
        check("gzip;q=0", Encoding::Identity);
        check("gzip; q=0.000", Encoding::Identity);
        check("gzip;q=oops", Encoding::Identity);
        check("*", Encoding::Gzip);
        check("*, gzip;q=0", Encoding::Identity);
        check("*;q=0", Encoding::Identity);
        check("br", Encoding::Identity);
        check(&format!("{}gzip", ",".repeat(2000)), Encoding::Identity);
    }
}
