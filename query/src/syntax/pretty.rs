//! Trees as text in lines: what is wider than a line is broken, and its parts are indented.

use std::collections::HashMap;

use super::ast::{Expr, NodeId, NodeKind};
use super::print::{aggregate_head, binary_head, sign, subquery_suffix, text};

/// The width of `/api/v1/format_query`.
pub const DEFAULT_WIDTH: usize = 100;
/// The longest text that formatting may make. A chain of operators is indented deeper with each of them, so that its
/// text grows with the square of its length.
pub const MAX_FORMATTED_BYTES: usize = 16 << 20;

/// Why an expression was not formatted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It would have become too long.
    #[error(
        "formatted query is too long: more than {MAX_FORMATTED_BYTES} bytes, which is the limit (max_formatted_query_bytes, fixed)"
    )]
    TooLong,
}

impl Expr {
    /// The expression in lines of about `width` bytes.
    ///
    /// # Errors
    /// When the text would be longer than [`MAX_FORMATTED_BYTES`].
    pub fn pretty(&self, width: usize) -> Result<String, FormatError> {
        let mut printer = Printer { expr: self, width, out: String::new(), lens: HashMap::new(), follows_sign: false };
        printer.measure();
        printer.print()?;
        // As in one line, U+FFFD can only be read back as an escape.
        Ok(printer.out.replace(char::REPLACEMENT_CHARACTER, "\\ufffd"))
    }
}

struct Printer<'a> {
    expr: &'a Expr,
    width: usize,
    out: String,
    /// How long each node is in one line.
    lens: HashMap<NodeId, usize>,
    /// The next piece is not indented: a sign stands before it.
    follows_sign: bool,
}

/// What is still to be printed. `level` is the depth of indentation of the line that the piece begins; 0 where it begins
/// none.
enum Piece {
    Node { id: NodeId, level: usize },
    Indent(usize),
    Sign(bool),
    Text(String),
    Static(&'static str),
}

impl Printer<'_> {
    /// Lengths from the leaves up, so that a chain is not printed once for each of its parts.
    fn measure(&mut self) {
        let mut ids: Vec<NodeId> = self.expr.walk().collect();
        ids.sort_unstable();
        for id in ids {
            let len = self.len_of(id);
            self.lens.insert(id, len);
        }
    }

    fn len_of(&self, id: NodeId) -> usize {
        let kind = &self.expr.node(id).kind;
        let (mut len, mut n_children) = (0, 0usize);
        kind.for_each_child(|child| {
            len += self.lens.get(&child).copied().unwrap_or(0);
            n_children += 1;
        });
        let separators = 2 * n_children.saturating_sub(1);
        match kind {
            NodeKind::Aggregate(aggregate) => len + aggregate_head(aggregate).len() + 2 + separators,
            NodeKind::Binary(binary) => len + binary_head(binary).len() + 2,
            NodeKind::Call { function, .. } => len + function.name.len() + 2 + separators,
            NodeKind::Paren(_) => len + 2,
            NodeKind::Unary { .. } => len + 1,
            NodeKind::Subquery(subquery) => len + subquery_suffix(self.expr, subquery).len(),
            _ => text(self.expr, id).len(),
        }
    }

    fn print(&mut self) -> Result<(), FormatError> {
        let mut pieces = vec![Piece::Node { id: self.expr.root(), level: 0 }];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Node { id, level } => {
                    let first = pieces.len();
                    self.push_pieces(id, level, &mut pieces);
                    pieces[first..].reverse();
                    continue;
                }
                Piece::Static(text) => self.out.push_str(text),
                Piece::Text(ref text) => self.out.push_str(text),
                Piece::Sign(is_minus) => self.out.push_str(sign(is_minus)),
                Piece::Indent(_) if self.follows_sign => {}
                Piece::Indent(level) => self.out.extend(std::iter::repeat_n("  ", level)),
            }
            self.follows_sign = matches!(piece, Piece::Sign(_));
            if self.out.len() > MAX_FORMATTED_BYTES {
                return Err(FormatError::TooLong);
            }
        }
        Ok(())
    }

    fn push_pieces(&self, id: NodeId, level: usize, pieces: &mut Vec<Piece>) {
        let kind = &self.expr.node(id).kind;
        let is_wide = self.lens.get(&id).is_some_and(|&len| len > self.width);
        let deeper = level + 1;
        match kind {
            NodeKind::Unary { is_minus, expr } => {
                pieces.extend([Piece::Indent(level), Piece::Sign(*is_minus), Piece::Node { id: *expr, level }]);
            }
            NodeKind::Subquery(subquery) if is_wide => pieces
                .extend([Piece::Node { id: subquery.expr, level }, Piece::Text(subquery_suffix(self.expr, subquery))]),
            // Prometheus does not indent a subquery that fits into its line.
            NodeKind::Subquery(_) => pieces.push(Piece::Text(text(self.expr, id))),
            NodeKind::Aggregate(aggregate) if is_wide => {
                pieces.extend([Piece::Indent(level), Piece::Text(aggregate_head(aggregate)), Piece::Static("(\n")]);
                if let Some(param) = aggregate.param {
                    pieces.extend([Piece::Node { id: param, level: deeper }, Piece::Static(",\n")]);
                }
                pieces.push(Piece::Node { id: aggregate.expr, level: deeper });
                pieces.extend([Piece::Static("\n"), Piece::Indent(level), Piece::Static(")")]);
            }
            NodeKind::Binary(binary) if is_wide => pieces.extend([
                Piece::Node { id: binary.left, level: deeper },
                Piece::Static("\n"),
                Piece::Indent(level),
                Piece::Text(binary_head(binary)),
                Piece::Static("\n"),
                Piece::Node { id: binary.right, level: deeper },
            ]),
            NodeKind::Call { function, args } if is_wide => {
                pieces.extend([Piece::Indent(level), Piece::Static(function.name), Piece::Static("(\n")]);
                for (at, &arg) in args.iter().enumerate() {
                    let separator = if at == 0 { "" } else { ",\n" };
                    pieces.extend([Piece::Static(separator), Piece::Node { id: arg, level: deeper }]);
                }
                pieces.extend([Piece::Static("\n"), Piece::Indent(level), Piece::Static(")")]);
            }
            NodeKind::Paren(inner) if is_wide => pieces.extend([
                Piece::Indent(level),
                Piece::Static("(\n"),
                Piece::Node { id: *inner, level: deeper },
                Piece::Static("\n"),
                Piece::Indent(level),
                Piece::Static(")"),
            ]),
            _ => pieces.extend([Piece::Indent(level), Piece::Text(text(self.expr, id))]),
        }
    }
}
