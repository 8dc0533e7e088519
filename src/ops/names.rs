//! Names for tags and backup branches: from a template, and free.

use gix::bstr::BString;

use super::Session;
use crate::{
    config::FILE_NAME,
    error::{Error, Result},
    model::{Head, PhaseMark, Selector, Template, TemplateValues, day, valid_ref_name},
};

/// The tag of a checkpoint, within a phase and outside.
pub const TAG: Defaults = Defaults { phase: "{phase}-checkpoint-T+{slot}", plain: "checkpoint-{date}-{time}" };
/// The tag of the checkpoint that ends a phase.
pub const COMPLETE: Defaults = Defaults { phase: "{phase}-complete-T+{slot}", plain: "checkpoint-{date}-{time}" };
/// The branch of a backup, within a phase and outside.
pub const BACKUP: Defaults = Defaults { phase: "{phase}-broken-{date}-{time}", plain: "broken-{date}-{time}" };

/// The templates that hold where the configuration has none.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    phase: &'static str,
    plain: &'static str,
}

const SAFE: &str = "letters, digits, `-`, `_`, `.`, `+` and `/` are safe";

/// What the fields of a template stand for now, for a record with this mark.
pub fn values(session: &Session, head: &Head, mark: Option<&PhaseMark>) -> TemplateValues {
    let course = mark.and_then(|mark| mark.course.as_ref());
    TemplateValues {
        phase: mark.map(|mark| mark.name.clone()),
        elapsed: mark.map(|mark| mark.elapsed.unwrap_or_default().to_string()),
        slot: course.map(|course| course.slot.to_string()),
        number: course.map(|course| course.number),
        day: course.map(|course| day(session.local_of(course.began), session.local)),
        now: session.local,
        branch: head.short_name(),
        short: head.commit().map_or_else(|| "unborn".into(), |id| id.to_hex_with_len(7).to_string()),
    }
}

/// The name that `configured` gives, or else `default`. A configured template that needs a phase where there is
/// none gives way to the default; one that makes no valid name is an error that names the configuration's `key`.
pub fn from_template(
    (key, configured): (&str, Option<&Template>),
    default: Defaults,
    values: &TemplateValues,
) -> Result<BString> {
    let default = if values.phase.is_some() { default.phase } else { default.plain };
    let default = || Template::parse(default).and_then(|template| template.render(values)).map_err(Error::bug);
    match configured {
        None => default(),
        Some(template) if template.needs_phase() && values.phase.is_none() => default(),
        Some(template) => template
            .render(values)
            .map_err(|why| Error::usage(format!("`{key}` in `{FILE_NAME}` makes no name")).because(why).hint(SAFE)),
    }
}

/// A name that a user gave, checked. One that means another checkpoint wherever it is typed would name this one nowhere.
pub fn given(name: &str) -> Result<BString> {
    let checked = valid_ref_name(name).map_err(|why| Error::usage(why).hint(SAFE))?;
    let meaning = match name.parse() {
        Ok(Selector::Latest(_)) => "the newest checkpoint",
        Ok(Selector::Good(_)) => "the newest checkpoint whose checks passed",
        Ok(Selector::Elapsed(_)) => "the checkpoint of that time in a phase",
        _ => return Ok(checked),
    };
    Err(Error::usage(format!("`{name}` cannot be a name"))
        .because(format!("`{name}` means {meaning} wherever a checkpoint is asked for"))
        .hint(format!("add a word: `{name}-1`")))
}

/// What to do where a name can never be free, however far it is counted up: a ref of this full name is in the way.
pub fn blocked(name: &BString, by: &BString, key: &str) -> Error {
    Error::refused(format!("`{name}` cannot be made"))
        .because(format!("`{by}` is there, and git cannot have a name and names below it"))
        .hint(format!("change `{key}` in `{FILE_NAME}`, or rename `{by}`"))
}

/// `name`, or `name.2`, `name.3` … for the second and later attempts.
pub fn attempt(name: &BString, attempt: usize) -> BString {
    if attempt <= 1 { name.clone() } else { format!("{name}.{attempt}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_another_checkpoint_is_no_name() {
        for name in ["latest", "good", "T+4h"] {
            let error = given(name).expect_err(name).to_string();
            assert_eq!(error, format!("`{name}` cannot be a name"));
        }
        for name in ["latest-1", "good-1", "T+", "goods"] {
            assert_eq!(given(name).expect(name), name);
        }
    }

    #[test]
    fn taken_names_are_counted_up() {
        let name = BString::from("phase2-checkpoint-T+4h");
        assert_eq!(attempt(&name, 1), name);
        assert_eq!(attempt(&name, 3), "phase2-checkpoint-T+4h.3");
    }
}
