//! Charts as they come out: their pixels, their size, their text.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::fonts;
use crate::png::png_with;
use crate::{Band, Chart, Fill, Look, Mark, MarkKind, Series, Span, Theme, Threshold, Unit, png, svg};

const FROM_MS: i64 = 1_790_000_000_000;
const STEP_MS: i64 = 15_000;
const N_STEPS: usize = 281;

fn wave(name: &str, around: f64, by: f64, speed: f64) -> Series {
    let value = |step: usize| around + by * (step as f64 * speed).sin() + by * 0.2 * (step as f64 * 1.7).cos();
    Series::new(name.to_owned(), (0..N_STEPS).map(|step| Some(value(step))).collect())
}

fn chart(title: &str, series: Vec<Series>) -> Chart {
    Chart {
        title: title.to_owned(),
        series,
        from_ms: FROM_MS,
        step_ms: STEP_MS,
        n_steps: N_STEPS,
        unit: Unit::Ratio,
        from_zero: true,
        threshold: Some(Threshold { value: 0.05, label: "> 5 %".to_owned() }),
        spans: vec![Span::shaded(FROM_MS + 200 * STEP_MS, FROM_MS + 400 * STEP_MS, "firing".to_owned())],
        marks: Vec::new(),
        band: None,
        zone: TimeZone::UTC,
        nothing: "no samples in this time".to_owned(),
    }
}

/// One series that rises over its threshold, with a gap.
fn errors(title: &str, name: &str) -> Chart {
    let mut series = wave(name, 0.02, 0.004, 0.11);
    for (step, value) in series.values.iter_mut().enumerate() {
        if step > 180 {
            *value = value.map(|value| value + (step - 180) as f64 * 0.0006);
        }
    }
    series.values[60..90].fill(None);
    chart(title, vec![series])
}

fn many() -> Chart {
    let series = (0..30)
        .map(|n| wave(&format!("pod=\"checkout-7d9f-{n}\""), 900.0 + 60.0 * n as f64, 40.0, 0.05 + 0.002 * n as f64));
    let mut chart = chart("sum by (pod) (rate(http_requests_total[5m]))", series.collect());
    chart.unit = Unit::PerSecond;
    chart.threshold = None;
    chart
}

/// Width, height, and the colours of the pixels.
fn pixels_of(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut decoder = png_crate::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png_crate::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    let pixels = data[..info.buffer_size()].chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
    (info.width, info.height, pixels.collect())
}

use ::png as png_crate;

/// Where somebody wants to look at the pictures.
#[expect(clippy::disallowed_methods, reason = "pictures for people, of a test")]
fn keep(name: &str, bytes: &[u8]) {
    if let Some(directory) = std::env::var_os("NARTHEX_PICTURES") {
        std::fs::write(Path::new(&directory).join(name), bytes).unwrap();
    }
}

#[test]
fn pictures_are_small_solid_and_of_the_right_size() {
    let check = |name: &str, chart: &Chart, theme: Theme, ground: [u8; 3]| {
        let bytes = png(chart, theme, 2).unwrap();
        keep(&format!("{name}.png"), &bytes);
        assert!(bytes.len() <= 60 << 10, "{name}: {} bytes", bytes.len());
        let (width, height, pixels) = pixels_of(&bytes);
        assert_eq!((width, height), (1200, 400), "{name}");
        let corners = [pixels[0], pixels[1199], pixels[399 * 1200], pixels[400 * 1200 - 1]];
        assert_eq!(corners, [ground; 4], "{name}");
        let n_drawn = pixels.iter().filter(|&&pixel| pixel != ground).count();
        assert!(n_drawn > 5000, "{name}: {n_drawn} pixels are drawn");
    };
    let (light, dark) = ([0xff; 3], [0x1c, 0x1b, 0x19]);
    let english = errors("Error ratio of checkout", "service=\"checkout\"");
    check("light", &english, Theme::Light, light);
    check("dark", &english, Theme::Dark, dark);
    let chinese = errors("结账服务的错误率（生产环境）", "服务=\"结账\"");
    check("chinese", &chinese, Theme::Light, light);
    check("many", &many(), Theme::Light, light);
    check("many-dark", &many(), Theme::Dark, dark);
    let mut gauge =
        chart("node_filesystem_avail_bytes{mountpoint=\"/\"}", vec![wave("instance=\"db-1:9100\"", 96e9, 1e9, 0.03)]);
    gauge.unit = Unit::Bytes;
    gauge.from_zero = false;
    gauge.threshold = Some(Threshold { value: 94e9, label: "< 87.5 GiB".to_owned() });
    check("gauge", &gauge, Theme::Light, light);
    let long = "a label of three hundred characters ".repeat(9);
    check("long", &errors(&long, &long), Theme::Light, light);
    let empty = png(&chart("nothing", Vec::new()), Theme::Light, 1).unwrap();
    keep("empty.png", &empty);
    assert_eq!(pixels_of(&empty).0, 600);
}

#[test]
fn chinese_is_drawn_and_not_as_boxes() {
    let fonts = fonts::all();
    let has_chinese = fonts.faces().any(|face| face.families.iter().any(|(name, _)| name.contains("CJK")));
    if !has_chinese {
        assert!(std::env::var_os("NARTHEX_CI").is_none(), "CI has a font with Chinese characters");
        eprintln!("left out: no font with Chinese characters is installed (fonts-noto-cjk)");
        return;
    }
    // Two characters that no font has in common look different; two boxes look the same.
    let picture = |name: &str| png_with(&errors("", name), Theme::Light, 2, fonts.clone()).unwrap();
    let [one, another, none] = ["错误预算", "消耗速率", ""].map(picture);
    assert!(one != another && one != none);
    let ink = |bytes: &[u8]| {
        let (_, _, pixels) = pixels_of(bytes);
        pixels.iter().filter(|&&pixel| pixel != [0xff; 3]).count()
    };
    assert!(ink(&one) > ink(&none) + 300, "{} and {}", ink(&one), ink(&none));
}

#[test]
fn what_no_font_has_is_left_out() {
    let own = Arc::new(fonts::own());
    let picture = |title: &str, name: &str| png_with(&errors(title, name), Theme::Light, 1, own.clone()).unwrap();
    assert_eq!(picture("错误率 of checkout", "x"), picture("of checkout", "x"));
    // The colour follows from the name as well.
    assert_eq!(picture("", "服务"), picture("", "#1"));
    assert_ne!(picture("", "#1"), picture("", ""));
}

#[test]
fn text_is_escaped() {
    let hostile = "</text><script>alert(1)</script>&\u{0}\u{1b}\u{ffff}";
    let drawn = svg(&errors(hostile, hostile), Theme::Light).unwrap();
    assert!(!drawn.contains("<script") && !drawn.contains('\u{0}') && !drawn.contains('\u{1b}'));
    assert!(drawn.contains("&lt;script&gt;"));
    png(&errors(hostile, hostile), Theme::Dark, 1).unwrap();
}

#[test]
fn values_that_are_no_numbers_are_gaps() {
    let mut hostile = errors("x", "y");
    for (step, value) in hostile.series[0].values.iter_mut().enumerate() {
        match step % 5 {
            0 => *value = Some(f64::NAN),
            1 => *value = Some(f64::INFINITY),
            2 => *value = Some(f64::MAX),
            3 => *value = Some(-f64::MAX),
            _ => {}
        }
    }
    hostile.threshold = Some(Threshold { value: f64::NAN, label: "nan".to_owned() });
    png(&hostile, Theme::Light, 1).unwrap();
    let mut tiny = errors("x", "y");
    tiny.series[0].values.iter_mut().for_each(|value| *value = Some(5e-324));
    tiny.threshold = None;
    png(&tiny, Theme::Light, 1).unwrap();
    let mut short = errors("x", "y");
    (short.n_steps, short.step_ms) = (0, 0);
    png(&short, Theme::Light, 1).unwrap();
}

#[test]
fn what_happened_is_drawn_and_labels_never_touch() {
    let day = |number: i64| FROM_MS + number * 10 * STEP_MS;
    let mark = |at: i64, kind, label: &str| Mark { at_ms: day(at), kind, label: label.to_owned() };
    let with = |fill: Fill, marks: Vec<Mark>, band: Option<Band>| {
        let mut chart = chart("budget", vec![Series { look: Look::Main, ..wave("left", 0.5, 0.2, 0.02) }]);
        chart.threshold = None;
        let span =
            |from: i64, label: &str| Span { fill, ..Span::shaded(day(from), day(from) + STEP_MS, label.to_owned()) };
        chart.spans = (0..12).map(|number| span(1, &format!("label {number} of all"))).collect();
        (chart.marks, chart.band) = (marks, band);
        svg(&chart, Theme::Light).unwrap()
    };
    let plain = with(Fill::Shaded, Vec::new(), None);
    for (label, is_shown) in [("label 0 of all", true), ("label 1 of all", true), ("label 11 of all", false)] {
        assert_eq!(plain.contains(label), is_shown, "{label}");
    }
    let hatched = with(Fill::Hatched, Vec::new(), None);
    assert!(hatched.matches("<polyline").count() > plain.matches("<polyline").count() + 20);
    let marks = vec![mark(9, MarkKind::Fine, ""), mark(11, MarkKind::Wrong, ""), mark(20, MarkKind::Change, "99.9 %")];
    let marked = with(Fill::Shaded, marks, None);
    assert_eq!(marked.matches("<polygon").count(), plain.matches("<polygon").count() + 2);
    assert!(marked.contains("99.9 %"));
    let outside = with(Fill::Shaded, vec![mark(-1, MarkKind::Wrong, ""), mark(999, MarkKind::Fine, "")], None);
    assert_eq!(outside, plain);
    let expected = |from: usize, value: f64| (0..N_STEPS).map(|step| (step > from).then_some(value)).collect();
    let band = Band { lows: expected(200, 0.1), highs: expected(200, 0.9) };
    assert_eq!(with(Fill::Shaded, Vec::new(), Some(band)).matches("<polygon").count(), 1);
    let alone = Band { lows: expected(N_STEPS - 2, 0.1), highs: expected(N_STEPS - 2, 0.9) };
    assert_eq!(with(Fill::Shaded, Vec::new(), Some(alone)).matches("<polygon").count(), 0);
}

#[test]
fn labels_keep_off_the_line_that_the_chart_is_about() {
    let flat = |name: &str, value: f64| Series::new(name.to_owned(), vec![Some(value); N_STEPS]);
    let label_y = |value: f64| {
        let mut chart = chart("budget", vec![Series { look: Look::Main, ..flat("left", value) }, flat("most", 1.0)]);
        chart.threshold = None;
        chart.spans = vec![Span::shaded(FROM_MS + 20 * STEP_MS, FROM_MS + 21 * STEP_MS, "the label".to_owned())];
        let svg = svg(&chart, Theme::Light).unwrap();
        let before = &svg[..svg.find("the label").unwrap()];
        let y = &before[before.rfind(" y=\"").unwrap() + 4..];
        y[..y.find('"').unwrap()].parse::<i32>().unwrap()
    };
    assert!(label_y(0.95) > label_y(0.2));
    assert_eq!(label_y(0.2), label_y(0.3));
}
