//! Error budgets: specs, budget engine, burn-rate alerts, policy and release gate, reports.
