//! Samples of the past, for a narthex that is not running yet.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::arguments::Arguments;
use crate::peer::Peer;

/// Has narthex read OpenMetrics with times into a data directory; `lines` writes all of it but its last line.
pub(crate) fn import(
    arguments: &Arguments,
    data: &Path,
    lines: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut child = Command::new(arguments.program(Peer::Narthex))
        .args(["import", "openmetrics", "-"])
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let pipe = child.stdin.take().ok_or_else(|| io::Error::other("the import reads nothing"))?;
    let mut text = BufWriter::with_capacity(1 << 20, pipe);
    lines(&mut text)?;
    writeln!(text, "# EOF")?;
    text.flush()?;
    drop(text);
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the import ended: {status}"))) }
}
