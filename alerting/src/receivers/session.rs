//! What is kept between attempts at one integration.

use std::collections::HashMap;

use net::client::{Addresses, Channel, Client, ClientOptions, ClientSetupError};
use parking_lot::Mutex;

use super::secrets::Secrets;
use crate::config::IntegrationConfig;

/// The limit `updated_messages`: more messages than this are not remembered to be changed later.
const MAX_UPDATED: usize = 10_000;

/// A connection that is kept open, a token that is good for a while, messages that are changed later. One for each
/// integration, from one reload to the next.
#[derive(Debug)]
pub struct Session {
    /// `None` for what is not reached over HTTP.
    client: Option<Client>,
    /// Not there while an attempt uses it.
    channel: Mutex<Option<Channel>>,
    pub(super) addresses: Addresses,
    token: Mutex<Option<Token>>,
    messages: Mutex<HashMap<String, Place>>,
}

/// A token that a receiver gave.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) good_until_ms: i64,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("good_until_ms", &self.good_until_ms).finish_non_exhaustive()
    }
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: String,
    pub(super) timestamp: String,
}

impl Session {
    /// A session with an integration, which is reached at these addresses. Reads certificates.
    ///
    /// # Errors
    /// When no client can be made of the configuration.
    pub fn new(config: IntegrationConfig<'_>, addresses: Addresses) -> Result<Session, ClientSetupError> {
        let options = ClientOptions { addresses: addresses.clone(), ..ClientOptions::default() };
        let client = config.http_config().map(|http| Client::new(http, options)).transpose()?;
        Ok(Session {
            client,
            channel: Mutex::default(),
            addresses,
            token: Mutex::default(),
            messages: Mutex::default(),
        })
    }

    /// A channel to the receiver; the kept one, unless another attempt uses it.
    pub(super) fn take_channel(&self) -> Option<Channel> {
        let kept = self.channel.lock().take();
        kept.or_else(|| self.client.as_ref().map(Client::channel))
    }

    /// Keeps a channel for the next attempt.
    pub(super) fn keep_channel(&self, channel: Channel) {
        *self.channel.lock() = Some(channel);
    }

    /// The token, if it is still good.
    pub(super) fn token(&self, now_ms: i64) -> Option<String> {
        self.token.lock().as_ref().filter(|token| now_ms < token.good_until_ms).map(|token| token.text.clone())
    }

    pub(super) fn set_token(&self, token: Option<Token>) {
        *self.token.lock() = token;
    }

    /// Where the message of a group stands that is to be changed.
    pub(super) fn message_of(&self, group_key: &str) -> Option<Place> {
        self.messages.lock().get(group_key).cloned()
    }

    pub(super) fn set_message_of(&self, group_key: &str, place: Place) {
        let mut messages = self.messages.lock();
        if messages.len() < MAX_UPDATED || messages.contains_key(group_key) {
            messages.insert(group_key.to_owned(), place);
        }
    }

    pub(super) fn add_secrets_to(&self, secrets: &mut Secrets) {
        if let Some(token) = &*self.token.lock() {
            secrets.add(&token.text);
        }
    }
}
