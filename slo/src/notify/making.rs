//! Receivers and routes in the making.

use std::collections::BTreeSet;

use alerting::config::{
    AlertmanagerConfig, EmailConfig, Loaded, ReceiverConfig, RouteConfig, TemplatedUrl, WebhookConfig,
};
use alerting::template::{Dialect, Templates};
use model::yaml::Faults;

use crate::spec::{Contact, ContactWay, SourcePlace, SpecFault};

/// A configuration with what spec files add to it.
#[derive(Clone, Debug)]
pub struct Routed {
    /// The configuration.
    pub config: AlertmanagerConfig,
    /// Who cannot be reached, and why. Lines are not drawn yet.
    pub faults: Vec<SpecFault>,
}

/// What is being made.
#[derive(Debug)]
pub(super) struct Making<'c> {
    config: &'c AlertmanagerConfig,
    /// Names of templates of the user's own.
    templates: BTreeSet<String>,
    names: BTreeSet<String>,
    receivers: Vec<ReceiverConfig>,
    routes: Vec<RouteConfig>,
    faults: Vec<SpecFault>,
}

impl<'c> Making<'c> {
    /// Nothing beside what is written.
    pub(super) fn new(loaded: &'c Loaded) -> Making<'c> {
        let config = &loaded.config;
        let names = config.receivers.iter().map(|receiver| receiver.name.clone()).collect();
        let mut templates = Templates::new(Dialect::Alertmanager);
        for file in &loaded.templates {
            // They were parsed when they were loaded.
            let _ = templates.add("", &file.text);
        }
        let templates = templates.names().map(str::to_owned).collect();
        Making { config, templates, names, receivers: Vec::new(), routes: Vec::new(), faults: Vec::new() }
    }

    /// Somebody cannot be reached. `object` is the kind and the name of what names them. What an object and a product have from
    /// one policy is told once.
    pub(super) fn fault(&mut self, place: &SourcePlace, (kind, name): (&str, &str), message: String) {
        let object = (!name.is_empty()).then(|| (kind.to_owned(), name.to_owned()));
        let fault = SpecFault { place: place.clone(), object, message, drawn: String::new() };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The names of the receivers that reach contacts: one is made for those that are addresses and URLs.
    pub(super) fn receivers_of(&mut self, name: &str, contacts: &[Contact], object: (&str, &str)) -> Vec<String> {
        let mut made = ReceiverConfig { name: self.free_name(name), ..ReceiverConfig::default() };
        let mut named = Vec::new();
        for contact in contacts {
            let reached = match &contact.way {
                ContactWay::Email(to) => self.add_email(&mut made, to),
                ContactWay::Webhook(url) => self.add_webhook(&mut made, url, WebhookConfig::default()),
                ContactWay::Receiver(name) => self.known(name).map(|name| named.push(name)),
            };
            if let Err(message) = reached {
                self.fault(&contact.source, object, message);
            }
        }
        let made = self.keep(made);
        made.into_iter().chain(named).collect()
    }

    /// The name of a receiver that is written.
    fn known(&self, name: &str) -> Result<String, String> {
        let is_it = |receiver: &&ReceiverConfig| receiver.name == name;
        let found = self.config.receivers.iter().find(is_it).map(|receiver| receiver.name.clone());
        let near = || model::yaml::nearest(name, self.config.receivers.iter().map(|receiver| receiver.name.as_str()));
        found.ok_or_else(|| {
            let hint = near().map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
            format!("alertmanager.yml has no receiver {name}{hint}")
        })
    }

    /// Whether a template is defined.
    pub(super) fn has_template(&self, name: &str) -> bool {
        self.templates.contains(name)
    }

    /// Adds an address of mail, which is reached as `global` says.
    pub(super) fn add_email(&self, to: &mut ReceiverConfig, address: &str) -> Result<(), String> {
        let email = EmailConfig { to: address.to_owned(), send_resolved: true, ..EmailConfig::default() };
        let one = ReceiverConfig { email_configs: vec![email], ..ReceiverConfig::default() };
        let mut one = self.filled(&to.name, one).map_err(|message| format!("mail to {address}: {message}"))?;
        to.email_configs.append(&mut one.email_configs);
        Ok(())
    }

    /// Adds a URL. It is not told, for it may hold a secret.
    pub(super) fn add_webhook(&self, to: &mut ReceiverConfig, url: &str, webhook: WebhookConfig) -> Result<(), String> {
        let told = |message: String| format!("the webhook cannot be reached: {message}");
        let webhook = WebhookConfig { url: TemplatedUrl::new(url).map_err(told)?, ..webhook };
        let one = ReceiverConfig { webhook_configs: vec![webhook], ..ReceiverConfig::default() };
        let mut one = self.filled(&to.name, one).map_err(told)?;
        to.webhook_configs.append(&mut one.webhook_configs);
        Ok(())
    }

    /// A receiver with what `global` says, or what is missing.
    fn filled(&self, name: &str, receiver: ReceiverConfig) -> Result<ReceiverConfig, String> {
        let mut receiver = ReceiverConfig { name: name.to_owned(), ..receiver };
        let mut faults = Faults::new();
        receiver.check(&mut faults);
        receiver.fill(&self.config.global, &mut faults);
        match faults.into_found().into_iter().next() {
            Some(fault) => Err(fault.message),
            None => Ok(receiver),
        }
    }

    /// Keeps a receiver that reaches somebody. Answers its name.
    pub(super) fn keep(&mut self, mut receiver: ReceiverConfig) -> Option<String> {
        receiver.integrations().next()?;
        let name = receiver.name.clone();
        receiver.labels.insert("name".to_owned(), name.clone());
        self.names.insert(name.clone());
        self.receivers.push(receiver);
        Some(name)
    }

    /// A name that no receiver has.
    pub(super) fn free_name(&self, name: &str) -> String {
        let mut name = name.to_owned();
        while self.names.contains(&name) {
            name.push('\'');
        }
        name
    }

    /// Adds a route to receivers: to one itself, to several by routes below it. Without any there is none.
    pub(super) fn route(&mut self, mut route: RouteConfig, mut receivers: Vec<String>) {
        let Some(last) = receivers.pop() else { return };
        if receivers.is_empty() {
            route.receiver = last;
        } else {
            receivers.push(last);
            let to = |receiver: String| RouteConfig {
                key: Some(receiver.clone()),
                receiver,
                is_continued: true,
                ..RouteConfig::default()
            };
            route.routes = receivers.into_iter().map(to).collect();
        }
        self.routes.push(route);
    }

    /// Adds a route with those below it.
    pub(super) fn add_route(&mut self, route: RouteConfig) {
        self.routes.push(route);
    }

    /// What has been made, in front of what is written.
    pub(super) fn finished(self) -> Routed {
        let mut config = self.config.clone();
        config.receivers.extend(self.receivers);
        if let Some(root) = &mut config.route {
            root.routes.splice(0..0, self.routes);
        }
        Routed { config, faults: self.faults }
    }
}
