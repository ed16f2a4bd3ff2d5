//! Escaping for HTML itself.

/// What takes the place of a value that is not safe where it stands.
pub(super) const UNSAFE: &str = "ZgotmplZ";

/// For text and attributes in quotes. Where `keeps_entities`, `&` stays: the text is HTML already.
pub(super) fn escaped(text: &str, keeps_entities: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            '"' => out.push_str("&#34;"),
            '&' if !keeps_entities => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '+' => out.push_str("&#43;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// For attributes without quotes, which a blank would end.
pub(super) fn escaped_without_quotes(text: &str, keeps_entities: bool) -> String {
    if text.is_empty() {
        return UNSAFE.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push_str("&#xfffd;"),
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '"' | '\'' | '+' | '=' | '`' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            '&' if !keeps_entities => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// HTML without its tags, for an attribute.
pub(super) fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let tag = &rest[at..];
        let is_tag = tag[1..].trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic() || c == '!');
        let end = tag.find('>').filter(|_| is_tag);
        match end {
            Some(end) => rest = &tag[end + 1..],
            None => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The name of an attribute or element, where it is harmless.
pub(super) fn name(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let is_plain = !lower.is_empty() && lower.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let means_nothing = matches!(super::context::Attribute::of(&lower), super::context::Attribute::Plain);
    if is_plain && means_nothing { lower } else { UNSAFE.to_owned() }
}
