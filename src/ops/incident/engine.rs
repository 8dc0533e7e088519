//! Templates filled in: the language is that of minijinja, what it prints is made harmless for the format, and what a
//! template does wrong is told with its place.
//!
//! A template may come from a repository, so it can do nothing but print: there are no files, no other templates and no
//! commands, and its work and its length are limited.

use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::{
    AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter,
    syntax::SyntaxConfig, value::Serde,
};
use serde::Serialize;

use super::{mistake, words};
use crate::{error::Result, model::clean};

/// So many instructions, and bytes of output, are enough for any document.
const FUEL: u64 = 3_000_000;

/// How deep macros may call each other.
const DEPTH: usize = 60;

/// The longest document, and the most text that is printed into one, in bytes.
const LENGTH: usize = 4 << 20;

/// A template to be filled in.
#[derive(Debug, Clone, Copy)]
pub(in crate::ops) struct Source<'s> {
    /// Its file's name, whose ending says what the format is: `.md` or `.html`.
    pub(in crate::ops) name: &'s str,
    /// Its text.
    pub(in crate::ops) text: &'s str,
}

/// Fills the template in. `example` has every variable that there can be, so that one that is misspelt is found even where
/// nothing is printed by it.
pub(in crate::ops) fn fill(source: Source<'_>, values: &impl Serialize, example: &serde_json::Value) -> Result<String> {
    let mut environment = environment();
    environment
        .add_template_owned(source.name.to_owned(), source.text.to_owned())
        .map_err(|error| mistake::told(source, &error, example))?;
    let template = environment.get_template(source.name).map_err(|error| mistake::told(source, &error, example))?;
    mistake::refuse_unknown(source, &template.undeclared_variables(true), example)?;
    let text = template.render(Value::from(Serde(values))).map_err(|error| mistake::told(source, &error, example))?;
    if text.len() > LENGTH {
        return Err(mistake::too_long(source));
    }
    Ok(tidy(source, &text))
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.expect("the marks are those of the language"));
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment.set_debug(true);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "html")) => AutoEscape::Html,
        _ => AutoEscape::Custom("markdown".into()),
    });
    let printed = AtomicUsize::new(0);
    environment.set_formatter(move |out, state, value| {
        let length = value.as_str().map_or(1, str::len);
        if printed.fetch_add(length, Ordering::Relaxed) + length > LENGTH {
            return Err(minijinja::Error::from(ErrorKind::OutOfFuel));
        }
        print(out, state, value)
    });
    environment.add_filter("time", |text: String| words::time(&text));
    environment.add_filter("duration", words::duration);
    environment.add_filter("percent", words::percent);
    environment.add_filter("bytes", words::bytes);
    environment.add_filter("short", |text: String| words::short(&text).to_owned());
    environment.add_filter("amount", amount);
    environment.add_filter("plural", plural);
    environment.add_filter("code", |text: String| Value::from_safe_string(words::code(&text)));
    environment.add_filter("quote", |text: String| Value::from_safe_string(words::quotation(&text)));
    environment.add_filter("verbatim", |text: String| Value::from_safe_string(words::verbatim(&text)));
    environment
}

/// Prints a value so that it is only ever read as text.
fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_none() {
        return Ok(out.write_str(words::NOTHING)?);
    }
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return match state.auto_escape() {
            AutoEscape::Custom(_) if !value.is_safe() && !value.is_number() => {
                Ok(out.write_str(&words::markdown(&value.to_string()))?)
            }
            AutoEscape::Custom(_) => Ok(write!(out, "{value}")?),
            _ => escape_formatter(out, state, value),
        };
    };
    match state.auto_escape() {
        AutoEscape::Html => escape_formatter(out, state, &Value::from(clean(text))),
        _ => Ok(out.write_str(&words::markdown(text))?),
    }
}

/// `{{ 2.4 | amount("s") }}`: `2.4 s`
fn amount(value: f64, unit: Option<&str>) -> String {
    crate::model::amount(value, unit.unwrap_or_default())
}

/// `{{ 2 | plural("file") }}`: `2 files`
fn plural(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Blocks that print nothing leave blank lines behind; more than one has no meaning in Markdown. In a page all stay, for
/// there are some in what checks printed.
fn tidy(source: Source<'_>, text: &str) -> String {
    if source.name.ends_with(".html") {
        return text.trim_start().to_owned();
    }
    let (mut out, mut blank) = (String::with_capacity(text.len()), true);
    for line in text.lines().map(str::trim_end) {
        let is_blank = line.is_empty();
        if !(is_blank && blank) {
            out.push_str(line);
            out.push('\n');
        }
        blank = is_blank;
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}
