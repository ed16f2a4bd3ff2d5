//! Ids that follow from others.

use aws_lc_rs::digest::{SHA256, digest};

/// 32 hexadecimal digits that are the same for the same id and purpose, and else never.
pub(crate) fn derived(id: &str, purpose: &str) -> String {
    let hash = digest(&SHA256, format!("{id}\n{purpose}").as_bytes());
    hash.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
