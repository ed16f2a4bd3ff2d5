//! A chart as SVG.
//!
//! 600 × 200 pixels of it: a line for the title, one for the legend, then the plot with its axes.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, DashedPathElement, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, IntoFont, RGBColor, TextStyle};

use crate::chart::{Chart, Look, MAX_NAME_CHARS, Series};
use crate::scale::{Scale, time_ticks, zone_name};
use crate::theme::{Colors, Pen, Theme, over, pens};

/// How much finer the grid is on which plotters draws than the picture's pixels.
pub(crate) const GRID: f64 = 8.0;
/// In pixels, as everything below.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 200.0;
const MARGIN: f64 = 12.0;
const TITLE_Y: f64 = 16.0;
const LEGEND_Y: f64 = 35.0;
pub(crate) const PLOT_TOP: f64 = 50.0;
pub(crate) const PLOT_BOTTOM: f64 = HEIGHT - 24.0;
const TIMES_Y: f64 = HEIGHT - 11.0;
/// Between a tick's text and the plot.
pub(crate) const GAP: f64 = 7.0;
const TITLE_SIZE: f64 = 13.0;
pub(crate) const TEXT_SIZE: f64 = 11.0;
const LINE_WIDTH: f64 = 1.75;
const N_TIMES: usize = 6;
const N_VALUES: usize = 4;
/// How a name is written that is too long.
const ELLIPSIS: char = '…';

/// The fonts by name: our own two, then what systems have, for those who show the SVG.
pub(crate) const REGULAR: &str =
    "DejaVu Sans, ui-sans-serif, PingFang SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif";
const BOLD: &str =
    "DejaVu Sans Bold, DejaVu Sans, ui-sans-serif, PingFang SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif";

/// A chart that cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the chart: {0}")]
pub struct DrawError(String);

pub(crate) type Outcome = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// Draws a chart, 600 × 200 pixels on a solid ground.
///
/// # Errors
/// Where plotters does not draw it, which it says why.
pub fn svg(chart: &Chart, theme: Theme) -> Result<String, DrawError> {
    let grid = |pixels: f64| (pixels * GRID) as u32;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (grid(WIDTH), grid(HEIGHT))).into_drawing_area();
        let canvas = Canvas { area: &area, colors: theme.colors() };
        canvas.chart(chart).and_then(|()| area.present()).map_err(|error| DrawError(error.to_string()))?;
    }
    // The view box stays that of the grid.
    let on_grid = format!("width=\"{}\" height=\"{}\"", grid(WIDTH), grid(HEIGHT));
    Ok(text.replacen(&on_grid, &format!("width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\""), 1))
}

pub(crate) struct Canvas<'a, 'b> {
    pub(crate) area: &'a DrawingArea<SVGBackend<'b>, Shift>,
    pub(crate) colors: &'static Colors,
}

/// Where values and times stand.
pub(crate) struct Plot<'a> {
    pub(crate) chart: &'a Chart,
    scale: Scale,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

/// The stroke of a line.
#[derive(Clone, Copy)]
struct Stroke {
    color: RGBColor,
    pixels: f64,
    /// How long dashes and gaps are, in pixels; `None` for a whole line.
    dashes: Option<(f64, f64)>,
}

impl Plot<'_> {
    pub(crate) fn x(&self, at_ms: i64) -> f64 {
        let (from_ms, to_ms) = (self.chart.from_ms, self.chart.to_ms());
        let share = (at_ms - from_ms) as f64 / (to_ms - from_ms) as f64;
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Where a step stands.
    pub(crate) fn x_of_step(&self, step: usize) -> f64 {
        self.x(self.chart.from_ms.saturating_add(self.chart.step_ms.saturating_mul(step as i64)))
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        PLOT_BOTTOM - self.scale.height_of(value) * (PLOT_BOTTOM - PLOT_TOP)
    }
}

impl Canvas<'_, '_> {
    fn chart(&self, chart: &Chart) -> Outcome {
        self.area.fill(&self.colors.surface)?;
        let title = fitting(&chart.title, WIDTH - 2.0 * MARGIN, TITLE_SIZE * 1.04);
        self.text(&title, MARGIN, TITLE_Y, HPos::Left, TITLE_SIZE, BOLD, self.colors.text)?;
        let Some((low, high)) = chart.extent().filter(|_| chart.drawn().iter().any(|s| s.finite().next().is_some()))
        else {
            let middle = (PLOT_TOP + PLOT_BOTTOM) / 2.0;
            return self.text(&chart.nothing, WIDTH / 2.0, middle, HPos::Center, TEXT_SIZE, REGULAR, self.colors.muted);
        };
        let scale = Scale::new(low, high, chart.from_zero, chart.unit, N_VALUES);
        let widest = scale.ticks.iter().map(|(_, text)| width(text, TEXT_SIZE)).fold(0.0, f64::max);
        let plot = Plot { chart, scale, left: MARGIN + widest + GAP, right: WIDTH - MARGIN };
        let pens = pens(chart.drawn().iter().map(|series| series.name.as_str()));
        let strokes = chart.drawn().iter().zip(&pens).map(|(series, pen)| self.stroke(series.look, *pen));
        let strokes: Vec<Stroke> = strokes.collect();
        self.band(&plot)?;
        self.spans(&plot)?;
        self.axes(&plot)?;
        self.marks(&plot)?;
        for (series, stroke) in chart.drawn().iter().zip(&strokes).rev() {
            self.series(&plot, series, *stroke)?;
        }
        self.labels(&plot)?;
        self.threshold(&plot)?;
        self.legend(chart, &strokes)
    }

    fn stroke(&self, look: Look, pen: Pen) -> Stroke {
        let main = self.colors.series[0];
        match look {
            Look::Main => Stroke { color: main, pixels: 2.0, dashes: None },
            Look::Guide => Stroke { color: self.colors.muted, pixels: 1.0, dashes: Some((5.0, 4.0)) },
            Look::Expected => Stroke { color: main, pixels: 2.0, dashes: Some((2.0, 3.0)) },
            Look::Named => Stroke {
                color: self.colors.series[pen.color],
                pixels: LINE_WIDTH,
                dashes: [None, Some((6.0, 4.0)), Some((2.0, 3.0))][pen.kind.min(2)],
            },
        }
    }

    fn axes(&self, plot: &Plot<'_>) -> Outcome {
        let faint = over(self.colors.line, self.colors.surface, 0.5);
        for (number, (value, text)) in plot.scale.ticks.iter().enumerate() {
            let y = plot.y(*value);
            let color = if number == 0 { self.colors.line } else { faint };
            self.line([(plot.left, y), (plot.right, y)], 1.0, color)?;
            self.text(text, plot.left - GAP, y, HPos::Right, TEXT_SIZE, REGULAR, self.colors.muted)?;
        }
        let (from_ms, to_ms) = (plot.chart.from_ms, plot.chart.to_ms());
        let zone = zone_name(to_ms, &plot.chart.zone);
        let zone_left = plot.right - width(&zone, TEXT_SIZE);
        self.text(&zone, plot.right, TIMES_Y, HPos::Right, TEXT_SIZE, REGULAR, self.colors.muted)?;
        for (at_ms, text) in time_ticks(from_ms, to_ms, &plot.chart.zone, N_TIMES) {
            let x = plot.x(at_ms);
            self.line([(x, PLOT_BOTTOM), (x, PLOT_BOTTOM + 4.0)], 1.0, self.colors.line)?;
            if x + width(&text, TEXT_SIZE) / 2.0 + GAP < zone_left {
                self.text(&text, x, TIMES_Y, HPos::Center, TEXT_SIZE, REGULAR, self.colors.muted)?;
            }
        }
        Ok(())
    }

    fn series(&self, plot: &Plot<'_>, series: &Series, stroke: Stroke) -> Outcome {
        for stretch in series.stretches() {
            let points: Vec<_> = stretch.iter().map(|&(step, value)| at(plot.x_of_step(step), plot.y(value))).collect();
            match points.as_slice() {
                [point] => {
                    let dot = Circle::new(*point, (stroke.pixels * GRID) as i32, stroke.color.filled());
                    self.area.draw(&dot)?;
                }
                _ => self.stroked(points, stroke)?,
            }
        }
        Ok(())
    }

    fn stroked(&self, points: Vec<(i32, i32)>, Stroke { color, pixels, dashes }: Stroke) -> Outcome {
        let style = color.stroke_width((pixels * GRID) as u32);
        let units = |pixels: f64| (pixels * GRID) as i32;
        match dashes {
            None => self.area.draw(&PathElement::new(points, style)),
            Some((dash, gap)) => self.area.draw(&DashedPathElement::new(points, units(dash), units(gap), style)),
        }
    }

    fn threshold(&self, plot: &Plot<'_>) -> Outcome {
        let Some(threshold) = plot.chart.threshold.as_ref().filter(|threshold| threshold.value.is_finite()) else {
            return Ok(());
        };
        let y = plot.y(threshold.value);
        let stroke = self.colors.critical.stroke_width(GRID as u32);
        let ends = [at(plot.left, y), at(plot.right, y)];
        let dash = (4.0 * GRID) as i32;
        self.area.draw(&DashedPathElement::new(ends, dash, dash, stroke))?;
        // Above the line, or below where there is no room; on the ground, so that lines behind it do not disturb.
        let label = fitting(&threshold.label, (plot.right - plot.left) / 2.0, TEXT_SIZE);
        let middle = if y - PLOT_TOP < 14.0 { y + 9.0 } else { y - 9.0 };
        let left = plot.right - width(&label, TEXT_SIZE) - 6.0;
        let ground = [at(left, middle - 7.0), at(plot.right, middle + 7.0)];
        self.area.draw(&Rectangle::new(ground, over(self.colors.surface, self.colors.surface, 1.0).filled()))?;
        self.text(&label, plot.right - 3.0, middle, HPos::Right, TEXT_SIZE, BOLD, self.colors.critical)
    }

    fn legend(&self, chart: &Chart, strokes: &[Stroke]) -> Outcome {
        const SWATCH: f64 = 14.0;
        const BETWEEN: f64 = 14.0;
        let right = WIDTH - MARGIN;
        // What stands at the end where not all have room.
        let room_for_rest = width("+ 9999", TEXT_SIZE);
        let share = (right - MARGIN) / chart.drawn().len().clamp(1, 4) as f64;
        let mut x = MARGIN;
        for (number, (series, stroke)) in chart.drawn().iter().zip(strokes).enumerate() {
            let name = fitting_both_ends(&series.name, share - SWATCH - GAP - BETWEEN, TEXT_SIZE);
            let end = x + SWATCH + GAP + width(&name, TEXT_SIZE);
            let is_last = number + 1 == chart.series.len();
            if end > right - if is_last { 0.0 } else { room_for_rest } {
                let rest = format!("+\u{a0}{}", chart.series.len() - number);
                return self.text(&rest, x, LEGEND_Y, HPos::Left, TEXT_SIZE, REGULAR, self.colors.muted);
            }
            let stroke = Stroke {
                pixels: if stroke.dashes.is_none() { 2.5 } else { stroke.pixels },
                dashes: stroke.dashes.map(|(dash, gap)| (dash.min(4.0), gap.min(3.0))),
                ..*stroke
            };
            self.stroked(vec![at(x, LEGEND_Y), at(x + SWATCH, LEGEND_Y)], stroke)?;
            self.text(&name, x + SWATCH + GAP, LEGEND_Y, HPos::Left, TEXT_SIZE, REGULAR, self.colors.muted)?;
            x = end + BETWEEN;
        }
        Ok(())
    }

    pub(crate) fn line(&self, points: [(f64, f64); 2], pixels: f64, color: RGBColor) -> Outcome {
        let stroke = color.stroke_width((pixels * GRID) as u32);
        self.area.draw(&PathElement::new(points.map(|(x, y)| at(x, y)), stroke))
    }

    /// Text whose middle is at `y`.
    #[expect(clippy::too_many_arguments, reason = "what a text is, where it stands and how it looks")]
    pub(crate) fn text(
        &self,
        text: &str,
        x: f64,
        y: f64,
        side: HPos,
        size: f64,
        fonts: &str,
        color: RGBColor,
    ) -> Outcome {
        if text.is_empty() {
            return Ok(());
        }
        // plotters divides sizes by 1.24 before it writes them.
        let font = (FontFamily::Name(fonts), size * GRID * 1.24).into_font();
        let style = TextStyle::from(font).color(&color).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Text::new(clean(text), at(x, y), style))
    }
}

/// Pixels on the grid.
pub(crate) fn at(x: f64, y: f64) -> (i32, i32) {
    ((x * GRID).round() as i32, (y * GRID).round() as i32)
}

/// About how wide a text is. Nobody measures it before it is drawn, so this is rather too much than too little: DejaVu's bold
/// face is this wide, its regular one a tenth less.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let ems = text.chars().map(|c| match c {
        ' ' | '\u{a0}' | 'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.38,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '/' | '-' | '"' => 0.5,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 1.04,
        '<' | '>' | '=' | '+' | '#' => 0.84,
        c if c.is_ascii_uppercase() => 0.8,
        c if c < '\u{1100}' => 0.7,
        _ => 1.0,
    });
    ems.sum::<f64>() * size
}

/// As much of a text as fits; where something is missing, it ends in an ellipsis.
pub(crate) fn fitting(text: &str, room: f64, size: f64) -> String {
    let text: String = text.chars().take(MAX_NAME_CHARS).collect();
    if width(&text, size) <= room {
        return text;
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, size) + size > room {
            kept.pop();
            break;
        }
    }
    format!("{}{ELLIPSIS}", kept.trim_end())
}

/// As much of a name as fits, with an ellipsis in its middle: names of one chart differ more often at their ends.
fn fitting_both_ends(name: &str, room: f64, size: f64) -> String {
    let name: Vec<char> = name.chars().take(MAX_NAME_CHARS).collect();
    let text = |n_cut: usize| {
        let n_kept = name.len() - n_cut;
        let (start, end) = (n_kept / 3, name.len() - (n_kept - n_kept / 3));
        let end = name[end..].iter();
        if n_cut == 0 {
            name.iter().collect()
        } else {
            name[..start].iter().chain(&[ELLIPSIS]).chain(end).collect::<String>()
        }
    };
    let texts = (0..name.len()).map(text);
    let mut texts = texts.skip_while(|text| width(text, size) > room);
    texts.next().unwrap_or_default()
}

/// Without what XML does not take.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect()
}
