//! Sizes as people write them: `10MiB`.

use std::{fmt, str::FromStr};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u64); 8] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (number, unit) = UNITS
            .iter()
            .find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|number| (number, *unit)))
            .unwrap_or((text, 1));
        let number: u64 = number
            .trim_end()
            .parse()
            .map_err(|_| format!("`{text}` is not a size; write a whole number and a unit, as in `10MiB`"))?;
        number.checked_mul(unit).map(ByteSize).ok_or_else(|| format!("`{text}` is more than a file can have"))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (suffix, unit) = UNITS[..3].iter().find(|(_, unit)| self.0 >= *unit).copied().unwrap_or(("B", 1));
        if self.0.is_multiple_of(unit) {
            write!(f, "{} {suffix}", self.0 / unit)
        } else {
            write!(f, "{}.{} {suffix}", self.0 / unit, (self.0 % unit) * 10 / unit)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes) in [("10MiB", 10 << 20), ("1 kB", 1000), ("7", 7), ("0B", 0), ("2GB", 2_000_000_000)] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "99999999999GiB", "ten"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
        assert_eq!(ByteSize(1536).to_string(), "1.5 KiB");
        assert_eq!(ByteSize(10 << 20).to_string(), "10 MiB");
        assert_eq!(ByteSize(3).to_string(), "3 B");
    }
}
