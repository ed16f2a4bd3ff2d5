//! Just enough HTTP to ask: one request a connection.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest that is waited for an answer.
const PATIENCE: Duration = Duration::from_secs(180);

/// Asks by GET, and takes the body of an answer that is a success.
pub(crate) fn get(address: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    ask(address, "GET", path)
}

/// The same by POST, without a body.
pub(crate) fn post(address: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    ask(address, "POST", path)
}

/// The `data` of an answer in Prometheus's form.
pub(crate) fn api(address: SocketAddr, path: &str) -> io::Result<serde_json::Value> {
    let body = get(address, path)?;
    let mut answer: serde_json::Value = serde_json::from_slice(&body)?;
    if answer["status"] != "success" {
        return Err(io::Error::other(format!("{path}: {answer}")));
    }
    Ok(answer["data"].take())
}

/// Text as it stands in a URL's query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn ask(address: SocketAddr, method: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let answer = read_answer(&mut BufReader::with_capacity(1 << 16, stream))?;
    if !(200..300).contains(&answer.status) {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(io::Error::other(format!("{method} {path}: {} {text}", answer.status)));
    }
    Ok(answer.body)
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Reads an answer to its end.
pub(crate) fn read_answer(reader: &mut impl BufRead) -> io::Result<Answer> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status: {line:?}")))?;
    let (mut length, mut is_chunked) = (None, false);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let (name, value) = line.trim_end().split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.contains("chunked");
    }
    let mut body = Vec::new();
    match length {
        _ if is_chunked => read_chunks(reader, &mut body)?,
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        None if status == 204 => {}
        None => {
            reader.read_to_end(&mut body)?;
        }
    }
    Ok(Answer { status, body })
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim().split(';').next().unwrap_or(""), 16)
            .map_err(|_| io::Error::new(io::ErrorKind::UnexpectedEof, "cut in a chunk"))?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..])?;
        line.clear();
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(());
        }
    }
}
