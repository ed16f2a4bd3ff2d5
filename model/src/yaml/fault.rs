//! Mistakes found by checks that know values but no text: each has a path.

use std::fmt;

/// One step from a node to one within it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an element of a list.
    Index(usize),
}

/// Displays a path as `scrape_configs[0].job_name`.
#[derive(Debug)]
pub struct DisplayPath<'p>(pub &'p [Step]);

impl fmt::Display for DisplayPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A mistake and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From the root to what is wrong. Its last steps may lead to what is missing.
    pub path: Vec<Step>,
    /// What is wrong.
    pub message: String,
}

/// Gathers mistakes while a check walks through a value.
#[derive(Debug, Default)]
pub struct Faults {
    here: Vec<Step>,
    found: Vec<Fault>,
}

impl Faults {
    /// None yet.
    pub fn new() -> Faults {
        Faults::default()
    }

    /// Something is wrong with a field of what is being checked.
    pub fn add(&mut self, field: &str, message: impl fmt::Display) {
        self.within(field, |faults| faults.add_here(message));
    }

    /// Something is wrong with what is being checked as a whole.
    pub fn add_here(&mut self, message: impl fmt::Display) {
        self.found.push(Fault { path: self.here.clone(), message: message.to_string() });
    }

    /// Checks a field.
    pub fn within<R>(&mut self, field: &str, check: impl FnOnce(&mut Faults) -> R) -> R {
        self.here.push(Step::Key(field.to_owned()));
        let result = check(self);
        self.here.pop();
        result
    }

    /// Checks each element of a list in a field.
    pub fn within_each<T>(
        &mut self,
        field: &str,
        elements: impl IntoIterator<Item = T>,
        mut check: impl FnMut(&mut Faults, T),
    ) {
        self.here.push(Step::Key(field.to_owned()));
        for (index, element) in elements.into_iter().enumerate() {
            self.here.push(Step::Index(index));
            check(self, element);
            self.here.pop();
        }
        self.here.pop();
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found.
    pub fn into_found(self) -> Vec<Fault> {
        self.found
    }
}
