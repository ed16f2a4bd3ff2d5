//! `file_sd_configs`: targets in JSON and YAML files, read again when they change.
//!
//! Files are looked at every few seconds: whether there are others, and whether one has another time or size. That
//! costs a system call for each and works on every file system; in contrast to a watch it also sees files that are put
//! in place by renaming, and mounts that change below. At each refresh interval everything is read whatever it looks
//! like. A file that can't be read, or says nonsense, keeps the targets that it had, and its error is shown.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Discover, Discovering, Found, GroupError, TargetGroup, glob};

/// The label that holds the file in which a target stands.
pub const FILEPATH_LABEL: &str = "__meta_filepath";

/// How often files are looked at.
const GLANCE: Duration = Duration::from_secs(3);
/// They are not looked at more often than this, whatever `refresh_interval` says.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);

/// A larger file is not read: a list of targets has some kilobytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Finds targets in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiscovery {
    /// Paths; the last segment may be a pattern.
    pub paths: Vec<PathBuf>,
    /// How often files are read even if they look unchanged.
    pub refresh_interval: Duration,
}

impl Discover for FileDiscovery {
    fn discover(self: Box<Self>, found: mpsc::Sender<Found>) -> Discovering {
        Box::pin(self.run(found))
    }
}

impl FileDiscovery {
    async fn run(self, sender: mpsc::Sender<Found>) {
        let mut reader = Reader { paths: self.paths, files: BTreeMap::new() };
        let mut last: Option<Found> = None;
        let mut next_refresh = Instant::now();
        loop {
            let is_refresh = Instant::now() >= next_refresh;
            if is_refresh {
                next_refresh = Instant::now() + self.refresh_interval;
            }
            let look = move || {
                let found = reader.look(is_refresh);
                (reader, found)
            };
            let Ok((reader_back, found)) = tokio::task::spawn_blocking(look).await else { return };
            reader = reader_back;
            if last.as_ref() != Some(&found) {
                last = Some(found.clone());
                if sender.send(found).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                () = sender.closed() => return,
                () = tokio::time::sleep(wait(self.refresh_interval)) => {}
            }
        }
    }
}

/// The time between two looks.
fn wait(refresh_interval: Duration) -> Duration {
    refresh_interval.clamp(SHORTEST_WAIT, GLANCE)
}

/// Why a file gives no targets.
#[derive(Debug, thiserror::Error)]
enum FileError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Groups(#[from] GroupError),
    #[error("file has {n_bytes} bytes: limit is {MAX_FILE_BYTES}")]
    TooLarge { n_bytes: u64 },
    #[error("file is not UTF-8")]
    NotUtf8,
    #[error("file name does not end in .json, .yml or .yaml")]
    Extension,
}

/// What is known of the files.
#[derive(Debug)]
struct Reader {
    paths: Vec<PathBuf>,
    files: BTreeMap<PathBuf, File>,
}

#[derive(Debug, Default)]
struct File {
    looks: Option<Looks>,
    groups: Vec<TargetGroup>,
    error: Option<String>,
}

/// What a file looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Looks {
    modified: Option<SystemTime>,
    n_bytes: u64,
}

impl Reader {
    /// Reads what has changed, or everything.
    fn look(&mut self, everything: bool) -> Found {
        let mut errors = Vec::new();
        let mut paths = Vec::new();
        for pattern in &self.paths {
            match expand(pattern) {
                Ok(expanded) => paths.extend(expanded),
                Err(error) => errors.push(format!("{}: {error}", pattern.display())),
            }
        }
        self.files.retain(|path, _| paths.contains(path));
        for path in paths {
            let file = self.files.entry(path.clone()).or_default();
            let looks = fs::metadata(&path).ok().map(|metadata| Looks::of(&metadata));
            if everything || looks.is_none() || file.looks != looks {
                file.looks = looks;
                file.read(&path);
            }
        }
        for (path, file) in &self.files {
            errors.extend(file.error.as_ref().map(|error| format!("{}: {error}", path.display())));
        }
        Found { groups: self.files.values().flat_map(|file| file.groups.clone()).collect(), errors }
    }
}

impl Looks {
    fn of(metadata: &fs::Metadata) -> Looks {
        Looks { modified: metadata.modified().ok(), n_bytes: metadata.len() }
    }
}

impl File {
    fn read(&mut self, path: &Path) {
        match read_groups(path) {
            Ok(groups) => {
                self.groups = groups;
                self.error = None;
            }
            Err(error) => self.error = Some(error.to_string()),
        }
    }
}

fn read_groups(path: &Path) -> Result<Vec<TargetGroup>, FileError> {
    let n_bytes = fs::metadata(path)?.len();
    if n_bytes > MAX_FILE_BYTES {
        return Err(FileError::TooLarge { n_bytes });
    }
    let text = String::from_utf8(fs::read(path)?).map_err(|_| FileError::NotUtf8)?;
    let name = path.to_string_lossy();
    let labels = [(FILEPATH_LABEL, &*name)];
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.to_str() {
        Some("json") => Ok(TargetGroup::from_json(&text, &name, &labels)?),
        Some("yml" | "yaml") => Ok(TargetGroup::from_yaml(&text, &name, &labels)?),
        _ => Err(FileError::Extension),
    }
}

/// The files that a path stands for, sorted. A path that is no pattern stands for its file if there is one.
fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    let pattern = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !glob::is_pattern(&pattern) {
        return Ok(if path.exists() { vec![path.to_path_buf()] } else { Vec::new() });
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = match fs::read_dir(directory.unwrap_or(Path::new("."))) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if glob::matches(&pattern, &name.to_string_lossy()) {
            paths.push(directory.map_or_else(|| PathBuf::from(&name), |directory| directory.join(&name)));
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write files")]
mod tests {
    use super::*;

    fn addresses(found: &Found) -> Vec<String> {
        let targets = found.groups.iter().flat_map(|group| &group.targets);
        targets.map(|labels| labels.get("__address__").unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn files_come_change_and_go() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut reader = Reader { paths: vec![path("tg_*.yml"), path("one.json")], files: BTreeMap::new() };
        assert_eq!(reader.look(false), Found::default());

        fs::write(path("tg_b.yml"), "- targets: [b:1]").unwrap();
        fs::write(path("tg_a.yml"), "- targets: [a:1]").unwrap();
        fs::write(path("other.yml"), "- targets: [x:1]").unwrap();
        fs::write(path("one.json"), r#"[{"targets": ["c:1"]}]"#).unwrap();
        let found = reader.look(false);
        assert_eq!((addresses(&found), found.errors.len()), (vec!["c:1".into(), "a:1".into(), "b:1".into()], 0));
        assert_eq!(found.groups[0].labels.get(FILEPATH_LABEL), path("one.json").to_str());

        fs::write(path("tg_a.yml"), "- targets: [a:1, a:2]").unwrap();
        fs::remove_file(path("tg_b.yml")).unwrap();
        assert_eq!(addresses(&reader.look(false)), ["c:1", "a:1", "a:2"]);
    }

    #[test]
    fn a_broken_file_keeps_its_last_targets() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.yml");
        let mut reader = Reader { paths: vec![path.clone()], files: BTreeMap::new() };
        fs::write(&path, "- targets: [a:1]").unwrap();
        assert_eq!(addresses(&reader.look(false)), ["a:1"]);
        fs::write(&path, "- targets: [a:1\n- x").unwrap();
        let found = reader.look(false);
        assert_eq!(addresses(&found), ["a:1"]);
        assert!(found.errors[0].starts_with(&format!("{}: ", path.display())), "{:?}", found.errors);
        fs::write(&path, "- targets: [b:1]").unwrap();
        assert_eq!(reader.look(false), Found { errors: vec![], ..reader.look(true) });
    }

    #[test]
    fn a_refresh_interval_of_zero_does_not_spin() {
        let check = |refresh_ms, want_ms| {
            assert_eq!(wait(Duration::from_millis(refresh_ms)), Duration::from_millis(want_ms));
        };
        check(0, 500);
        check(1000, 1000);
        check(300_000, 3000);
    }

    #[tokio::test(start_paused = true)]
    async fn changes_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.json");
        let discovery = FileDiscovery { paths: vec![path.clone()], refresh_interval: Duration::from_secs(300) };
        let (sender, mut receiver) = mpsc::channel(1);
        let task = tokio::spawn(Box::new(discovery).discover(sender));
        assert_eq!(receiver.recv().await, Some(Found::default()));
        fs::write(&path, r#"[{"targets": ["a:1"]}]"#).unwrap();
        let found = receiver.recv().await.unwrap();
        assert_eq!(addresses(&found), ["a:1"]);
        drop(receiver);
        task.await.unwrap();
    }
}
