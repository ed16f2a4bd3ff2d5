//! The append-only, checksummed, group-committed log under every durable thing, and the `Disk` trait.
