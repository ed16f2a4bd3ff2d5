//! Evaluating a thousand rules over ten thousand series.
//!
//! Each server, by itself, is sent ten minutes of samples that end now, and evaluates a rule file every few seconds. What it uses
//! beyond what it used before the samples came, when the same rules found nothing, is what the rules cost. VictoriaMetrics has
//! no rules in its server, and is left out.

use std::io;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use benches::payload::{Grid, Payload, instance};
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::load::new_dir;
use crate::peer::Peer;
use crate::sender::Requests;
use crate::server::Server;
use crate::table::{Bar, Measured, Table, Unit};

/// 300 series each: 10,200.
const N_HOSTS: usize = 34;
const N_STEPS: usize = 40;
const N_RULES: usize = 1000;
/// Rules of a group are evaluated one after the other, groups at their own moments.
const RULES_PER_GROUP: usize = 50;
const INTERVAL_S: u64 = 5;
/// Samples count for five minutes: all of it must be over by then.
const N_EVALUATIONS: u64 = 12;

/// Measures CPU for each evaluation of a rule.
pub(crate) fn measure(arguments: &Arguments, peers: &[Peer], table: &mut Table) -> io::Result<()> {
    let dir = new_dir()?;
    let rules = rule_file().to_string();
    let mut cpu_ns = Vec::new();
    for peer in peers.iter().filter(|peer| **peer != Peer::VictoriaMetrics) {
        let own = dir.path().join(peer.name());
        std::fs::create_dir_all(&own)?;
        std::fs::write(own.join("rules.yml"), &rules)?;
        let config = format!("global: {{evaluation_interval: {INTERVAL_S}s}}\nrule_files: [rules.yml]\n");
        let mut server = Server::start(arguments, *peer, &own, &config)?;
        server.wait_until_ready()?;
        cpu_ns.push(Measured::once(*peer, cost(&server)?));
    }
    let name = format!("server CPU per evaluation of a rule, {N_RULES} rules over {} series", N_HOSTS * 300);
    table.push(&name, Unit::Nanoseconds, Bar::AtMostOfBest(0.33), cpu_ns);
    Ok(())
}

/// Nanoseconds for each evaluation of a rule.
fn cost(server: &Server) -> io::Result<f64> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_millis() as i64;
    let payload = Payload::new(4, N_HOSTS, Grid::until(now_ms, N_STEPS));
    Requests::new(&payload).send(server.address, 0..N_STEPS)?;
    // What the load has left behind is done with, and every group has seen the samples.
    thread::sleep(Duration::from_secs(3 * INTERVAL_S));
    let before = (server.cpu_seconds()?, evaluations(server)?);
    thread::sleep(Duration::from_secs(N_EVALUATIONS * INTERVAL_S));
    let after = (server.cpu_seconds()?, evaluations(server)?);
    if after.1 - before.1 < 1.0 {
        return Err(io::Error::other(format!("{} evaluated nothing", server.peer)));
    }
    let failed = server.metric("prometheus_rule_evaluation_failures_total")?;
    if failed > 0.0 {
        return Err(io::Error::other(format!("{}: {failed} evaluations failed", server.peer)));
    }
    Ok((after.0 - before.0) * 1e9 / (after.1 - before.1))
}

/// How often rules were evaluated.
fn evaluations(server: &Server) -> io::Result<f64> {
    server.metric("prometheus_rule_evaluations_total")
}

/// Half the rules are of one host, half of all; half record, half raise alerts, of which a few fire.
fn rule_file() -> Value {
    let rules: Vec<Value> = (0..N_RULES).map(rule).collect();
    let groups = rules.chunks(RULES_PER_GROUP).enumerate();
    let groups = groups.map(|(number, rules)| json!({"name": format!("group_{number}"), "rules": rules}));
    json!({"groups": groups.collect::<Vec<_>>()})
}

fn rule(number: usize) -> Value {
    let (host, n) = (instance(number % N_HOSTS), number / 4);
    let counter = format!("node_network_transmit_{}_total", n % 15);
    let memory = format!("node_memory_area_{}_bytes", n % 50);
    let expr = match number % 4 {
        0 => format!("sum by (device) (rate({counter}{{instance=\"{host}\"}}[5m]))"),
        1 => format!("avg by (job) ({memory})"),
        2 => format!("rate({counter}{{instance=\"{host}\"}}[5m]) > 1e9"),
        _ => format!("{memory} > on (instance) 4 * node_memory_area_0_bytes"),
    };
    if number % 4 < 2 {
        json!({"record": format!("bench:rule_{number}"), "expr": expr})
    } else {
        let summary = "{{ $labels.instance }} has {{ $value | humanize }}";
        json!({"alert": format!("Rule{number}"), "expr": expr, "for": "1m", "annotations": {"summary": summary}})
    }
}
