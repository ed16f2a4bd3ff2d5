//! What a target answers in: one of the text formats, or a system's own that becomes series here.

use model::Labels;

use crate::parse::{Event, Format, LabelsError, MetricType, Options, Parser};
use crate::smack::mesos;

/// How the lines of a body are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// A text format.
    Text(Format),
    /// A snapshot of Mesos, whose names take the place of lines.
    Mesos,
}

impl Exposition {
    /// The labels of a line that was understood once, from its text alone.
    pub(crate) fn labels_again(self, text: &[u8], metric_type: MetricType) -> Option<Result<Labels, LabelsError>> {
        let format = match self {
            Exposition::Mesos => return Some(Ok(mesos::series(&String::from_utf8_lossy(text)).labels)),
            Exposition::Text(format) => format,
        };
        let line = [text, b" 0\n"].concat();
        let mut parser = Parser::new(format, &line, Options::default());
        parser.skip_if_line(b"", metric_type);
        match parser.next() {
            Ok(Some(Event::Series { .. })) => Some(parser.labels()),
            _ => None,
        }
    }
}
