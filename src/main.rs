//! narthex: flags, configuration, wiring. Glue, no algorithms.

fn main() {}
