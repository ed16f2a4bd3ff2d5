//! Servers on the loopback that answer by the byte.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// What a server does with every request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Takes it and says nothing.
    Silent,
    /// Says one thing, and then another again and again, slowly.
    Drip { head: &'static [u8], each: &'static [u8] },
    /// Sends a piece again and again.
    Endless { head: &'static str, piece: Vec<u8> },
    /// Sends header after header.
    EndlessHead,
    /// Sends these bytes and closes.
    Whole(Vec<u8>),
    /// Sends a body with everything that belongs to it.
    Text(Arc<[u8]>),
    /// Sends somewhere else.
    Redirect(String),
}

impl Behaviour {
    pub(crate) fn text(body: &[u8]) -> Behaviour {
        Behaviour::Text(body.into())
    }
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// Servers have a thread of their own, as if they were elsewhere: what they cost is not to be blamed on who scrapes them.
static ELSEWHERE: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());

impl Server {
    pub(crate) async fn start(behaviour: Behaviour) -> Server {
        let listener = ELSEWHERE.spawn(TcpListener::bind("127.0.0.1:0")).await.unwrap().unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let task = ELSEWHERE.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviour.clone(), Arc::clone(&seen)));
            }
        });
        Server { address, heads, task }
    }

    /// The same behind a Unix socket; nobody listens at its address.
    pub(crate) fn start_behind(socket: &Path, behaviour: Behaviour) -> Server {
        let listener = UnixListener::bind(socket).unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behaviour.clone(), Arc::clone(&seen)));
            }
        });
        Server { address: SocketAddr::from(([127, 0, 0, 1], 9)), heads, task }
    }

    /// The heads of the requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Anything that bytes go through.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

async fn serve(mut stream: impl Stream, behaviour: Behaviour, heads: Arc<Mutex<Vec<String>>>) {
    while let Some(head) = read_head(&mut stream).await {
        heads.lock().push(head);
        // The other side hangs up when it has had enough.
        if answer(&mut stream, &behaviour).await.is_err() {
            return;
        }
        if matches!(behaviour, Behaviour::Whole(_)) {
            return;
        }
    }
}

async fn read_head(stream: &mut impl Stream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

async fn answer(stream: &mut impl Stream, behaviour: &Behaviour) -> std::io::Result<()> {
    match behaviour {
        Behaviour::Silent => std::future::pending().await,
        Behaviour::Drip { head, each } => {
            stream.write_all(head).await?;
            loop {
                stream.write_all(each).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Behaviour::Endless { head, piece } => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{head}\r\n");
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(piece).await?;
            }
        }
        Behaviour::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            for n in 0u64.. {
                stream.write_all(format!("X-{n}: {n}\r\n").as_bytes()).await?;
            }
            Ok(())
        }
        Behaviour::Whole(bytes) => stream.write_all(bytes).await,
        Behaviour::Text(body) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body).await
        }
        Behaviour::Redirect(location) => {
            let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await
        }
    }
}

/// A response of a megabyte that unpacks to a gibibyte.
pub(crate) fn gzip_bomb() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::best());
    member.write_all(&vec![b'#'; 8 << 20]).unwrap();
    let body = member.finish().unwrap().repeat(128);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// Many lines.
pub(crate) fn lines(numbers: std::ops::Range<u32>, line: impl Fn(u32) -> String) -> Vec<u8> {
    numbers.flat_map(|n| line(n).into_bytes()).collect()
}
