//! Where in a document the text that has been written ends.

use super::css::Css;
use super::js::Js;
use super::url::UrlPart;

/// A place in a document.
#[derive(Clone, Debug, Default)]
pub(super) enum State {
    #[default]
    Text,
    Comment,
    /// Inside of a tag, before the name of an attribute.
    Tag,
    AttributeName,
    AfterName,
    BeforeValue,
    Value(Delimiter, Attribute),
    /// Inside of an element whose content is no HTML.
    Raw(Raw),
}

/// What ends the value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Double,
    Single,
    /// A blank, or the end of the tag.
    Space,
}

/// What the value of an attribute means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attribute {
    Plain,
    Url(UrlPart),
    Style(Css),
    Script(Js),
}

/// An element whose content ends with its end tag only.
#[derive(Clone, Debug)]
pub(super) enum Raw {
    Script(Js),
    Style(Css),
    /// `title` and `textarea`: text, in which entities count.
    Title,
    Textarea,
}

impl Raw {
    /// The element of a name, if it is one of these.
    pub(super) fn of(name: &str) -> Option<Raw> {
        match name {
            "script" => Some(Raw::Script(Js::default())),
            "style" => Some(Raw::Style(Css::default())),
            "title" => Some(Raw::Title),
            "textarea" => Some(Raw::Textarea),
            _ => None,
        }
    }

    pub(super) fn end_tag(&self) -> &'static str {
        match self {
            Raw::Script(_) => "</script",
            Raw::Style(_) => "</style",
            Raw::Title => "</title",
            Raw::Textarea => "</textarea",
        }
    }
}

/// Attributes that hold URLs.
const URL_ATTRIBUTES: [&str; 19] = [
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "formaction",
    "href",
    "icon",
    "longdesc",
    "manifest",
    "poster",
    "profile",
    "src",
    "srcset",
    "usemap",
    "xmlns",
    "ping",
];

impl Attribute {
    /// What the value of an attribute means, by its name.
    pub(super) fn of(name: &str) -> Attribute {
        let lower = name.to_ascii_lowercase();
        let name = lower.strip_prefix("data-").unwrap_or(&lower);
        let name = name.split_once(':').map_or(name, |(prefix, rest)| if prefix == "xmlns" { "xmlns" } else { rest });
        if name == "style" {
            Attribute::Style(Css::default())
        } else if name.starts_with("on") {
            Attribute::Script(Js::default())
        } else if URL_ATTRIBUTES.contains(&name) || ["src", "uri", "url"].iter().any(|part| name.contains(part)) {
            Attribute::Url(UrlPart::Start)
        } else {
            Attribute::Plain
        }
    }

    /// What the value means behind one more character.
    pub(super) fn after(self, c: char) -> Attribute {
        match self {
            Attribute::Plain => Attribute::Plain,
            Attribute::Url(part) => Attribute::Url(part.after(c)),
            Attribute::Style(css) => Attribute::Style(css.after(c)),
            Attribute::Script(js) => Attribute::Script(js.after(c)),
        }
    }
}
