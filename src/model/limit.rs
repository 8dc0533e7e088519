//! How long something may take: `90s`, `10m`, `1h30m`.

use std::{fmt, str::FromStr, time::Duration};

/// A limit of at least a second and at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeLimit(Duration);

const DAY: u64 = 86_400;

impl TimeLimit {
    /// So many minutes; `minutes` is a constant of this program, from 1 to 1440.
    pub const fn from_minutes(minutes: u64) -> Self {
        TimeLimit(Duration::from_secs(minutes * 60))
    }

    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || format!("`{text}` is not a time limit; write it as `90s`, `10m` or `1h30m`");
        let (mut seconds, mut rest) = (0_u64, text.trim());
        if rest.is_empty() {
            return Err(refuse());
        }
        for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
            if let Some((number, after)) = rest.split_once(unit) {
                if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(refuse());
                }
                let number: u64 = number.parse().map_err(|_| refuse())?;
                seconds = number.checked_mul(factor).and_then(|n| seconds.checked_add(n)).ok_or_else(refuse)?;
                rest = after;
            }
        }
        match seconds {
            _ if !rest.is_empty() => Err(refuse()),
            0 => Err(format!("`{text}` is no time at all; the least is `1s`")),
            1..=DAY => Ok(TimeLimit(Duration::from_secs(seconds))),
            _ => Err(format!("`{text}` is more than a day")),
        }
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&span(self.0))
    }
}

/// A time in whole seconds, as limits are written: `90s` is `1m30s`, and nothing is `0s`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let text: String =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}")).collect();
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_and_print() {
        for (text, seconds, printed) in [
            ("90s", 90, "1m30s"),
            ("10m", 600, "10m"),
            ("1h30m", 5400, "1h30m"),
            ("24h", 86_400, "24h"),
            (" 1s ", 1, "1s"),
        ] {
            let limit: TimeLimit = text.parse().expect(text);
            assert_eq!((limit.duration().as_secs(), limit.to_string().as_str()), (seconds, printed));
        }
        for text in
            ["", "0s", "0h0m", "5", "m", "-5m", "+5m", "5 m", "1.5h", "5m1h", "25h", "99999999999999999999h", "5d"]
        {
            assert!(text.parse::<TimeLimit>().is_err(), "{text}");
        }
    }
}
