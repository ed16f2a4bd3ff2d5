//! Mails that are no notifications: written once, kept as they are, and sent until a server takes them.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{ContentDisposition, ContentId, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Message as Built, MultiPart, SinglePart};
use net::client::Addresses;
use serde::{Deserialize, Serialize};

use super::envelope::{address, addresses, body_text, header_text};
use super::{Letter, Way};
use crate::config::EmailConfig;
use crate::receivers::SendFailure;
use crate::receivers::secrets::Secrets;

/// A mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// What stands in its `Message-ID` before the sender's domain: the same for the same mail.
    pub id: String,
    /// When it was written, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// To whom.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// The text for readers without HTML.
    pub text: String,
    /// The page; it names pictures as `cid:NAME`.
    pub html: String,
    /// Pictures of the page.
    pub pictures: Vec<Attached>,
    /// Files beside it.
    pub files: Vec<Attached>,
}

/// A file in a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A mail as servers get it, byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedMail {
    from: String,
    to: String,
    text: String,
}

/// The one address that a text is, or why it is none.
///
/// # Errors
/// What is wrong with it.
pub fn mail_address(text: &str) -> Result<(), String> {
    address("to", text).map(drop).map_err(|failure| failure.reason)
}

impl Mail {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When an address or a header is none.
    pub fn sealed(self, config: &EmailConfig) -> Result<SealedMail, SendFailure> {
        let from = address("smtp_from", &config.from)?;
        let to = addresses("to", &self.to.join(", "))?;
        let receivers = to.iter().map(|mailbox| mailbox.email.clone()).collect();
        let envelope = Envelope::new(Some(from.email.clone()), receivers).map_err(SendFailure::permanent)?;
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(self.at_ms.max(0).unsigned_abs());
        let id = format!("<{}@{}>", self.id, from.email.domain());
        let (sealed_from, sealed_to) = (config.from.clone(), to.to_string());
        let mut builder = Built::builder().from(from).date(at).envelope(envelope);
        for (name, text) in [("Message-Id", id.as_str()), ("Auto-Submitted", "auto-generated")] {
            builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), text.to_owned()));
        }
        let subject = header_text(&self.subject);
        let builder = builder.mailbox(lettre::message::header::To::from(to)).subject(subject);
        let mail = builder.multipart(self.body()?).map_err(SendFailure::permanent)?;
        // Everything beyond ASCII is encoded by now.
        let text = String::from_utf8(mail.formatted()).map_err(SendFailure::permanent)?;
        Ok(SealedMail { from: sealed_from, to: sealed_to, text })
    }

    fn body(self) -> Result<MultiPart, SendFailure> {
        let mut page = MultiPart::related().singlepart(SinglePart::html(body_text(&self.html)));
        for picture in self.pictures {
            let part = SinglePart::builder()
                .header(media_type(picture.media_type)?)
                .header(ContentDisposition::inline_with_name(&picture.name))
                .header(ContentId::from(format!("<{}>", picture.name)))
                .body(picture.bytes);
            page = page.singlepart(part);
        }
        let message = MultiPart::alternative().singlepart(SinglePart::plain(body_text(&self.text))).multipart(page);
        if self.files.is_empty() {
            return Ok(message);
        }
        let mut all = MultiPart::mixed().multipart(message);
        for file in self.files {
            all = all.singlepart(Attachment::new(file.name).body(file.bytes, media_type(file.media_type)?));
        }
        Ok(all)
    }
}

fn media_type(text: &str) -> Result<ContentType, SendFailure> {
    ContentType::parse(text).map_err(SendFailure::permanent)
}

impl SealedMail {
    /// All of it, from its first header on.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Tries once to hand it to the server. Answers whom the server refused, where it took the mail for others.
    ///
    /// # Errors
    /// Why the server does not have it, as far as is known, without secrets, and whether to try again.
    pub async fn send(
        &self,
        config: &EmailConfig,
        addresses_of_servers: &Addresses,
        timeout: Duration,
    ) -> Result<Vec<String>, SendFailure> {
        // A mail that is sealed does not change any more.
        let unreadable = |failure: SendFailure| SendFailure { is_refusal: true, ..failure };
        let receivers = addresses("to", &self.to).map_err(unreadable)?;
        let letter = Letter {
            sender: address("smtp_from", &self.from).map_err(unreadable)?.email,
            receivers: receivers.iter().map(|mailbox| mailbox.email.clone()).collect(),
            bytes: self.text.clone().into_bytes(),
        };
        let mut secrets = Secrets::default();
        let way = Way { config, addresses: addresses_of_servers, timeout };
        let sent = way.hand_over(&letter, &mut secrets).await;
        sent.map_err(|failure| SendFailure { reason: secrets.hide(failure.reason), ..failure })
    }
}
