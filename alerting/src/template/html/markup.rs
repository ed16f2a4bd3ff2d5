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

/// The character that an entity at the beginning of a text stands for, and how many bytes it takes. An `&` that begins
/// none stands for itself.
///
/// # Errors
/// For names that are not among the five that everybody knows: what they mean to a script is not known here.
pub(super) fn entity(text: &str) -> Result<(char, usize), String> {
    let rest = text.strip_prefix('&').unwrap_or(text);
    if let Some(number) = rest.strip_prefix('#') {
        let (digits, base, n_before) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16, 3),
            None => (number, 10, 2),
        };
        let n_digits = digits.chars().take_while(|c| c.is_digit(base)).count();
        let code = u32::from_str_radix(&digits[..n_digits], base).ok().and_then(char::from_u32);
        let n_end = usize::from(digits[n_digits..].starts_with(';'));
        return Ok((code.unwrap_or(char::REPLACEMENT_CHARACTER), n_before + n_digits + n_end));
    }
    let n_letters = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if n_letters == 0 {
        return Ok(('&', 1));
    }
    for (name, meaning) in [("quot", '"'), ("apos", '\''), ("amp", '&'), ("lt", '<'), ("gt", '>')] {
        if &rest[..n_letters] == name {
            return Ok((meaning, 1 + n_letters + usize::from(rest[n_letters..].starts_with(';'))));
        }
    }
    Err(format!("the entity &{} in an attribute that holds code is not known", &rest[..n_letters]))
}
