//! All of `alertmanager.yml`.

use std::collections::BTreeSet;
use std::path::Path;

use model::name::quoted;
use model::yaml::{Faults, to_yaml};
use net::config::join_directory;
use serde::{Deserialize, Serialize};

use super::inhibit_rule::InhibitRuleConfig;
use super::named_intervals::{NamedIntervals, check_names};
use super::own::OwnConfig;
use super::receiver::{Payload, is_default};
use super::route::{Known, RouteConfig};
use super::{GlobalConfig, ReceiverConfig};

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct AlertmanagerConfig {
    /// What receivers take where they do not say it themselves.
    pub global: GlobalConfig,
    /// The root of the routing tree; always there once the file has been read.
    pub route: Option<RouteConfig>,
    /// Which alerts keep which others quiet.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "InhibitRuleConfig::read_list")]
    pub inhibit_rules: Vec<InhibitRuleConfig>,
    /// To whom something is told.
    #[serde(skip_serializing_if = "is_default")]
    pub receivers: Vec<ReceiverConfig>,
    /// Files with templates; patterns.
    pub templates: Vec<String>,
    /// Intervals, under their old name.
    #[serde(skip_serializing_if = "is_default")]
    pub mute_time_intervals: Vec<NamedIntervals>,
    /// Intervals.
    #[serde(skip_serializing_if = "is_default")]
    pub time_intervals: Vec<NamedIntervals>,
    /// Traces of Alertmanager itself, which narthex does not make.
    #[serde(skip_serializing_if = "is_default")]
    pub tracing: Payload,
    /// What Alertmanager writes down of its events; narthex has a journal.
    #[serde(skip_serializing_if = "is_default")]
    pub event_recorder: Payload,
    /// What is our own.
    #[serde(skip_serializing_if = "is_default")]
    pub narthex: OwnConfig,
}

impl AlertmanagerConfig {
    /// The configuration as YAML, with what was left out filled in and without secrets.
    pub fn to_yaml(&self) -> String {
        to_yaml(self).unwrap_or_else(|error| format!("# the configuration cannot be written: {error}\n"))
    }

    /// Finds what is wrong with what was written.
    pub(super) fn check(&self, faults: &mut Faults) {
        faults.within("global", |faults| self.global.check(faults));
        let mut receivers = BTreeSet::new();
        faults.within_each("receivers", &self.receivers, |faults, receiver| {
            receiver.check(faults);
            if !receiver.name.is_empty() && !receivers.insert(receiver.name.as_str()) {
                let name = quoted(&receiver.name);
                faults.add("name", format_args!("notification config name {name} is not unique"));
            }
        });
        let mut intervals = BTreeSet::new();
        check_names("mute_time_intervals", &self.mute_time_intervals, &mut intervals, faults);
        check_names("time_intervals", &self.time_intervals, &mut intervals, faults);
        faults.within_each("inhibit_rules", &self.inhibit_rules, |faults, rule| rule.check(faults));
        let known = Known { receivers, intervals };
        match &self.route {
            Some(route) => faults.within("route", |faults| route.check_root(&known, faults)),
            None => faults.add("route", "no routes provided"),
        }
        faults.within("narthex", |faults| self.narthex.check(&known, faults));
    }

    /// Puts defaults and what is inherited where nothing was written, and finds what is then still missing.
    pub(super) fn fill(&mut self, faults: &mut Faults) {
        self.global.fill();
        let AlertmanagerConfig { global, receivers, .. } = self;
        faults.within_each("receivers", receivers, |faults, receiver| receiver.fill(global, faults));
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        self.global.set_directory(directory);
        self.receivers.iter_mut().for_each(|receiver| receiver.set_directory(directory));
        self.templates.iter_mut().for_each(|file| join_directory(directory, file));
    }

    /// The same without what Alertmanager does not know.
    #[must_use]
    pub fn for_alertmanager(&self) -> AlertmanagerConfig {
        let mut config = self.clone();
        config.narthex = OwnConfig::default();
        for receiver in &mut config.receivers {
            receiver.wecom_robot_configs.clear();
            receiver.dingtalk_configs.clear();
            receiver.feishu_configs.clear();
        }
        config
    }

    /// What is asked for and has no effect, by the names of the sections.
    pub fn without_effect(&self) -> Vec<&'static str> {
        let sections = [("tracing", &self.tracing), ("event_recorder", &self.event_recorder)];
        sections.into_iter().filter(|(_, section)| !section.is_null()).map(|(name, _)| name).collect()
    }
}
