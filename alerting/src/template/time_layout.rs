//! Times by Go's layouts, in which `2006-01-02 15:04:05` stands for the form.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use model::name::quoted;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    /// `PM` or `pm`.
    Half {
        is_lower: bool,
    },
    Zone,
    /// `-0700`, `-07:00`, `-07`, with seconds, or with `Z` for UTC.
    Offset {
        is_z: bool,
        has_colons: bool,
        has_minutes: bool,
        has_seconds: bool,
    },
    /// `.000`: so many digits; `.999`: without zeros at the end. The mark before it is a point or a comma.
    Fraction {
        n_digits: usize,
        is_fixed: bool,
        mark: char,
    },
}

/// Longer ones before those that they begin with.
const PARTS: [(&str, Part); 33] = [
    ("January", Part::LongMonth),
    ("Jan", Part::Month),
    ("Monday", Part::LongDay),
    ("Mon", Part::WeekDay),
    ("MST", Part::Zone),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumMonth),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("__2", Part::UnderYearDay),
    ("_2", Part::UnderDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Half { is_lower: false }),
    ("pm", Part::Half { is_lower: true }),
    ("-07:00:00", offset(false, true, true, true)),
    ("-070000", offset(false, false, true, true)),
    ("-07:00", offset(false, true, true, false)),
    ("-0700", offset(false, false, true, false)),
    ("-07", offset(false, false, false, false)),
    ("Z07:00:00", offset(true, true, true, true)),
    ("Z070000", offset(true, false, true, true)),
    ("Z07:00", offset(true, true, true, false)),
    ("Z0700", offset(true, false, true, false)),
    ("Z07", offset(true, false, false, false)),
];

const fn offset(is_z: bool, has_colons: bool, has_minutes: bool, has_seconds: bool) -> Part {
    Part::Offset { is_z, has_colons, has_minutes, has_seconds }
}

/// The first part of a layout: the text before it, the part as written, and what follows.
fn split(layout: &str) -> (&str, Option<(Part, &str)>, &str) {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        if let Some((part, n_bytes)) = part_at(rest) {
            let skipped = usize::from(rest.starts_with("_2006"));
            let begin = at + skipped;
            return (&layout[..begin], Some((part, &layout[begin..at + n_bytes])), &layout[at + n_bytes..]);
        }
    }
    (layout, None, "")
}

fn part_at(rest: &str) -> Option<(Part, usize)> {
    if let Some(fraction) = fraction_at(rest) {
        return Some(fraction);
    }
    let followed_by_lower = |n_bytes: usize| rest[n_bytes..].starts_with(|c: char| c.is_ascii_lowercase());
    if rest.starts_with("_2006") {
        return Some((Part::LongYear, 5));
    }
    let (text, part) = PARTS.iter().find(|(text, _)| rest.starts_with(text))?;
    // "Month" is a word, "Mon" a day.
    if matches!(part, Part::Month | Part::WeekDay) && followed_by_lower(3) {
        return None;
    }
    Some((*part, text.len()))
}

/// `.000`, `,000`, `.999` where no digit follows.
fn fraction_at(rest: &str) -> Option<(Part, usize)> {
    let mark = rest.chars().next().filter(|&mark| mark == '.' || mark == ',')?;
    let digit = rest[1..].chars().next().filter(|&digit| digit == '0' || digit == '9')?;
    let n_digits = rest[1..].chars().take_while(|&c| c == digit).count();
    let is_over = !rest[1 + n_digits..].starts_with(|c: char| c.is_ascii_digit());
    is_over.then_some((Part::Fraction { n_digits, is_fixed: digit == '0', mark }, 1 + n_digits))
}

/// A time as Go prints it.
pub(super) fn time_text(time: &Zoned) -> String {
    format(time, "2006-01-02 15:04:05.999999999 -0700 MST")
}

/// A time by a layout.
pub(super) fn format(time: &Zoned, layout: &str) -> String {
    let mut out = String::with_capacity(layout.len() + 10);
    let mut rest = layout;
    while !rest.is_empty() {
        let (text, part, after) = split(rest);
        out.push_str(text);
        if let Some((part, _)) = part {
            push_part(&mut out, time, part);
        }
        rest = after;
    }
    out
}

fn push_part(out: &mut String, time: &Zoned, part: Part) {
    let hour12 = (time.hour() + 11) % 12 + 1;
    let month = MONTHS[usize::try_from(time.month() - 1).unwrap_or(0) % 12];
    let day = DAYS[usize::try_from(time.weekday().to_sunday_zero_offset()).unwrap_or(0) % 7];
    out.push_str(&match part {
        Part::LongMonth => month.to_owned(),
        Part::Month => month[..3].to_owned(),
        Part::NumMonth => time.month().to_string(),
        Part::ZeroMonth => format!("{:02}", time.month()),
        Part::LongDay => day.to_owned(),
        Part::WeekDay => day[..3].to_owned(),
        Part::Day => time.day().to_string(),
        Part::UnderDay => format!("{:>2}", time.day()),
        Part::ZeroDay => format!("{:02}", time.day()),
        Part::UnderYearDay => format!("{:>3}", time.day_of_year()),
        Part::ZeroYearDay => format!("{:03}", time.day_of_year()),
        Part::Hour => format!("{:02}", time.hour()),
        Part::Hour12 => hour12.to_string(),
        Part::ZeroHour12 => format!("{hour12:02}"),
        Part::Minute => time.minute().to_string(),
        Part::ZeroMinute => format!("{:02}", time.minute()),
        Part::Second => time.second().to_string(),
        Part::ZeroSecond => format!("{:02}", time.second()),
        Part::LongYear => format!("{:04}", time.year()),
        Part::Year => format!("{:02}", time.year().rem_euclid(100)),
        Part::Half { is_lower } => match (time.hour() >= 12, is_lower) {
            (true, false) => "PM",
            (false, false) => "AM",
            (true, true) => "pm",
            (false, true) => "am",
        }
        .to_owned(),
        Part::Zone => zone_name(time),
        Part::Offset { is_z, has_colons, has_minutes, has_seconds } => {
            offset_text(time.offset().seconds(), is_z, has_colons, has_minutes, has_seconds)
        }
        Part::Fraction { n_digits, is_fixed, mark } => {
            let digits = format!("{:09}", time.subsec_nanosecond());
            let digits = &digits[..n_digits.min(9)];
            let digits = if is_fixed { digits } else { digits.trim_end_matches('0') };
            if digits.is_empty() { String::new() } else { format!("{mark}{digits}") }
        }
    });
}

/// `CET`; where the zone has no name of letters, its offset.
fn zone_name(time: &Zoned) -> String {
    let info = time.time_zone().to_offset_info(time.timestamp());
    let name = info.abbreviation();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return name.to_owned();
    }
    let seconds = time.offset().seconds();
    offset_text(seconds, false, false, seconds % 3600 != 0, false)
}

fn offset_text(seconds: i32, is_z: bool, has_colons: bool, has_minutes: bool, has_seconds: bool) -> String {
    if is_z && seconds == 0 {
        return "Z".to_owned();
    }
    let (sign, magnitude) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let colon = if has_colons { ":" } else { "" };
    let mut text = format!("{sign}{:02}", magnitude / 3600);
    if has_minutes {
        text.push_str(&format!("{colon}{:02}", magnitude / 60 % 60));
    }
    if has_seconds {
        text.push_str(&format!("{colon}{:02}", magnitude % 60));
    }
    text
}

/// What has been read of a time.
struct Read {
    year: i16,
    month: i8,
    day: i8,
    year_day: Option<i16>,
    hour: i8,
    is_afternoon: Option<bool>,
    minute: i8,
    second: i8,
    nanosecond: i32,
    offset_seconds: Option<i32>,
    zone: Option<String>,
}

/// Reads a time by a layout, in UTC where the text does not say otherwise.
///
/// # Errors
/// In Go's words: `parsing time "x" as "2006": cannot parse "x" as "2006"`.
pub(super) fn parse(layout: &str, text: &str) -> Result<Zoned, String> {
    let (whole_layout, whole_text) = (layout, text);
    let failed = |rest: &str, part: &str| {
        let (whole, layout) = (quoted(whole_text), quoted(whole_layout));
        format!("parsing time {whole} as {layout}: cannot parse {} as {}", quoted(rest), quoted(part))
    };
    let out_of_range = |what: &str| format!("parsing time {}: {what} out of range", quoted(whole_text));
    let mut read = Read {
        year: 0,
        month: 1,
        day: 1,
        year_day: None,
        hour: 0,
        is_afternoon: None,
        minute: 0,
        second: 0,
        nanosecond: 0,
        offset_seconds: None,
        zone: None,
    };
    let (mut layout, mut rest) = (layout, text);
    loop {
        let (before, part, after) = split(layout);
        rest = skip(rest, before).ok_or_else(|| failed(rest, before))?;
        let Some((part, written)) = part else { break };
        layout = after;
        let next = read_part(&mut read, part, rest, after);
        rest = next.map_err(|what| match what {
            Mistake::Syntax => failed(rest, written),
            Mistake::Range(what) => out_of_range(what),
        })?;
    }
    if !rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quoted(whole_text), quoted(rest)));
    }
    read.time().ok_or_else(|| out_of_range("day"))
}

enum Mistake {
    Syntax,
    Range(&'static str),
}

/// The text behind what a layout has before its next part; runs of blanks match blanks of any number.
fn skip<'t>(mut text: &'t str, prefix: &str) -> Option<&'t str> {
    let mut prefix = prefix.chars().peekable();
    while let Some(wanted) = prefix.next() {
        if wanted == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            while prefix.peek() == Some(&' ') {
                prefix.next();
            }
            text = text.trim_start_matches(' ');
        } else {
            text = text.strip_prefix(wanted)?;
        }
    }
    Some(text)
}

/// A number of one or two digits; of two, where it must be.
fn number(text: &str, is_fixed: bool) -> Result<(i8, &str), Mistake> {
    let n_digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if n_digits == 0 || is_fixed && n_digits < 2 {
        return Err(Mistake::Syntax);
    }
    Ok((text[..n_digits].parse().map_err(|_| Mistake::Syntax)?, &text[n_digits..]))
}

fn within<'t>(
    (value, rest): (i8, &'t str),
    range: std::ops::RangeInclusive<i8>,
    what: &'static str,
    into: &mut i8,
) -> Result<&'t str, Mistake> {
    if !range.contains(&value) {
        return Err(Mistake::Range(what));
    }
    *into = value;
    Ok(rest)
}

/// The number of the name with which the text begins, whatever its case.
fn name<'t>(text: &'t str, names: &[&str], n_letters: usize) -> Result<(i8, &'t str), Mistake> {
    for (number, name) in names.iter().enumerate() {
        let name = &name[..n_letters.min(name.len())];
        if text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name)) {
            return Ok((number as i8, &text[name.len()..]));
        }
    }
    Err(Mistake::Syntax)
}

fn read_part<'t>(read: &mut Read, part: Part, text: &'t str, after: &str) -> Result<&'t str, Mistake> {
    let digits = |n_digits: usize| {
        let digits = text.get(..n_digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.map(|digits| (digits, &text[n_digits..])).ok_or(Mistake::Syntax)
    };
    Ok(match part {
        Part::LongMonth | Part::Month => {
            let (number, rest) = name(text, &MONTHS, if part == Part::Month { 3 } else { 9 })?;
            read.month = number + 1;
            rest
        }
        Part::LongDay => name(text, &DAYS, 9)?.1,
        Part::WeekDay => name(text, &DAYS, 3)?.1,
        Part::NumMonth | Part::ZeroMonth => {
            within(number(text, part == Part::ZeroMonth)?, 1..=12, "month", &mut read.month)?
        }
        Part::Day | Part::UnderDay | Part::ZeroDay => {
            let text = if part == Part::UnderDay { text.strip_prefix(' ').unwrap_or(text) } else { text };
            within(number(text, part == Part::ZeroDay)?, 0..=99, "day", &mut read.day)?
        }
        Part::UnderYearDay | Part::ZeroYearDay => {
            let (digits, rest) = digits(3)?;
            read.year_day = Some(digits.parse().map_err(|_| Mistake::Syntax)?);
            rest
        }
        Part::Hour => within(number(text, false)?, 0..=23, "hour", &mut read.hour)?,
        Part::Hour12 | Part::ZeroHour12 => {
            within(number(text, part == Part::ZeroHour12)?, 0..=12, "hour", &mut read.hour)?
        }
        Part::Minute | Part::ZeroMinute => {
            within(number(text, part == Part::ZeroMinute)?, 0..=59, "minute", &mut read.minute)?
        }
        Part::Second | Part::ZeroSecond => {
            let rest = within(number(text, part == Part::ZeroSecond)?, 0..=59, "second", &mut read.second)?;
            // A fraction may follow where the layout has none.
            let is_next = matches!(split(after), ("", Some((Part::Fraction { .. }, _)), _));
            if is_next { rest } else { read_fraction(read, rest) }
        }
        Part::LongYear => {
            let (digits, rest) = digits(4)?;
            read.year = digits.parse().map_err(|_| Mistake::Syntax)?;
            rest
        }
        Part::Year => {
            let (digits, rest) = digits(2)?;
            let year: i16 = digits.parse().map_err(|_| Mistake::Syntax)?;
            read.year = if year >= 69 { 1900 + year } else { 2000 + year };
            rest
        }
        Part::Half { is_lower } => {
            let (half, rest) = text.split_at_checked(2).ok_or(Mistake::Syntax)?;
            let [before, behind] = if is_lower { ["am", "pm"] } else { ["AM", "PM"] };
            read.is_afternoon = Some(if half == behind {
                true
            } else if half == before {
                false
            } else {
                return Err(Mistake::Syntax);
            });
            rest
        }
        Part::Zone => {
            let n_letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
            if !(3..=5).contains(&n_letters) {
                return Err(Mistake::Syntax);
            }
            read.zone = Some(text[..n_letters].to_owned());
            &text[n_letters..]
        }
        Part::Offset { is_z, has_colons, has_minutes, has_seconds } => {
            if is_z && text.starts_with('Z') {
                read.offset_seconds = Some(0);
                return Ok(&text[1..]);
            }
            let (seconds, rest) = read_offset(text, has_colons, has_minutes, has_seconds)?;
            read.offset_seconds = Some(seconds);
            rest
        }
        Part::Fraction { n_digits, is_fixed, .. } => {
            let rest = read_fraction(read, text);
            if is_fixed && text.len() - rest.len() != n_digits + 1 {
                return Err(Mistake::Syntax);
            }
            rest
        }
    })
}

/// `.123`, if it stands there.
fn read_fraction<'t>(read: &mut Read, text: &'t str) -> &'t str {
    let Some(fraction) = text.strip_prefix(['.', ',']) else { return text };
    let n_digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if n_digits == 0 {
        return text;
    }
    let digits = &fraction[..n_digits.min(9)];
    read.nanosecond = format!("{digits:0<9}").parse().unwrap_or(0);
    &fraction[n_digits..]
}

fn read_offset(text: &str, has_colons: bool, has_minutes: bool, has_seconds: bool) -> Result<(i32, &str), Mistake> {
    let sign = match text.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Err(Mistake::Syntax),
    };
    let (hours, mut rest) = number(&text[1..], true)?;
    let mut seconds = i32::from(hours) * 3600;
    for (is_there, unit) in [(has_minutes, 60), (has_seconds, 1)] {
        if is_there {
            let digits = if has_colons { rest.strip_prefix(':').ok_or(Mistake::Syntax)? } else { rest };
            let (value, after) = number(digits, true)?;
            seconds += i32::from(value) * unit;
            rest = after;
        }
    }
    Ok((sign * seconds, rest))
}

impl Read {
    fn time(mut self) -> Option<Zoned> {
        match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (hour, minute, second) = (self.hour, self.minute, self.second);
        let (month, day) = if self.year_day.is_some() { (1, 1) } else { (self.month, self.day) };
        let civil = DateTime::new(self.year, month, day, hour, minute, second, self.nanosecond).ok()?;
        let civil = match self.year_day {
            Some(day) => civil.with().day_of_year(day).build().ok()?,
            None => civil,
        };
        let zone = match (self.offset_seconds, self.zone.as_deref()) {
            (Some(seconds), _) if seconds != 0 => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            // A zone of which only the name is known has, as in Go, no offset.
            _ => TimeZone::UTC,
        };
        civil.to_zoned(zone).ok()
    }
}

/// Go's zero time: the first day of the year 1.
pub(super) fn zero() -> Zoned {
    DateTime::constant(1, 1, 1, 0, 0, 0, 0)
        .to_zoned(TimeZone::UTC)
        .unwrap_or_else(|_| Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
}
