//! The body of a response on its way out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::mpsc;

use super::counts::ServerCounts;
use super::phase::{Phase, Progress};
use super::response::{Body, Piece};

/// A body as hyper takes it; while it lives its connection is busy.
#[derive(Debug)]
pub(super) struct Outgoing {
    content: Content,
    counts: Arc<ServerCounts>,
    _busy: Busy,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    Pieces(mpsc::Receiver<Piece>),
    Done,
}

/// Marks a connection as busy until it is dropped.
#[derive(Debug)]
pub(super) struct Busy(Arc<Progress>);

impl Busy {
    pub(super) fn new(progress: Arc<Progress>) -> Busy {
        progress.enter(Phase::Busy);
        Busy(progress)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

impl Outgoing {
    pub(super) fn new(body: Body, busy: Busy, counts: Arc<ServerCounts>) -> Outgoing {
        let content = match body {
            Body::Bytes(bytes) => Content::Whole(bytes),
            Body::Pieces(queue) => Content::Pieces(queue),
            // Only a handler that forgot `produce` comes here; the body is made at once.
            Body::Write(write) => {
                let mut bytes = Vec::new();
                match write(&mut bytes) {
                    Ok(()) => Content::Whole(bytes.into()),
                    Err(_) => Content::Done,
                }
            }
        };
        Outgoing { content, counts, _busy: busy }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = match &mut self.content {
            Content::Done => return Poll::Ready(None),
            Content::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Done;
                return Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))));
            }
            Content::Pieces(queue) => ready!(queue.poll_recv(cx)),
        };
        Poll::Ready(match piece {
            Some(Piece::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Piece::End) => {
                self.content = Content::Done;
                None
            }
            None => {
                self.content = Content::Done;
                self.counts.panics.increment();
                Some(Err(io::Error::other("the body was broken off")))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Pieces(_) => false,
            Content::Done => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Pieces(_) => SizeHint::default(),
            Content::Done => SizeHint::with_exact(0),
        }
    }
}
