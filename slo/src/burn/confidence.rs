//! How sure one can be of an error ratio that few events made: Wilson's interval.

/// The lower one-sided bound of a ratio of which `bad` of `total` were seen, by Wilson (1927). With `confidence` 0.95 the true
/// ratio is below it once in twenty times. 0 where nothing was seen.
pub fn lower_bound(bad: f64, total: f64, confidence: f64) -> f64 {
    if total <= 0.0 || bad <= 0.0 {
        return 0.0;
    }
    let ratio = (bad / total).min(1.0);
    let z = quantile(confidence.clamp(0.5, 1.0 - f64::EPSILON));
    let z2 = z * z;
    let centre = ratio + z2 / (2.0 * total);
    let spread = z * (ratio * (1.0 - ratio) / total + z2 / (4.0 * total * total)).sqrt();
    ((centre - spread) / (1.0 + z2 / total)).max(0.0)
}

/// The quantile of the standard normal distribution, for probabilities of at least one half: Hastings (1955), 26.2.23 in
/// Abramowitz and Stegun; off by less than 4.5e-4.
fn quantile(probability: f64) -> f64 {
    let t = (-2.0 * (1.0 - probability).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - above / below).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let check = |bad: f64, total: f64, want: f64| {
            let got = lower_bound(bad, total, 0.95);
            assert!((got - want).abs() < 5e-4, "{bad}/{total}: {got}, not {want}");
        };
        // By z = 1.6449 on paper.
        check(0.0, 10.0, 0.0);
        check(1.0, 10.0, 0.0231);
        check(5.0, 10.0, 0.2693);
        check(10.0, 10.0, 0.7871);
        check(100.0, 1000.0, 0.0855);
        check(1.0, 0.0, 0.0);
    }

    #[test]
    fn more_events_and_less_confidence_raise_it() {
        for (few, many) in [(10.0, 100.0), (100.0, 10_000.0)] {
            assert!(lower_bound(few / 10.0, few, 0.95) < lower_bound(many / 10.0, many, 0.95));
            assert!(lower_bound(few / 10.0, few, 0.99) < lower_bound(few / 10.0, few, 0.9));
        }
    }
}
