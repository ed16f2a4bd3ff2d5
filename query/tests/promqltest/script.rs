//! Scripts: commands, one after the other.

use model::duration::PromDuration;

use super::eval::Eval;
use super::load::Load;

/// A command of a script.
#[derive(Debug)]
pub(crate) enum Command {
    /// Forget everything that was loaded.
    Clear,
    /// Load samples.
    Load(Load),
    /// Ask, and compare.
    Eval(Box<Eval>),
}

/// The lines of a script from one on. An empty line, or a comment, ends a command.
#[derive(Debug)]
pub(crate) struct Lines<'s> {
    lines: Vec<&'s str>,
    next: usize,
}

impl<'s> Lines<'s> {
    fn of(script: &'s str) -> Lines<'s> {
        let uncommented = |line: &'s str| if line.starts_with('#') { "" } else { line };
        Lines { lines: script.split('\n').map(|line| uncommented(line.trim())).collect(), next: 0 }
    }

    /// The next line of a command; `None` at its end.
    pub(crate) fn of_command(&mut self) -> Option<&'s str> {
        let line = self.lines.get(self.next).copied().filter(|line| !line.is_empty())?;
        self.next += 1;
        Some(line)
    }

    /// The number of the line that was last read, from 1.
    pub(crate) fn number(&self) -> usize {
        self.next
    }
}

/// Reads a script.
///
/// # Errors
/// When any of its commands or queries is none; then nothing is run.
pub(crate) fn parse(script: &str) -> Result<Vec<Command>, String> {
    let mut lines = Lines::of(script);
    let mut commands = Vec::new();
    while lines.next < lines.lines.len() {
        let Some(line) = lines.of_command() else {
            lines.next += 1;
            continue;
        };
        let word = line.split([' ', '\t']).next().unwrap_or_default().to_lowercase();
        commands.push(match word {
            word if word == "clear" => Command::Clear,
            word if word.starts_with("load") => Command::Load(Load::parse(line, &mut lines)?),
            word if word.starts_with("eval") => Command::Eval(Box::new(Eval::parse(line, &mut lines)?)),
            _ => return Err(format!("line {}: invalid command {line:?}", lines.number())),
        });
    }
    Ok(commands)
}

/// A duration in milliseconds.
pub(crate) fn duration_ms(text: &str) -> Result<i64, String> {
    text.parse::<PromDuration>().map(PromDuration::as_millis).map_err(|error| error.to_string())
}
