//! Patterns of file names: `*`, `?` and `[…]` in the last segment of a path, as Go's `filepath.Match` knows them.

/// Whether a segment of a path has characters that make it a pattern.
pub(super) fn is_pattern(segment: &str) -> bool {
    segment.contains(['*', '?', '[', '\\'])
}

/// Whether a name matches a pattern. A pattern that is not well formed matches nothing.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // The place behind the last star, and how much of the name it has swallowed.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut n_matched) = (0, 0);
    while n_matched < name.len() {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            star = Some((at, n_matched));
        } else if let Some(next) = match_one(&pattern, at, name[n_matched]) {
            at = next;
            n_matched += 1;
        } else if let Some((behind_star, n_swallowed)) = star {
            star = Some((behind_star, n_swallowed + 1));
            (at, n_matched) = (behind_star, n_swallowed + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

/// Where the pattern goes on if its next element matches a character.
fn match_one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '[' => match_class(pattern, at + 1, c),
        '\\' => (pattern.get(at + 1) == Some(&c)).then_some(at + 2),
        other => (*other == c).then_some(at + 1),
    }
}

/// `[a-z]`, `[^a-z]`
fn match_class(pattern: &[char], mut at: usize, c: char) -> Option<usize> {
    let is_negated = pattern.get(at) == Some(&'^');
    at += usize::from(is_negated);
    let mut is_member = false;
    let start = at;
    while pattern.get(at) != Some(&']') || at == start {
        let low = escaped(pattern, &mut at)?;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            at += 1;
            high = escaped(pattern, &mut at)?;
        }
        is_member |= (low..=high).contains(&c);
    }
    (is_member != is_negated).then_some(at + 1)
}

fn escaped(pattern: &[char], at: &mut usize) -> Option<char> {
    *at += usize::from(pattern.get(*at) == Some(&'\\'));
    let c = *pattern.get(*at)?;
    *at += 1;
    Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        let check = |pattern: &str, name: &str, expected: bool| {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        };
        check("a.json", "a.json", true);
        check("a.json", "ab.json", false);
        check("*.json", "a.json", true);
        check("*.json", ".json", true);
        check("*.json", "a.jsonx", false);
        check("tg_*_x*.yml", "tg_a_x_x.yml", true);
        check("tg_*_x*.yml", "tg_a_y.yml", false);
        check("**", "", true);
        check("?.yml", "é.yml", true);
        check("[a-c]1.yml", "b1.yml", true);
        check("[^a-c]1.yml", "b1.yml", false);
        check("[]a]", "]", true);
        check("[a", "a", false);
        check("\\*.yml", "*.yml", true);
        check("\\*.yml", "a.yml", false);
    }

    #[test]
    fn many_stars_are_no_trouble() {
        assert!(!matches(&"*a".repeat(100), &"a".repeat(99)));
        assert!(!matches(&format!("{}b", "*a".repeat(50)), &"a".repeat(10_000)));
    }
}
