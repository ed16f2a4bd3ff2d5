//! Silences: what nobody wants to hear for a while.
