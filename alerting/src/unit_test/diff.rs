//! The difference of two texts, line by line.

/// Texts with more lines are not compared: what both say is shown instead.
const MAX_LINES: usize = 1000;

/// The lines of both texts: those of the first alone behind `-`, those of the second alone behind `+`.
pub(super) fn diff(first: &str, second: &str) -> String {
    let (first, second): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    let with = |mark: &str, lines: &[&str]| lines.iter().map(|line| format!("{mark} {line}")).collect::<Vec<_>>();
    if first.len().max(second.len()) > MAX_LINES {
        return [with("-", &first), with("+", &second)].concat().join("\n");
    }
    let common = common_lengths(&first, &second);
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < first.len() && j < second.len() {
        if first[i] == second[j] {
            lines.push(format!("  {}", first[i]));
            (i, j) = (i + 1, j + 1);
        } else if common[i + 1][j] >= common[i][j + 1] {
            lines.push(format!("- {}", first[i]));
            i += 1;
        } else {
            lines.push(format!("+ {}", second[j]));
            j += 1;
        }
    }
    lines.extend(with("-", &first[i..]));
    lines.extend(with("+", &second[j..]));
    lines.join("\n")
}

/// How many lines the rests of both texts from each line on have in common, in the same order.
fn common_lengths(first: &[&str], second: &[&str]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; second.len() + 1]; first.len() + 1];
    for i in (0..first.len()).rev() {
        for j in (0..second.len()).rev() {
            common[i][j] =
                if first[i] == second[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_left_out_and_put_in() {
        let check = |first: &str, second: &str, want: &str| assert_eq!(diff(first, second), want);
        check("a\nb\nc", "a\nc", "  a\n- b\n  c");
        check("a", "a\nb", "  a\n+ b");
        check("a\nb", "c", "- a\n- b\n+ c");
        check("[]", "[\nx\n]", "- []\n+ [\n+ x\n+ ]");
        check(&"x\n".repeat(1001), "y", &format!("{}+ y", "- x\n".repeat(1001)));
    }
}
