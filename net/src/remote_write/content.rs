//! Which requests are read: the rules of `Content-Type` and `Content-Encoding`, with Prometheus's texts. All errors are
//! answered with 415.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

const MEDIA_TYPE: &str = "application/x-protobuf";
const V1: &str = "prometheus.WriteRequest";
const V2: &str = "io.prometheus.write.v2.Request";

/// Why a request is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Another media type.
    #[error("expected {MEDIA_TYPE} as the first (media) part, got {0} content-type")]
    MediaType(String),
    /// A parameter that is no pair.
    #[error(
        "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got {parameter} \
         in {content_type} content-type"
    )]
    Parameter {
        /// The parameter.
        parameter: String,
        /// The header.
        content_type: String,
    },
    /// A message that nobody knows.
    #[error(
        "got {content_type} content type; unknown type for remote write protobuf message {message}, supported: {V1}, {V2}"
    )]
    UnknownMessage {
        /// The message.
        message: String,
        /// The header.
        content_type: String,
    },
    /// Another encoding than snappy.
    #[error("{0} encoding (compression) is not accepted by this server; only snappy is acceptable")]
    Encoding(String),
}

/// The version of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `prometheus.WriteRequest`
    V1,
    /// `io.prometheus.write.v2.Request`
    V2,
}

/// The version that a request's headers announce; the first where they say nothing.
///
/// # Errors
/// When they announce something else.
pub fn check_headers(headers: &HeaderMap) -> Result<Version, ContentError> {
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()));
    let encoding = text(CONTENT_ENCODING).unwrap_or_default();
    if !encoding.is_empty() && encoding != "snappy" {
        return Err(ContentError::Encoding(encoding.into_owned()));
    }
    let content_type = text(CONTENT_TYPE).unwrap_or_default();
    let content_type = if content_type.is_empty() { MEDIA_TYPE } else { content_type.trim() };
    match message(content_type)? {
        V1 => Ok(Version::V1),
        V2 => Ok(Version::V2),
        other => Err(ContentError::UnknownMessage { message: other.to_owned(), content_type: content_type.to_owned() }),
    }
}

/// The protobuf message that a `Content-Type` names.
fn message(content_type: &str) -> Result<&str, ContentError> {
    let mut parts = content_type.split(';');
    if parts.next() != Some(MEDIA_TYPE) {
        return Err(ContentError::MediaType(content_type.to_owned()));
    }
    for parameter in parts {
        match parameter.split_once('=') {
            Some((key, value)) if !value.contains('=') => {
                if key == "proto" {
                    return Ok(value);
                }
            }
            _ => {
                let (parameter, content_type) = (parameter.to_owned(), content_type.to_owned());
                return Err(ContentError::Parameter { parameter, content_type });
            }
        }
    }
    Ok(V1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        let check = |content_type: &str, encoding: &str, want: Result<Version, &str>| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
            headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
            let got = check_headers(&headers).map_err(|error| error.to_string());
            assert_eq!(got.as_ref().map_err(String::as_str), want.as_ref().map_err(|error| *error));
        };
        check("", "", Ok(Version::V1));
        check("application/x-protobuf", "snappy", Ok(Version::V1));
        check(" application/x-protobuf;proto=prometheus.WriteRequest", "snappy", Ok(Version::V1));
        check("application/x-protobuf;charset=x;proto=prometheus.WriteRequest", "snappy", Ok(Version::V1));
        let media = "expected application/x-protobuf as the first (media) part, got text/plain content-type";
        check("text/plain", "snappy", Err(media));
        let gzip = "gzip encoding (compression) is not accepted by this server; only snappy is acceptable";
        check("application/x-protobuf", "gzip", Err(gzip));
        check("application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", Ok(Version::V2));
        let unknown = "got application/x-protobuf;proto=x content type; unknown type for remote write protobuf message \
                       x, supported: prometheus.WriteRequest, io.prometheus.write.v2.Request";
        check("application/x-protobuf;proto=x", "snappy", Err(unknown));
        let pair = "as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got \
                    x in application/x-protobuf;x content-type";
        check("application/x-protobuf;x", "snappy", Err(pair));
    }
}
