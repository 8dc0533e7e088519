//! What is wrong with a template, in plain words: the file, the line, and the nearest name that there is.

use std::collections::{BTreeSet, HashSet};

use minijinja::ErrorKind;
use serde_json::Value;

use super::engine::Source;
use crate::{config::TEMPLATES, error::Error, model::clean};

/// What the language itself has a name for.
const OF_THE_LANGUAGE: [&str; 6] = ["range", "dict", "debug", "namespace", "loop", "self"];

/// Refuses a variable that there never is.
pub(super) fn refuse_unknown(source: Source<'_>, used: &HashSet<String>, example: &Value) -> Result<(), Error> {
    // In an order that does not change from run to run.
    let used: BTreeSet<&String> = used.iter().collect();
    for path in used {
        let mut at = example;
        for (depth, part) in path.split('.').enumerate() {
            if depth == 0 && OF_THE_LANGUAGE.contains(&part) {
                break;
            }
            let Value::Object(fields) = at else { break };
            let Some(inner) = fields.get(part) else {
                let line = line_of(source.text, part);
                return Err(unknown(source, path, line, nearest(part, fields.keys())));
            };
            at = inner;
        }
    }
    Ok(())
}

/// What the engine has to say of it.
pub(super) fn told(source: Source<'_>, error: &minijinja::Error, example: &Value) -> Error {
    let (line, place) = (error.line(), error.range().and_then(|range| source.text.get(range)));
    match (error.kind(), place) {
        (ErrorKind::UndefinedError, Some(place)) => {
            let mut all = BTreeSet::new();
            names(example, &mut all);
            let place = place.trim_matches(|c: char| "{}%- ".contains(c));
            let name = place.rsplit(['.', ' ', '(']).next().unwrap_or(place);
            unknown(source, place, line, nearest(name, all.into_iter()))
        }
        (ErrorKind::OutOfFuel, _) => wrong(source, line).because("it does more than any document needs"),
        (ErrorKind::UnknownFilter, _) => {
            wrong(source, line).because(error.to_string()).hint("`docs/reports.md` lists the filters")
        }
        _ => {
            let detail = error.detail().map(|detail| format!(": {}", clean(detail))).unwrap_or_default();
            wrong(source, line).because(format!("{}{detail}", error.kind()))
        }
    }
}

/// What is said of one that prints without end.
pub(super) fn too_long(source: Source<'_>) -> Error {
    wrong(source, None).because("it prints more than 4 MiB")
}

fn wrong(source: Source<'_>, line: Option<usize>) -> Error {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    Error::usage(format!("the template `{}`{line} is not valid", source.name))
}

fn unknown(source: Source<'_>, name: &str, line: Option<usize>, nearest: Option<String>) -> Error {
    let error = wrong(source, line).because(format!("there is no variable `{}`", clean(name)));
    let error = match nearest {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error,
    };
    error.hint(format!(
        "`docs/reports.md` lists the variables; without `{TEMPLATES}/{}` the program's own is used",
        source.name
    ))
}

/// The first line that uses this name in braces.
fn line_of(text: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let uses = |line: &str| {
        let mut places = line.match_indices(name);
        (line.contains("{{") || line.contains("{%"))
            && places.any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + name.len()..].starts_with(is_part))
    };
    text.lines().position(uses).map(|at| at + 1)
}

fn nearest(name: &str, known: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    let distance = |one: &String| strsim::damerau_levenshtein(name, one);
    let known = known.map(|one| one.as_ref().to_owned());
    known.min_by_key(distance).filter(|one| distance(one) <= 3.max(name.len() / 3))
}

/// Every name of a field, wherever.
fn names<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| {
            into.insert(name);
            names(inner, into);
        }),
        Value::Array(items) => items.iter().for_each(|inner| names(inner, into)),
        _ => {}
    }
}
