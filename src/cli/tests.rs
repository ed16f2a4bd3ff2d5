//! The command line is understood as people type it.

use super::command;

fn understood(line: &str) -> Result<clap::ArgMatches, clap::Error> {
    command().try_get_matches_from(line.split_whitespace())
}

#[test]
fn options_stand_before_and_behind() {
    for line in [
        "narthex",
        "narthex --config.file=a.yml --web.listen-address=:1 --web.listen-address=:2 --no-web.enable-lifecycle",
        "narthex serve --config.file a.yml",
        "narthex query instant up -o json",
        "narthex query instant -o csv http://localhost:9090 up --time 5m",
        "narthex query instant -- -up",
        "narthex query range up --start 1h --end 5m --step 15s",
        "narthex check config a.yml b.yml --lint=none",
        "narthex check metrics --strict",
        "narthex import openmetrics - --label site=x",
        "narthex import prometheus /var/lib/prometheus --storage.tsdb.path=data --dry-run",
        "narthex tsdb list /var/lib/narthex -o json",
        "narthex tsdb analyze --all --limit 5",
        "narthex tsdb dump --match up --match {job=\"a\"} --min-time -1",
        "narthex tsdb snapshot --skip-head",
        "narthex tsdb verify",
        "narthex slo import sloth.yml --from sloth -o slo",
        "narthex slo export --as prometheus-rules -l a=b --disable-alerts --default-slo-period 7d sloth.yml",
        "narthex completions bash",
    ] {
        assert!(understood(line).is_ok(), "{line}: {:?}", understood(line).err());
    }
    for line in [
        "narthex nonsense",
        "narthex slo export a.yml",
        "narthex query instant",
        "narthex query instant a b c",
        "narthex --no-such-flag",
    ] {
        assert!(understood(line).is_err(), "{line}");
    }
}

#[test]
fn help_fits_a_screen() {
    let help = command().render_help().to_string();
    let (n_lines, widest) = (help.lines().count(), help.lines().map(|line| line.chars().count()).max());
    assert!(n_lines <= 48 && widest <= Some(100), "{n_lines} lines, {widest:?} columns");
}
