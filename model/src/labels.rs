//! The identity of a series: a set of name–value pairs, sorted by name.
//!
//! A [`Labels`] is one reference-counted string: `len name len value …`, each length written as one or two `char`s so
//! that the whole stays valid UTF-8 and no slice has to be checked again. Equality and hashing are those of the
//! string; cloning is a counter. Labels are interned only inside `tsdb`, where the interned ones can be freed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::name;

/// The label that holds a series' metric name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds a classic histogram bucket's upper bound.
pub const BUCKET_LABEL: &str = "le";
/// The label that holds a summary's quantile.
pub const QUANTILE_LABEL: &str = "quantile";

/// A sorted set of labels with distinct names and no empty values.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels(Arc<str>);

impl Labels {
    /// No labels at all.
    pub fn empty() -> Labels {
        Labels::default()
    }

    /// Labels from pairs in any order. Of a repeated name the last pair stands; an empty value is no label.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
        let mut builder = LabelsBuilder::new();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// Labels from pairs that are already sorted by name, distinct, and without empty values.
    ///
    /// The hot path of decoders, which check these three things on the way.
    pub fn from_sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Labels {
        debug_assert!(is_strictly_sorted(pairs.clone()), "from_sorted needs sorted, distinct names");
        let n_bytes = pairs.clone().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut text = String::with_capacity(n_bytes);
        for (name, value) in pairs {
            push_field(&mut text, name);
            push_field(&mut text, value);
        }
        Labels(text.into())
    }

    /// The value of a label, if it is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        for (candidate, value) in self {
            match candidate.cmp(name) {
                Ordering::Less => {}
                Ordering::Equal => return Some(value),
                Ordering::Greater => return None,
            }
        }
        None
    }

    /// The metric name; empty where the series has none.
    pub fn metric_name(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or_default()
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.0 }
    }

    /// How many labels there are. Walks the set.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes the set occupies, without the reference counts.
    pub fn n_bytes(&self) -> usize {
        self.0.len()
    }

    /// A hash of the set (XXH3). With a seed that targets cannot know, they cannot make sets that collide.
    pub fn fingerprint(&self, seed: u64) -> u64 {
        xxh3_64_with_seed(self.0.as_bytes(), seed)
    }

    /// The same set without the labels for which `drop` says yes.
    pub fn without(&self, drop: impl Fn(&str) -> bool) -> Labels {
        if !self.iter().any(|(name, _)| drop(name)) {
            return self.clone();
        }
        let mut text = String::with_capacity(self.0.len());
        for (name, value) in self.iter().filter(|(name, _)| !drop(name)) {
            push_field(&mut text, name);
            push_field(&mut text, value);
        }
        Labels(text.into())
    }

    /// The same set without its metric name.
    pub fn without_metric_name(&self) -> Labels {
        self.without(|name| name == METRIC_NAME)
    }

    /// A builder that starts from this set.
    pub fn to_builder(&self) -> LabelsBuilder {
        LabelsBuilder::from(self)
    }
}

impl Default for Labels {
    fn default() -> Labels {
        Labels(Arc::from(""))
    }
}

impl Ord for Labels {
    /// Label by label, name before value; of two sets of which one begins the other, the shorter is less.
    fn cmp(&self, other: &Labels) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Labels) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Labels {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(pairs: T) -> Labels {
        Labels::from_pairs(pairs)
    }
}

impl fmt::Display for Labels {
    /// `{a="b", c="d"}` as Prometheus prints a label set; names that are not legacy names are quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, (name, value)) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            if name::is_legacy_label_name(name) {
                write!(f, "{separator}{name}={}", name::quoted(value))?;
            } else {
                write!(f, "{separator}{}={}", name::quoted(name), name::quoted(value))?;
            }
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Labels {
    /// As a map, sorted by name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Labels {
    /// From a map in any order.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
        let pairs: BTreeMap<Cow<'de, str>, Cow<'de, str>> = BTreeMap::deserialize(deserializer)?;
        Ok(Labels::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value))))
    }
}

/// The pairs of a [`Labels`], sorted by name.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        if self.rest.is_empty() {
            return None;
        }
        let name = take_field(&mut self.rest);
        let value = take_field(&mut self.rest);
        Some((name, value))
    }
}

/// Lengths below this are one `char`; it is the first surrogate, which no `char` can be.
const ONE_CHAR_LIMIT: usize = 0xD800;
/// Longer lengths put their low 20 bits into a `char` from here on, and the rest into a second one.
const TWO_CHAR_BASE: usize = 0x1_0000;

fn push_field(text: &mut String, field: &str) {
    let len = field.len();
    if len < ONE_CHAR_LIMIT {
        text.push(char_of(len));
    } else {
        text.push(char_of(TWO_CHAR_BASE + (len & 0xF_FFFF)));
        text.push(char_of(len >> 20));
    }
    text.push_str(field);
}

fn char_of(n: usize) -> char {
    u32::try_from(n).ok().and_then(char::from_u32).expect("a field shorter than 50 GiB")
}

fn take_field<'a>(rest: &mut &'a str) -> &'a str {
    let first = rest.as_bytes()[0];
    let (len, n_prefix) = if first < 0x80 { (usize::from(first), 1) } else { long_length(rest) };
    let (field, after) = rest[n_prefix..].split_at(len);
    *rest = after;
    field
}

#[cold]
fn long_length(text: &str) -> (usize, usize) {
    let mut chars = text.chars();
    let first = chars.next().map_or(0, |c| c as usize);
    if first < TWO_CHAR_BASE {
        return (first, text.len() - chars.as_str().len());
    }
    let high = chars.next().map_or(0, |c| c as usize);
    ((high << 20) + (first - TWO_CHAR_BASE), text.len() - chars.as_str().len())
}

fn is_strictly_sorted<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    let mut last: Option<&str> = None;
    for (name, value) in pairs {
        if value.is_empty() || last.is_some_and(|last| last >= name) {
            return false;
        }
        last = Some(name);
    }
    true
}

/// Labels in the making: set, change and remove in any order, then [`LabelsBuilder::build`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelsBuilder {
    /// Sorted by name; an empty value stands for "not set".
    pairs: Vec<(Cow<'static, str>, String)>,
}

impl LabelsBuilder {
    /// A builder without labels.
    pub fn new() -> LabelsBuilder {
        LabelsBuilder::default()
    }

    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) -> &mut LabelsBuilder {
        match self.position(name) {
            Ok(at) if value.is_empty() => {
                self.pairs.remove(at);
            }
            Ok(at) => {
                value.clone_into(&mut self.pairs[at].1);
            }
            Err(_) if value.is_empty() => {}
            Err(at) => self.pairs.insert(at, (Cow::Owned(name.to_owned()), value.to_owned())),
        }
        self
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) -> &mut LabelsBuilder {
        self.set(name, "")
    }

    /// Keeps only the labels for which `keep` says yes.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) -> &mut LabelsBuilder {
        self.pairs.retain(|(name, _)| keep(name));
        self
    }

    /// The value of a label; empty where it is not set.
    pub fn get(&self, name: &str) -> &str {
        self.position(name).map_or("", |at| &self.pairs[at].1)
    }

    /// The pairs so far, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Whether no label is set.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The finished set.
    pub fn build(&self) -> Labels {
        Labels::from_sorted(self.iter())
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(candidate, _)| (**candidate).cmp(name))
    }
}

impl From<&Labels> for LabelsBuilder {
    fn from(labels: &Labels) -> LabelsBuilder {
        let pairs = labels.iter().map(|(name, value)| (Cow::Owned(name.to_owned()), value.to_owned())).collect();
        LabelsBuilder { pairs }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::from_pairs(pairs.iter().copied())
    }

    #[test]
    fn pairs_come_back_sorted_and_the_last_of_a_name_stands() {
        let set = labels(&[("b", "1"), ("a", "2"), ("b", "3"), ("c", "")]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        assert_eq!((set.get("a"), set.get("c"), set.len()), (Some("2"), None, 2));
    }

    #[test]
    fn display_quotes_what_is_not_a_legacy_name() {
        let set = labels(&[("__name__", "up"), ("host.name", "a\"b\n")]);
        assert_eq!(set.to_string(), r#"{__name__="up", "host.name"="a\"b\n"}"#);
    }

    #[test]
    fn order_is_label_by_label() {
        let check = |less: &[(&str, &str)], more: &[(&str, &str)]| assert!(labels(less) < labels(more));
        check(&[], &[("a", "1")]);
        check(&[("a", "1")], &[("a", "1"), ("b", "1")]);
        check(&[("a", "1"), ("b", "9")], &[("a", "2")]);
        // A longer value is not greater because its length is.
        check(&[("a", "aaa")], &[("a", "b")]);
    }

    #[test]
    fn lengths_around_every_encoding_border_come_back() {
        for len in [0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xffff, 0x10_0000, 0x12_3456] {
            let value = "v".repeat(len);
            let set = labels(&[("a", &value), ("b", "x")]);
            assert_eq!((set.get("a").map(str::len), set.get("b")), (Some(len), Some("x")), "{len:#x}");
        }
    }

    #[test]
    fn without_keeps_the_rest() {
        let set = labels(&[("__name__", "up"), ("job", "x")]);
        assert_eq!(set.without_metric_name(), labels(&[("job", "x")]));
    }

    proptest! {
        #[test]
        fn builder_and_set_agree(pairs in prop::collection::vec(("[a-e]|é{1,3}", "\\PC{0,300}"), 0..12)) {
            let set = Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            let mut naive = BTreeMap::new();
            for (name, value) in &pairs {
                naive.insert(name.clone(), value.clone());
            }
            naive.retain(|_, value| !value.is_empty());
            let got: Vec<_> = set.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(got, naive.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(set.to_builder().build(), set);
        }
    }
}
