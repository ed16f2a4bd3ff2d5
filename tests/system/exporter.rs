//! A target to be scraped, whose every value says which scrape it is of.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Serves `n_series` series `scraped{i="…"}`, each with the number of the scrape as its value.
#[derive(Debug)]
pub(crate) struct Exporter {
    pub(crate) address: SocketAddr,
    n_scrapes: Arc<AtomicU64>,
}

impl Exporter {
    pub(crate) fn start(n_series: usize) -> Exporter {
        Exporter::serving(move |number| (0..n_series).map(|i| format!("scraped{{i=\"{i}\"}} {number}\n")).collect())
    }

    /// Serves so many series with other names at each scrape, of them one that stays.
    pub(crate) fn start_inventing(n_series: u64) -> Exporter {
        Exporter::serving(move |number| {
            let invented = (number * n_series..(number + 1) * n_series).map(|i| format!("invented{{i=\"{i}\"}} 1\n"));
            std::iter::once(format!("stays {number}\n")).chain(invented).collect()
        })
    }

    /// Serves what is made of the number of the scrape: OpenMetrics where it has that format's last line.
    pub(crate) fn serving(body: impl Fn(u64) -> String + Clone + Send + 'static) -> Exporter {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let n_scrapes = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&n_scrapes);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (counter, body) = (Arc::clone(&counter), body.clone());
                // Connections of killed processes end in errors, which concern nobody.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &body, &counter)));
            }
        });
        Exporter { address, n_scrapes }
    }

    /// How many scrapes have been answered.
    pub(crate) fn n_scrapes(&self) -> u64 {
        self.n_scrapes.load(Ordering::SeqCst)
    }
}

fn serve(stream: &std::net::TcpStream, body: &impl Fn(u64) -> String, counter: &AtomicU64) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
        }
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        let body = body(number);
        let is_openmetrics = body.ends_with("# EOF\n");
        let kind =
            if is_openmetrics { "application/openmetrics-text; version=1.0.0" } else { "text/plain; version=0.0.4" };
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut stream = stream;
        stream.write_all((head + &body).as_bytes())?;
    }
}
