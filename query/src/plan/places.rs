//! Where in time each node of an expression is evaluated.

use super::invariance::{Invariance, invariance};
use super::lengths::Lengths;
use super::{Grid, QueryTimes};
use crate::syntax::{At, Expr, NodeId, NodeKind, Subquery};

use super::grid::SubqueryWindow;

/// The place of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The times at which it is evaluated.
    pub(super) grid: Grid,
    /// The times at which its result is wanted, where these are more.
    pub(super) spread: Option<Grid>,
}

/// The places of all nodes of an expression that are evaluated, by node.
pub(super) struct Places<'a> {
    expr: &'a Expr,
    times: QueryTimes,
    default_step_ms: i64,
    lengths: &'a Lengths<'a>,
    invariance: Vec<Invariance>,
    places: Vec<Option<Place>>,
}

impl<'a> Places<'a> {
    /// Places from the root down.
    ///
    /// # Errors
    /// When a computed duration is none.
    pub(super) fn of(
        expr: &'a Expr,
        times: QueryTimes,
        default_step_ms: i64,
        lengths: &'a Lengths<'a>,
    ) -> Result<Vec<Option<Place>>, String> {
        let places = vec![None; expr.nodes.len()];
        let mut places = Places { expr, times, default_step_ms, lengths, invariance: invariance(expr), places };
        places.put(expr.root(), times.grid());
        // Parents stand behind their children.
        for at in (0..expr.nodes.len()).rev() {
            if let Some(place) = places.places[at] {
                places.put_children(NodeId::at(at), place)?;
            }
        }
        Ok(places.places)
    }

    /// Puts a node where its result is wanted at the times of `wanted`.
    fn put(&mut self, id: NodeId, wanted: Grid) {
        let is_single = self.invariance[id.index()].is_worth_it && wanted.n_steps > 1;
        self.places[id.index()] = Some(if is_single {
            Place { grid: Grid::single(wanted.start_ms), spread: Some(wanted) }
        } else {
            Place { grid: wanted, spread: None }
        });
    }

    fn put_children(&mut self, id: NodeId, place: Place) -> Result<(), String> {
        match &self.expr.node(id).kind {
            NodeKind::Subquery(subquery) => {
                let window = self.window_of(subquery)?;
                let around = match at_ms(subquery.at, self.times) {
                    Some(at_ms) => Grid::single(at_ms),
                    None => place.grid,
                };
                self.put(subquery.expr, around.of_subquery(window));
            }
            kind => {
                let mut children = Vec::new();
                kind.for_each_child(|child| children.push(child));
                children.into_iter().for_each(|child| self.put(child, place.grid));
            }
        }
        Ok(())
    }

    fn window_of(&self, subquery: &Subquery) -> Result<SubqueryWindow, String> {
        let offset_ms = self.lengths.signed(subquery.offset)?;
        let step_ms = match subquery.step {
            step if step.is_absent() => self.default_step_ms,
            step => self.lengths.positive(step)?,
        };
        Ok(SubqueryWindow { offset_ms, range_ms: self.lengths.positive(subquery.range)?, step_ms })
    }
}

/// The time that `@` fixes, in milliseconds since the Unix epoch.
pub(super) fn at_ms(at: Option<At>, times: QueryTimes) -> Option<i64> {
    at.map(|at| match at {
        At::Time(millis) => millis,
        At::Start => times.start_ms,
        At::End => times.end_ms,
    })
}
