//! Long work and long bodies: done on a blocking thread, sent as they come.
//!
//! What fits into one piece goes out with its length; beyond that pieces flow through a short queue, so that a slow
//! client holds up the writer and not the memory. When the client goes away, the next write fails. When the writer
//! breaks off, the client sees a broken connection and not a short body that looks whole.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, VARY};
use http::{HeaderValue, StatusCode};
use tokio::sync::{mpsc, oneshot};

use super::encoding::Encoding;
use super::response::{Body, MIN_COMPRESSED_BYTES, Piece, Response, WriteBody};

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10;
/// Bytes that are compressed at a time.
const PENDING_BYTES: usize = 16 << 10;
/// Pieces on their way at a time.
const MAX_QUEUED: usize = 4;

/// Runs `work` on a blocking thread; where its response has a body to be written, that is done there too, compressed
/// for clients that take `encoding`.
///
/// A panic of `work` is handed on to the caller, for the server to count.
pub async fn produce(encoding: Encoding, work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let (send, receive) = oneshot::channel();
    let worker = tokio::task::spawn_blocking(move || write_out(work(), encoding, send));
    if let Ok(response) = receive.await {
        return response;
    }
    match worker.await {
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        _ => Response::error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}

fn write_out(response: Response, encoding: Encoding, send: oneshot::Sender<Response>) {
    let Response { status, headers, body } = response;
    let mut response = Response { headers, ..Response::new(status) };
    let Body::Write(write) = body else {
        let _ = send.send(Response { body, ..response });
        return;
    };
    response.headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    let pieces = Pieces { piece: Vec::new(), response: Some((response, send)), queue: None };
    // Errors mean that nobody listens any more.
    let _ = match encoding {
        Encoding::Identity => write_plain(pieces, write),
        Encoding::Gzip => write_gzip(pieces, write),
    };
}

fn write_plain(mut pieces: Pieces, write: WriteBody) -> io::Result<()> {
    write(&mut pieces)?;
    pieces.finish()
}

fn write_gzip(pieces: Pieces, write: WriteBody) -> io::Result<()> {
    let mut compressor = Compressor { pending: Vec::new(), stage: Stage::Waiting(pieces) };
    write(&mut compressor)?;
    match compressor.stage {
        Stage::Waiting(mut pieces) => {
            pieces.write_all(&compressor.pending)?;
            pieces.finish()
        }
        Stage::Going(mut encoder) => {
            encoder.write_all(&compressor.pending)?;
            encoder.finish()?.finish()
        }
        Stage::Broken => Err(gone()),
    }
}

/// Compresses, once there is enough to be worth it, and not byte by byte.
struct Compressor {
    pending: Vec<u8>,
    stage: Stage,
}

enum Stage {
    Waiting(Pieces),
    Going(GzEncoder<Pieces>),
    Broken,
}

impl Write for Compressor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if let Stage::Waiting(_) = self.stage
            && self.pending.len() >= MIN_COMPRESSED_BYTES
            && let Stage::Waiting(mut pieces) = std::mem::replace(&mut self.stage, Stage::Broken)
        {
            pieces.say_compressed();
            self.stage = Stage::Going(GzEncoder::new(pieces, Compression::new(1)));
        }
        if let Stage::Going(encoder) = &mut self.stage
            && self.pending.len() >= PENDING_BYTES
        {
            encoder.write_all(&self.pending)?;
            self.pending.clear();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects bytes into pieces and sends them off; the first one takes the head with it.
struct Pieces {
    piece: Vec<u8>,
    /// Until the head is sent.
    response: Option<(Response, oneshot::Sender<Response>)>,
    /// Once the head is sent.
    queue: Option<mpsc::Sender<Piece>>,
}

impl Pieces {
    fn say_compressed(&mut self) {
        if let Some((response, _)) = &mut self.response {
            response.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }

    fn send_piece(&mut self) -> io::Result<()> {
        if let Some((response, send)) = self.response.take() {
            let (queue, receive) = mpsc::channel(MAX_QUEUED);
            self.queue = Some(queue);
            send.send(Response { body: Body::Pieces(receive), ..response }).map_err(|_| gone())?;
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        self.queue(Piece::Bytes(piece.into()))
    }

    fn queue(&self, piece: Piece) -> io::Result<()> {
        self.queue.as_ref().map_or(Ok(()), |queue| queue.blocking_send(piece).map_err(|_| gone()))
    }

    fn finish(mut self) -> io::Result<()> {
        match self.response.take() {
            Some((response, send)) => {
                let body = Body::Bytes(std::mem::take(&mut self.piece).into());
                send.send(Response { body, ..response }).map_err(|_| gone())
            }
            None => {
                if !self.piece.is_empty() {
                    self.send_piece()?;
                }
                self.queue(Piece::End)
            }
        }
    }
}

fn gone() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.send_piece()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
