//! The server against raw clients, mostly bad ones.

#![expect(clippy::disallowed_methods, reason = "the files that are read must be written by somebody")]

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::tls::Source;

/// Answers by path.
#[derive(Debug, Default)]
struct Paths {
    /// Requests to `/wait` that have begun.
    n_waiting: AtomicU64,
    /// Requests to `/wait` that were dropped before they were answered.
    n_cancelled: AtomicU64,
    release: Notify,
}

struct CountDrop<'a>(&'a AtomicU64);

impl Drop for CountDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Handler for Paths {
    async fn handle(&self, mut request: Request) -> Response {
        match request.path() {
            "/echo" => match request.body(1000).await {
                Ok(body) => Response::with_body(StatusCode::OK, "text/plain", body),
                Err(error) => Response::error(error.status(), error),
            },
            "/form" => match request.form().await {
                Ok(form) => Response::text(StatusCode::OK, form.all("a").collect::<Vec<_>>().join(",")),
                Err(error) => Response::error(error.status(), error),
            },
            "/panic" => panic!("as asked"),
            "/wait" => {
                let cancelled = CountDrop(&self.n_cancelled);
                self.n_waiting.fetch_add(1, Ordering::SeqCst);
                self.release.notified().await;
                std::mem::forget(cancelled);
                Response::text(StatusCode::OK, "released")
            }
            "/large" => {
                let write = |out: &mut dyn Write| (0..100_000).try_for_each(|n| writeln!(out, "{n:099}"));
                let encoding = request.accepted_encoding();
                produce(encoding, move || Response::written(StatusCode::OK, "text/plain", write)).await
            }
            "/small" => {
                let write = |out: &mut dyn Write| out.write_all(b"small");
                produce(Encoding::Identity, move || Response::written(StatusCode::OK, "text/plain", write)).await
            }
            "/broken-off" => {
                let write = |out: &mut dyn Write| {
                    out.write_all(&[b'x'; 200_000])?;
                    panic!("in the middle")
                };
                produce(Encoding::Identity, move || Response::written(StatusCode::OK, "text/plain", write)).await
            }
            "/worker-panic" => produce(Encoding::Identity, || panic!("in the worker")).await,
            _ => Response::text(StatusCode::OK, format!("{} {}", request.method(), request.path())),
        }
    }

    fn is_vital(&self, request: &Request) -> bool {
        request.path() == "/healthy"
    }
}

struct Running {
    address: SocketAddr,
    handler: Arc<Paths>,
    counts: Arc<ServerCounts>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

/// Limits on time that nothing here reaches: whatever waits for one of them takes longer than [`PATIENCE`].
fn calm() -> ServerLimits {
    let never = PATIENCE * 10;
    ServerLimits {
        max_connections: 8,
        reserved_connections: 2,
        head_timeout: never,
        read_timeout: never,
        body_pause: never,
        write_pause: never,
        max_head_bytes: 16 << 10,
        shutdown_timeout: Duration::from_secs(3),
    }
}

/// Limits on time that who dawdles reaches soon, and who is only slowed down by a busy machine does not.
fn quick() -> ServerLimits {
    ServerLimits {
        head_timeout: Duration::from_secs(1),
        read_timeout: Duration::from_secs(2),
        body_pause: Duration::from_secs(1),
        write_pause: Duration::from_secs(1),
        ..calm()
    }
}

async fn start_with(limits: ServerLimits, access: Access) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handler = Arc::new(Paths::default());
    let server = Server::new(handler.clone(), access, limits);
    let counts = server.counts();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.serve(vec![listener], async {
        let _ = stopped.await;
    }));
    Running { address, handler, counts, stop, served }
}

async fn start(limits: ServerLimits) -> Running {
    start_with(limits, Access::open()).await
}

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(bytes.as_ref()).await;
        read_to_end(&mut stream).await
    }

    /// A request with `Connection: close`, and the response.
    async fn get(&self, path: &str, headers: &str) -> String {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits until so many requests are at work.
async fn wait_for_waiting(server: &Running, n: u64) {
    let are_busy = async {
        while server.handler.n_waiting.load(Ordering::SeqCst) < n {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, are_busy).await.expect("the requests are read");
}

/// Reads one response with a `Content-Length` from a connection that stays open.
async fn read_response(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        let n_read = timeout(PATIENCE, stream.read_buf(&mut bytes)).await.expect("an answer").unwrap();
        assert!(n_read > 0, "closed after {text:?}");
    }
}

fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or(response)
}

fn body(response: &str) -> &str {
    response.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn requests_follow_one_another() {
    let server = start(calm()).await;
    let mut stream = server.connect().await;
    for path in ["/one", "/two"] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(body(&read_response(&mut stream).await), format!("GET {path}"));
    }
    let post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    stream.write_all(post.as_bytes()).await.unwrap();
    assert_eq!(body(&read_response(&mut stream).await), "hello");
    let piped = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(piped.as_bytes()).await.unwrap();
    let answers = read_to_end(&mut stream).await;
    assert!(answers.contains("GET /1") && answers.ends_with("GET /2"), "{answers}");
    assert_eq!(server.counts.connections_accepted.get(), 1);
}

#[tokio::test]
async fn forms_of_body_and_query() {
    let server = start(calm()).await;
    let check = async |content_type: &str, sent: &str, want: &str| {
        let head = format!("POST /form?a=3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {content_type}");
        let got = server.raw(format!("{head}\r\nContent-Length: {}\r\n\r\n{sent}", sent.len())).await;
        assert_eq!(body(&got).trim_end(), want, "{got}");
    };
    check("application/x-www-form-urlencoded", "a=1&a=2", "1,2,3").await;
    check("application/x-www-form-urlencoded; charset=utf-8", "a=1", "1,3").await;
    check("text/plain", "a=1", "3").await;
    check("application/x-www-form-urlencoded", "a=%zz&a=2", "2,3").await;
}

/// What is ambiguous is refused, and the connection closed: nothing behind it is taken for a request.
#[tokio::test]
async fn strange_requests() {
    let server = start(quick()).await;
    let check = async |bytes: &[u8], want: &str| {
        let smuggled = [bytes, b"GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"].concat();
        let got = server.raw(smuggled).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
        let want_status = want.split(' ').next().unwrap();
        assert_eq!(status(&got), want_status, "{shown:?}: {got:?}");
        assert!(want == "200" || want.ends_with("open") || !got.contains("smuggled"), "{shown:?}: {got:?}");
    };
    let post =
        |headers: &str, body: &str| format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}").into_bytes();
    check(&post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "200 and closed").await;
    check(&post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), "200 and closed").await;
    check(&post("Content-Length: 4\r\nContent-Length: 5\r\n", "aaaaa"), "400").await;
    check(&post("Content-Length: 4, 5\r\n", "aaaaa"), "400").await;
    check(&post("Content-Length: -1\r\n", ""), "400").await;
    check(&post("Content-Length: +4\r\n", "aaaa"), "400").await;
    check(&post("Content-Length: 4x\r\n", "aaaa"), "400").await;
    check(&post("Content-Length: 18446744073709551616\r\n", ""), "400").await;
    check(&post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), "400").await;
    check(&post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), "400").await;
    check(&post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), "400").await;
    check(&post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), "400").await;
    check(&post("Content Length: 4\r\n", "aaaa"), "400").await;
    check(b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", "400").await;
    check(b"GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n", "400").await;
    check(b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", "400").await;
    check(b"GET / HTTP/1.1\r\nHost: a\r\nA\r\n\r\n", "400").await;
    check(b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400").await;
    check(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400").await;
    check(b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "400").await;
    check(b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "400").await;
    check(b"GET /\r\n\r\n", "400").await;
    check(b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "400").await;
    check(b"\x16\x03\x01\x02\x00\x01\x00", "400").await;
    check(b"GET / HTTP/1.1\r\n\r\n", "400").await;
    check(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400").await;
    check(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(1 << 20)).into_bytes(), "431").await;
    check(&format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(100_000)).into_bytes(), "431").await;
    check(&format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes(), "431").await;
    check(&post("Content-Length: 1001\r\n", ""), "413").await;
    let pieces = format!("Transfer-Encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001));
    check(&[&b"POST /echo HTTP/1.1\r\nHost: a\r\n"[..], pieces.as_bytes()].concat(), "413 and open").await;
    check(&post("Transfer-Encoding: chunked\r\n", "zz\r\n"), "400").await;
    check(&post("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"), "400").await;
    // What other servers take too, and what only looks strange.
    check(b"GET /%2e%2e/%00//x HTTP/1.1\r\nHost: a\r\n\r\n", "200").await;
    check(b"GET http://other/path HTTP/1.1\r\nHost: a\r\n\r\n", "200").await;
    check(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "200").await;
    check(b"GET / HTTP/1.0\r\n\r\n", "200").await;
    check(&post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), "200").await;
}

#[tokio::test]
async fn who_sends_too_much_reads_why() {
    let server = start(calm()).await;
    let much = "x".repeat(8 << 20);
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let check = async |rest: String| {
        let mut stream = server.connect().await;
        stream.write_all(format!("{head}{rest}").as_bytes()).await.expect("the server reads on");
        let got = read_to_end(&mut stream).await;
        assert_eq!(status(&got), "413", "{got}");
        assert!(body(&got).contains("limit is 1000 bytes"), "{got}");
    };
    check(format!("Content-Length: {}\r\n\r\n{much}", much.len())).await;
    check(format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{much}\r\n0\r\n\r\n", much.len())).await;
    // Who asks whether to send at all is told at once.
    let mut stream = server.connect().await;
    let asked = format!("{head}Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", much.len());
    stream.write_all(asked.as_bytes()).await.unwrap();
    assert_eq!(status(&read_to_end(&mut stream).await), "413");
}

#[tokio::test]
async fn dawdlers_are_closed() {
    let server = start(quick()).await;
    let check = async |bytes: &str, want: &str| {
        let got = server.raw(bytes).await;
        assert_eq!(if got.is_empty() { "" } else { status(&got) }, want, "{bytes:?}: {got:?}");
    };
    check("", "").await;
    check("GET / HTTP/1.1\r\nHost: a\r\nA: ", "").await;
    check("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", "408").await;
    // One request, then nothing: an idle connection, which may stay a little longer.
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200").await;
    // One request, then a head that is never complete.
    check("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", "200").await;
    assert!(server.counts.connections_timed_out.get() >= 3);
}

#[tokio::test]
async fn who_does_not_read_is_closed() {
    let server = start(quick()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let closed = async {
        while server.counts.connections_timed_out.get() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, closed).await.expect("the writer gives up");
}

#[tokio::test]
async fn a_flood_of_idle_and_busy_clients_keeps_nobody_from_health() {
    let server = start(calm()).await;
    let mut idle = Vec::new();
    for n in 0..50 {
        let mut stream = server.connect().await;
        let start = ["", "GET / HTTP/1.1\r\nHost: a\r\nSlow: "][n % 2];
        stream.write_all(start.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    assert_eq!(status(&server.get("/any", "").await), "200");
    assert!(server.counts.connections_evicted.get() >= 42);
    let mut busy = Vec::new();
    for n in 0..8 {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        busy.push(stream);
        // Until its request is read it is idle, and would have to make room for the next.
        wait_for_waiting(&server, n + 1).await;
    }
    let got = server.get("/any", "").await;
    assert!(got.contains("too many connections: 8 are busy, raise --web.max-connections"), "{got}");
    for _ in 0..20 {
        idle.push(server.connect().await);
    }
    assert_eq!(status(&server.get("/healthy", "").await), "200");
}

#[tokio::test]
async fn a_panic_ends_one_request() {
    let server = start(calm()).await;
    let mut stream = server.connect().await;
    for (path, want) in [("/panic", "500"), ("/fine", "200"), ("/worker-panic", "500"), ("/fine", "200")] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(status(&read_response(&mut stream).await), want, "{path}");
    }
    assert_eq!(server.counts.panics.get(), 2);
}

#[tokio::test]
async fn long_bodies_flow_and_short_ones_have_a_length() {
    let server = start(calm()).await;
    let small = server.get("/small", "").await;
    assert!(small.contains("content-length: 5\r\n") && body(&small) == "small", "{small}");
    let large = server.get("/large", "").await;
    assert!(large.contains("transfer-encoding: chunked\r\n") && large.ends_with("0\r\n\r\n"));
    assert!(large.len() > 10_000_000);
    let packed = server.get("/large", "Accept-Encoding: gzip\r\n").await;
    assert!(packed.contains("content-encoding: gzip\r\n") && packed.contains("vary: Accept-Encoding\r\n"));
    assert!(packed.len() < 2_000_000);
    let broken = server.get("/broken-off", "").await;
    assert!(broken.starts_with("HTTP/1.1 200 ") && !broken.ends_with("0\r\n\r\n"), "looks whole");
    assert_eq!(server.counts.panics.get(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_request() {
    let server = start(calm()).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    wait_for_waiting(&server, 1).await;
    drop(stream);
    let cancelled = async {
        while server.handler.n_cancelled.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, cancelled).await.expect("the handler is dropped");
}

#[tokio::test]
async fn stopping_lets_requests_end_and_cuts_what_does_not() {
    let server = start(calm()).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    while server.counts.connections_open.get() < 3 {
        tokio::task::yield_now().await;
    }
    wait_for_waiting(&server, 2).await;
    server.stop.send(()).unwrap();
    assert_eq!(read_to_end(&mut idle).await, "");
    server.handler.release.notify_one();
    let answers = [read_to_end(&mut busy).await, read_to_end(&mut stuck).await];
    assert_eq!(answers.iter().filter(|answer| answer.ends_with("released")).count(), 1, "{answers:?}");
    timeout(PATIENCE, server.served).await.expect("stops in time").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

fn certificate(names: &[&str], issuer: Option<&rcgen::Issuer<'_, &rcgen::KeyPair>>) -> (String, String) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let params = rcgen::CertificateParams::new(names).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    (certificate.pem(), key.serialize_pem())
}

#[tokio::test]
async fn users_follow_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("web.yml"), text).unwrap();
    let headers = "http_server_config: {headers: {X-Frame-Options: deny}}\n";
    write(headers);
    let server = start_with(calm(), Access::by_file(folder.path().join("web.yml")).unwrap()).await;
    let basic = "Authorization: Basic YWxpY2U6c2VjcmV0\r\n";
    let check = async |headers: &str, want: &str| {
        let got = server.get("/", headers).await;
        assert_eq!(status(&got), want, "{got}");
        got
    };
    assert!(check("", "200").await.contains("x-frame-options: deny\r\n"));
    let hash = bcrypt::hash("secret", 4).unwrap();
    write(&format!("{headers}basic_auth_users: {{alice: {hash}}}\n"));
    let refused = check("", "401").await;
    assert!(
        refused.contains("www-authenticate: Basic\r\n") && refused.ends_with("\r\n\r\nUnauthorized\n"),
        "{refused}"
    );
    check(basic, "200").await;
    write("basic_auth_user: {}");
    check(basic, "500").await;
    write(&format!("basic_auth_users: {{bob: {hash}}}\n"));
    check(basic, "401").await;
}

#[tokio::test]
async fn tls_and_client_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "authority");
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::from_params(&params, &key);
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let (server_cert, server_key) = certificate(&["localhost"], None);
    file("cert", &server_cert);
    file("key", &server_key);
    file("authority", &authority);
    let config = "tls_server_config:
  cert_file: cert
  key_file: key
  client_ca_file: authority
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [friend]
";
    file("web.yml", config);
    let server = start_with(calm(), Access::by_file(folder.path().join("web.yml")).unwrap()).await;
    let check = async |ca: &str, show: Option<&(String, String)>, want: &str| {
        let inline = |text: &str| Some(Source::Inline(text.into()));
        let settings = crate::tls::ClientSettings {
            ca: inline(ca),
            cert: show.and_then(|(cert, _)| inline(cert)),
            key: show.and_then(|(_, key)| inline(key)),
            ..crate::tls::ClientSettings::default()
        };
        let client = crate::client::Client::with_tls(settings).unwrap();
        let url = format!("https://localhost:{}/x", server.address.port()).parse().unwrap();
        let mut channel = client.channel();
        let got = match channel.send(&crate::client::Request::get(url), PATIENCE).await {
            Ok(response) => response.status_text(),
            Err(error) => error.to_string(),
        };
        assert!(got.ends_with(want), "{got:?} instead of {want:?}");
    };
    let friend = certificate(&["friend"], Some(&issuer));
    check(&server_cert, Some(&friend), "200 OK").await;
    check(&server_cert, None, "remote error: tls: certificate required").await;
    let stranger = certificate(&["stranger"], Some(&issuer));
    check(&server_cert, Some(&stranger), "remote error: tls: access denied").await;
    let own = certificate(&["friend"], None);
    check(&server_cert, Some(&own), "remote error: tls: unknown certificate authority").await;
    let plain = server.get("/", "").await;
    assert_eq!(plain, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    // A new certificate is shown as soon as its files have changed.
    let (new_cert, new_key) = certificate(&["localhost"], None);
    file("key", &new_key);
    file("cert", &new_cert);
    check(&new_cert, Some(&friend), "200 OK").await;
    check(&server_cert, Some(&friend), "certificate signed by unknown authority").await;
    assert!(server.counts.handshakes_failed.get() >= 3);
}

#[test]
fn what_is_wrong_with_a_web_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.yml");
    let check = |text: &str, want: &str| {
        std::fs::write(&path, text).unwrap();
        let got = Access::by_file(path.clone()).unwrap_err().to_string();
        let got = got.replace(&folder.path().display().to_string(), "DIR");
        assert_eq!(got, format!("web configuration file DIR/web.yml: {want}"), "{text}");
    };
    check("a: [", "line 1: yaml: unclosed bracket '['");
    check("\nbasic_auth_user: {}", "line 2: field basic_auth_user not found in type web.Config");
    check(
        "basic_auth_users: {a: secret}",
        "line 1: the password of this user is not a bcrypt hash (htpasswd -nBC 10 makes one)",
    );
    check("tls_server_config:\n  cert_file: x", "line 1: missing one of key or key_file");
    check(
        "tls_server_config: {cert_file: x, key_file: y}",
        "unable to read server cert: unable to read file DIR/x: open DIR/x: no such file or directory",
    );
    check("http_server_config: {headers: {X: y}}", "line 1: HTTP header \"X\" can not be configured");
}

#[test]
fn compression_of_whole_bodies() {
    let check = |n_bytes: usize, encoding, want: bool| {
        let response = Response::with_body(StatusCode::OK, "text/plain", Bytes::from(vec![b'x'; n_bytes]));
        let response = response.compressed(encoding);
        assert_eq!(response.headers.contains_key(http::header::CONTENT_ENCODING), want, "{n_bytes} {encoding:?}");
        assert!(response.headers.contains_key(http::header::VARY));
    };
    check(10_000, Encoding::Gzip, true);
    check(10_000, Encoding::Identity, false);
    check(10, Encoding::Gzip, false);
}
