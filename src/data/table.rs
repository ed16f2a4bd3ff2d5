//! Aligned columns.

/// A table whose columns are as wide as their widest cells: the first `n_left` stand at the left, the others at the right.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], n_left: usize) -> String {
    let n_chars = |text: &str| text.chars().count();
    let widest = |column: usize| rows.iter().map(|row| n_chars(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> =
        header.iter().enumerate().map(|(column, name)| widest(column).max(n_chars(name))).collect();
    let mut text = String::new();
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    for row in std::iter::once(&header).chain(rows) {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < n_left { format!("{cell:width$}") } else { format!("{cell:>width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["bé".to_owned(), "1,000".to_owned()]];
        assert_eq!(table(&["name", "n"], &rows, 1), "name      n\na         1\nbé    1,000\n");
    }
}
