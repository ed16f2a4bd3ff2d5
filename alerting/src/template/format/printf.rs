//! `printf`: formats with verbs, flags, widths, precisions and numbered arguments.

use crate::template::limits::Sink;
use crate::template::value::Value;

use super::spec::{MAX_WIDTH, Spec};
use super::value::push;

/// Fills in a format. Mistakes in the format stand in the result, as in Go; only limits are errors.
pub(in crate::template) fn printf(format: &str, arguments: &[Value], max_bytes: usize) -> Result<String, String> {
    let mut printer =
        Printer { rest: format, arguments, next: 0, is_reordered: false, is_good: true, out: Sink::new(max_bytes) };
    while let Some(at) = printer.rest.find('%') {
        printer.out.push(&printer.rest[..at])?;
        printer.rest = &printer.rest[at + 1..];
        printer.verb()?;
    }
    printer.out.push(printer.rest)?;
    printer.push_extra()?;
    Ok(printer.out.text)
}

struct Printer<'p> {
    rest: &'p str,
    arguments: &'p [Value],
    next: usize,
    is_reordered: bool,
    /// Whether the number of the argument in brackets is one that there is.
    is_good: bool,
    out: Sink,
}

impl Printer<'_> {
    fn eat(&mut self, c: char) -> bool {
        self.rest.strip_prefix(c).map(|rest| self.rest = rest).is_some()
    }

    fn verb(&mut self) -> Result<(), String> {
        self.is_good = true;
        let mut spec = self.flags();
        let mut after_index = self.index();
        self.width(&mut spec, &mut after_index)?;
        self.precision(&mut spec, &mut after_index)?;
        if !after_index {
            self.index();
        }
        let mut chars = self.rest.chars();
        let Some(verb) = chars.next() else { return self.out.push("%!(NOVERB)") };
        self.rest = chars.as_str();
        if verb == '%' {
            return self.out.push("%");
        }
        let mistake = match self.arguments.get(self.next) {
            _ if !self.is_good => "(BADINDEX)",
            None => "(MISSING)",
            Some(argument) => {
                self.next += 1;
                if verb == 'v' {
                    (spec.sharp_v, spec.sharp) = (spec.sharp, false);
                    (spec.plus_v, spec.plus) = (spec.plus, false);
                }
                return push(&mut self.out, argument, verb, &spec, 0);
            }
        };
        self.out.push("%!")?;
        self.out.push_char(verb)?;
        self.out.push(mistake)
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::default();
        loop {
            if self.eat('#') {
                spec.sharp = true;
            } else if self.eat('0') {
                spec.zero = true;
            } else if self.eat('+') {
                spec.plus = true;
            } else if self.eat('-') {
                spec.minus = true;
            } else if self.eat(' ') {
                spec.space = true;
            } else {
                return spec;
            }
        }
    }

    /// `[3]`: the number of the argument that comes next. Whether one stood there.
    fn index(&mut self) -> bool {
        let Some(inner) = self.rest.strip_prefix('[') else { return false };
        self.is_reordered = true;
        let Some((digits, rest)) = inner.split_once(']') else {
            (self.rest, self.is_good) = (inner, false);
            return false;
        };
        self.rest = rest;
        let number = Some(digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let number = number.and_then(|digits| digits.parse::<usize>().ok());
        match number.and_then(|number| number.checked_sub(1)) {
            Some(index) if index < self.arguments.len() => {
                self.next = index;
                true
            }
            index => {
                self.is_good = false;
                index.is_some()
            }
        }
    }

    fn width(&mut self, spec: &mut Spec, after_index: &mut bool) -> Result<(), String> {
        if self.eat('*') {
            let width = self.number_argument()?;
            spec.width = width.map(|width| width.unsigned_abs() as usize);
            if width.is_none() {
                self.out.push("%!(BADWIDTH)")?;
            }
            if width.is_some_and(|width| width < 0) {
                (spec.minus, spec.zero) = (true, false);
            }
            *after_index = false;
            return Ok(());
        }
        spec.width = self.digits()?;
        if *after_index && spec.width.is_some() {
            self.is_good = false;
        }
        Ok(())
    }

    fn precision(&mut self, spec: &mut Spec, after_index: &mut bool) -> Result<(), String> {
        // A point at the very end is no precision.
        if self.rest.len() < 2 || !self.eat('.') {
            return Ok(());
        }
        if *after_index {
            self.is_good = false;
        }
        *after_index = self.index();
        if self.eat('*') {
            let precision = self.number_argument()?.filter(|&precision| precision >= 0);
            spec.precision = precision.map(|precision| precision.unsigned_abs() as usize);
            if spec.precision.is_none() {
                self.out.push("%!(BADPREC)")?;
            }
            *after_index = false;
        } else {
            spec.precision = Some(self.digits()?.unwrap_or(0));
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<Option<usize>, String> {
        let n_digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(n_digits);
        self.rest = rest;
        if digits.is_empty() {
            return Ok(None);
        }
        within_limit(digits.parse().unwrap_or(usize::MAX)).map(Some)
    }

    /// The next argument, where it is an integer.
    fn number_argument(&mut self) -> Result<Option<i64>, String> {
        let argument = self.arguments.get(self.next);
        self.next += usize::from(argument.is_some());
        let number = match argument {
            Some(Value::Int(number)) => Some(*number),
            Some(Value::Uint(number)) => i64::try_from(*number).ok(),
            _ => None,
        };
        if let Some(number) = number {
            within_limit(usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX))?;
        }
        Ok(number)
    }

    /// The arguments for which there was no verb.
    fn push_extra(&mut self) -> Result<(), String> {
        if self.is_reordered || self.next >= self.arguments.len() {
            return Ok(());
        }
        self.out.push("%!(EXTRA ")?;
        for (number, argument) in self.arguments[self.next..].iter().enumerate() {
            if number > 0 {
                self.out.push(", ")?;
            }
            if !matches!(argument, Value::Nil) {
                self.out.push(argument.type_name())?;
                self.out.push("=")?;
            }
            push(&mut self.out, argument, 'v', &Spec::default(), 0)?;
        }
        self.out.push(")")
    }
}

fn within_limit(width: usize) -> Result<usize, String> {
    if width > MAX_WIDTH {
        return Err(format!("width or precision {width} is more than {MAX_WIDTH} (limit template_width)"));
    }
    Ok(width)
}
