//! A series in one line of text.

/// From nothing to full, in eighths.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws values, in time order and evenly spaced, as at most `width` bars; `None` is a gap, drawn as a space.
///
/// Where there are more values than bars, each bar shows the highest of those it stands for: no spike is lost. The
/// lowest value is the lowest bar, the highest the highest; values that are all alike are drawn at half height.
pub fn sparkline(values: &[Option<f64>], width: usize) -> String {
    let n_bars = values.len().min(width);
    let highest_of = |bar: usize| {
        let (from, to) = (bar * values.len() / n_bars, (bar + 1) * values.len() / n_bars);
        values[from..to].iter().flatten().copied().filter(|value| value.is_finite()).reduce(f64::max)
    };
    let bars: Vec<Option<f64>> = (0..n_bars).map(highest_of).collect();
    let lowest = bars.iter().flatten().copied().reduce(f64::min).unwrap_or_default();
    let highest = bars.iter().flatten().copied().reduce(f64::max).unwrap_or_default();
    let bar_of = |value: f64| {
        let height = if highest > lowest { (value - lowest) / (highest - lowest) } else { 0.5 };
        BARS[((height * BARS.len() as f64) as usize).min(BARS.len() - 1)]
    };
    bars.into_iter().map(|value| value.map_or(' ', bar_of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures() {
        let check = |values: &[f64], width: usize, want: &str| {
            let values: Vec<_> = values.iter().map(|&value| (!value.is_nan()).then_some(value)).collect();
            assert_eq!(sparkline(&values, width), want);
        };
        check(&[], 10, "");
        check(&[1.0, 2.0, 3.0], 0, "");
        check(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 10, "▁▂▃▄▅▆▇█");
        check(&[5.0, 5.0, 5.0], 10, "▅▅▅");
        check(&[0.0, f64::NAN, 7.0], 10, "▁ █");
        check(&[0.0, f64::INFINITY, 7.0], 10, "▁ █");
        // The spike in the middle is kept.
        check(&[0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0], 3, "▁█▁");
    }
}
