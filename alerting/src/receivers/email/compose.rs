//! A notification as a mail.
//!
//! multipart/alternative of text and HTML, the HTML with its pictures as multipart/related. A picture is attached where the HTML
//! speaks of `cid:chart.png` or `cid:budget.png`, and a row `<tr id="chart">` or `<tr id="budget">` goes where there is none.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentDisposition, ContentId, ContentType, HeaderName, HeaderValue, To};
use lettre::message::{Mailbox, Message as Mail, MultiPart, SinglePart};

use super::Letter;
use super::envelope::{address, addresses, body_text, header_text};
use crate::config::EmailConfig;
use crate::receivers::message::Message;
use crate::receivers::{Language, SendFailure};

/// A picture that would make all of them larger than this is left out. (Limit `mail_chart_bytes`.)
const MAX_CHART_BYTES: usize = 60 << 10;
/// What HTML calls the picture of a budget.
const BUDGET_ID: &str = "budget.png";
/// The rows in which pictures stand, and what HTML calls them.
const CHARTS: [(&str, &str); 2] = [("chart", "chart.png"), ("budget", BUDGET_ID)];
/// What the configuration's HTML is where nothing is said.
const DEFAULT_HTML: &str = "{{ template \"email.default.html\" . }}";
const DEFAULT_TEXT: &str = "{{ template \"email.default.text\" . }}";
const DEFAULT_SUBJECT: &str = "{{ template \"email.default.subject\" . }}";

/// Fills in the templates and puts the parts together. Answers also what is kept of it: its headers, its text or HTML, and no
/// picture.
pub(super) async fn letter(config: &EmailConfig, message: &mut Message<'_>) -> Result<(Letter, String), SendFailure> {
    let from = address("from", &filled(message, "from", &config.from)?)?;
    let to = addresses("to", &filled(message, "to", &config.to)?)?;
    let receivers: Vec<Address> = to.iter().map(|mailbox| mailbox.email.clone()).collect();
    let mut headers = Headers::of(config, message, &from)?;
    let text = match config.text.as_str() {
        "" if config.html == DEFAULT_HTML => DEFAULT_TEXT,
        text => text,
    };
    let text = body_text(&filled(message, "text", text)?);
    let html = message.html(&config.html).map_err(|failure| failure.within("html"))?;
    let (html, charts) = with_charts(body_text(&html), message).await;
    let record = format!("{}\n\n{}", headers.record(&to.to_string()), if text.is_empty() { &html } else { &text });
    let body = body(&message.notification.id, text, html, charts);
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(message.notification.at_ms.max(0) as u64);
    let mut builder = Mail::builder().from(headers.from.take().unwrap_or_else(|| from.clone())).date(at);
    if !headers.texts.iter().any(|(name, _)| name.eq_ignore_ascii_case("To")) {
        builder = builder.mailbox(To::from(to));
    }
    for (name, text) in headers.texts {
        let name = HeaderName::new_from_ascii(name.clone())
            .map_err(|_| SendFailure::permanent(format_args!("headers: {name:?} is no header's name")))?;
        builder = builder.raw_header(HeaderValue::new(name, text));
    }
    let envelope = lettre::address::Envelope::new(Some(from.email.clone()), receivers.clone());
    let envelope = envelope.map_err(SendFailure::permanent)?;
    let mail = builder.envelope(envelope).multipart(body).map_err(SendFailure::permanent)?;
    Ok((Letter { sender: from.email, receivers, bytes: mail.formatted() }, record))
}

fn filled(message: &mut Message<'_>, what: &str, template: &str) -> Result<String, SendFailure> {
    message.text(template).map_err(|failure| failure.within(what))
}

/// The headers beside those of the parts.
struct Headers {
    /// Whom it is shown to be from, where that is another one than in the envelope.
    from: Option<Mailbox>,
    texts: Vec<(String, String)>,
}

impl Headers {
    fn of(config: &EmailConfig, message: &mut Message<'_>, from: &Mailbox) -> Result<Headers, SendFailure> {
        let mut headers = Headers { from: None, texts: Vec::new() };
        for (name, template) in &config.headers {
            let text = header_text(&filled(message, &format!("header {name}"), template)?);
            match name.to_ascii_lowercase().as_str() {
                "from" => headers.from = Some(address("header From", &text)?),
                // Those are made here, or no mail would be readable.
                "content-type" | "content-transfer-encoding" | "mime-version" | "date" => {}
                _ if is_name(name) => headers.texts.push((name.clone(), text)),
                _ => return Err(SendFailure::permanent(format_args!("headers: {name:?} is no header's name"))),
            }
        }
        let subject = filled(message, "subject", DEFAULT_SUBJECT)?;
        headers.add("Subject", header_text(&subject));
        // The sender's domain, which stays the same when a machine is replaced.
        let id = format!("<{}@{}>", message.notification.id, from.email.domain());
        headers.add("Message-Id", id);
        headers.add("Auto-Submitted", "auto-generated".to_owned());
        if config.threading.enabled {
            let thread = thread(config, message);
            headers.add("References", thread.clone());
            headers.add("In-Reply-To", thread);
        }
        Ok(headers)
    }

    /// Adds a header, unless the configuration has it.
    fn add(&mut self, name: &str, text: String) {
        if !self.texts.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            self.texts.push((name.to_owned(), text));
        }
    }

    fn record(&self, to: &str) -> String {
        let texts = self.texts.iter().map(|(name, text)| format!("{name}: {text}"));
        let lines: Vec<String> = std::iter::once(format!("To: {}", header_text(to))).chain(texts).collect();
        lines.join("\n")
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && c != ':')
}

/// What all mails of a group answer, which is no mail: readers put them together nevertheless.
fn thread(config: &EmailConfig, message: &Message<'_>) -> String {
    let day = jiff::Timestamp::from_millisecond(message.notification.at_ms).unwrap_or_default();
    let day =
        if config.threading.thread_by_date == "none" { String::new() } else { day.strftime("%Y-%m-%d").to_string() };
    let hash: String = message.group_hash().chars().take(16).collect();
    format!("<alert-{hash}-{day}@alertmanager>")
}

/// A picture, and how the HTML calls it.
type Drawn = (&'static str, Arc<[u8]>);

/// HTML with those of its pictures that there are, and without the rows in which the others would stand.
async fn with_charts(mut html: String, message: &Message<'_>) -> (String, Vec<Drawn>) {
    let mut drawn: Vec<Drawn> = Vec::new();
    for (row, name) in CHARTS {
        if !html.contains(&format!("cid:{name}")) {
            continue;
        }
        let n_left = MAX_CHART_BYTES - drawn.iter().map(|(_, png)| png.len()).sum::<usize>();
        let png = match (message.context.pictures, name) {
            (Some(pictures), BUDGET_ID) => pictures.budget_png(message.notification).await,
            (Some(pictures), _) => pictures.png(message.notification).await,
            (None, _) => None,
        };
        match png.filter(|png| png.len() <= n_left) {
            Some(png) => drawn.push((name, png)),
            None => html = without_row(&html, row),
        }
    }
    (html, drawn)
}

/// HTML without the row of an id.
fn without_row(html: &str, id: &str) -> String {
    let row = html.find(&format!("<tr id=\"{id}\""));
    match row.and_then(|start| Some((start, start + html[start..].find("</tr>")? + 5))) {
        Some((start, end)) => format!("{}{}", &html[..start], &html[end..]),
        None => html.to_owned(),
    }
}

/// The parts. Boundaries follow from the notification, so that the same mail is made twice.
fn body(id: &str, text: String, html: String, charts: Vec<Drawn>) -> MultiPart {
    let mut body = MultiPart::alternative().boundary(format!("alternative-{id}")).build();
    if !text.is_empty() {
        body = body.singlepart(SinglePart::plain(text));
    }
    if html.is_empty() {
        return body;
    }
    let html = SinglePart::html(html);
    if charts.is_empty() {
        return body.singlepart(html);
    }
    let mut related = MultiPart::related().boundary(format!("related-{id}")).singlepart(html);
    for (name, png) in charts {
        let picture = SinglePart::builder()
            .header(ContentType::parse("image/png").unwrap_or(ContentType::TEXT_PLAIN))
            .header(ContentDisposition::inline_with_name(name))
            .header(ContentId::from(format!("<{name}>")))
            .body(png.to_vec());
        related = related.singlepart(picture);
    }
    body.multipart(related)
}

/// The templates of mails in a language, each with its name.
pub(in crate::receivers) fn templates(language: Language) -> [(&'static str, &'static str); 2] {
    let words = match language {
        Language::English => include_str!("words.en.tmpl"),
        Language::Chinese => include_str!("words.zh-CN.tmpl"),
    };
    [("email.tmpl", include_str!("email.tmpl")), ("email.words.tmpl", words)]
}
