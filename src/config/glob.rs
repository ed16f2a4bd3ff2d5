//! Patterns of file names, as Go's `filepath.Glob` knows them, in the last segment of a path.

use std::path::{Path, PathBuf};

use model::regex::GoRegex;

/// The files that a path means, sorted: itself, if it is there, or those that its pattern matches.
pub(crate) fn files(pattern: &str) -> Vec<PathBuf> {
    let (directory, name) = match pattern.rsplit_once('/') {
        Some(("", name)) => (Path::new("/"), name),
        Some((directory, name)) => (Path::new(directory), name),
        None => (Path::new(""), pattern),
    };
    let Some(regex) = regex_of(name) else {
        return if Path::new(pattern).exists() { vec![PathBuf::from(pattern)] } else { Vec::new() };
    };
    let listed = if directory == Path::new("") { Path::new(".") } else { directory };
    let Ok(entries) = listed.read_dir() else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut found: Vec<PathBuf> = names.filter(|name| regex.is_match(name)).map(|name| directory.join(name)).collect();
    found.sort();
    found
}

/// Whether a path names a file rather than a pattern.
pub(crate) fn is_plain(pattern: &str) -> bool {
    !pattern.contains('*')
}

/// A pattern as a regular expression; `None` for a plain name, and for a pattern that is not well formed.
fn regex_of(name: &str) -> Option<GoRegex> {
    if !name.contains(['*', '?', '[']) {
        return None;
    }
    let mut regex = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => {
                regex.push('[');
                regex.extend(chars.by_ref().take_while(|c| *c != ']'));
                regex.push(']');
            }
            '\\' => regex.extend(chars.next().map(quoted)),
            c => regex.push_str(&quoted(c)),
        }
    }
    GoRegex::anchored(&regex).ok()
}

fn quoted(c: char) -> String {
    if c.is_ascii_punctuation() { format!("\\{c}") } else { c.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, want) in [
            ("*.yml", "a.yml", true),
            ("*.yml", "a.yaml", false),
            ("*.yml", "axyml", false),
            ("a?c", "abc", true),
            ("a[0-9].yml", "a5.yml", true),
            ("a[^0-9].yml", "a5.yml", false),
            (r"a\*b*", "a*bc", true),
            ("(a)*", "(a)b", true),
        ] {
            assert_eq!(regex_of(pattern).unwrap().is_match(name), want, "{pattern} {name}");
        }
        assert!(regex_of("plain.yml").is_none());
    }

    #[test]
    fn files_are_found_in_order() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.yml", "a.yml", "c.txt"] {
            std::fs::File::create_new(directory.path().join(name)).unwrap();
        }
        let path = |name: &str| directory.path().join(name);
        let check = |pattern: &str, want: &[&str]| {
            let want: Vec<PathBuf> = want.iter().map(|name| path(name)).collect();
            assert_eq!(files(path(pattern).to_str().unwrap()), want, "{pattern}");
        };
        check("*.yml", &["a.yml", "b.yml"]);
        check("c.txt", &["c.txt"]);
        check("d.txt", &[]);
        check("none/*.yml", &[]);
    }
}
