//! A flood of wrong passwords, each of which costs a bcrypt to look at, holds up neither scrapes nor who is known (T16).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::exporter::Exporter;
use crate::http::{self, Response};
use crate::narthex::{Narthex, free_address};
use crate::waiting::wait_until;

/// Of `secret`, with the usual cost of 10.
const USERS: &str = "basic_auth_users:\n  alice: $2b$10$KGqejvADk4erOW9hMW32Uesf8HG28B/dLrrfeJZGJiV0dsADLGIXW\n";
/// alice:secret and alice:wrong
const RIGHT: &str = "Basic YWxpY2U6c2VjcmV0";
const WRONG: &str = "Basic YWxpY2U6d3Jvbmc=";
/// More than may wait from one address.
const N_FLOODING: usize = 24;

fn ask(address: SocketAddr, path: &str, authorization: &str) -> Response {
    http::request(address, "GET", path, &[("Authorization", authorization)], &[]).unwrap()
}

#[test]
fn a_flood_of_wrong_passwords_holds_up_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let exporter = Exporter::start(10);
    let configuration = format!(
        "global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\n\
         scrape_configs:\n- job_name: exporter\n  static_configs: [{{targets: ['{}']}}]\n",
        exporter.address
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();
    std::fs::write(dir.path().join("web.yml"), "").unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &["--web.config.file=web.yml"]);
    let address = narthex.address;
    // Now, as who asks whether it is ready shows no password.
    std::fs::write(dir.path().join("web.yml"), USERS).unwrap();
    assert_eq!(http::get(address, "/-/ready").unwrap().status, 401);
    assert_eq!(ask(address, "/-/ready", RIGHT).status, 200);

    let (is_over, n_refused, n_turned_away) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let flood = Arc::new((is_over, n_refused, n_turned_away));
    let threads: Vec<_> = (0..N_FLOODING)
        .map(|_| {
            let flood = Arc::clone(&flood);
            thread::spawn(move || {
                while !flood.0.load(Ordering::Relaxed) {
                    let answer = ask(address, "/api/v1/query?query=up", WRONG);
                    match answer.status {
                        401 => flood.1.fetch_add(1, Ordering::Relaxed),
                        429 => flood.2.fetch_add(1, Ordering::Relaxed),
                        status => panic!("{status}: {}", answer.text()),
                    };
                }
            })
        })
        .collect();
    wait_until("the flood is there", || flood.1.load(Ordering::Relaxed) > 2 && flood.2.load(Ordering::Relaxed) > 100);
    let n_scrapes = exporter.n_scrapes();
    for _ in 0..20 {
        assert_eq!(ask(address, "/api/v1/query?query=up", RIGHT).status, 200);
    }
    wait_until("scrapes go on", || exporter.n_scrapes() >= n_scrapes + 10);
    let metrics = ask(address, "/metrics", RIGHT).text();
    let count = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
    };
    assert!(count("narthex_http_logins_refused_total") > 2.0);
    assert!(count("narthex_http_logins_turned_away_total") > 100.0);
    flood.0.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
