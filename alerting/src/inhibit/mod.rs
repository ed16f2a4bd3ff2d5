//! Alerts that keep others quiet.
