//! `alertmanager.yml`.
