//! Bodies that others send, taken in up to a limit: what is read, and what comes out of decompression.
//!
//! [`BodyDecoder`] is fed with pieces as they come from the network and stops at the byte that exceeds its limit, so
//! that a megabyte of gzip that unpacks to a gigabyte costs no more than the limit. It does no I/O.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// How a body is encoded, as `Content-Encoding` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentEncoding {
    /// Not at all.
    Identity,
    /// `gzip`.
    Gzip,
}

impl ContentEncoding {
    /// Reads the value of a `Content-Encoding` header; `None` for an encoding that is not known.
    pub fn from_header(value: &[u8]) -> Option<ContentEncoding> {
        let value = value.trim_ascii();
        if value.is_empty() || value.eq_ignore_ascii_case(b"identity") {
            Some(ContentEncoding::Identity)
        } else if value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip") {
            Some(ContentEncoding::Gzip)
        } else {
            None
        }
    }
}

/// Why a body could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More came out than is allowed.
    #[error("body size limit exceeded")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The stream ends within a gzip member.
    #[error("unexpected EOF")]
    Truncated,
    /// The bytes are not gzip, or damaged.
    #[error("gzip: {0}")]
    Corrupt(String),
}

/// Takes a body in pieces and holds what comes out of it.
#[derive(Debug)]
pub struct BodyDecoder {
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Identity(Capped),
    Gzip { decoder: Box<MultiGzDecoder<Capped>>, any_input: bool },
}

impl BodyDecoder {
    /// A decoder that appends to `out`, at most `limit` bytes.
    pub fn new(encoding: ContentEncoding, limit: usize, out: Vec<u8>) -> BodyDecoder {
        let capped = Capped { left: limit, limit, out, exceeded: false };
        let stage = match encoding {
            ContentEncoding::Identity => Stage::Identity(capped),
            ContentEncoding::Gzip => Stage::Gzip { decoder: Box::new(MultiGzDecoder::new(capped)), any_input: false },
        };
        BodyDecoder { stage }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// When the limit is exceeded or the piece cannot be decoded. Nothing more may be pushed then.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), DecodeError> {
        match &mut self.stage {
            Stage::Identity(capped) => capped.write_all(piece).map_err(|_| capped.too_large()),
            Stage::Gzip { decoder, any_input } => {
                *any_input |= !piece.is_empty();
                decoder.write_all(piece).map_err(|error| gzip_error(decoder.get_ref(), &error))
            }
        }
    }

    /// Hands back the vector with what was decoded.
    ///
    /// # Errors
    /// When the stream is not complete, or the last of it exceeds the limit.
    pub fn finish(self) -> Result<Vec<u8>, DecodeError> {
        match self.stage {
            Stage::Identity(capped) => Ok(capped.out),
            Stage::Gzip { any_input: false, .. } => Err(DecodeError::Truncated),
            Stage::Gzip { mut decoder, .. } => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().out)),
                Err(error) => Err(gzip_error(decoder.get_ref(), &error)),
            },
        }
    }
}

fn gzip_error(capped: &Capped, error: &io::Error) -> DecodeError {
    if capped.exceeded {
        return capped.too_large();
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => DecodeError::Truncated,
        _ => DecodeError::Corrupt(error.to_string()),
    }
}

/// Bytes from which on a body is not copied to grow.
const LARGE: usize = 4 << 20;
/// Bytes that may be asked for at once: more than the limit by default, 64 MiB.
const MAX_AT_ONCE: usize = 128 << 20;

/// A vector that refuses to grow beyond a limit.
#[derive(Debug)]
struct Capped {
    out: Vec<u8>,
    left: usize,
    limit: usize,
    exceeded: bool,
}

impl Capped {
    fn too_large(&self) -> DecodeError {
        DecodeError::TooLarge { limit: self.limit }
    }

    /// Doubling, but never beyond the limit: a body just over half of it must not cost twice the limit. What is large
    /// already gets all that it may need at once: pages that nobody touches cost nothing, a copy costs half as much again.
    fn n_to_reserve(&self, n_needed: usize) -> usize {
        let is_large = self.out.capacity() >= LARGE && self.left <= MAX_AT_ONCE;
        let n_wanted = if is_large { self.left } else { self.out.capacity() };
        n_wanted.clamp(n_needed, self.left)
    }
}

impl Write for Capped {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if piece.len() > self.left {
            self.exceeded = true;
            return Err(io::Error::other("limit"));
        }
        if piece.len() > self.out.capacity() - self.out.len() {
            self.out.reserve_exact(self.n_to_reserve(piece.len()));
        }
        self.out.extend_from_slice(piece);
        self.left -= piece.len();
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(encoding: ContentEncoding, limit: usize, body: &[u8], n_piece: usize) -> Result<Vec<u8>, DecodeError> {
        let mut decoder = BodyDecoder::new(encoding, limit, Vec::new());
        for piece in body.chunks(n_piece) {
            decoder.push(piece)?;
        }
        decoder.finish()
    }

    #[test]
    fn encodings() {
        let check = |header: &str, want| assert_eq!(ContentEncoding::from_header(header.as_bytes()), want, "{header}");
        check("", Some(ContentEncoding::Identity));
        check("identity", Some(ContentEncoding::Identity));
        check(" GZIP ", Some(ContentEncoding::Gzip));
        check("br", None);
        check("gzip, gzip", None);
    }

    #[test]
    fn the_limit_is_of_what_comes_out() {
        for encoding in [ContentEncoding::Identity, ContentEncoding::Gzip] {
            let plain = vec![b'x'; 100_000];
            let body = if encoding == ContentEncoding::Gzip { gzip(&plain) } else { plain.clone() };
            assert_eq!(decode(encoding, 100_000, &body, 7).as_ref(), Ok(&plain));
            assert_eq!(decode(encoding, 99_999, &body, 7), Err(DecodeError::TooLarge { limit: 99_999 }));
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = gzip(&vec![0; 256 << 20]);
        assert!(bomb.len() < 2 << 20);
        let mut decoder = BodyDecoder::new(ContentEncoding::Gzip, 1 << 20, Vec::new());
        let pushed = bomb.chunks(4096).take_while(|piece| decoder.push(piece).is_ok()).count();
        assert!(pushed <= 3, "{pushed} pieces of 4 KiB went in before the limit of 1 MiB was seen");
        let Stage::Gzip { decoder, .. } = &decoder.stage else { panic!("gzip") };
        assert!(decoder.get_ref().out.capacity() <= 1 << 20);
    }

    #[test]
    fn members_follow_one_another() {
        let body = [gzip(b"one"), gzip(b"two")].concat();
        assert_eq!(decode(ContentEncoding::Gzip, 100, &body, 3), Ok(b"onetwo".to_vec()));
    }

    #[test]
    fn every_truncation_is_noticed() {
        let body = gzip(b"some text that is long enough to be worth it");
        for n_bytes in 0..body.len() {
            let got = decode(ContentEncoding::Gzip, 1000, &body[..n_bytes], 1000);
            let seen = matches!(got, Err(DecodeError::Truncated | DecodeError::Corrupt(_)));
            assert!(seen, "{got:?} after {n_bytes} of {} bytes", body.len());
        }
    }

    #[test]
    fn what_is_not_gzip_is_named() {
        let got = decode(ContentEncoding::Gzip, 1000, b"up 1\nthis is plain text\n", 1000);
        assert!(matches!(got, Err(DecodeError::Corrupt(_))), "{got:?}");
        let mut body = gzip(b"some text");
        let at = body.len() - 6;
        body[at] ^= 1;
        assert!(matches!(decode(ContentEncoding::Gzip, 1000, &body, 1000), Err(DecodeError::Corrupt(_))));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in prop::collection::vec(any::<u8>(), 0..200), n_piece in 1usize..50) {
            let mut with_header = vec![0x1f, 0x8b, 8, 0];
            with_header.extend(&body);
            let _ = decode(ContentEncoding::Gzip, 50, &body, n_piece);
            let _ = decode(ContentEncoding::Gzip, 50, &with_header, n_piece);
        }
    }
}
