//! Rules, templates, alert state, routing, silences, inhibition, notifications.

pub mod template;
