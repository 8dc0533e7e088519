//! The name of a record: sortable by time, readable, and never taken twice.

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};

/// What an operation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Took a checkpoint.
    Create,
    /// Returned to a state.
    Rollback,
    /// Brought commits or uncommitted work back.
    Recover,
    /// Took an operation back.
    Undo,
    /// Took an undo back.
    Redo,
    /// Saved the half-way state of an interrupted operation before it was finished or taken back.
    Resume,
    /// Let go of records that a policy does not keep.
    Prune,
    /// Ran a command with a way back.
    Try,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] =
        [Kind::Create, Kind::Rollback, Kind::Recover, Kind::Undo, Kind::Redo, Kind::Resume, Kind::Prune, Kind::Try];

    /// The word in ids, trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Create => "create",
            Kind::Rollback => "rollback",
            Kind::Recover => "recover",
            Kind::Undo => "undo",
            Kind::Redo => "redo",
            Kind::Resume => "resume",
            Kind::Prune => "prune",
            Kind::Try => "try",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not a kind of record this version knows"))
    }
}

/// `<UTC time to the millisecond>-<kind>-<random>`, for example `20261121T143000.123Z-create-9f3a2c`.
///
/// Ids order as their text does: by time first. The random part keeps two processes from colliding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    text: String,
}

impl RecordId {
    const TIME: &str = "%Y%m%dT%H%M%S%.3fZ";

    /// The id of an operation of `kind` at `at`; the low 24 bits of `random` make it unique.
    pub fn new(at: DateTime<Utc>, kind: Kind, random: u32) -> Self {
        RecordId { text: format!("{}-{kind}-{:06x}", at.format(Self::TIME), random & 0x00ff_ffff) }
    }

    /// As it stands in refs and output.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.text.as_bytes().split(|byte| *byte == b'-')
    }

    /// What the operation did; `None` for a kind that a newer version may have added.
    pub fn kind(&self) -> Option<Kind> {
        let word = self.parts().nth(1)?;
        Kind::ALL.into_iter().find(|kind| kind.as_str().as_bytes() == word)
    }

    /// The moment the id was made for; ids never run backwards, so it may be later than the record's own time
    /// where the clock was set back.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        // By position: ten thousand ids are read at once, and chrono's general parser takes longer than all the rest.
        let time = self.parts().next()?;
        let number = |range: std::ops::Range<usize>| {
            time[range]
                .iter()
                .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
        };
        let has_form = time.len() == 20 && time[8] == b'T' && time[15] == b'.' && time[19] == b'Z';
        if !has_form {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(number(0..4)?).ok()?, number(4..6)?, number(6..8)?)?;
        Some(date.and_hms_milli_opt(number(9..11)?, number(11..13)?, number(13..15)?, number(16..19)?)?.and_utc())
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for RecordId {
    type Err = String;

    /// Accepts any kind, so that records of a newer version can be named; refuses what is not of the shape.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = RecordId { text: text.to_owned() };
        let is_word = |part: Option<&[u8]>| {
            part.is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric))
        };
        let mut parts = id.parts().skip(1);
        let well_formed =
            is_word(parts.next()) && is_word(parts.next()) && parts.next().is_none() && id.time().is_some();
        drop(parts);
        if well_formed { Ok(id) } else { Err(format!("`{text}` is not a record's id")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_tell_their_kind() {
        let at = DateTime::parse_from_rfc3339("2026-11-21T14:30:00.123Z").expect("valid").to_utc();
        let first = RecordId::new(at, Kind::Undo, 0xffff_ffff);
        let second = RecordId::new(at + chrono::Duration::milliseconds(1), Kind::Create, 0);
        assert_eq!(first.as_str(), "20261121T143000.123Z-undo-ffffff");
        assert!(first < second);
        assert_eq!(second.as_str().parse(), Ok(second.clone()));
        assert_eq!((second.kind(), first.time()), (Some(Kind::Create), Some(at)));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "main", "20261121-create-1", "20261121T143000.123Z-create-", "20261121T143000.123Z-../x-1"] {
            assert!(text.parse::<RecordId>().is_err(), "{text}");
        }
    }
}
