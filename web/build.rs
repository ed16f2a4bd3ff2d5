//! Lists the files that `web/ui` was built into, so that they can be put into the binary. Runs nothing and fetches
//! nothing; where they were not built the list is empty.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "a build script writes what it is for")]
fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("ui/dist");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    if root.join("index.html").is_file() {
        collect(&root, &root, &mut files)?;
    }
    files.sort();
    let mut list = String::from("/// The files by their paths below `web/ui/dist`.\n");
    list.push_str("pub(super) const FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        let _ = writeln!(list, "    ({name:?}, include_bytes!({path:?})),");
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("page_files.rs"), list)
}

/// All files below a directory: their paths below `root`, and their whole paths.
fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            files.push((below.to_string_lossy().into_owned(), path.clone()));
        }
    }
    Ok(())
}
