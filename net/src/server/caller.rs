//! Who asks.

/// By what a request was let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Nobody is asked for a name.
    #[default]
    Anybody,
    /// A user of the web configuration file, by name.
    User(String),
    /// A token, by name.
    Token(String),
}
