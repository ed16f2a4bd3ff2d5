//! What was appended is read back: around flipped bytes, cut files, full disks and failed syncs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::testkit::{Fault, MemoryDisk};
use journal::{Contents, Disk, Journal, LockError, Options, OsDisk, Reader, segments};
use model::SystemClock;

const DIR: &str = "log";
const SALT: u32 = 0x5a17_5a17;

/// A journal whose syncing thread never wakes by itself.
fn open(disk: &MemoryDisk, salt: u32) -> Journal {
    let options = Options { sync_interval: Duration::from_secs(3600), ..Options::default() };
    Journal::open(Arc::new(disk.clone()), Arc::new(SystemClock::new()), DIR, salt, options).unwrap()
}

/// All records as (kind, payload), and where none was found.
fn read(disk: &MemoryDisk) -> (Vec<(u8, Vec<u8>)>, Vec<journal::Damage>) {
    let names = segments(disk, Path::new(DIR)).unwrap();
    let mut reader = Reader::new(Arc::new(disk.clone()), DIR);
    let mut records = Vec::new();
    reader.read(&names, |record| records.push((record.kind, record.payload.to_owned()))).unwrap();
    (records, reader.damage().to_vec())
}

fn payload(i: usize) -> Vec<u8> {
    format!("record {i} ").repeat(i % 7).into_bytes()
}

/// Three segments of records 0..n, of two runs of the process.
fn written(n_records: usize) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let first_run = open(&disk, SALT);
    for i in 0..n_records / 2 {
        if i == n_records / 4 {
            first_run.roll().unwrap();
        }
        first_run.append(i as u8, &payload(i)).unwrap();
    }
    drop(first_run);
    let second_run = open(&disk, SALT + 1);
    for i in n_records / 2..n_records {
        second_run.append(i as u8, &payload(i)).unwrap();
    }
    drop(second_run);
    disk
}

fn all(n_records: usize) -> Vec<(u8, Vec<u8>)> {
    (0..n_records).map(|i| (i as u8, payload(i))).collect()
}

#[test]
fn records_come_back_in_order_over_segments_and_runs() {
    let disk = written(40);
    assert_eq!(disk.paths().len(), 3);
    assert_eq!(read(&disk), (all(40), Vec::new()));
}

#[test]
fn a_flipped_byte_costs_the_record_it_stands_in() {
    let disk = written(40);
    for path in disk.paths() {
        let whole = disk.get(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x41;
            disk.put(&path, flipped);
            let (records, damage) = read(&disk);
            let lost: Vec<_> = all(40).into_iter().filter(|record| !records.contains(record)).collect();
            assert!(records.iter().all(|record| all(40).contains(record)), "{path:?} byte {at}: invented");
            assert!(lost.len() <= 1, "{path:?} byte {at}: lost {lost:?}");
            // A damaged header costs nothing at all.
            assert_eq!(lost.is_empty(), at < 32, "{path:?} byte {at}: {damage:?}");
        }
        disk.put(&path, whole);
    }
}

#[test]
fn a_cut_file_costs_what_was_cut() {
    let disk = written(40);
    for path in disk.paths() {
        let whole = disk.get(&path).unwrap();
        disk.put(&path, Vec::new());
        let without = read(&disk).0.len();
        for len in 0..whole.len() {
            disk.put(&path, whole[..len].to_vec());
            let (records, damage) = read(&disk);
            let n_whole = whole_records(&whole[..len]);
            assert_eq!(records.len(), without + n_whole, "{path:?} cut to {len}");
            assert!(damage.iter().all(|damage| damage.torn_tail), "{path:?} cut to {len}: {damage:?}");
        }
        disk.put(&path, whole);
    }
}

fn kinds(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    records.iter().map(|(kind, _)| *kind).collect()
}

/// How many records a segment holds whole, found without the reader: header of 32 bytes, frames of 16, length at 4.
fn whole_records(bytes: &[u8]) -> usize {
    let mut n_records = 0;
    let mut at = 32;
    while let Some(len) = bytes.get(at + 4..at + 8) {
        let end = at + 16 + u32::from_le_bytes(len.try_into().unwrap()) as usize;
        if end > bytes.len() {
            break;
        }
        n_records += 1;
        at = end;
    }
    n_records
}

#[test]
fn text_inside_a_record_is_not_taken_for_one() {
    // A hostile target that knew the format, and even the salt of another run, puts a whole record into a label.
    let other = MemoryDisk::new();
    open(&other, SALT + 9).append(9, b"forged").unwrap();
    let forged = other.get(&other.paths()[0]).unwrap()[32..].to_vec();

    let disk = MemoryDisk::new();
    let journal = open(&disk, SALT);
    journal.append(1, &forged).unwrap();
    journal.append(2, b"next").unwrap();
    drop(journal);
    let path = disk.paths()[0].clone();
    let mut bytes = disk.get(&path).unwrap();
    bytes[32] ^= 1;
    disk.put(&path, bytes);
    assert_eq!(read(&disk).0, [(2, b"next".to_vec())]);
}

/// Appends with a fault at each operation in turn; what was acknowledged comes back, once, and nothing else does.
#[test]
fn any_operation_may_fail() {
    for fault in [Fault::Error, Fault::Short] {
        for n_failing in [1, 2, 3, 50] {
            for first in 0..60 {
                let disk = MemoryDisk::new();
                disk.fail(first, n_failing, fault);
                let what = format!("{n_failing} operations from {first} with {fault:?}");
                let mut acknowledged = BTreeMap::new();
                {
                    let journal = open(&disk, SALT);
                    for i in 0..40 {
                        if journal.append(i as u8, &payload(i)).is_ok() {
                            acknowledged.insert(i as u8, payload(i));
                        }
                        if i % 5 == 4 && journal.sync().is_ok() {
                            let kept: BTreeMap<_, _> = read(&disk.after_power_cut(|| false)).0.into_iter().collect();
                            assert!(
                                kept == acknowledged,
                                "{what}: after a power cut behind record {i}: {:?}",
                                kept.keys()
                            );
                        }
                        if i == 22 {
                            // Whether it works or not, nothing may be lost.
                            let _ = journal.roll();
                        }
                    }
                }
                let records = read(&disk).0;
                let in_order: Vec<_> = acknowledged.into_iter().collect();
                assert!(records == in_order, "{what}: {:?} instead of {:?}", kinds(&records), kinds(&in_order));
                // One that ends does not last on: after a failed sync nothing is taken until one succeeds, and here
                // they are 5 records apart.
                assert!(n_failing == 50 || records.len() >= 40 - 5 * n_failing as usize, "{what}: {}", records.len());
            }
        }
    }
}

#[test]
fn a_failed_sync_writes_the_records_anew() {
    let disk = MemoryDisk::new();
    let journal = open(&disk, SALT);
    journal.append(0, b"before").unwrap();
    journal.sync().unwrap();
    journal.append(1, b"one").unwrap();
    journal.append(2, b"two").unwrap();
    disk.fail(0, 1, Fault::Error);
    journal.sync().unwrap();
    assert_eq!(journal.metrics().sync_failures.load(std::sync::atomic::Ordering::Relaxed), 1);
    journal.append(3, b"three").unwrap();
    let want: Vec<_> =
        [(0, "before"), (1, "one"), (2, "two"), (3, "three")].map(|(k, p)| (k, p.as_bytes().to_vec())).into();
    assert_eq!(disk.paths().len(), 2, "{:?}", disk.paths());
    assert_eq!(read(&disk).0, want);

    // Whichever copy is damaged, the other one serves.
    for (path, len) in [(&disk.paths()[0], 32 + 22), (&disk.paths()[1], 32)] {
        let damaged = disk.copy();
        let mut bytes = disk.get(path).unwrap();
        let to = (len + 16 + 3 + 16 + 3).min(bytes.len());
        bytes[len..to].fill(0);
        damaged.put(path, bytes);
        assert_eq!(read(&damaged).0, want, "{path:?}");
    }
}

/// The middle one of three segments that hold the same records was never synced, and its header is gone. Found by
/// `tsdb/tests/simulation.rs`, seed 11: records came twice, and what leaned on the one before was lost.
#[test]
fn each_record_comes_once_whatever_has_become_of_the_headers() {
    let disk = MemoryDisk::new();
    let journal = open(&disk, SALT);
    let give_up_segment = || disk.fail(0, 2, Fault::Error);
    for kind in 0..3 {
        journal.append(kind, b"in all three").unwrap();
    }
    give_up_segment();
    journal.append(9, b"refused").unwrap_err();
    journal.append(3, b"in two").unwrap();
    give_up_segment();
    journal.append(9, b"refused").unwrap_err();
    journal.append(4, b"in one").unwrap();
    journal.sync().unwrap();
    let paths = disk.paths();
    assert_eq!(paths.len(), 3);
    for n_lost in 0..3 {
        let damaged = disk.copy();
        let mut bytes = disk.get(&paths[1]).unwrap();
        bytes[..32 + n_lost * 28].fill(0);
        damaged.put(&paths[1], bytes);
        let kinds: Vec<_> = read(&damaged).0.iter().map(|record| record.0).collect();
        assert_eq!(kinds, [0, 1, 2, 3, 4], "{n_lost} lost");
    }
}

#[test]
fn threads_share_writes_and_each_gets_its_own_place() {
    let disk = MemoryDisk::new();
    let journal = open(&disk, SALT);
    let mut sequences: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4u8)
            .map(|thread| {
                let journal = &journal;
                scope.spawn(move || {
                    (0..200u32).map(|i| journal.append(thread, &i.to_le_bytes()).unwrap().sequence).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    sequences.sort_unstable();
    assert_eq!(sequences, (0..800).collect::<Vec<u64>>());
    let records = read(&disk).0;
    for thread in 0..4u8 {
        let own: Vec<u32> = records
            .iter()
            .filter(|(kind, _)| *kind == thread)
            .map(|(_, payload)| u32::from_le_bytes(payload.as_slice().try_into().unwrap()))
            .collect();
        assert_eq!(own, (0..200).collect::<Vec<u32>>(), "thread {thread}");
    }
}

#[test]
fn the_syncing_thread_keeps_its_interval() {
    let disk = MemoryDisk::new();
    let options = Options { sync_interval: Duration::from_millis(20), ..Options::default() };
    let journal = Journal::open(Arc::new(disk.clone()), Arc::new(SystemClock::new()), DIR, SALT, options).unwrap();
    journal.append(1, b"soon durable").unwrap();
    while read(&disk.after_power_cut(|| false)).0.is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn old_segments_are_removed_by_number() {
    let disk = written(40);
    let journal = open(&disk, SALT + 2);
    journal.remove_before(3).unwrap();
    drop(journal);
    assert_eq!(read(&disk).0, all(40)[20..]);
}

/// Found by `tsdb/tests/simulation.rs`, seed 42: what was appended next went into a file without a name.
#[test]
fn nothing_is_appended_to_a_segment_that_was_removed() {
    let disk = MemoryDisk::new();
    let journal = open(&disk, SALT);
    journal.append(0, b"removed").unwrap();
    journal.remove_before(journal.next_segment_number()).unwrap();
    journal.append(1, b"kept").unwrap();
    journal.sync().unwrap();
    assert_eq!(read(&disk).0, [(1, b"kept".to_vec())]);
}

#[test]
fn a_segment_of_a_newer_version_is_refused_by_name() {
    let disk = written(4);
    let path = disk.paths()[0].clone();
    let mut bytes = disk.get(&path).unwrap();
    bytes[8] = 9;
    let crc = crc32c::crc32c(&bytes[..28]);
    bytes[28..32].copy_from_slice(&crc.to_le_bytes());
    disk.put(&path, bytes);
    let names = segments(&disk, Path::new(DIR)).unwrap();
    let error = Reader::new(Arc::new(disk), DIR).read(&names, |_| {}).unwrap_err().to_string();
    assert!(error.contains("log/00000001-5a175a17.log has format version 9"), "{error}");
}

#[test]
fn real_files_and_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let log = dir.path().join("log");
    let journal =
        Journal::open(Arc::clone(&disk), Arc::new(SystemClock::new()), &log, SALT, Options::default()).unwrap();
    journal.append(7, b"on a real disk").unwrap();
    drop(journal);
    let mut reader = Reader::new(Arc::clone(&disk), &log);
    let mut n_records = 0;
    reader.read(&segments(&*disk, &log).unwrap(), |record| n_records += usize::from(record.kind == 7)).unwrap();
    assert_eq!((n_records, reader.damage()), (1, &[][..]));

    let held = disk.lock(&dir.path().join("lock")).unwrap();
    let pid = std::process::id();
    match disk.lock(&dir.path().join("lock")) {
        Err(LockError::Held { holder }) => assert_eq!(holder, format!("process {pid}")),
        other => panic!("{other:?}"),
    }
    drop(held);
    disk.lock(&dir.path().join("lock")).unwrap();
}

#[test]
fn a_rename_or_removal_survives_a_power_cut_once_the_directory_is_synced() {
    let disk = MemoryDisk::new();
    let (tmp, whole, other) = (Path::new("dir/a.tmp"), Path::new("dir/a"), Path::new("dir/b"));
    disk.put(whole, b"old".to_vec());
    disk.put(other, b"other".to_vec());
    let file = disk.create(tmp).unwrap();
    file.append(b"new").unwrap();
    file.sync().unwrap();
    disk.sync_dir(Path::new("dir")).unwrap();
    disk.rename(tmp, whole).unwrap();
    disk.remove(other).unwrap();
    assert_eq!((disk.get(tmp), disk.get(whole), disk.get(other)), (None, Some(b"new".to_vec()), None));
    let names = |disk: &MemoryDisk| (disk.get(tmp).is_some(), disk.get(whole).unwrap(), disk.get(other).is_some());
    assert_eq!(names(&disk.after_power_cut(|| false)), (true, b"old".to_vec(), true), "all is undone");
    assert_eq!(names(&disk.after_power_cut(|| true)), (false, b"new".to_vec(), false), "all is kept");
    // The removal, which came last, is kept, and the rename is not.
    let mut answers = [true, false].into_iter();
    assert_eq!(names(&disk.after_power_cut(|| answers.next().unwrap())), (true, b"old".to_vec(), false));
    disk.sync_dir(Path::new("dir")).unwrap();
    assert_eq!(names(&disk.after_power_cut(|| false)), (false, b"new".to_vec(), false));
}

#[test]
fn a_file_is_renamed_and_its_contents_are_taken_on_both_disks() {
    let dir = tempfile::tempdir().unwrap();
    for (disk, dir) in [(&MemoryDisk::new() as &dyn Disk, Path::new("dir")), (&OsDisk, dir.path())] {
        let (from, to) = (dir.join("a.tmp"), dir.join("a"));
        disk.create(&from).unwrap().append(b"contents").unwrap();
        disk.create(&to).unwrap().append(b"gone").unwrap();
        disk.rename(&from, &to).unwrap();
        let bytes = match disk.contents(&to).unwrap() {
            Contents::Bytes(bytes) => bytes,
            Contents::File(mut file) => {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
                bytes
            }
        };
        assert_eq!(bytes, b"contents");
        assert!(disk.contents(&from).is_err() && disk.rename(&from, &to).is_err());
        assert_eq!(disk.list(dir).unwrap(), ["a"]);
    }
}
