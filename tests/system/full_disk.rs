//! A disk that is really full (T4): nothing acknowledged is lost, somebody is told, and all goes on when there is room.
//!
//! The disk is a file system in memory, which only root can mount.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Rng;
use model::rng::SeededRng;

use crate::narthex::{Narthex, free_address};
use crate::remote_write;
use crate::waiting::{LONGEST_WAIT, wait_until};
use crate::webhook::{Told, Webhook};

const DISK: &str = "size=64m";
const FILLER_BYTES: usize = 40 << 20;
const N_SERIES: u64 = 2000;

/// A file system in memory; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: &Path) -> Option<Disk> {
        std::fs::create_dir(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(path);
        mount.status().is_ok_and(|status| status.success()).then(|| Disk(path.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // A test that failed leaves it to the process that holds it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_costs_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(&dir.path().join("disk")) else {
        assert!(std::env::var_os("NARTHEX_CI").is_none(), "mounting a file system takes root");
        return println!("left out: mounting a file system takes root");
    };
    let hook = Webhook::start();
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![1u8; FILLER_BYTES]).unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), "narthex: {alertmanager_config_file: alertmanager.yml}\n")
        .unwrap();
    let routing = format!(
        "route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{}/'}}]}}]\n",
        hook.address
    );
    std::fs::write(dir.path().join("alertmanager.yml"), routing).unwrap();
    let flags = [format!("--storage.tsdb.path={}", disk.0.join("data").display())];
    let flags = flags.each_ref().map(String::as_str);
    let address = free_address();
    let narthex = Narthex::start(dir.path(), address, &flags);

    // Until the disk is full: from then on batches are refused, and taken again when there is room.
    let mut acknowledged = Vec::new();
    let mut n_refused = 0;
    let mut batch = 0;
    let deadline = Instant::now() + LONGEST_WAIT;
    while n_refused < 20 {
        assert!(Instant::now() < deadline, "the disk does not get full");
        batch += 1;
        match send(address, batch) {
            204 => acknowledged.push(batch),
            status => {
                assert!(status >= 500, "a full disk is no mistake of the sender: {status}");
                n_refused += 1;
            }
        }
    }
    hook.wait_until(LONGEST_WAIT, |told| is_told(told, true));
    std::fs::remove_file(&filler).unwrap();
    wait_until("room", || {
        batch += 1;
        let is_taken = send(address, batch) == 204;
        if is_taken {
            acknowledged.push(batch);
        }
        is_taken
    });
    hook.wait_until(LONGEST_WAIT, |told| is_told(told, false));
    let sum = |i: u64| acknowledged.iter().map(|&batch| value_of(batch, i)).sum();
    let wanted: BTreeMap<_, _> = (0..N_SERIES).map(|i| (i, (acknowledged.len() as u64, sum(i)))).collect();
    assert!(contents(&narthex) == wanted, "before the kill");
    narthex.kill();
    let narthex = Narthex::start(dir.path(), address, &flags);
    assert!(contents(&narthex) == wanted, "after the kill");
    let n_samples = acknowledged.len() as u64 * N_SERIES;
    println!("{n_samples} samples acknowledged on a disk that was full, {n_refused} batches refused, 0 lost");
}

/// Whether somebody was told that the disk is full, or no longer.
fn is_told(told: &[Told], is_firing: bool) -> bool {
    told.iter().any(|told| told.name == "NarthexDiskFull" && told.is_firing == is_firing)
}

/// Sends a batch: a sample of each series, at a time of its own. The status of the answer.
fn send(address: SocketAddr, batch: u64) -> u16 {
    // No two batches have the same time.
    std::thread::sleep(Duration::from_millis(1));
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let one = |i: u64| {
        let labels = [("__name__", "filled"), ("i", &i.to_string())];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        (labels, vec![(now_ms, value_of(batch, i) as f64)])
    };
    remote_write::send(address, &(0..N_SERIES).map(one).collect::<Vec<_>>()).unwrap()
}

/// A number that takes room, and of which some thousands add up without being rounded.
fn value_of(batch: u64, i: u64) -> u64 {
    SeededRng::new(batch * N_SERIES + i).below(1 << 40)
}

/// Of each series, by number, how many samples it has and what they add up to.
fn contents(narthex: &Narthex) -> BTreeMap<u64, (u64, u64)> {
    let ask = |function: &str| {
        let query = crate::http::encoded(&format!("{function}(filled[1d])"));
        let data = narthex.api(&format!("/api/v1/query?query={query}"));
        let one = |one: &serde_json::Value| {
            let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<f64>().unwrap() as u64;
            (number(&one["metric"]["i"]), number(&one["value"][1]))
        };
        data["result"].as_array().unwrap().iter().map(one).collect::<BTreeMap<u64, u64>>()
    };
    let sums = ask("sum_over_time");
    ask("count_over_time").into_iter().map(|(i, count)| (i, (count, sums[&i]))).collect()
}
