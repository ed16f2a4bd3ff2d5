//! Bytes on the disk, after everything is merged.

use std::fs;
use std::io;
use std::path::Path;

use crate::peer::Peer;

/// The footer of one of our blocks begins with the place of its table of sections (docs/format/block.md).
const FOOTER_BYTES: usize = 28;
/// Each entry of that table begins with the place of a section.
const ENTRY_BYTES: usize = 20;
/// What stands before the first column or chunk.
const HEADER_BYTES: u64 = 16;

/// What samples take.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sizes {
    /// Values and timestamps alone, with their checksums.
    pub(crate) samples: f64,
    /// With where they are, labels, and indexes over these.
    pub(crate) with_indexes: f64,
}

impl Sizes {
    /// Measures the data directory of a server that has merged.
    pub(crate) fn of(peer: Peer, data: &Path) -> io::Result<Sizes> {
        let mut sizes = Sizes::default();
        let root = match peer {
            Peer::Narthex => data.join("blocks"),
            Peer::VictoriaMetrics => data.join("data"),
            Peer::Prometheus => data.join("snapshots"),
        };
        visit(&root, &mut |path, n_bytes| {
            sizes.with_indexes += n_bytes as f64;
            sizes.samples += sample_bytes(peer, path, n_bytes)? as f64;
            Ok(())
        })?;
        if sizes.samples == 0.0 {
            return Err(io::Error::other(format!("{peer}: no samples in {}", root.display())));
        }
        Ok(sizes)
    }
}

/// How many bytes of a file are values and timestamps.
fn sample_bytes(peer: Peer, path: &Path, n_bytes: u64) -> io::Result<u64> {
    let name = path.file_name().unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    match peer {
        Peer::Narthex if path.extension().is_some_and(|extension| extension == "nblk") => block_samples(path),
        Peer::VictoriaMetrics if name == "values.bin" || name == "timestamps.bin" => Ok(n_bytes),
        Peer::Prometheus if folder == "chunks" => Ok(n_bytes),
        _ => Ok(0),
    }
}

/// Where the first section of a block begins, columns and chunks end.
fn block_samples(path: &Path) -> io::Result<u64> {
    let block = fs::read(path)?;
    let broken = || io::Error::other(format!("{} is no block", path.display()));
    let place = |at: usize| {
        let bytes = block.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).ok_or_else(broken)?;
        io::Result::Ok(u64::from_le_bytes(bytes))
    };
    let footer = block.len().checked_sub(FOOTER_BYTES).ok_or_else(broken)?;
    let table = place(footer)? as usize;
    let places = (table..footer).step_by(ENTRY_BYTES).map(place).collect::<io::Result<Vec<u64>>>()?;
    Ok(places.into_iter().min().ok_or_else(broken)?.saturating_sub(HEADER_BYTES))
}

/// All files below a directory.
fn visit(dir: &Path, found: &mut impl FnMut(&Path, u64) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            visit(&entry.path(), found)?;
        } else {
            found(&entry.path(), entry.metadata()?.len())?;
        }
    }
    Ok(())
}
