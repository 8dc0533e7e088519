//! What a user may type wherever a checkpoint is asked for.

use std::{fmt, str::FromStr};

use super::Elapsed;

/// A way to name a state to go to or to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// `latest`, `latest~2`: the newest checkpoint, or so many before it.
    Latest(usize),
    /// `good`, `good~1`: the same among those whose checks passed.
    Good(usize),
    /// `T+4h`: the checkpoint of the current phase at that time.
    Elapsed(Elapsed),
    /// `@{2 hours ago}`: the newest checkpoint that is at least that old.
    Ago(String),
    /// `before:<regex>`: the parent of the newest commit whose message matches.
    Before(String),
    /// A tag, a record's id or its prefix, or any git revision.
    Name(String),
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let counted = |word: &str| match text.strip_prefix(word)? {
            "" => Some(0),
            "~" => Some(1),
            rest => rest.strip_prefix('~')?.parse().ok(),
        };
        if text.is_empty() {
            return Err("an empty selector names nothing".into());
        }
        if let Some(n) = counted("latest") {
            return Ok(Selector::Latest(n));
        }
        if let Some(n) = counted("good") {
            return Ok(Selector::Good(n));
        }
        if let Some(span) = text.strip_prefix("T+").and_then(|span| span.parse().ok()) {
            return Ok(Selector::Elapsed(span));
        }
        if let Some(when) = text.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}')) {
            // `@{3}` and `@{upstream}` are git's own.
            if when.contains(' ') || when.contains('-') || when == "yesterday" || when == "now" {
                return Ok(Selector::Ago(when.to_owned()));
            }
        }
        if let Some(pattern) = text.strip_prefix("before:") {
            return Ok(Selector::Before(pattern.to_owned()));
        }
        Ok(Selector::Name(text.to_owned()))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Latest(0) => f.write_str("latest"),
            Selector::Latest(n) => write!(f, "latest~{n}"),
            Selector::Good(0) => f.write_str("good"),
            Selector::Good(n) => write!(f, "good~{n}"),
            Selector::Elapsed(span) => write!(f, "T+{span}"),
            Selector::Ago(when) => write!(f, "@{{{when}}}"),
            Selector::Before(pattern) => write!(f, "before:{pattern}"),
            Selector::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_apart() {
        for (text, selector) in [
            ("latest", Selector::Latest(0)),
            ("latest~2", Selector::Latest(2)),
            ("good~", Selector::Good(1)),
            ("T+90m", Selector::Elapsed(Elapsed::from_minutes(90))),
            ("@{2 hours ago}", Selector::Ago("2 hours ago".into())),
            ("before:remove e-?mail", Selector::Before("remove e-?mail".into())),
            ("@{upstream}", Selector::Name("@{upstream}".into())),
            ("latest-release", Selector::Name("latest-release".into())),
            ("HEAD~3", Selector::Name("HEAD~3".into())),
        ] {
            assert_eq!(text.parse(), Ok(selector), "{text}");
        }
    }
}
