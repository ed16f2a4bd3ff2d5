//! The time-series database: head, write-ahead log, index.
