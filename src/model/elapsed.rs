//! Time since a phase began, as it stands in tag names: `T+4h`, `T+90m`, `T+1h30m`.

use std::{fmt, str::FromStr};

/// A whole number of minutes, zero or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Elapsed {
    minutes: u32,
}

impl Elapsed {
    /// From minutes.
    pub const fn from_minutes(minutes: u32) -> Self {
        Elapsed { minutes }
    }

    /// In minutes.
    pub const fn minutes(self) -> u32 {
        self.minutes
    }
}

impl fmt::Display for Elapsed {
    /// Whole hours as `4h`, else minutes up to two hours (`90m`), else both (`2h15m`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes) = (self.minutes / 60, self.minutes % 60);
        match (hours, minutes) {
            (hours, 0) if hours > 0 => write!(f, "{hours}h"),
            (0 | 1, _) => write!(f, "{}m", self.minutes),
            (hours, minutes) => write!(f, "{hours}h{minutes}m"),
        }
    }
}

impl FromStr for Elapsed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || format!("`{text}` is not a time span; write it as `4h`, `90m` or `1h30m`");
        let (mut minutes, mut rest) = (0_u32, text);
        for (unit, factor) in [('d', 1440), ('h', 60), ('m', 1)] {
            if let Some((number, after)) = rest.split_once(unit) {
                let number: u32 = number.parse().map_err(|_| refuse())?;
                minutes = number.checked_mul(factor).and_then(|n| minutes.checked_add(n)).ok_or_else(refuse)?;
                rest = after;
            }
        }
        if rest.is_empty() && !text.is_empty() { Ok(Elapsed { minutes }) } else { Err(refuse()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        for (text, minutes, printed) in
            [("4h", 240, "4h"), ("90m", 90, "90m"), ("2h15m", 135, "2h15m"), ("0m", 0, "0m"), ("1d", 1440, "24h")]
        {
            let elapsed: Elapsed = text.parse().expect(text);
            assert_eq!((elapsed.minutes(), elapsed.to_string().as_str()), (minutes, printed));
        }
        for text in ["", "h", "4", "4x", "-4h", "m4", "99999999999h"] {
            assert!(text.parse::<Elapsed>().is_err(), "{text}");
        }
    }
}
