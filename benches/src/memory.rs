//! How much memory a bench has taken.

/// Bytes of this process that are in memory.
///
/// # Panics
/// Where there is no Linux to say so.
#[expect(clippy::disallowed_methods, reason = "the kernel says it in a file")]
#[expect(clippy::unwrap_used, reason = "a bench stops when it cannot go on")]
pub fn resident_bytes() -> u64 {
    let mut status = String::new();
    let mut file = std::fs::File::open("/proc/self/status").unwrap();
    std::io::Read::read_to_string(&mut file, &mut status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
