//! As much of GitLab as keeps the freeze periods of a project, for who shows a maintainer's token.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// Where the periods of the project `shop/api` are.
const PATH: &str = "/api/v4/projects/shop%2Fapi/freeze_periods";

/// A GitLab.
pub(crate) struct Gitlab {
    pub(crate) address: SocketAddr,
    periods: Arc<Mutex<Periods>>,
}

#[derive(Default)]
struct Periods {
    known: Vec<Value>,
    n_made: u64,
}

impl Gitlab {
    pub(crate) fn start() -> Gitlab {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let periods = <Arc<Mutex<Periods>>>::default();
        let for_thread = Arc::clone(&periods);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let periods = Arc::clone(&for_thread);
                // Connections of killed processes end in errors, which concern nobody.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &periods)));
            }
        });
        Gitlab { address, periods }
    }

    /// The periods that there are.
    pub(crate) fn periods(&self) -> Vec<Value> {
        self.periods.lock().unwrap().known.clone()
    }

    /// How many there ever were.
    pub(crate) fn n_made(&self) -> u64 {
        self.periods.lock().unwrap().n_made
    }
}

fn serve(stream: &TcpStream, periods: &Mutex<Periods>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let (mut length, mut has_token, mut line) = (0, false, String::new());
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line)?;
            let (name, value) = line.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => has_token = value.trim() == "Bearer maintainer",
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let path = path.split('?').next().unwrap();
        let (status, answer) =
            if has_token { answer(method, path, &body, periods) } else { ("401 Unauthorized", json!({})) };
        let answer = if status.starts_with("204") { String::new() } else { answer.to_string() };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", answer.len());
        let mut stream = stream;
        stream.write_all((head + &answer).as_bytes())?;
    }
}

fn answer(method: &str, path: &str, body: &[u8], periods: &Mutex<Periods>) -> (&'static str, Value) {
    let mut periods = periods.lock().unwrap();
    match (method, path.strip_prefix(PATH)) {
        ("GET", Some("")) => ("200 OK", json!(periods.known)),
        ("POST", Some("")) => {
            periods.n_made += 1;
            let mut period: Value = serde_json::from_slice(body).unwrap();
            period["id"] = json!(periods.n_made);
            periods.known.push(period.clone());
            ("201 Created", period)
        }
        ("DELETE", Some(id)) => {
            periods.known.retain(|period| format!("/{}", period["id"]) != id);
            ("204 No Content", Value::Null)
        }
        _ => ("404 Not Found", json!({ "message": "404 Not Found" })),
    }
}
