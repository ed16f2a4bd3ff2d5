//! Whom an `ErrorBudgetPolicy` tells: owners of the product and URLs, once for each change of state.
//!
//! Whoever is named for several states has one route for all of them, so that what begins and what ends with a change is one
//! message.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use alerting::config::{HttpSettings, MatcherLines, Payload, ReceiverConfig, RouteConfig, WebhookConfig};
use alerting::matcher::Matcher;
use model::duration::PromDuration;
use net::config::{Authorization, join_directory};

use super::POLICY_ALERT;
use super::making::Making;
use crate::spec::{BudgetPolicy, Catalog, Contact, ContactWay, PolicyAction, Product};

/// What begins and ends with a change is there at once; so long is waited for it, in milliseconds.
const WAIT_MS: i64 = 1000;
/// Changes that follow one another faster are told together, in milliseconds.
const INTERVAL_MS: i64 = 60_000;
/// A state is told once: again only after this, in milliseconds.
const REPEAT_MS: i64 = 365 * 86_400_000;

/// The template that makes an issue of GitLab's, or of whoever else takes a title and a description.
const ISSUE_TEMPLATE: &str = "budget-exhausted";
const ISSUE: [(&str, &str); 2] =
    [("title", "{{ .CommonAnnotations.summary }}"), ("description", "{{ .CommonAnnotations.description }}")];

/// Adds routes for all products with a policy.
pub(super) fn add(catalog: &Catalog, making: &mut Making<'_>) {
    for product in catalog.products.values() {
        let policy = product.policy.as_ref().and_then(|name| catalog.budget_policies.get(name));
        let Some(policy) = policy else { continue };
        let mut routes = to_people(product, policy, making);
        routes.extend(to_webhooks(product, policy, making));
        if routes.is_empty() {
            continue;
        }
        let matchers = [Matcher::equal("alertname", POLICY_ALERT), Matcher::equal("product", product.name.as_str())];
        let ms = |ms| Some(PromDuration::from_millis(ms));
        making.add_route(RouteConfig {
            matchers: MatcherLines(matchers.into()),
            key: Some(format!("product/{}", product.name)),
            group_by: Some(vec!["alertname".to_owned(), "product".to_owned()]),
            group_wait: ms(WAIT_MS),
            group_interval: ms(INTERVAL_MS),
            repeat_interval: ms(REPEAT_MS),
            routes,
            ..RouteConfig::default()
        });
    }
}

fn to_people(product: &Product, policy: &BudgetPolicy, making: &mut Making<'_>) -> Vec<RouteConfig> {
    let mut states: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (state, action) in actions(policy) {
        if let PolicyAction::Notify(who) = action {
            for word in who {
                states.entry(word).or_default().insert(state);
            }
        }
    }
    let mut routes = Vec::new();
    for (word, states) in states {
        let contacts = contacts(word, product, policy);
        if contacts.is_empty() {
            let message = format!("product {} has no owners of the kind {word}: nobody is told", product.name);
            making.fault(&policy.source, ("ErrorBudgetPolicy", &policy.name), message);
        }
        let name = format!("product/{}/{word}", product.name);
        let receivers = making.receivers_of(&name, &contacts, ("ErrorBudgetPolicy", &policy.name));
        routes.extend(receivers.into_iter().filter_map(|receiver| below(&states, receiver)));
    }
    routes
}

/// Whom a word of `notify` means: owners of the product, or an address, a URL or a receiver.
fn contacts(word: &str, product: &Product, policy: &BudgetPolicy) -> Vec<Contact> {
    let email = |address: &String| ContactWay::Email(address.clone());
    let ways: Vec<ContactWay> = match word {
        "product" => product.product_owners.iter().map(email).collect(),
        "engineering" => product.engineering_owners.iter().map(email).collect(),
        "escalation" => policy.escalation.iter().map(email).collect(),
        url if url.starts_with("http://") || url.starts_with("https://") => vec![ContactWay::Webhook(url.to_owned())],
        address if address.contains('@') => vec![ContactWay::Email(address.to_owned())],
        receiver => vec![ContactWay::Receiver(receiver.to_owned())],
    };
    ways.into_iter().map(|way| Contact { way, source: policy.source.clone() }).collect()
}

/// A webhook with a template makes something, once for each time that the state is entered; one without hears of its end, too.
fn to_webhooks(product: &Product, policy: &BudgetPolicy, making: &mut Making<'_>) -> Vec<RouteConfig> {
    let mut routes = Vec::new();
    for (index, (state, action)) in actions(policy).enumerate() {
        let PolicyAction::Webhook { url, template, token_file } = action else { continue };
        let object = ("ErrorBudgetPolicy", policy.name.as_str());
        let unknown = template.as_ref().filter(|name| *name != ISSUE_TEMPLATE && !making.has_template(name));
        if let Some(name) = unknown {
            let message = format!(
                "no file of `templates` in alertmanager.yml defines {name:?}, and it is not {ISSUE_TEMPLATE:?}"
            );
            making.fault(&policy.source, object, message);
            continue;
        }
        let payload = template.as_deref().map(payload).unwrap_or_default();
        let http_config = token_file.as_deref().map(|file| showing(file, policy));
        let webhook =
            WebhookConfig { send_resolved: payload.is_null(), payload, http_config, ..WebhookConfig::default() };
        let name = making.free_name(&format!("product/{}/{state}/{index}", product.name));
        let mut receiver = ReceiverConfig { name, ..ReceiverConfig::default() };
        match making.add_webhook(&mut receiver, url, webhook) {
            Ok(()) => routes.extend(making.keep(receiver).and_then(|name| below(&BTreeSet::from([state]), name))),
            Err(message) => making.fault(&policy.source, object, message),
        }
    }
    routes
}

/// What a template makes of a change: ours, or one of the files that `templates` of `alertmanager.yml` names.
fn payload(template: &str) -> Payload {
    if template == ISSUE_TEMPLATE {
        let text = |(field, text): (&str, &str)| (field.to_owned(), Payload::Text(text.to_owned()));
        return Payload::Map(ISSUE.map(text).into());
    }
    Payload::Text(format!("{{{{ template {template:?} . }}}}"))
}

/// A token in a file beside the spec file is shown.
fn showing(file: &str, policy: &BudgetPolicy) -> HttpSettings {
    let mut credentials_file = file.to_owned();
    join_directory(Path::new(&*policy.source.file).parent().unwrap_or(Path::new("")), &mut credentials_file);
    let scheme = Authorization::DEFAULT_SCHEME.to_owned();
    let mut http = HttpSettings::default();
    http.config.authorization = Some(Authorization { scheme, credentials_file, ..Authorization::default() });
    http
}

fn actions(policy: &BudgetPolicy) -> impl Iterator<Item = (&str, &PolicyAction)> {
    policy.actions.iter().flat_map(|(state, actions)| actions.iter().map(move |action| (state.as_str(), action)))
}

/// A route below a product's: whoever else is named hears of it, too.
fn below(states: &BTreeSet<&str>, receiver: String) -> Option<RouteConfig> {
    // States of a policy are few, and a list of texts is always one.
    let matcher = Matcher::one_of("state", states.iter().copied()).ok()?;
    let matchers = MatcherLines(vec![matcher]);
    let key = Some(receiver.clone());
    Some(RouteConfig { matchers, key, receiver, is_continued: true, ..RouteConfig::default() })
}
