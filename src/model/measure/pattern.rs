//! Where the numbers stand in what a check printed.
//!
//! A number that is read wrong is worse than none, so what the pattern takes has to be one whole plain number: the `1` of
//! `1,234` is none, unless the pattern itself says what follows it.

use std::{borrow::Cow, ops::Range, str::FromStr};

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::{
    Error as SyntaxError, ParserBuilder,
    hir::{Class, Hir, HirKind},
};

/// Output beyond so many bytes is not looked at; results come at the end, so it is the end that counts.
const MAX_OUTPUT: usize = 10 << 20;

/// So many numbers of one name are read; the median of the rest would hardly be another.
pub(super) const MAX_SAMPLES: usize = 100_000;

/// The most memory that a compiled pattern may take, in bytes.
const MAX_PROGRAM: usize = 4 << 20;

/// The longest name of a measurement, in characters.
const MAX_NAME: usize = 64;

/// So many characters of the output or of a pattern are shown in a message.
const SHOWN: usize = 80;

/// A regular expression that finds numbers. `^` and `$` are the beginning and the end of a line.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    /// The measurement's name (`None`: the check's) and the group that has its number.
    groups: Vec<(Option<String>, usize)>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// The numbers of one name, in the order of the output.
pub(super) struct Found<'p> {
    pub(super) name: Option<&'p str>,
    pub(super) values: Vec<f64>,
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("an empty pattern finds no number".into());
        }
        let hir = ParserBuilder::new().utf8(false).multi_line(true).crlf(true).build().parse(text);
        let hir = hir.map_err(|error| does_not_compile(&error))?;
        let regex = RegexBuilder::new(text).multi_line(true).crlf(true).size_limit(MAX_PROGRAM).build();
        let regex = regex.map_err(|_| "the pattern is too large when it is compiled")?;
        let named = || regex.capture_names().enumerate().filter_map(|(index, name)| Some((name?.to_owned(), index)));
        let mut groups: Vec<_> = named().map(|(name, index)| (Some(name), index)).collect();
        if groups.is_empty() {
            groups.push((None, regex.captures_len().min(2) - 1));
        }
        for (name, index) in &groups {
            let what = match (name, index) {
                (Some(name), _) => format!("the group `{name}`"),
                (None, 0) => "what the pattern matches".into(),
                (None, _) => "the first group".into(),
            };
            if name.as_deref().is_some_and(|name| !is_name(name)) {
                return Err(format!("{what} is no name for a measurement: up to {MAX_NAME} of a-z, A-Z, 0-9 and `_`"));
            }
            if !group(&hir, *index).is_some_and(|hir| Reach::of(hir).number) {
                return Err(format!("{what} can never be a number; put `(?<name>…)` around the number alone"));
            }
        }
        Ok(Pattern { regex, groups })
    }
}

impl Pattern {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// The names of its measurements; `None` is the check's own.
    pub fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.groups.iter().map(|(name, _)| name.as_deref())
    }

    /// All numbers in what a command printed; an error where something was taken that is none.
    pub(super) fn find<'p>(&'p self, output: &[u8]) -> Result<Vec<Found<'p>>, String> {
        let text = without_escapes(end(output));
        let mut found: Vec<_> = self.names().map(|name| Found { name, values: Vec::new() }).collect();
        for captures in self.regex.captures_iter(&text) {
            let Some(whole) = captures.get(0) else { continue };
            for ((_, index), found) in self.groups.iter().zip(&mut found) {
                let Some(group) = captures.get(*index) else { continue };
                found.values.extend(number(&text, &group.range(), &whole.range())?);
            }
            if found.iter().any(|found| found.values.len() >= MAX_SAMPLES) {
                break;
            }
        }
        Ok(found)
    }

    /// As it is shown in a message.
    pub(super) fn shown(&self) -> String {
        shortened(self.as_str())
    }
}

/// What is looked at: whole lines, where there are any.
fn end(output: &[u8]) -> &[u8] {
    let Some(start) = output.len().checked_sub(MAX_OUTPUT).filter(|start| *start > 0) else { return output };
    let line = output[start..].iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    &output[start + line..]
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn does_not_compile(error: &SyntaxError) -> String {
    let (what, at) = match error {
        SyntaxError::Parse(error) => (error.kind().to_string(), Some(error.span().start.offset)),
        SyntaxError::Translate(error) => (error.kind().to_string(), Some(error.span().start.offset)),
        error => (error.to_string(), None),
    };
    let place = at.map_or_else(String::new, |at| format!(", at its byte {}", at + 1));
    format!("the pattern does not compile: {what}{place}")
}

/// The part of a pattern that is this group; 0 is all of it.
fn group(hir: &Hir, index: usize) -> Option<&Hir> {
    match hir.kind() {
        _ if index == 0 => Some(hir),
        HirKind::Capture(capture) if usize::try_from(capture.index) == Ok(index) => Some(&capture.sub),
        HirKind::Capture(capture) => group(&capture.sub, index),
        HirKind::Repetition(repetition) => group(&repetition.sub, index),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(|part| group(part, index)),
        _ => None,
    }
}

/// What a part of a pattern is able to match.
#[derive(Clone, Copy)]
struct Reach {
    /// Text of characters that may stand in or around a number.
    plain: bool,
    /// The same with a digit in it.
    number: bool,
}

impl Reach {
    fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Reach { plain: true, number: false },
            HirKind::Literal(literal) => Self::of_bytes(&literal.0),
            HirKind::Class(class) => {
                let able = (0..=0x7f).filter(|byte| has(class, *byte));
                let able: Vec<u8> = able.filter(|byte| is_part(*byte)).collect();
                Reach { plain: !able.is_empty(), number: able.iter().any(u8::is_ascii_digit) }
            }
            HirKind::Repetition(repetition) => {
                let one = Self::of(&repetition.sub);
                Reach { plain: repetition.min == 0 || one.plain, number: repetition.max != Some(0) && one.number }
            }
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => {
                let parts: Vec<_> = parts.iter().map(Self::of).collect();
                let plain = parts.iter().all(|part| part.plain);
                Reach { plain, number: plain && parts.iter().any(|part| part.number) }
            }
            HirKind::Alternation(parts) => {
                let parts: Vec<_> = parts.iter().map(Self::of).collect();
                Reach { plain: parts.iter().any(|part| part.plain), number: parts.iter().any(|part| part.number) }
            }
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let plain = bytes.iter().all(|byte| is_part(*byte));
        Reach { plain, number: plain && bytes.iter().any(u8::is_ascii_digit) }
    }
}

fn has(class: &Class, byte: u8) -> bool {
    match class {
        Class::Unicode(class) => {
            class.iter().any(|range| range.start() <= byte.into() && char::from(byte) <= range.end())
        }
        Class::Bytes(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&byte)),
    }
}

/// Whether it may stand in a number, or in the blanks around one.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.eE".contains(&byte) || byte.is_ascii_whitespace()
}

/// The number that a group took; `None` where it took nothing.
fn number(text: &[u8], group: &Range<usize>, whole: &Range<usize>) -> Result<Option<f64>, String> {
    let taken = &text[group.clone()];
    let (start, end) = (group.start + (taken.len() - taken.trim_ascii_start().len()), group.end);
    let taken = taken.trim_ascii();
    if taken.is_empty() {
        return Ok(None);
    }
    // Beyond what the pattern says itself, what is around a number may not belong to it.
    let is_cut = (start == whole.start && belongs_before(&text[..start], taken))
        || (end == whole.end && belongs_after(&text[end..]));
    if is_cut {
        let from = text[..start].iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1);
        let to = text[end..].iter().position(u8::is_ascii_whitespace).map_or(text.len(), |at| end + at);
        let (part, all) = (lossy(taken), lossy(&text[from..to]));
        return Err(format!("the pattern takes only `{part}` of `{all}`, which is no plain number"));
    }
    plain_number(taken).map(Some).ok_or_else(|| format!("`{}` is no plain number", lossy(taken)))
}

/// Digits with a point, a sign and an exponent, and nothing else: no `NaN`, no separators of thousands, no comma.
fn plain_number(bytes: &[u8]) -> Option<f64> {
    let is_plain = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| is_plain(&byte)))?;
    // Minus zero is zero for everybody who reads it.
    text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number + 0.0)
}

/// Decimal points, and what stands between thousands somewhere in the world.
const SEPARATORS: [&[u8]; 7] =
    [b".", b",", b"'", b"_", "\u{a0}".as_bytes(), "\u{202f}".as_bytes(), "\u{2009}".as_bytes()];

fn belongs_after(rest: &[u8]) -> bool {
    let is_digit = |rest: &[u8]| rest.first().is_some_and(u8::is_ascii_digit);
    let exponent = |rest: &[u8]| is_digit(rest.strip_prefix(b"-").or(rest.strip_prefix(b"+")).unwrap_or(rest));
    is_digit(rest)
        || SEPARATORS.iter().any(|separator| rest.strip_prefix(*separator).is_some_and(is_digit))
        || rest.strip_prefix(b"e").or(rest.strip_prefix(b"E")).is_some_and(exponent)
}

fn belongs_before(before: &[u8], taken: &[u8]) -> bool {
    let is_digit = |before: &[u8]| before.last().is_some_and(u8::is_ascii_digit);
    let is_start = |before: &[u8]| before.last().is_none_or(u8::is_ascii_whitespace) || before.ends_with(b"=");
    let is_signed = taken.starts_with(b"-") || taken.starts_with(b"+");
    let lone = |mark: &[u8]| before.strip_suffix(mark).is_some_and(is_start);
    is_digit(before) && !is_signed
        || SEPARATORS.iter().any(|separator| before.strip_suffix(*separator).is_some_and(is_digit))
        || !is_signed && (lone(b"-") || lone(b"."))
}

/// The text without what only a terminal understands, which programs put around and into numbers.
fn without_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: u8 = 0x1b;
    if !text.contains(&ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == ESCAPE) {
        plain.extend_from_slice(&rest[..at]);
        rest = after_escape(&rest[at + 1..]);
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// What follows an escape sequence whose first byte is gone.
fn after_escape(rest: &[u8]) -> &[u8] {
    let end = match rest.first() {
        // A control sequence ends with a byte from `@` to `~`.
        Some(b'[') => rest.iter().skip(1).position(|byte| (b'@'..=b'~').contains(byte)).map(|at| at + 2),
        // A command to the system (a title, a link) ends with a bell, or with an escape of its own; never on another line.
        Some(b']') => rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b | b'\n')).map(|at| match rest[at] {
            0x07 => at + 1,
            _ => at,
        }),
        Some(_) => Some(1),
        None => None,
    };
    &rest[end.unwrap_or(rest.len())..]
}

/// The last line of the output that has anything in it, as it is shown in a message.
pub(super) fn end_of(output: &[u8]) -> Option<String> {
    let text = without_escapes(&output[output.len().saturating_sub(4096)..]).trim_ascii().to_vec();
    let last = text.rsplit(|byte| matches!(byte, b'\n' | b'\r')).next().filter(|line| !line.is_empty())?;
    Some(lossy(last))
}

fn lossy(bytes: &[u8]) -> String {
    shortened(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN + 4)]))
}

/// On one line, and not too long.
fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if shown.len() < text.len() && text.chars().nth(SHOWN).is_some() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests;
