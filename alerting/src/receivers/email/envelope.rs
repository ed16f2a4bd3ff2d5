//! Addresses and the texts of headers, made harmless.

use lettre::message::{Mailbox, Mailboxes};

use crate::receivers::SendFailure;

/// How long a header's text may be: one line of a mail holds 998 bytes. (Limit `mail_header_bytes`.)
pub(super) const MAX_HEADER_BYTES: usize = 900;
/// How long a list of addresses may be. (Limit `mail_address_bytes`.)
const MAX_ADDRESS_BYTES: usize = 64 << 10;
/// How many addresses one mail goes to. (Limit `mail_receivers`.)
const MAX_RECEIVERS: usize = 100;

/// A text for a header: no line breaks, no control characters, cut at a length.
pub(super) fn header_text(text: &str) -> String {
    let clean: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = clean.split(' ').filter(|word| !word.is_empty()).collect();
    cut(&words.join(" "), MAX_HEADER_BYTES)
}

/// What has no place in a header: it would end a line, or turn text around.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text for a body: line breaks and tabs, and no other control characters.
pub(super) fn body_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}

fn cut(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let mut end = max_bytes - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text[..end].trim_end())
}

/// The one address that a text is.
pub(super) fn address(what: &str, text: &str) -> Result<Mailbox, SendFailure> {
    let mut addresses = Vec::from_iter(addresses(what, text)?);
    match (addresses.pop(), addresses.is_empty()) {
        (Some(address), true) => Ok(address),
        _ => Err(SendFailure::permanent(format_args!("{what} must be exactly one address"))),
    }
}

/// The addresses that a text lists, with commas between.
pub(super) fn addresses(what: &str, text: &str) -> Result<Mailboxes, SendFailure> {
    if text.len() > MAX_ADDRESS_BYTES {
        let limit = "limit mail_address_bytes";
        return Err(SendFailure::permanent(format_args!("{what}: more than {MAX_ADDRESS_BYTES} bytes ({limit})")));
    }
    let clean: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    let clean = clean.trim().trim_end_matches(',');
    let parsed = clean.parse::<Mailboxes>();
    let addresses =
        parsed.map_err(|error| SendFailure::permanent(format_args!("{what} {:?}: {error}", header_text(clean))))?;
    let n_addresses = addresses.iter().count();
    if n_addresses == 0 {
        return Err(SendFailure::permanent(format_args!("{what}: no address")));
    }
    if n_addresses > MAX_RECEIVERS {
        let limit = "limit mail_receivers";
        return Err(SendFailure::permanent(format_args!(
            "{what}: {n_addresses} addresses, more than {MAX_RECEIVERS} ({limit})"
        )));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_hold_one_line() {
        let check = |text: &str, want: &str| assert_eq!(header_text(text), want);
        check("a\r\nBcc: all@example.org", "a Bcc: all@example.org");
        check("a\0b\u{2028}c\t d", "a b c d");
        check("", "");
        let long = header_text(&"错".repeat(1000));
        assert!(long.len() <= MAX_HEADER_BYTES && long.ends_with('…'));
    }

    #[test]
    fn addresses_are_addresses() {
        let check = |text: &str, want: Result<usize, ()>| {
            let read = addresses("to", text).map(|all| all.iter().count()).map_err(|_| ());
            assert_eq!(read, want, "{text}");
        };
        check("a@example.org", Ok(1));
        check("值班 <a@example.org>, b@example.org, ", Ok(2));
        check("a@example.org\r\nRCPT TO:<b@example.org>", Err(()));
        check("a@example.org>\r\n<b@example.org", Err(()));
        check("", Err(()));
        check("no address", Err(()));
        check(&format!("{}@example.org", "a".repeat(10_000)), Err(()));
        check(&vec!["a@example.org"; 101].join(","), Err(()));
        assert!(address("from", "a@example.org, b@example.org").is_err());
    }
}
