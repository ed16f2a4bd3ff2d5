//! What one execution may use. Go has no such limits; labels, which templates print, are written by strangers.

/// The limits of one execution. Each has a name, which stands in the error of what exceeds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `template_output_bytes`: how long the output may be, and each text that is made on the way.
    pub output_bytes: usize,
    /// `template_steps`: how many actions, commands, arguments and turns of loops; long texts and lists that functions
    /// work on count as several.
    pub steps: u64,
    /// `template_depth`: how deep blocks, parentheses and calls of templates may be nested, and values in values.
    pub depth: usize,
    /// `template_queries`: how many queries.
    pub queries: usize,
}

/// How deep blocks and parentheses of one text may be nested.
pub(super) const PARSE_DEPTH: usize = 100;

/// How deep values may stand in one another.
pub(super) const VALUE_DEPTH: u16 = 100;

impl Limits {
    /// For a label or an annotation of a rule.
    pub const ANNOTATION: Limits = Limits { output_bytes: 64 << 10, steps: 100_000, depth: 100, queries: 5 };

    /// For a notification.
    pub const NOTIFICATION: Limits = Limits { output_bytes: 1 << 20, steps: 100_000, depth: 100, queries: 0 };
}

/// What is left of the limits.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) limits: Limits,
    pub(super) n_steps: u64,
    pub(super) depth: usize,
    pub(super) n_queries: usize,
}

impl Meter {
    pub(super) fn new(limits: Limits) -> Meter {
        Meter { limits, n_steps: 0, depth: 0, n_queries: 0 }
    }

    pub(super) fn step(&mut self, n_steps: u64) -> Result<(), String> {
        self.n_steps += n_steps;
        if self.n_steps > self.limits.steps {
            return Err(format!("more than {} steps (limit template_steps)", self.limits.steps));
        }
        Ok(())
    }

    pub(super) fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(format!("nested more than {} deep (limit template_depth)", self.limits.depth));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn query(&mut self) -> Result<(), String> {
        self.n_queries += 1;
        if self.n_queries > self.limits.queries {
            return Err(format!("more than {} queries (limit template_queries)", self.limits.queries));
        }
        Ok(())
    }
}

/// A text that is being made, and does not become longer than it may.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) text: String,
    max_bytes: usize,
}

impl Sink {
    pub(super) fn new(max_bytes: usize) -> Sink {
        Sink { text: String::new(), max_bytes }
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), String> {
        if self.text.len() + text.len() > self.max_bytes {
            return Err(format!("more than {} bytes (limit template_output_bytes)", self.max_bytes));
        }
        self.text.push_str(text);
        Ok(())
    }

    pub(super) fn push_char(&mut self, c: char) -> Result<(), String> {
        self.push(c.encode_utf8(&mut [0; 4]))
    }
}
