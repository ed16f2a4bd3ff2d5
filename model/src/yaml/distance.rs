//! The nearest of some words: what a typo was meant to be.

/// The known word that takes the fewest changes to reach, if they are few.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).clamp(1, 4);
    let distances = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    distances.filter(|&(distance, _)| distance <= limit).min().map(|(_, candidate)| candidate)
}

/// How many letters must be changed, added, removed or swapped with their neighbour (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let is_changed = usize::from(from[i - 1] != to[j - 1]);
                let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + is_changed);
                if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos() {
        let known = ["job_name", "scrape_interval", "scrape_timeout", "consul_sd_configs", "for", "expr"];
        for (word, want) in [
            ("consult_sd_configs", Some("consul_sd_configs")),
            ("jobname", Some("job_name")),
            ("scrape_intervall", Some("scrape_interval")),
            ("scarpe_timeout", Some("scrape_timeout")),
            ("fro", Some("for")),
            ("nonexistent_field", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), want, "{word}");
        }
    }
}
