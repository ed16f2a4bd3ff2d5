//! The tree of routes: which receivers hear of an alert, and in which group.
