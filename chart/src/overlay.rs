//! What stands behind the lines of a chart and beside them: spans, marks, a band of what is expected, and their labels.
//!
//! Nothing of it is told by colour alone: what was wrong is shaded, what does not count is hatched, what went wrong is a filled
//! tick. Labels stand in rows under the upper edge, off the line that the chart is about; one that would touch another is left out.

use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::HPos;
use plotters::style::{Color, RGBColor};

use crate::chart::{Fill, Look, Mark, MarkKind, Series, Span};
use crate::draw::{Canvas, GAP, GRID, Outcome, PLOT_BOTTOM, PLOT_TOP, Plot, REGULAR, TEXT_SIZE, at, fitting, width};
use crate::theme::over;

/// In pixels, as everything below.
const LABEL_SIZE: f64 = TEXT_SIZE - 1.0;
const LABEL_ROW: f64 = 12.0;
const N_LABEL_ROWS: usize = 9;
const LONGEST_LABEL: f64 = 150.0;
/// A span is at least so wide, so that it is seen.
const NARROWEST: f64 = 1.5;
/// From one stroke of a hatching to the next.
const HATCHING: f64 = 7.0;
const TICK_WIDTH: f64 = 7.0;
const TICK_HEIGHT: f64 = 8.0;

/// A label with the place that it may have.
struct Label<'a> {
    text: &'a str,
    color: RGBColor,
    /// What it belongs to reaches from here to there.
    left: f64,
    right: f64,
}

impl Canvas<'_, '_> {
    /// What is expected, as a pale area.
    pub(crate) fn band(&self, plot: &Plot<'_>) -> Outcome {
        let Some(band) = &plot.chart.band else { return Ok(()) };
        let bounds = band.lows.iter().zip(&band.highs).enumerate();
        let known: Vec<(usize, f64, f64)> = bounds
            .filter_map(|(step, (low, high))| Some((step, (*low)?, (*high)?)))
            .filter(|(_, low, high)| low.is_finite() && high.is_finite())
            .collect();
        if known.len() < 2 {
            return Ok(());
        }
        let highs = known.iter().map(|(step, _, high)| at(plot.x_of_step(*step), plot.y(*high)));
        let lows = known.iter().rev().map(|(step, low, _)| at(plot.x_of_step(*step), plot.y(*low)));
        let shade = over(self.colors.series[0], self.colors.surface, 0.14);
        self.area.draw(&Polygon::new(highs.chain(lows).collect::<Vec<_>>(), shade.filled()))
    }

    /// What was wrong, and what does not count.
    pub(crate) fn spans(&self, plot: &Plot<'_>) -> Outcome {
        for span in &plot.chart.spans {
            let left = plot.x(span.from_ms);
            let right = plot.x(span.to_ms).max(left + NARROWEST);
            match span.fill {
                Fill::Shaded => {
                    let shade = over(self.colors.critical, self.colors.surface, 0.12);
                    self.area.draw(&Rectangle::new([at(left, PLOT_TOP), at(right, PLOT_BOTTOM)], shade.filled()))?;
                    let edge = over(self.colors.critical, self.colors.surface, 0.5);
                    self.line([(left, PLOT_TOP), (left, PLOT_BOTTOM)], 1.0, edge)?;
                }
                Fill::Hatched => self.hatching(left, right)?,
            }
        }
        Ok(())
    }

    /// Strokes at 45 degrees, cut off at the edges.
    fn hatching(&self, left: f64, right: f64) -> Outcome {
        let height = PLOT_BOTTOM - PLOT_TOP;
        let color = over(self.colors.muted, self.colors.surface, 0.5);
        let n_strokes = ((right - left + height) / HATCHING).ceil().clamp(1.0, 400.0) as usize;
        for number in 0..n_strokes {
            // The stroke rises from its foot on the lower edge, which may lie left of the span.
            let foot = left - height + (number as f64 + 0.5) * HATCHING;
            let (start, end) = (foot.max(left), (foot + height).min(right));
            if start < end {
                self.line([(start, PLOT_BOTTOM - (start - foot)), (end, PLOT_BOTTOM - (end - foot))], 0.75, color)?;
            }
        }
        for edge in [left, right] {
            self.line([(edge, PLOT_TOP), (edge, PLOT_BOTTOM)], 0.75, color)?;
        }
        Ok(())
    }

    /// What happened in an instant.
    pub(crate) fn marks(&self, plot: &Plot<'_>) -> Outcome {
        let (from_ms, to_ms) = (plot.chart.from_ms, plot.chart.to_ms());
        for mark in plot.chart.marks.iter().filter(|mark| (from_ms..=to_ms).contains(&mark.at_ms)) {
            let x = plot.x(mark.at_ms);
            if mark.kind == MarkKind::Change {
                self.line([(x, PLOT_TOP), (x, PLOT_BOTTOM)], 1.25, self.colors.text)?;
                continue;
            }
            let foot = PLOT_BOTTOM - 1.0;
            let corners = [(x - TICK_WIDTH / 2.0, foot), (x + TICK_WIDTH / 2.0, foot), (x, foot - TICK_HEIGHT)];
            let corners: Vec<_> = corners.into_iter().map(|(x, y)| at(x, y)).collect();
            let (fill, edge) = match mark.kind {
                MarkKind::Wrong => (self.colors.critical, self.colors.critical),
                _ => (self.colors.surface, self.colors.text),
            };
            self.area.draw(&Polygon::new(corners.clone(), fill.filled()))?;
            let closed: Vec<_> = corners.iter().chain(corners.first()).copied().collect();
            self.area.draw(&PathElement::new(closed, edge.stroke_width(GRID as u32)))?;
        }
        Ok(())
    }

    /// What spans and marks say, where there is room.
    pub(crate) fn labels(&self, plot: &Plot<'_>) -> Outcome {
        let mut taken: [Vec<(f64, f64)>; N_LABEL_ROWS] = Default::default();
        for label in self.wanted(plot) {
            let text = fitting(label.text, LONGEST_LABEL, LABEL_SIZE);
            let room = width(&text, LABEL_SIZE);
            let inside = (label.right - label.left > room + GAP).then_some(label.left + GAP / 2.0 + 1.0);
            let beside = [label.right + GAP / 2.0, label.left - GAP / 2.0 - room];
            let is_in = |x: &f64| *x >= plot.left && x + room <= plot.right;
            let places: Vec<f64> = inside.map_or_else(|| beside.into_iter().filter(is_in).collect(), |x| vec![x]);
            let is_free = |row: &Vec<(f64, f64)>, x: f64| row.iter().all(|(from, to)| x > *to || x + room < *from);
            let y = |row: usize| PLOT_TOP + 8.0 + row as f64 * LABEL_ROW;
            let mut all = (0..N_LABEL_ROWS).flat_map(|row| places.iter().map(move |x| (row, *x)));
            let free = all.find(|(row, x)| is_free(&taken[*row], *x) && !is_crossed(plot, (*x, *x + room), y(*row)));
            let Some((row, x)) = free else { continue };
            taken[row].push((x - GAP / 2.0, x + room + GAP / 2.0));
            let y = y(row);
            self.text(&text, x, y, HPos::Left, LABEL_SIZE, REGULAR, label.color)?;
        }
        Ok(())
    }

    fn wanted<'p>(&self, plot: &'p Plot<'_>) -> Vec<Label<'p>> {
        let of_span = |span: &'p Span| Label {
            text: &span.label,
            color: if span.fill == Fill::Shaded { self.colors.critical } else { self.colors.muted },
            left: plot.x(span.from_ms),
            right: plot.x(span.to_ms),
        };
        let of_mark = |mark: &'p Mark| {
            let x = plot.x(mark.at_ms);
            Label { text: &mark.label, color: self.colors.text, left: x, right: x }
        };
        let labels = plot.chart.spans.iter().map(of_span).chain(plot.chart.marks.iter().map(of_mark));
        labels.filter(|label| !label.text.is_empty()).collect()
    }
}

/// Whether the line that a chart is about crosses a label between two places, whose middle is at `y`.
fn is_crossed(plot: &Plot<'_>, (left, right): (f64, f64), y: f64) -> bool {
    let crosses = |pair: &[(usize, f64)]| {
        let is_beside = plot.x_of_step(pair[1].0) < left || plot.x_of_step(pair[0].0) > right;
        let [one, other] = [pair[0].1, pair[1].1].map(|value| plot.y(value));
        !is_beside && one.min(other) < y + LABEL_ROW / 2.0 && one.max(other) > y - LABEL_ROW / 2.0
    };
    let of_series = |series: &Series| series.stretches().iter().any(|stretch| stretch.windows(2).any(crosses));
    plot.chart.drawn().iter().filter(|series| series.look == Look::Main).any(of_series)
}
