//! The block of `Checkpoint-…: value` lines: one line a value, whatever the value is.

use std::{fmt::Display, str::FromStr};

use gix::bstr::{BString, ByteSlice};

use crate::model::{Oid, quote_path, unquote_path};

const PREFIX: &str = "Checkpoint-";

/// Collects trailers.
#[derive(Default)]
pub(super) struct Writer {
    lines: String,
}

impl Writer {
    /// Adds a value that is plain text on one line by its nature.
    pub(super) fn add(&mut self, name: &str, value: impl Display) {
        use std::fmt::Write as _;
        writeln!(self.lines, "{PREFIX}{name}: {value}").expect("a string takes everything");
    }

    /// As [`Writer::add`], one trailer for each.
    pub(super) fn add_all<T: Display>(&mut self, name: &str, values: impl Iterator<Item = T>) {
        values.for_each(|value| self.add(name, value));
    }

    /// Adds a value that may hold anything.
    pub(super) fn add_text(&mut self, name: &str, value: &[u8]) {
        self.add(name, quote(value));
    }

    /// The block.
    pub(super) fn finish(self) -> String {
        self.lines
    }
}

/// Trailers by name, without the prefix; unknown ones are ignored.
pub(super) struct Reader<'a> {
    trailers: Vec<(&'a str, &'a str)>,
}

impl<'a> Reader<'a> {
    /// Reads a block; `None` if it is not text.
    pub(super) fn new(block: &'a [u8]) -> Option<Self> {
        let trailer = |line: &'a str| {
            let line = line.strip_prefix(PREFIX)?;
            let colon = line.as_bytes().find_byte(b':')?;
            Some((&line[..colon], line[colon + 1..].strip_prefix(' ')?))
        };
        let mut trailers = Vec::with_capacity(16);
        let mut rest = block.to_str().ok()?;
        // Ten thousand records are read at once, and what finds a byte is faster than what finds a character.
        while let Some(end) = rest.as_bytes().find_byte(b'\n') {
            trailers.extend(trailer(&rest[..end]));
            rest = &rest[end + 1..];
        }
        trailers.extend(trailer(rest));
        Some(Reader { trailers })
    }

    /// The first value of this name.
    pub(super) fn find(&self, name: &str) -> Option<&'a str> {
        self.trailers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Every value of this name.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.trailers.iter().filter(move |(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// A value that must be there.
    pub(super) fn require(&self, name: &str) -> Result<&'a str, String> {
        self.find(name).ok_or_else(|| format!("it has no {PREFIX}{name}"))
    }

    /// A value that must be there and have a form.
    pub(super) fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, String> {
        self.require(name)?.parse().map_err(|error| format!("{PREFIX}{name}: {error}"))
    }

    /// A value that has a form if it is there.
    pub(super) fn parse_optional<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, String> {
        self.find(name).map(|value| value.parse().map_err(|error| format!("{PREFIX}{name}: {error}"))).transpose()
    }

    /// What [`Writer::add_text`] wrote.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<BString>, String> {
        self.find(name).map(unquote).transpose()
    }

    /// As [`Reader::bytes`], for what was text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        let bytes = self.bytes(name)?;
        bytes
            .map(|bytes| String::from_utf8(bytes.into()).map_err(|_| format!("{PREFIX}{name} is not text")))
            .transpose()
    }
}

/// Anything as text on one line.
pub(super) fn quote(value: &[u8]) -> String {
    quote_path(value.as_bstr())
}

/// What [`quote`] was given.
pub(super) fn unquote(text: &str) -> Result<BString, String> {
    unquote_path(text).ok_or_else(|| format!("`{text}` is not quoted as it should be"))
}

/// An object's name.
pub(super) fn oid(text: &str) -> Result<Oid, String> {
    Oid::from_hex(text.as_bytes()).map_err(|_| format!("`{text}` is not an object's name"))
}
