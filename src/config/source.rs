//! A file that was read.

use std::path::{Path, PathBuf};

/// A text and the name that the user knows it by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    /// The path as it was given.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("open {}: {}", .path.display(), crate::config::source::reason(.error))]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{}: not UTF-8 at byte {at}", .path.display())]
    NotUtf8 { path: PathBuf, at: usize },
}

impl Source {
    pub(crate) fn new(path: &Path, text: String) -> Source {
        Source { path: path.to_owned(), text }
    }

    /// Reads a file. All reading of configuration files is done here.
    pub(crate) fn read(path: &Path) -> Result<Source, SourceError> {
        let bytes = std::fs::read(path).map_err(|error| SourceError::Read { path: path.to_owned(), error })?;
        let text = String::from_utf8(bytes)
            .map_err(|error| SourceError::NotUtf8 { path: path.to_owned(), at: error.utf8_error().valid_up_to() })?;
        Ok(Source::new(path, text))
    }

    /// The line and the column of a byte, in characters; both from 1.
    pub(crate) fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..self.floor(at)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (1 + before.matches('\n').count(), 1 + before[line_start..].chars().count())
    }

    /// The byte at a line and a column, in characters and from 1; of what is not there the end.
    pub(super) fn byte_at(&self, line: usize, column: usize) -> usize {
        let mut lines = self.text.split_inclusive('\n');
        let start: usize = lines.by_ref().take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &self.text[start..];
        start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
    }

    /// The bytes of the lines from one byte to another, without the last newline.
    pub(super) fn lines_around(&self, start: usize, end: usize) -> (usize, usize) {
        let (start, end) = (self.floor(start), self.floor(end.max(start)));
        let first = self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let last = self.text[end..].find('\n').map_or(self.text.len(), |newline| end + newline);
        (first, last)
    }

    fn floor(&self, at: usize) -> usize {
        self.text.floor_char_boundary(at)
    }
}

/// An error of the operating system, in the words of Go, which everyone knows from Prometheus.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    }
}
