//! How the checks of a file hang together: each has a name of its own, and what they need has an order.

use std::{collections::HashMap, ops::Range};

use super::{FILE_NAME, checks::CheckForm};
use crate::error::{Error, Result};

/// Refuses names that are there twice, needs that nothing meets, needs that go in a circle, and a check that would have to
/// wait for one in the background.
pub(super) fn refuse_tangles(text: &str, checks: &[CheckForm]) -> Result<()> {
    let mut by_name = HashMap::new();
    for (number, check) in checks.iter().enumerate() {
        let (name, span) = check.name();
        if by_name.insert(name, number).is_some() {
            let why = format!("there are two checks named `{name}`");
            return Err(refused(text, &span, &why, "give each check a name of its own"));
        }
    }
    let mut needs = Vec::with_capacity(checks.len());
    for check in checks {
        let mut numbers = Vec::new();
        for (name, span) in check.needs() {
            let Some(number) = by_name.get(name) else {
                let why = format!("there is no check named `{name}`");
                return Err(refused(text, &span, &why, "write the `name` of another check of this file"));
            };
            if checks[*number].is_heavy() && !check.is_heavy() {
                let why = format!("`{name}` runs in the background, so nobody who waits can wait for it");
                let hint = format!("give `{}` `background = true` as well", check.name().0);
                return Err(refused(text, &span, &why, &hint));
            }
            numbers.push((*number, span));
        }
        needs.push(numbers);
    }
    match circle(&needs) {
        None => Ok(()),
        Some((path, span)) => {
            let names: Vec<_> = path.iter().map(|number| format!("`{}`", checks[*number].name().0)).collect();
            let why = match &names[..] {
                [one] => format!("{one} needs itself"),
                _ => format!("{}, which needs {}", names.join(", which needs ").replacen(", which", "", 1), names[0]),
            };
            Err(refused(text, &span, &why, "remove one of them, so that there is a first one"))
        }
    }
}

/// Checks that need each other in a circle, and where the first of them says so.
fn circle(needs: &[Vec<(usize, Range<usize>)>]) -> Option<(Vec<usize>, Range<usize>)> {
    let mut is_settled = vec![false; needs.len()];
    for start in 0..needs.len() {
        // The way from `start` to here: each check, and how many of its needs were followed.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((check, followed)) = way.last_mut() {
            if is_settled[*check] || *followed == needs[*check].len() {
                is_settled[*check] = true;
                way.pop();
                continue;
            }
            let (next, _) = needs[*check][*followed];
            *followed += 1;
            if let Some(at) = way.iter().position(|(on_way, _)| *on_way == next) {
                let path: Vec<usize> = way[at..].iter().map(|(check, _)| *check).collect();
                let second = path.get(1).copied().unwrap_or(next);
                let (_, span) = needs[next].iter().find(|(number, _)| *number == second)?;
                return Some((path, span.clone()));
            }
            if !is_settled[next] {
                way.push((next, 0));
            }
        }
    }
    None
}

/// The error for what stands at `span`.
pub(super) fn refused(text: &str, span: &Range<usize>, why: &str, hint: &str) -> Error {
    let (line, column) = position(text, span.start);
    Error::usage(format!("`{FILE_NAME}` is not valid"))
        .because(format!("line {line}, column {column}: {why}"))
        .hint(hint.to_owned())
}

/// Where the lines of a text end. A file may have thousands of checks, so nobody counts from the beginning for each.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Lines(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte, from 1.
    pub(super) fn number(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}

/// The line and the column of a byte, both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_that_a_person_counts() {
        for text in ["", "a", "\n", "a\nb", "a\n\nb\n", "\n\n"] {
            let lines = Lines::of(text);
            for at in 0..=text.len() {
                assert_eq!(lines.number(at), position(text, at).0, "{text:?} {at}");
            }
        }
    }
}
