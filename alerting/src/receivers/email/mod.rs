//! Mail: one message in one SMTP session.
//!
//! A mail's `Message-ID` and all else of it follow from the notification, so that one that is sent again after a crash, or
//! because the answer to it was lost, is the same mail: servers and readers drop the second. `compose` makes the message,
//! `connect` the way to the server, `auth` shows who we are, and here it is handed over. `post` is about mails that are no
//! notifications: reports. Messages and commands are made by lettre; TLS is that of all our clients. docs/mail.md says what
//! differs from Alertmanager, and how to word mails.

mod auth;
mod compose;
mod connect;
mod envelope;
mod post;

#[cfg(test)]
mod tests;

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::response::Severity;
use net::client::Addresses;
use tokio::time::{Instant, timeout, timeout_at};

use super::message::Message;
use super::secrets::Secrets;
use super::{FailureKind, SendFailure};
use crate::config::EmailConfig;
pub(super) use compose::templates;
pub use post::{Attached, Mail, SealedMail, mail_address};

/// Saying good-bye may not take longer: the mail is delivered by then.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) async fn send(config: &EmailConfig, message: &mut Message<'_>) -> Result<(), SendFailure> {
    let (letter, record) = compose::letter(config, message).await?;
    message.record(&record);
    let way = Way { config, addresses: &message.context.session.addresses, timeout: message.time_left() };
    let refused = way.hand_over(&letter, &mut message.secrets).await?;
    refused.iter().for_each(|refusal| message.record(refusal));
    Ok(())
}

/// A mail that is ready to be sent.
#[derive(Debug)]
struct Letter {
    sender: Address,
    receivers: Vec<Address>,
    bytes: Vec<u8>,
}

/// How a server is reached, and how long that may take.
#[derive(Debug)]
struct Way<'w> {
    config: &'w EmailConfig,
    addresses: &'w Addresses,
    timeout: Duration,
}

impl Way<'_> {
    /// Connects and sends. Answers whom the server refused, where it took the mail for others.
    async fn hand_over(&self, letter: &Letter, secrets: &mut Secrets) -> Result<Vec<String>, SendFailure> {
        let deadline = Instant::now() + self.timeout;
        let server = self.config.smarthost.to_string();
        match timeout_at(deadline, self.session(letter, secrets, deadline)).await {
            Ok(outcome) => outcome.map_err(|failure| failure.within(format_args!("mail by {server}"))),
            Err(_) => Err(SendFailure::passing(format_args!("mail by {server}: no answer in time"))
                .of_kind(FailureKind::ContextDeadlineExceeded)),
        }
    }

    async fn session(
        &self,
        letter: &Letter,
        secrets: &mut Secrets,
        deadline: Instant,
    ) -> Result<Vec<String>, SendFailure> {
        let mut connection = connect::connection(self.config, self.addresses, deadline).await?;
        let outcome = dialogue(self.config, secrets, letter, &mut connection).await;
        // Whether the server is glad about it does not matter any more.
        let _ = timeout(QUIT_TIMEOUT, connection.abort()).await;
        outcome
    }
}

async fn dialogue(
    config: &EmailConfig,
    secrets: &mut Secrets,
    letter: &Letter,
    connection: &mut AsyncSmtpConnection,
) -> Result<Vec<String>, SendFailure> {
    auth::show(config, secrets, connection).await?;
    let sender = MailFrom::new(Some(letter.sender.clone()), Vec::new());
    connection.command(sender).await.map_err(|error| failure("MAIL FROM", &error))?;
    let mut refused = Vec::new();
    let mut last = None;
    for receiver in &letter.receivers {
        match connection.command(Rcpt::new(receiver.clone(), Vec::new())).await {
            Ok(_) => {}
            // A wrong address must not keep the right ones from hearing.
            Err(error) if error.is_permanent() => {
                let failure = refusal(format_args!("RCPT TO {receiver}"), &error, is_about_receiver);
                refused.push(format!("not sent to {receiver}: {}", failure.reason));
                // Whom the server would take from others is not refused for good.
                last = last.filter(|known: &SendFailure| !known.is_refusal).or(Some(failure));
            }
            Err(error) => return Err(failure(format_args!("RCPT TO {receiver}"), &error)),
        }
    }
    if let Some(failure) = last.filter(|_| refused.len() == letter.receivers.len()) {
        return Err(failure);
    }
    connection.command(Data).await.map_err(|error| failure("DATA", &error))?;
    connection.message(&letter.bytes).await.map_err(|error| refusal("the mail's text", &error, |_| true))?;
    Ok(refused)
}

/// What a failed command means that tells the server of a receiver or of the message. A 5xx to it is a refusal of these, unless it
/// is about how the server is spoken to, or who speaks.
fn refusal(what: impl std::fmt::Display, error: &SmtpError, is_about_it: fn(&str) -> bool) -> SendFailure {
    let failure = failure(what, error);
    let code = error.status().map_or(0, u16::from);
    // Not understood or out of turn; TLS or a password is missing, wrong, or too weak (RFC 4954, RFC 3207).
    let is_about_us = matches!(code, 500..=504 | 530 | 534 | 535 | 538);
    let is_refusal = (500..600).contains(&code) && !is_about_us && is_about_it(&failure.reason);
    SendFailure { is_refusal, ..failure }
}

/// Whether a server that refuses a receiver means that one. 5.7 is about who may send: strangers are not relayed for (RFC 3463).
fn is_about_receiver(answer: &str) -> bool {
    !answer.split_whitespace().any(|word| word.starts_with("5.7."))
}

/// What a failed command means: 4xx may do the next time, 5xx will not.
fn failure(what: impl std::fmt::Display, error: &SmtpError) -> SendFailure {
    let why = error.to_string();
    let Some(code) = error.status() else {
        return SendFailure::passing(format_args!("{what}: {why}"));
    };
    match code.severity {
        Severity::PermanentNegativeCompletion => {
            SendFailure::permanent(format_args!("{what}: {why}")).of_kind(FailureKind::ClientError)
        }
        _ => SendFailure::passing(format_args!("{what}: {why}")).of_kind(FailureKind::ServerError),
    }
}
