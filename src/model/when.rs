//! A moment as a person writes it.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// A moment as it was written: in UTC, or as the wall clock of the place shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A moment.
    At(DateTime<Utc>),
    /// Local time, which may be none or two moments where the clock is changed.
    Local(NaiveDateTime),
}

impl When {
    /// Reads `2 hours ago`, `yesterday`, `now`, an RFC 3339 time, a local date with or without a time, or a local time
    /// of today; `now` and `local` are the present moment.
    pub fn parse(text: &str, now: DateTime<Utc>, local: NaiveDateTime) -> Option<Self> {
        let text = text.trim();
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(When::At(time.to_utc()));
        }
        for format in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"] {
            if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
                return Some(When::Local(time));
            }
        }
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(When::Local(date.and_hms_opt(0, 0, 0)?));
        }
        for format in ["%H:%M:%S", "%H:%M"] {
            if let Ok(time) = NaiveTime::parse_from_str(text, format) {
                return Some(When::Local(local.date().and_time(time)));
            }
        }
        match text {
            "now" => return Some(When::At(now)),
            "yesterday" => return Some(When::At(now - Duration::days(1))),
            _ => {}
        }
        ago(text, now).map(When::At)
    }
}

fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [number, unit, "ago"] = words.as_slice() else { return None };
    let number: i64 = match *number {
        "a" | "an" | "one" => 1,
        number => number.parse().ok()?,
    };
    let seconds = match unit.trim_end_matches('s') {
        "second" | "sec" => 1,
        "minute" | "min" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return None,
    };
    now.checked_sub_signed(Duration::try_seconds(number.checked_mul(seconds)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_nonsense_is_not() {
        let utc = |text: &str| DateTime::parse_from_rfc3339(text).expect("valid").to_utc();
        let naive = |text: &str| When::Local(text.parse().expect("valid"));
        let now = utc("2026-11-21T12:00:00Z");
        // Two hours east of Greenwich.
        let local = now.naive_utc() + Duration::hours(2);
        for (text, expected) in [
            ("2 hours ago", Some(When::At(utc("2026-11-21T10:00:00Z")))),
            ("an hour ago", Some(When::At(utc("2026-11-21T11:00:00Z")))),
            ("yesterday", Some(When::At(utc("2026-11-20T12:00:00Z")))),
            ("2026-11-21 13:30", Some(naive("2026-11-21T13:30:00"))),
            ("2026-11-21", Some(naive("2026-11-21T00:00:00"))),
            ("09:30", Some(naive("2026-11-21T09:30:00"))),
            ("2026-11-21T11:00:00+01:00", Some(When::At(utc("2026-11-21T10:00:00Z")))),
            ("some time ago", None),
            ("25:00", None),
            ("99999999999999999999 hours ago", None),
            ("", None),
        ] {
            assert_eq!(When::parse(text, now, local), expected, "{text}");
        }
    }
}
