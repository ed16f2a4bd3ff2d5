//! Alertmanager's matchers, in both of their languages.
