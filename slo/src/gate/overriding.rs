//! Somebody's word against a gate's.

use serde::{Deserialize, Serialize};

use super::request::{GateError, Inquiry};
use crate::deployment::check_text;
use crate::spec::Gate;

/// Somebody's word that a release goes out all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Its id.
    pub id: String,
    /// Which gate.
    pub gate: String,
    /// Of which service; empty for all.
    pub service: String,
    /// Which version; empty for all.
    pub version: String,
    /// Why.
    pub reason: String,
    /// Who, by the name that the server knows or they gave.
    pub by: String,
    /// As what they act.
    pub role: String,
    /// Since when, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Until when.
    pub expires_ms: i64,
}

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverrideRequest {
    /// Of which service; empty for all.
    pub service: String,
    /// Which version; empty for all.
    pub version: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// As what they act; may be empty where the gate does not ask.
    pub role: String,
    /// For how long, in milliseconds; `None` for as long as the gate allows.
    pub expires_ms: Option<i64>,
}

impl Override {
    /// Whether it is about what is asked, now.
    pub(super) fn covers(&self, gate: &str, inquiry: &Inquiry, now_ms: i64) -> bool {
        let is_or_all = |own: &str, asked: &str| own.is_empty() || own == asked;
        self.gate == gate
            && is_or_all(&self.service, &inquiry.service)
            && is_or_all(&self.version, &inquiry.version)
            && (self.created_ms..self.expires_ms).contains(&now_ms)
    }
}

/// How long an override lasts where a gate does not say, in milliseconds.
const DEFAULT_LIFE_MS: i64 = 86_400_000;

impl OverrideRequest {
    /// The override, if the gate allows it.
    pub(super) fn granted(self, gate: &Gate, id: String, now_ms: i64) -> Result<Override, GateError> {
        check_text("reason", &self.reason, gate.overriding.needs_reason)?;
        for (name, text) in
            [("service", &self.service), ("version", &self.version), ("by", &self.by), ("role", &self.role)]
        {
            check_text(name, text, false)?;
        }
        let roles = &gate.overriding.roles;
        if !roles.is_empty() && !roles.contains(&self.role) {
            let roles = roles.join(", ");
            return Err(GateError::Forbidden(format!("gate {} is overridden by these roles: {roles}", gate.name)));
        }
        let longest_ms = match gate.overriding.expires_ms {
            0 => DEFAULT_LIFE_MS,
            expires_ms => expires_ms,
        };
        let life_ms = self.expires_ms.unwrap_or(longest_ms);
        if life_ms <= 0 || life_ms > longest_ms {
            let longest = crate::condition::duration_text(longest_ms);
            return Err(GateError::Bad(format!("an override of gate {} lasts {longest} at most", gate.name)));
        }
        Ok(Override {
            id,
            gate: gate.name.clone(),
            service: self.service,
            version: self.version,
            reason: self.reason,
            by: self.by,
            role: self.role,
            created_ms: now_ms,
            expires_ms: now_ms + life_ms,
        })
    }
}
