//! Columns for people: each as wide as its longest cell, two blanks between them, as amtool has them.

/// Lays out rows of equally many cells.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let n_columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [["a", "longer", ""], ["中文x", "b", "c"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a    longer     \n中文x  b       c  \n");
        assert_eq!(table(&[]), "");
    }
}
