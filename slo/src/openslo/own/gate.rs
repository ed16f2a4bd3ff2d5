//! `ReleaseGate`: what a pipeline asks.

use serde::Deserialize;

use super::super::objects::{Objects, Stored, missing};
use super::super::resolve::each;
use super::super::walk::Walk;
use super::words::{self, conditions, duration, needed, one_of};
use crate::spec::{Catalog, Gate, OnUnknown, Overriding};

/// Where releases go to where nothing is said.
const DEFAULT_ENVIRONMENT: &str = "production";
/// How long a release is watched where nothing is said.
const DEFAULT_SOAK: &str = "30m";
/// How long an override holds where nothing is said.
const DEFAULT_EXPIRY: &str = "24h";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "ReleaseGate", rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct GateSpec {
    #[serde(rename = "description")]
    _description: String,
    product: String,
    services: Vec<String>,
    environment: String,
    pre_deploy: PreDeploySpec,
    post_deploy: PostDeploySpec,
    on_unknown: String,
    #[serde(rename = "override")]
    overriding: OverrideSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "preDeploy", rename_all = "camelCase", default, deny_unknown_fields)]
struct PreDeploySpec {
    deny: Vec<String>,
    warn: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "postDeploy", rename_all = "camelCase", default, deny_unknown_fields)]
struct PostDeploySpec {
    soak: Option<String>,
    fail_when: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "override", rename_all = "camelCase", default, deny_unknown_fields)]
struct OverrideSpec {
    roles: Vec<String>,
    require_reason: Option<bool>,
    expires: Option<String>,
}

pub(super) fn resolve(objects: &Objects<'_>, catalog: &mut Catalog) {
    each(objects.gates.iter(), catalog, |stored, walk, catalog| {
        if let Some(gate) = gate(stored, objects, catalog, walk).filter(|_| !walk.has_errors()) {
            catalog.gates.insert(gate.name.clone(), gate);
        }
    });
}

fn gate(stored: &Stored<'_, GateSpec>, objects: &Objects<'_>, catalog: &Catalog, walk: &mut Walk<'_>) -> Option<Gate> {
    let spec = &stored.spec;
    let product = needed("product", &spec.product, "whose budget decides", walk)?;
    if !catalog.products.contains_key(product) {
        let all = &objects.products;
        let is_broken = all.is_broken(product) || all.get(product).is_some();
        walk.error("product", missing("Product", product, all.names(), is_broken));
    }
    walk.within("services", |walk| {
        for (index, service) in spec.services.iter().enumerate() {
            if !catalog.services.contains_key(service) {
                let known = catalog.services.keys().map(String::as_str);
                walk.at(index, |walk| walk.warn_here(missing("Service", service, known, false)));
            }
        }
    });
    let states = states(product, catalog);
    walk.within("preDeploy", |walk| {
        conditions("deny", &spec.pre_deploy.deny, states.as_deref(), walk);
        conditions("warn", &spec.pre_deploy.warn, states.as_deref(), walk);
    });
    walk.within("postDeploy", |walk| conditions("failWhen", &spec.post_deploy.fail_when, states.as_deref(), walk));
    let on_unknown = match spec.on_unknown.as_str() {
        "" | "allow-with-warning" => OnUnknown::AllowWithWarning,
        "allow" => OnUnknown::Allow,
        "deny" => OnUnknown::Deny,
        "unknown" => OnUnknown::Unknown,
        other => {
            one_of("onUnknown", other, &["allow", "allow-with-warning", "deny", "unknown"], walk);
            OnUnknown::AllowWithWarning
        }
    };
    let soak = spec.post_deploy.soak.as_deref().unwrap_or(DEFAULT_SOAK);
    let soak_ms = walk.within("postDeploy", |walk| words::soak(soak, walk));
    let expires = spec.overriding.expires.as_deref().unwrap_or(DEFAULT_EXPIRY);
    let expires_ms = walk.within("override", |walk| duration("expires", expires, walk));
    let environment = if spec.environment.is_empty() { DEFAULT_ENVIRONMENT } else { &spec.environment };
    Some(Gate {
        name: stored.name().to_owned(),
        product: product.to_owned(),
        services: spec.services.clone(),
        environment: environment.to_owned(),
        deny: spec.pre_deploy.deny.clone(),
        warn: spec.pre_deploy.warn.clone(),
        soak_ms: soak_ms?,
        fail_when: spec.post_deploy.fail_when.clone(),
        on_unknown,
        overriding: Overriding {
            roles: spec.overriding.roles.clone(),
            needs_reason: spec.overriding.require_reason.unwrap_or(true),
            expires_ms: expires_ms?,
        },
        source: walk.place(),
    })
}

/// The states of a product's policy, none where it has no policy; `None` where they are not known.
fn states<'c>(product: &str, catalog: &'c Catalog) -> Option<Vec<&'c str>> {
    match &catalog.products.get(product)?.policy {
        None => Some(Vec::new()),
        Some(policy) => {
            let policy = catalog.budget_policies.get(policy)?;
            Some(policy.states.iter().map(|state| state.name.as_str()).collect())
        }
    }
}
