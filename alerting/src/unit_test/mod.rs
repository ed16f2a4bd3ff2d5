//! promtool's tests of rules.
