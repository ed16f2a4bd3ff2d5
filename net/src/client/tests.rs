//! The client against servers that follow a script, mostly bad ones.

#![expect(clippy::disallowed_methods, reason = "the files that are read must be written by somebody")]

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::time::{Instant, sleep};

use super::auth::{Authorization, ConfiguredHeader};
use super::oauth2::TokenSource;
use super::proxy::ProxyRules;
use super::settings::Settings;
use super::*;
use crate::tls::{ClientSettings, Source};

/// What a server does with one request.
#[derive(Clone)]
enum Reply {
    /// Writes this and waits for the next request.
    Bytes(Vec<u8>),
    /// Writes this and closes.
    Close(Vec<u8>),
    /// Writes this again and again.
    Endless(Vec<u8>),
    /// Writes one byte of this each 10 ms, and never ends.
    Drip(Vec<u8>),
    /// Hands the bytes through to another server, after this.
    Tunnel(Vec<u8>, String),
}

fn ok(body: &str) -> Reply {
    Reply::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

fn redirect(status: u16, location: &str) -> Reply {
    let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    Reply::Bytes(head.into_bytes())
}

/// A server and the heads of the requests it has seen.
#[derive(Clone)]
struct Server {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
    n_connections: Arc<Mutex<usize>>,
}

impl Server {
    async fn start(replies: Vec<Reply>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = Server { address, seen: Arc::default(), n_connections: Arc::default() };
        let (accepting, replies) = (server.clone(), Arc::new(Mutex::new(replies.into_iter())));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *accepting.n_connections.lock() += 1;
                tokio::spawn(accepting.clone().talk(stream, replies.clone()));
            }
        });
        server
    }

    async fn talk<IO: AsyncRead + AsyncWrite + Unpin>(
        self,
        mut io: IO,
        replies: Arc<Mutex<std::vec::IntoIter<Reply>>>,
    ) {
        while let Some(head) = read_request(&mut io).await {
            self.seen.lock().push(head);
            let Some(reply) = replies.lock().next() else { return };
            match reply {
                Reply::Bytes(bytes) => io.write_all(&bytes).await.unwrap(),
                Reply::Close(bytes) => {
                    io.write_all(&bytes).await.unwrap();
                    let _ = io.shutdown().await;
                    return;
                }
                Reply::Endless(bytes) => while io.write_all(&bytes).await.is_ok() {},
                Reply::Drip(bytes) => {
                    for byte in bytes.into_iter().chain(std::iter::repeat(b'x')) {
                        sleep(Duration::from_millis(10)).await;
                        if io.write_all(&[byte]).await.is_err() {
                            return;
                        }
                    }
                }
                Reply::Tunnel(bytes, to) => {
                    io.write_all(&bytes).await.unwrap();
                    let mut onward = tokio::net::TcpStream::connect(to).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut io, &mut onward).await;
                    return;
                }
            }
        }
    }

    fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    fn port(&self) -> &str {
        self.address.rsplit_once(':').unwrap().1
    }

    fn headers(&self, n_request: usize) -> String {
        self.seen.lock()[n_request].to_ascii_lowercase()
    }
}

/// One request, head and body, `None` at the end of the connection.
async fn read_request<IO: AsyncRead + Unpin>(io: &mut IO) -> Option<String> {
    let mut bytes = Vec::new();
    let mut n_needed = usize::MAX;
    while bytes.len() < n_needed {
        let mut byte = [0];
        if io.read(&mut byte).await.ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
        if n_needed == usize::MAX && bytes.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            n_needed = bytes.len() + length.unwrap_or(0);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

const LIMIT: usize = 1 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);

fn client(settings: Settings) -> Client {
    settings.build(ClientOptions::default()).unwrap()
}

async fn fetch_within(channel: &mut Channel, url: Url, timeout: Duration) -> Result<String, String> {
    let response = channel.send(&Request::get(url), timeout).await.map_err(|error| error.to_string())?;
    let status = response.status_text();
    let mut body = Vec::new();
    response.read_into(LIMIT, &mut body).await.map_err(|error| error.to_string())?;
    Ok(format!("{status}: {}", String::from_utf8_lossy(&body)))
}

async fn fetch(channel: &mut Channel, url: Url) -> Result<String, String> {
    fetch_within(channel, url, TIMEOUT).await
}

fn following() -> Settings {
    Settings { follow_redirects: true, ..Settings::default() }
}

fn with_basic() -> Settings {
    let source = |text: &str| Some(Source::Inline(text.into()));
    Settings {
        authorization: Authorization::Basic { user: source("u"), password: source("p:w") },
        headers: vec![ConfiguredHeader { name: "x-token".parse().unwrap(), value: Source::Inline("t".into()) }],
        ..following()
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Server::start(vec![ok("one"), ok("two"), ok("three")]).await;
    let mut channel = client(following()).channel();
    for want in ["one", "two", "three"] {
        assert_eq!(fetch(&mut channel, server.url("/m?a=b")).await, Ok(format!("200 OK: {want}")));
    }
    assert_eq!(*server.n_connections.lock(), 1);
    let host = format!("host: {}", server.address);
    assert!(server.headers(0).starts_with("get /m?a=b http/1.1\r\n"), "{}", server.headers(0));
    assert!(server.headers(0).contains(&host) && server.headers(0).contains("user-agent: narthex/"));
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_replaced() {
    let close = |body: &str| {
        Reply::Close(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    };
    let server = Server::start(vec![close("one"), close("two"), close("three")]).await;
    let mut channel = client(following()).channel();
    for want in ["one", "two", "three"] {
        assert_eq!(fetch(&mut channel, server.url("/")).await, Ok(format!("200 OK: {want}")));
    }
    assert_eq!(*server.n_connections.lock(), 3);
}

/// Sends one request to a server that answers so, and compares what the user is told.
async fn check_bad(reply: Reply, want: &str) {
    let server = Server::start(vec![reply]).await;
    let mut channel = client(following()).channel();
    // Long enough for the rest of the answer on a busy machine.
    let timeout = if want.contains("deadline") { Duration::from_secs(2) } else { TIMEOUT };
    let started = Instant::now();
    let got = fetch_within(&mut channel, server.url("/"), timeout).await.unwrap_err();
    assert_eq!(got.replace(&server.address, "HOST"), want);
    // The servers would go on for ever.
    assert!(started.elapsed() < TIMEOUT, "{want}: took {:?}", started.elapsed());
}

#[tokio::test]
async fn bad_servers_are_named_in_time() {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let get = |cause: &str| format!("Get \"http://HOST/\": {cause}");
    check_bad(Reply::Bytes(Vec::new()), &get("context deadline exceeded")).await;
    check_bad(Reply::Drip(bytes("HTTP/1.1 200 OK\r\nA: ")), &get("context deadline exceeded")).await;
    check_bad(Reply::Drip(bytes("")), &get("malformed HTTP response: invalid HTTP version parsed")).await;
    check_bad(Reply::Close(Vec::new()), &get("EOF")).await;
    check_bad(Reply::Close(bytes("HTTP/1.1 200 OK\r\nContent-")), &get("EOF")).await;
    let want = get("net/http: server response headers exceeded 65536 bytes; aborted");
    let many = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(20_000));
    check_bad(Reply::Close(many.into_bytes()), &want).await;
    let long = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(100_000));
    check_bad(Reply::Close(long.into_bytes()), &want).await;
    check_bad(Reply::Endless(bytes("HTTP/1.1 200 OK\r\n\r\nxxxxx")), "body size limit exceeded").await;
    check_bad(Reply::Bytes(bytes("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")), "body size limit exceeded")
        .await;
    check_bad(Reply::Close(bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")), "unexpected EOF").await;
    check_bad(Reply::Close(bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")), "unexpected EOF")
        .await;
    check_bad(Reply::Bytes(bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")), "context deadline exceeded").await;
    let braces = "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n";
    check_bad(Reply::Bytes(bytes(braces)), "unsupported content encoding \"br\"").await;
    let plain = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 13\r\n\r\nup 1\ndown 0\n\n";
    check_bad(Reply::Bytes(bytes(plain)), "gzip: invalid gzip header").await;
}

#[tokio::test]
async fn broken_chunks_are_an_error() {
    for body in ["zz\r\nab\r\n0\r\n\r\n", "fffffffffffffffff\r\nab", "2\r\nabc\r\n0\r\n\r\n", "-2\r\nab\r\n"] {
        let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}").into_bytes();
        let server = Server::start(vec![Reply::Close(bytes)]).await;
        let got = fetch(&mut client(following()).channel(), server.url("/")).await;
        assert!(got.as_ref().is_err_and(|error| error.starts_with("malformed HTTP body: ")), "{body:?}: {got:?}");
    }
}

#[tokio::test]
async fn no_connection_is_explained() {
    // Nobody listens at the first port, nor is given it.
    let address = "127.0.0.1:1";
    let mut channel = client(following()).channel();
    let got = fetch(&mut channel, format!("http://{address}/").parse().unwrap()).await.unwrap_err();
    assert_eq!(got, format!("Get \"http://{address}/\": dial tcp {address}: connect: connection refused"));
    let got = fetch(&mut channel, "http://no-such-host.invalid/".parse().unwrap()).await.unwrap_err();
    assert!(got.starts_with("Get \"http://no-such-host.invalid/\": dial tcp: lookup no-such-host.invalid: "), "{got}");
}

#[tokio::test]
async fn statuses_are_shown_as_sent() {
    let reply = Reply::Bytes(b"HTTP/1.1 503 Gone fishing\r\nContent-Length: 0\r\n\r\n".to_vec());
    let server = Server::start(vec![reply]).await;
    assert_eq!(fetch(&mut client(following()).channel(), server.url("/")).await, Ok("503 Gone fishing: ".to_owned()));
}

#[tokio::test]
async fn credentials_stay_with_the_first_host() {
    // 127.0.0.1, localhost and 127.0.0.2 are three hosts; all of them lead to this machine.
    let third = Server::start(vec![ok("third")]).await;
    let second = Server::start(vec![redirect(302, &format!("http://127.0.0.1:{}/3", third.port()))]).await;
    let first = Server::start(vec![
        redirect(302, "/1b"),
        redirect(307, &format!("http://user:own@localhost:{}/2", second.port())),
    ])
    .await;
    let mut channel = client(with_basic()).channel();
    assert_eq!(fetch(&mut channel, first.url("/1")).await, Ok("200 OK: third".to_owned()));
    let sent = "authorization: basic dtpwonc=";
    for n_request in 0..2 {
        assert!(first.headers(n_request).contains(sent) && first.headers(n_request).contains("x-token: t"));
    }
    // What the second sees is what the redirect itself named; the third, on the first's host again, sees nothing.
    let own = "authorization: basic dxnlcjpvd24=";
    assert!(second.headers(0).contains(own) && !second.headers(0).contains("x-token"), "{}", second.headers(0));
    assert!(!third.headers(0).contains("authorization") && !third.headers(0).contains("x-token"));
}

#[tokio::test]
async fn redirects_that_do_not_end_are_cut() {
    let server = Server::start(vec![redirect(302, "/again"); 20]).await;
    let got = fetch(&mut client(following()).channel(), server.url("/")).await.unwrap_err();
    assert_eq!(got, format!("Get \"{}\": stopped after 10 redirects", server.url("/again")));
    assert_eq!(server.seen.lock().len(), 11);
    let server = Server::start(vec![redirect(302, "/again")]).await;
    let got = fetch(&mut client(Settings::default()).channel(), server.url("/")).await;
    assert_eq!(got, Ok("302 Moved: ".to_owned()), "follow_redirects: false");
}

#[tokio::test]
async fn refused_addresses_are_refused_by_whatever_name() {
    let there = Server::start(vec![ok("there"); 3]).await;
    let way = Server::start(vec![redirect(302, &format!("http://127.0.0.1:{}/", there.port()))]).await;
    let check = async |refused: &[&str], allowed: &[&str], url: String, want: &str| {
        let options = ClientOptions { addresses: Addresses::without(refused, allowed), ..ClientOptions::default() };
        let mut channel = following().build(options).unwrap().channel();
        let got = fetch(&mut channel, url.parse().unwrap()).await.unwrap_or_else(|error| error);
        assert!(got.ends_with(want), "{url}: {got}");
    };
    let at = |host: &str| format!("http://{host}:{}/", there.port());
    let text = "dial tcp 127.0.0.1: link-local and metadata addresses are refused, unless the test lists them";
    let refused = ["127.0.0.0/8", "::/96"];
    check(&refused, &[], at("127.0.0.1"), text).await;
    // Only a look-up turns these into addresses.
    check(&refused[..1], &["127.0.0.1"], at("localhost"), "there").await;
    check(&refused, &[], at("localhost"), "refused, unless the test lists them").await;
    check(&refused, &[], at("0x7f000001"), text).await;
    check(&refused, &[], at("2130706433"), text).await;
    // Who is sent on is judged again.
    let elsewhere = format!("http://localhost:{}/", way.port());
    check(&[], &[], elsewhere.clone(), "there").await;
    let second = Server::start(vec![redirect(302, "http://127.0.0.2:1/")]).await;
    check(&["127.0.0.2"], &[], second.url("/").to_string(), &text.replace("0.0.1", "0.0.2")).await;
    assert_eq!(there.seen.lock().len(), 2);
    // A proxy would ask for us.
    let proxy = Server::start(vec![ok("proxy"); 2]).await;
    let rules = ProxyRules::fixed(proxy.url("/"), "");
    let options = ClientOptions { addresses: Addresses::without(&["10.0.0.1"], &[]), ..ClientOptions::default() };
    let mut channel = Settings { proxy: rules, ..following() }.build(options).unwrap().channel();
    assert_eq!(fetch(&mut channel, "http://10.0.0.2/".parse().unwrap()).await, Ok("200 OK: proxy".to_owned()));
    let got = fetch(&mut channel, "http://10.0.0.1/".parse().unwrap()).await.unwrap_err();
    assert!(got.contains("dial tcp 10.0.0.1: link-local"), "{got}");
}

#[tokio::test]
async fn secrets_are_read_from_files_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "first\n").unwrap();
    let credentials = Some(Source::File(path.clone()));
    let authorization = Authorization::Scheme { scheme: "Bearer".to_owned(), credentials };
    let mut channel = client(Settings { authorization, ..following() }).channel();
    let server = Server::start(vec![ok(""), ok("")]).await;
    fetch(&mut channel, server.url("/")).await.unwrap();
    std::fs::write(&path, "second").unwrap();
    fetch(&mut channel, server.url("/")).await.unwrap();
    assert!(server.headers(0).contains("authorization: bearer first\r\n"));
    assert!(server.headers(1).contains("authorization: bearer second\r\n"));
    std::fs::remove_file(&path).unwrap();
    let got = fetch(&mut channel, server.url("/")).await.unwrap_err();
    let (url, path) = (server.url("/"), path.display());
    let what = "unable to read authorization credentials: unable to read file";
    assert_eq!(got, format!("Get \"{url}\": {what} {path}: open {path}: no such file or directory"));
}

#[tokio::test]
async fn proxies() {
    let proxy = Server::start(vec![ok("through")]).await;
    let proxy_url: Url = format!("http://pu:pp@{}", proxy.address).parse().unwrap();
    let settings = Settings { proxy: ProxyRules::fixed(proxy_url.clone(), ""), ..following() };
    let mut channel = client(settings).channel();
    let target: Url = "http://target.invalid:81/m?x=1".parse().unwrap();
    assert_eq!(fetch(&mut channel, target).await, Ok("200 OK: through".to_owned()));
    let head = proxy.headers(0);
    assert!(head.starts_with("get http://target.invalid:81/m?x=1 http/1.1\r\n"), "{head}");
    assert!(head.contains("host: target.invalid:81\r\n") && head.contains("proxy-authorization: basic chu6cha=\r\n"));

    let refusing =
        Server::start(vec![Reply::Bytes(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".to_vec())]).await;
    let rules = ProxyRules::fixed(format!("http://{}", refusing.address).parse().unwrap(), "");
    let mut channel = client(Settings { proxy: rules, ..following() }).channel();
    let got = fetch(&mut channel, "https://target.invalid/".parse().unwrap()).await.unwrap_err();
    assert_eq!(got, "Get \"https://target.invalid/\": Proxy Authentication Required");
    assert!(refusing.headers(0).starts_with("connect target.invalid:443 http/1.1\r\nhost: target.invalid:443\r\n"));
}

#[tokio::test]
async fn unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = Server::start(vec![]).await;
    let talking = server.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        talking.talk(stream, Arc::new(Mutex::new(vec![ok("local")].into_iter()))).await;
    });
    let mut channel = client(following()).channel_through(path);
    let url: Url = "http://service/metrics".parse().unwrap();
    assert_eq!(fetch(&mut channel, url.clone()).await, Ok("200 OK: local".to_owned()));
    assert!(server.headers(0).contains("host: service\r\n"));
    let missing = folder.path().join("missing");
    let got = fetch(&mut client(following()).channel_through(missing.clone()), url).await.unwrap_err();
    let want = format!("dial unix {}: connect: no such file or directory", missing.display());
    assert_eq!(got, format!("Get \"http://service/metrics\": {want}"));
}

#[tokio::test]
async fn tokens_are_fetched_once_and_again_when_they_expire() {
    let answer = |token: &str, life: &str| {
        ok(&format!("{{\"access_token\":\"{token}\",\"token_type\":\"bearer\",\"expires_in\":{life}}}"))
    };
    let refused = Reply::Bytes(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_vec());
    let tokens = Server::start(vec![refused, answer("one", "1"), answer("two", "\"3600\"")]).await;
    let target = Server::start(vec![ok(""); 3]).await;
    let source = TokenSource::new(
        tokens.url("/token"),
        "id".to_owned(),
        Some(Source::Inline("s&".into())),
        vec!["a".to_owned(), "b".to_owned()],
        vec![("audience".to_owned(), "x".to_owned())],
        Client::plain(ClientOptions::default()).channel(),
    );
    let authorization = Authorization::OAuth2(Box::new(source));
    let mut channel = client(Settings { authorization, ..following() }).channel();
    for want in ["one", "two", "two"] {
        fetch(&mut channel, target.url("/")).await.unwrap();
        let n_seen = target.seen.lock().len();
        let head = target.headers(n_seen - 1);
        assert!(head.contains(&format!("authorization: bearer {want}\r\n")), "{head}");
    }
    assert_eq!(tokens.seen.lock().len(), 3);
    assert!(tokens.headers(0).contains("authorization: basic awq6cyuynvo=") || tokens.headers(0).contains("basic "));
    let body = "grant_type=client_credentials&scope=a+b&client_id=id&client_secret=s%26&audience=x";
    assert!(tokens.headers(1).ends_with(body), "{}", tokens.headers(1));
}

/// A certificate authority, and a key with a certificate for some names.
struct Authority {
    params: rcgen::CertificateParams,
    key: rcgen::KeyPair,
}

impl Authority {
    fn new() -> Authority {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        // A name of its own, for authorities are found by name.
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("{:?}", &key.public_key_raw()[..8]));
        Authority { params, key }
    }

    fn pem(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem()
    }

    fn issue(&self, names: &[&str], expired: bool) -> (String, String) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        if expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::from_params(&self.params, &self.key);
        (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A TLS server on 127.0.0.1 in front of a script.
async fn tls_server(cert: &str, key: &str, client_ca: Option<&str>, replies: Vec<Reply>) -> Server {
    use crate::config::ClientAuthType;
    use crate::tls::{ServerSettings, ServerTls};
    let inline = |text: &str| Source::Inline(text.into());
    let settings = ServerSettings {
        cert: inline(cert),
        key: inline(key),
        client_ca: client_ca.map(inline),
        client_auth: if client_ca.is_some() { ClientAuthType::RequireAndVerify } else { ClientAuthType::None },
        client_allowed_sans: Vec::new(),
        min_version: None,
        max_version: None,
    };
    let tls = ServerTls::new(settings).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = Server { address, seen: Arc::default(), n_connections: Arc::default() };
    let (accepting, replies) = (server.clone(), Arc::new(Mutex::new(replies.into_iter())));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = tokio_rustls::TlsAcceptor::from(tls.current().unwrap());
            if let Ok(stream) = acceptor.accept(stream).await {
                accepting.clone().talk(stream, replies.clone()).await;
            }
        }
    });
    server
}

async fn check_tls(settings: ClientSettings, server: &Server, host: &str, want: Result<&str, &str>) {
    let url: Url = format!("https://{host}:{}/", server.port()).parse().unwrap();
    let got = match (Settings { tls: settings, ..following() }).build(ClientOptions::default()) {
        Ok(client) => fetch(&mut client.channel(), url.clone()).await,
        Err(error) => Err(error.to_string()),
    };
    let got = got.map_err(|error| error.replace(&format!("Get \"{url}\": "), ""));
    assert_eq!(got.as_deref().map_err(String::as_str), want);
}

fn trusting(ca: &str) -> ClientSettings {
    ClientSettings { ca: Some(Source::Inline(ca.into())), ..ClientSettings::default() }
}

#[tokio::test]
async fn certificates_are_checked() {
    let authority = Authority::new();
    let (cert, key) = authority.issue(&["localhost"], false);
    let server = tls_server(&cert, &key, None, vec![ok("hello"); 9]).await;
    let fine = Ok("200 OK: hello");
    let unknown = Err("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    check_tls(trusting(&authority.pem()), &server, "localhost", fine).await;
    check_tls(trusting(&Authority::new().pem()), &server, "localhost", unknown).await;
    let not_for = "tls: failed to verify certificate: x509: certificate is valid for localhost, not 127.0.0.1";
    check_tls(trusting(&authority.pem()), &server, "127.0.0.1", Err(not_for)).await;
    let named = ClientSettings { server_name: Some("localhost".to_owned()), ..trusting(&authority.pem()) };
    check_tls(named, &server, "127.0.0.1", fine).await;
    let careless = ClientSettings { insecure_skip_verify: true, ..ClientSettings::default() };
    check_tls(careless, &server, "127.0.0.1", fine).await;
    check_tls(trusting("no PEM"), &server, "localhost", Err("unable to use specified CA cert inline")).await;

    let (cert, key) = authority.issue(&["localhost"], true);
    let expired = tls_server(&cert, &key, None, vec![ok("hello")]).await;
    let url: Url = format!("https://localhost:{}/", expired.port()).parse().unwrap();
    let settings = Settings { tls: trusting(&authority.pem()), ..following() };
    let got = fetch(&mut client(settings).channel(), url).await.unwrap_err();
    assert!(got.contains("x509: certificate has expired or is not yet valid: "), "{got}");
}

#[tokio::test]
async fn a_certificate_may_be_its_own_authority() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let check = async |params: &rcgen::CertificateParams, host: &str, want: Result<&str, &str>| {
        let pem = params.self_signed(&key).unwrap().pem();
        let server = tls_server(&pem, &key.serialize_pem(), None, vec![ok("hello")]).await;
        check_tls(trusting(&pem), &server, host, want).await;
    };
    check(&params, "localhost", Ok("200 OK: hello")).await;
    let not_for = "tls: failed to verify certificate: x509: certificate is valid for localhost, not 127.0.0.1";
    check(&params, "127.0.0.1", Err(not_for)).await;
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    let server = tls_server(&pem, &key.serialize_pem(), None, vec![ok("hello")]).await;
    let url: Url = format!("https://localhost:{}/", server.port()).parse().unwrap();
    let got = fetch(&mut client(Settings { tls: trusting(&pem), ..following() }).channel(), url).await.unwrap_err();
    assert!(got.contains("certificate has expired"), "{got}");
}

#[tokio::test]
async fn client_certificates_follow_their_files() {
    let (server_side, client_side) = (Authority::new(), Authority::new());
    let (cert, key) = server_side.issue(&["localhost"], false);
    let server = tls_server(&cert, &key, Some(&client_side.pem()), vec![ok("hello"); 2]).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        Some(Source::File(folder.path().join(name)))
    };
    let (stranger_cert, stranger_key) = Authority::new().issue(&["me"], false);
    let (cert, key) = (write("cert", &stranger_cert), write("key", &stranger_key));
    let tls = ClientSettings { cert, key, ..trusting(&server_side.pem()) };
    let mut channel = client(Settings { tls, ..following() }).channel();
    let url: Url = format!("https://localhost:{}/", server.port()).parse().unwrap();
    let got = fetch(&mut channel, url.clone()).await.unwrap_err();
    assert!(got.contains("remote error: tls: "), "{got}");
    let (my_cert, my_key) = client_side.issue(&["me"], false);
    write("cert", &my_cert);
    write("key", &my_key);
    assert_eq!(fetch(&mut channel, url).await, Ok("200 OK: hello".to_owned()));
    write("key", &stranger_key);
    let got = fetch(&mut channel, format!("https://localhost:{}/", server.port()).parse().unwrap()).await.unwrap_err();
    assert!(got.contains("unable to use specified client cert (file "), "{got}");
}

#[tokio::test]
async fn plain_servers_are_told_from_tls_ones() {
    let server = Server::start(vec![]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello).await;
        let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request").await;
        std::future::pending::<()>().await;
    });
    let url: Url = format!("https://localhost:{port}/").parse().unwrap();
    let got = fetch(&mut client(following()).channel(), url).await.unwrap_err();
    assert!(got.ends_with("http: server gave HTTP response to HTTPS client"), "{got}");
    drop(server);
}

#[tokio::test]
async fn tls_goes_through_a_tunnel() {
    let authority = Authority::new();
    let (cert, key) = authority.issue(&["target.invalid"], false);
    let target = tls_server(&cert, &key, None, vec![ok("inside")]).await;
    let opened = b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec();
    let proxy = Server::start(vec![Reply::Tunnel(opened, target.address.clone())]).await;
    let settings = Settings {
        tls: trusting(&authority.pem()),
        proxy: ProxyRules::fixed(format!("http://{}", proxy.address).parse().unwrap(), ""),
        ..following()
    };
    let got = fetch(&mut client(settings).channel(), "https://target.invalid:8443/x".parse().unwrap()).await;
    assert_eq!(got, Ok("200 OK: inside".to_owned()));
    assert!(proxy.headers(0).starts_with("connect target.invalid:8443 "));
    assert!(target.headers(0).starts_with("get /x ") && target.headers(0).contains("host: target.invalid:8443\r\n"));
}

#[test]
fn what_configurations_become() {
    let check = |text: &str, want: Result<(), &str>| {
        let (config, problems) = model::yaml::Document::parse(text).unwrap().read::<crate::config::HttpConfig>();
        assert_eq!(problems, [], "{text}");
        let client = Client::new(&config.unwrap(), ClientOptions::default());
        // Whatever is told of a client, its secrets are not.
        let shown = format!("{client:?}");
        assert!(!shown.contains("canary"), "{text}: {shown}");
        let got = client.map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(got.as_ref().map_err(String::as_str), want.as_ref().map_err(|error| *error), "{text}");
    };
    check("follow_redirects: false", Ok(()));
    check("basic_auth: {username: u, password: canary}", Ok(()));
    check("authorization: {credentials: canary}", Ok(()));
    check("bearer_token: canary", Ok(()));
    check("bearer_token_file: /no/such/file", Ok(()));
    check("oauth2: {client_id: id, client_secret: canary, token_url: 'http://u:canary@a/t'}", Ok(()));
    check("http_headers: {X-Key: {secrets: [canary], values: [canary], files: [x]}}", Ok(()));
    check("{proxy_url: 'http://u:canary@proxy:1', proxy_connect_header: {X-Key: [canary]}}", Ok(()));
    check("proxy_from_environment: true", Ok(()));
    check("tls_config: {insecure_skip_verify: true, min_version: TLS10}", Ok(()));
    let no_version = "tls: no supported versions satisfy MinVersion and MaxVersion (TLS 1.2 and 1.3 are supported)";
    check("tls_config: {max_version: TLS11}", Err(no_version));
    let missing =
        "unable to read CA cert: unable to read file /no/such/file: open /no/such/file: no such file or directory";
    check("tls_config: {ca_file: /no/such/file}", Err(missing));
    let pair = "unable to use specified client cert (inline) & key (inline): tls: failed to find any PEM data in certificate input";
    check("tls_config: {cert: canary, key: canary}", Err(pair));
    check("proxy_url: 'socks5://a:1'", Err("proxy_url with scheme \"socks5\" is not supported yet"));
    check("oauth2: {client_id: id, token_url: nonsense}", Err("token_url: missing scheme in URL"));
    let jwt =
        "oauth2: {client_id: id, token_url: 'http://a/', grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'}";
    let refused = "oauth2 grant_type \"urn:ietf:params:oauth:grant-type:jwt-bearer\" is not supported yet";
    check(jwt, Err(refused));
    let reference = "a reference to a secret manager is not supported yet";
    check("authorization: {credentials_ref: name}", Err(reference));
    check("http_headers: {\"a b\": {values: [c]}}", Err("invalid header \"a b\""));
}
