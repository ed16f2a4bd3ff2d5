//! Just enough HTTP to ask: one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The value of a header; those of several, joined.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Sends bytes as they are.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(60)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
    // A server that answers before it has read everything may close; the answer tells why.
    let _ = stream.write_all(bytes);
    stream
}

/// Asks, and waits for the whole answer.
pub(crate) fn ask(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let stream = send(address, &request(method, target, headers, body));
    read_answer(stream, method == "HEAD")
}

/// A `GET` without anything else.
pub(crate) fn get(address: SocketAddr, target: &str) -> Answer {
    ask(address, "GET", target, &[], b"")
}

/// The bytes of a request.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Reads an answer to its end.
pub(crate) fn read_answer(stream: TcpStream, is_head_only: bool) -> Answer {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {line:?}"));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.trim_end().split_once(':') {
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    let has_none = is_head_only || matches!(status, 204 | 304);
    if has_none {
        // What comes all the same is part of what was answered.
        reader.read_to_end(&mut answer.body).unwrap();
    } else if answer.header("transfer-encoding") == "chunked" {
        answer.body = read_chunks(&mut reader);
    } else {
        let length = answer.header("content-length").parse().unwrap_or(0);
        answer.body = vec![0; length];
        reader.read_exact(&mut answer.body).unwrap();
    }
    answer
}

fn read_chunks(reader: &mut impl BufRead) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..]).unwrap();
        line.clear();
        reader.read_line(&mut line).unwrap();
        if length == 0 {
            return body;
        }
    }
}

/// Text as it stands in a URL's query or in a form.
pub(crate) fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let each = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(each).collect()
}
