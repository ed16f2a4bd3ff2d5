//! From what discovery finds to the URL at which an Alertmanager takes alerts.

use model::Labels;
use model::relabel::Rules;
use net::percent::{Place, encode_into};
use net::url::{Url, UrlError};

/// The label that holds a target's address.
const ADDRESS: &str = "__address__";
/// The label that holds the scheme.
const SCHEME: &str = "__scheme__";
/// The label that holds the path at which alerts are posted.
const PATH: &str = "__alerts_path__";
/// Where an Alertmanager takes alerts.
const ENDPOINT: &str = "api/v2/alerts";

/// Alertmanagers with labels in common, as discovery finds them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The labels of each.
    pub targets: Vec<Labels>,
    /// Labels of all of them, where these have no labels of the same names.
    pub labels: Labels,
}

/// Why something that was found is no Alertmanager.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Its address is none.
    #[error("\"{0}\" is not a valid hostname")]
    Hostname(String),
    /// Address, scheme and path make no URL.
    #[error("\"{text}\" is not a URL: {error}")]
    Url {
        /// What they make.
        text: String,
        /// Why that is none.
        error: UrlError,
    },
}

/// Where alerts are posted.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// As it is shown.
    pub(super) text: String,
    pub(super) url: Url,
}

/// What a group comes to.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub(super) active: Vec<Address>,
    /// Those that relabelling drops, as they are before it.
    pub(super) dropped: Vec<String>,
}

impl Addresses {
    /// The Alertmanagers of a group, in its order.
    ///
    /// # Errors
    /// When one of them has no usable address: then none of the group is used, as in Prometheus.
    pub(super) fn of(
        group: &Group,
        scheme: &str,
        path_prefix: &str,
        relabel: &Rules,
    ) -> Result<Addresses, AddressError> {
        let mut addresses = Addresses::default();
        let path = joined(path_prefix);
        for target in &group.targets {
            let mut labels = target.to_builder();
            labels.set(SCHEME, scheme).set(PATH, &path);
            for (name, value) in group.labels.iter().filter(|(name, _)| target.get(name).is_none()) {
                labels.set(name, value);
            }
            let before = labels.build();
            if !relabel.apply_to_builder(&mut labels) {
                addresses.dropped.push(url_text(&before));
                continue;
            }
            let host = labels.get(ADDRESS);
            if host.is_empty() || host.contains('/') {
                return Err(AddressError::Hostname(host.to_owned()));
            }
            let text = url_text(&labels.build());
            let url = text.parse().map_err(|error| AddressError::Url { text: text.clone(), error })?;
            addresses.active.push(Address { text, url });
        }
        Ok(addresses)
    }
}

fn url_text(labels: &Labels) -> String {
    let label = |name| labels.get(name).unwrap_or_default();
    let mut text = format!("{}://{}", label(SCHEME), label(ADDRESS));
    for (n, segment) in label(PATH).split('/').enumerate() {
        if n > 0 || !segment.is_empty() {
            text.push('/');
        }
        encode_into(&mut text, segment, Place::Path);
    }
    text
}

/// The endpoint behind a prefix, without empty segments, `.` and `..`.
fn joined(prefix: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in prefix.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        if segment == ".." {
            segments.pop();
        } else {
            segments.push(segment);
        }
    }
    segments.push(ENDPOINT);
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use model::name::ValidationScheme;
    use model::relabel::RelabelConfig;
    use model::yaml::Document;

    use super::*;

    fn rules(yaml: &str) -> Rules {
        let (configs, problems) = Document::parse(yaml).unwrap().read::<Vec<RelabelConfig>>();
        assert_eq!(problems, []);
        Rules::new(&configs.unwrap(), ValidationScheme::Utf8).unwrap()
    }

    #[test]
    fn a_prefix_stands_before_the_endpoint() {
        let check = |prefix, want| assert_eq!(joined(prefix), want, "{prefix:?}");
        check("", "/api/v2/alerts");
        check("/", "/api/v2/alerts");
        check("am", "/am/api/v2/alerts");
        check("/am/", "/am/api/v2/alerts");
        check("//a/./b/../c", "/a/c/api/v2/alerts");
        check("../..", "/api/v2/alerts");
    }

    #[test]
    fn labels_become_urls() {
        let check = |target: &[(&str, &str)], group: &[(&str, &str)], relabel: &str, want: (&[&str], &[&str])| {
            let labels = |pairs: &[(&str, &str)]| Labels::from_pairs(pairs.iter().copied());
            let group = Group { targets: vec![labels(target)], labels: labels(group) };
            let found = Addresses::of(&group, "http", "/am", &rules(relabel)).unwrap();
            let active: Vec<&str> = found.active.iter().map(|address| address.text.as_str()).collect();
            assert_eq!(
                (active.as_slice(), found.dropped.as_slice()),
                (want.0, &want.1.map_strings()[..]),
                "{target:?}"
            );
        };
        let a = [("__address__", "a:9093")];
        check(&a, &[], "[]", (&["http://a:9093/am/api/v2/alerts"], &[]));
        // The group's labels stand above the configuration's, a target's own scheme does not.
        check(&a, &[("__scheme__", "https")], "[]", (&["https://a:9093/am/api/v2/alerts"], &[]));
        let own = [("__address__", "a"), ("__scheme__", "ftp"), ("__alerts_path__", "/x")];
        check(&own, &[("__scheme__", "https")], "[]", (&["http://a/am/api/v2/alerts"], &[]));
        let renamed = "[{source_labels: [dc], target_label: __alerts_path__, replacement: '/b c/$1'}]";
        check(&a, &[("dc", "eu")], renamed, (&["http://a:9093/b%20c/eu"], &[]));
        let dropping = "[{source_labels: [dc], regex: eu, action: drop}]";
        check(&a, &[("dc", "eu")], dropping, (&[], &["http://a:9093/am/api/v2/alerts"]));
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_group() {
        let check = |address: &str, want: &str| {
            let good = Labels::from_pairs([("__address__", "a:1")]);
            let bad = Labels::from_pairs([("__address__", address)]);
            let group = Group { targets: vec![good, bad], labels: Labels::empty() };
            let error = Addresses::of(&group, "http", "", &Rules::default()).unwrap_err();
            assert!(error.to_string().starts_with(want), "{error}");
        };
        check("", "\"\" is not a valid hostname");
        check("http://a", "\"http://a\" is not a valid hostname");
        check("a:b:c", "\"http://a:b:c/api/v2/alerts\" is not a URL: ");
    }

    trait MapStrings {
        fn map_strings(&self) -> Vec<String>;
    }

    impl MapStrings for &[&str] {
        fn map_strings(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }
}
