//! From a name in a snapshot to a series: which parts of it name something, and what remains as the metric's name.
//!
//! Names of frameworks are percent-encoded, so that they hold no slash. Names of roles are not, and do: what stands
//! around them is found from both ends.

use model::Labels;
use model::labels::METRIC_NAME;

use super::metric_type;
use crate::parse::MetricType;

const FRAMEWORKS: &str = "master/frameworks/";
const RESOURCE_PROVIDERS: &str = "resource_providers/";

/// Roles stand between one of these and the rest of a name.
const ROLES: [Roles; 3] = [
    Roles { before: "allocator/mesos/roles", after: After::Exactly("/shares/dominant") },
    Roles { before: "allocator/mesos/offer_filters/roles", after: After::Exactly("/active") },
    Roles { before: "allocator/mesos/quota/roles", after: After::Resource },
];

struct Roles {
    before: &'static str,
    after: After,
}

enum After {
    Exactly(&'static str),
    /// `/resources/NAME/WHAT`
    Resource,
}

/// What a name in a snapshot stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MesosSeries {
    /// The metric's name and labels.
    pub labels: Labels,
    /// Counter or gauge.
    pub metric_type: MetricType,
    /// What tells where the series comes from: the name with `{…}` in place of what has become a label.
    pub help: String,
}

/// The series that a name stands for. Any text has one.
pub fn series(name: &str) -> MesosSeries {
    let parts = framework_parts(name).or_else(|| role_parts(name)).or_else(|| provider_parts(name));
    let Parts { labels, pattern, help } =
        parts.unwrap_or_else(|| Parts { labels: Vec::new(), pattern: name.to_owned(), help: name.to_owned() });
    let metric_name = metric_name(&pattern);
    let named = labels.iter().map(|(name, value)| (*name, value.as_str()));
    MesosSeries {
        labels: Labels::from_pairs(named.chain([(METRIC_NAME, metric_name.as_str())])),
        metric_type: metric_type::of(&pattern),
        help: format!("Mesos: {help}"),
    }
}

/// A name taken apart.
struct Parts {
    labels: Vec<(&'static str, String)>,
    /// The name without the segments that have become labels.
    pattern: String,
    help: String,
}

/// `master/frameworks/NAME/ID/…`, and in it perhaps `roles/ROLE/suppressed`.
fn framework_parts(name: &str) -> Option<Parts> {
    let (framework, rest) = name.strip_prefix(FRAMEWORKS)?.split_once('/')?;
    let (framework_id, rest) = rest.split_once('/')?;
    let mut labels = vec![("framework", percent_decoded(framework)), ("framework_id", framework_id.to_owned())];
    let role = rest.strip_prefix("roles/").and_then(|rest| rest.strip_suffix("/suppressed"));
    let (rest, help) = match role {
        Some(role) => {
            labels.push(("role", role.to_owned()));
            ("roles/suppressed", "roles/{role}/suppressed")
        }
        None => (rest, rest),
    };
    let help = format!("{FRAMEWORKS}{{framework}}/{{framework_id}}/{help}");
    Some(Parts { labels, pattern: format!("{FRAMEWORKS}{rest}"), help })
}

fn role_parts(name: &str) -> Option<Parts> {
    ROLES.iter().find_map(|roles| {
        let rest = name.strip_prefix(roles.before)?.strip_prefix('/')?;
        let after = match roles.after {
            After::Exactly(after) => after,
            After::Resource => resource_part(rest)?,
        };
        // The role of the root is the empty text, which is no label.
        let role = rest.strip_suffix(after)?;
        let pattern = format!("{}{after}", roles.before);
        let help = format!("{}/{{role}}{after}", roles.before);
        Some(Parts { labels: vec![("role", role.to_owned())], pattern, help })
    })
}

/// The end `/resources/NAME/WHAT` of a text.
fn resource_part(text: &str) -> Option<&str> {
    let (before, _what) = text.rsplit_once('/')?;
    let (before, _resource) = before.rsplit_once('/')?;
    before.ends_with("/resources").then(|| &text[before.len() - "/resources".len()..])
}

/// `resource_providers/TYPE.NAME/…`: a local disk. A type holds dots; a name does not.
fn provider_parts(name: &str) -> Option<Parts> {
    let (provider, rest) = name.strip_prefix(RESOURCE_PROVIDERS)?.split_once('/')?;
    let (provider_type, provider) = provider.rsplit_once('.')?;
    let labels = vec![("resource_provider", provider.to_owned()), ("resource_provider_type", provider_type.to_owned())];
    let help = format!("{RESOURCE_PROVIDERS}{{resource_provider_type}}.{{resource_provider}}/{rest}");
    Some(Parts { labels, pattern: format!("{RESOURCE_PROVIDERS}{rest}"), help })
}

fn metric_name(pattern: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    "mesos_".chars().chain(pattern.chars().map(legal)).collect()
}

/// A text without its `%HH`. What is not hexadecimal stays; what is not UTF-8 in the end is replaced.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(hex_byte);
        bytes.push(escaped.unwrap_or(*first));
        rest = &after[if escaped.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_that_name_something_become_labels() {
        let check = |name: &str, expected: &str| {
            let labels = series(name).labels;
            let without_name: Vec<String> =
                labels.iter().filter(|(name, _)| *name != METRIC_NAME).map(|(n, v)| format!("{n}={v}")).collect();
            assert_eq!(format!("{}{{{}}}", labels.metric_name(), without_name.join(",")), expected);
        };
        check("master/cpus_percent", "mesos_master_cpus_percent{}");
        check("registrar/state_store_ms/p99", "mesos_registrar_state_store_ms_p99{}");
        check(
            "master/operations/create_disk/gone_by_operator",
            "mesos_master_operations_create_disk_gone_by_operator{}",
        );
        check(
            "master/frameworks/spark%20batch%2FETL.v2/edca-0000/calls/accept",
            "mesos_master_frameworks_calls_accept{framework=spark batch/ETL.v2,framework_id=edca-0000}",
        );
        check(
            "master/frameworks/a/b-1/roles/analytics/etl/suppressed",
            "mesos_master_frameworks_roles_suppressed{framework=a,framework_id=b-1,role=analytics/etl}",
        );
        check(
            "allocator/mesos/roles/shares/dominant/shares/dominant",
            "mesos_allocator_mesos_roles_shares_dominant{role=shares/dominant}",
        );
        check(
            "allocator/mesos/offer_filters/roles/a/active",
            "mesos_allocator_mesos_offer_filters_roles_active{role=a}",
        );
        check(
            "allocator/mesos/quota/roles/x/resources/y/z/resources/gpus/consumed",
            "mesos_allocator_mesos_quota_roles_resources_gpus_consumed{role=x/resources/y/z}",
        );
        check(
            "allocator/mesos/quota/roles//resources/mem/consumed",
            "mesos_allocator_mesos_quota_roles_resources_mem_consumed{}",
        );
        check(
            "resource_providers/org.apache.mesos.rp.local.storage.disk1/csi_plugin/rpcs_pending",
            "mesos_resource_providers_csi_plugin_rpcs_pending{resource_provider=disk1,\
             resource_provider_type=org.apache.mesos.rp.local.storage}",
        );
    }

    #[test]
    fn odd_names_are_series_too() {
        for name in ["", "/", "master/frameworks/", "master/frameworks/a", "master/frameworks/%zz%2", "é b", "%"] {
            assert!(series(name).labels.metric_name().starts_with("mesos_"), "{name}");
        }
        assert_eq!(percent_decoded("%41%zz%4%"), "A%zz%4%");
        assert_eq!(percent_decoded("%ff"), "\u{fffd}");
    }
}
