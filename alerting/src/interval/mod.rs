//! Times at which routes are mute or active.
