//! A control group with little memory, for a process to live in. Making one takes root.

use std::path::{Path, PathBuf};

/// A group; removed when dropped, when its processes have ended.
#[derive(Debug)]
pub(crate) struct MemoryGroup(PathBuf);

impl MemoryGroup {
    /// A group with so many bytes, in version 1 or 2 of control groups.
    ///
    /// # Errors
    /// When the machine lets us make none.
    pub(crate) fn new(n_bytes: u64) -> std::io::Result<MemoryGroup> {
        let name = format!("narthex-test-{}", std::process::id());
        let first = Path::new("/sys/fs/cgroup/memory");
        let (path, limit) = if first.exists() {
            (first.join(name), "memory.limit_in_bytes")
        } else {
            (Path::new("/sys/fs/cgroup").join(name), "memory.max")
        };
        std::fs::create_dir(&path)?;
        let group = MemoryGroup(path);
        std::fs::write(group.0.join(limit), n_bytes.to_string())?;
        Ok(group)
    }

    /// Written to by a process that wants to be in the group.
    pub(crate) fn entrance(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // What is left of it does no harm.
        let _ = std::fs::remove_dir(&self.0);
    }
}
