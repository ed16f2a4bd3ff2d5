//! Bodies in a text format, read in every way that a scrape reads them.

use scrape::parse::{Event, Format, MetricType, Options, ParseError, Parser};

/// What was read: each event with what the parser says about it, as text.
type Read = Vec<String>;

/// A line as a scrape cache keeps it.
enum Line {
    Series(Vec<u8>),
    Metadata(Vec<u8>, MetricType),
    /// Comments are not kept.
    Comment,
}

/// Reads a body, and once more with all of its lines known from the time before: both must say the same. What was read of
/// a series, written down anew, must be read as the same series.
pub fn check(format: Format, body: &[u8], options: Options) {
    let (read, lines, error) = read_all(format, body, options);
    assert_eq!(read_known(format, body, options, &lines), (read, error));
}

fn read_all(format: Format, body: &[u8], options: Options) -> (Read, Vec<Line>, Option<ParseError>) {
    let mut parser = Parser::new(format, body, options);
    let (mut read, mut lines) = (Read::new(), Vec::new());
    loop {
        let before = parser.offset();
        let event = match parser.next() {
            Ok(Some(event)) => event,
            Ok(None) => return (read, lines, None),
            Err(error) => return (read, lines, Some(error)),
        };
        assert!(
            before <= parser.line_start() && parser.line_start() < parser.offset() && parser.offset() <= body.len()
        );
        lines.push(match event {
            Event::Series { text, .. } => Line::Series(text.to_vec()),
            Event::Comment(_) => Line::Comment,
            _ => Line::Metadata(body[parser.line_start()..parser.offset()].to_vec(), parser.metric_type()),
        });
        read.push(shown(&parser, event));
        if let Event::Series { sample, .. } = event {
            written_anew(format, &parser, sample.value, options);
        }
    }
}

fn read_known(format: Format, body: &[u8], options: Options, lines: &[Line]) -> (Read, Option<ParseError>) {
    let mut parser = Parser::new(format, body, options);
    let mut read = Read::new();
    for line in lines {
        let event = match line {
            Line::Series(text) => match parser.next_if_series(text) {
                Ok(Some(sample)) => Ok(Some(Event::Series { text, sample })),
                // A line that the cache would miss is read as any other.
                Ok(None) => parser.next(),
                Err(error) => Err(error),
            },
            Line::Metadata(line, metric_type) if parser.clone().skip_if_line(line, *metric_type) => {
                let event = parser.clone().next();
                parser.skip_if_line(line, *metric_type);
                event
            }
            Line::Metadata(..) | Line::Comment => parser.next(),
        };
        match event {
            Ok(Some(event)) => read.push(shown(&parser, event)),
            Ok(None) => return (read, None),
            Err(error) => return (read, Some(error)),
        }
    }
    let error = parser.next().err();
    (read, error)
}

/// An event and all that the parser says about it but the labels, which are only there where a line was read word by word.
fn shown(parser: &Parser<'_>, event: Event<'_>) -> String {
    let more = match event {
        Event::Series { .. } => format!("{:?} {:?}", parser.exemplar(), parser.metric_type()),
        Event::Help { family, text } => format!("{} {}", scrape::parse::family_name(family), parser.help_text(text)),
        _ => String::new(),
    };
    format!("{event:?} {more}")
}

/// Labels and value of the series at hand, in the one way to write them in which nothing can be misread.
fn written_anew(format: Format, parser: &Parser<'_>, value: f64, options: Options) {
    // Type and unit would become labels once more.
    let (Ok(labels), false) = (parser.labels(), options.type_and_unit_labels) else { return };
    let mut pairs = Vec::new();
    for (name, value) in &labels {
        match name {
            "__name__" => pairs.insert(0, quoted(value)),
            _ => pairs.push(format!("{}={}", quoted(name), quoted(value))),
        }
    }
    if labels.metric_name().is_empty() {
        return;
    }
    let end = if format == Format::OpenMetrics { "# EOF\n" } else { "" };
    let body = format!("{{{}}} {value}\n{end}", pairs.join(","));
    let mut again = Parser::new(format, body.as_bytes(), options);
    match again.next() {
        Ok(Some(Event::Series { sample, .. })) => {
            assert_eq!(sample.value.to_bits(), value.to_bits(), "{body}");
            assert_eq!(again.labels().as_ref(), Ok(&labels), "{body}");
        }
        other => panic!("{body} is read as {other:?}"),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
