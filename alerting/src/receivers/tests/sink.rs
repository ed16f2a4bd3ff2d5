//! An HTTP server that remembers what it was asked, and answers as it is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// By names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// An answer: the status, more headers, each with its line's end, and the body.
pub(crate) struct Reply(pub(crate) u16, pub(crate) String, pub(crate) String);

impl Reply {
    pub(crate) fn json(body: &str) -> Reply {
        Reply(200, "Content-Type: application/json\r\n".to_owned(), body.to_owned())
    }
}

type Answer = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// The server. Ends when dropped.
pub(crate) struct Sink {
    pub(crate) address: String,
    asked: mpsc::UnboundedReceiver<Asked>,
    task: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, asked) = mpsc::unbounded_channel();
        let answer: Answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone(), answer.clone()));
            }
        });
        Sink { address, asked, task }
    }

    /// What was asked since the last time.
    pub(crate) fn drain(&mut self) -> Vec<Asked> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }

    /// The next `n` requests; panics with those that came where they do not come.
    pub(crate) async fn take(&mut self, n: usize) -> Vec<Asked> {
        let mut taken = Vec::new();
        while taken.len() < n {
            match tokio::time::timeout(Duration::from_secs(120), self.asked.recv()).await {
                Ok(Some(asked)) => taken.push(asked),
                _ => panic!("{} of {n} requests came: {taken:#?}", taken.len()),
            }
        }
        taken
    }
}

async fn serve(stream: TcpStream, sender: mpsc::UnboundedSender<Asked>, answer: Answer) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream).await {
        let Reply(status, headers, body) = answer(&asked);
        // The request is known before its answer is.
        let _ = sender.send(asked);
        let length = body.len();
        let reply = format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        if stream.get_mut().write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().filter(|method| !method.is_empty())?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { method, target, headers, body: String::from_utf8(body).unwrap() })
}
