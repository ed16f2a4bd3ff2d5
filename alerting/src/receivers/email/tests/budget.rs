//! Mails of alerts about error budgets.

use chart::{Series, Unit};
use jiff::tz::TimeZone;

use super::*;

/// What was left of the budget of orders.
pub(super) fn chart() -> Chart {
    Chart {
        title: "Error budget left".to_owned(),
        series: vec![Series::new("left".to_owned(), vec![Some(1.0), Some(0.6)])],
        from_ms: AT_MS - 60_000,
        step_ms: 60_000,
        n_steps: 2,
        unit: Unit::Ratio,
        from_zero: true,
        threshold: None,
        spans: Vec::new(),
        marks: Vec::new(),
        band: None,
        zone: TimeZone::UTC,
        nothing: String::new(),
    }
}

/// Which pictures a mail has, and its HTML.
async fn pictured(slo: &str, link: &str) -> (Vec<&'static str>, String) {
    let sink = Sink::start(|_| None).await;
    let config = config(&sink.port, |_| {});
    let annotations = [("budget_remaining", "62.1 %"), ("budget_forecast", "At this pace it lasts.")];
    let mut burning = alert(&[("alertname", "SLOBurnRate"), ("slo", slo), ("product", "shop")], &annotations, None);
    burning.generator_url = link.to_owned();
    let told = notification(vec![burning]);
    attempt(&config, &told, Some(&pictures(Language::English)), Language::English).await.unwrap();
    let sessions = sink.sessions();
    let (_, mail) = parts(&sessions[0]);
    let unfolded = mail.replace("=\r\n", "").replace("=3D", "=");
    assert!(unfolded.contains("Subject: [FIRING:1] shop"), "{unfolded}");
    let names = ["chart.png", "budget.png"].into_iter();
    (names.filter(|name| mail.contains(&format!("Content-ID: <{name}>"))).collect(), unfolded)
}

#[tokio::test]
async fn an_alert_of_a_budget_shows_what_is_left() {
    let (names, html) = pictured("orders", "http://narthex.example/slos?id=orders").await;
    assert_eq!(names, ["chart.png", "budget.png"]);
    for said in ["cid:chart.png", "cid:budget.png", "Error budget left: 62.1 %", "At this pace it lasts.", "width:62%"]
    {
        assert!(html.contains(said), "{said}: {html}");
    }
    // One of which nothing was counted, and one of another server.
    for (slo, link, want) in [
        ("baskets", "http://narthex.example/slos?id=baskets", &["chart.png"][..]),
        ("orders", "http://other.example/slos?id=orders", &[]),
    ] {
        let (names, html) = pictured(slo, link).await;
        assert_eq!(names, want, "{slo} {link}");
        assert!(!html.contains("cid:budget.png") && html.contains("62.1 %"), "{html}");
    }
}

#[tokio::test]
async fn what_is_left_is_drawn_as_long_as_it_is() {
    for (left, want) in [
        ("62.1 %", "width:62%"),
        ("100 %", "width:100%"),
        ("0.4 %", "width:0%"),
        ("0 %", "width:0%"),
        ("-2400 %", "width:0%"),
        ("62%", "width:62%"),
        ("much\"};x", "width:0%"),
    ] {
        let labels = [("alertname", "SLOBurnRate"), ("slo", "orders")];
        let told = notification(vec![alert(&labels, &[("budget_remaining", left)], None)]);
        let (html, text) = bodies(&told, Language::English).await;
        assert!(text.contains(&format!("Error budget left: {left}")), "{text}");
        assert!(html.contains(want), "{left}: {html}");
        let is_gone = html.contains("class=\"critical\" style=\"font-weight:600;");
        assert_eq!(is_gone, want == "width:0%" && left != "0.4 %", "{left}");
    }
}
