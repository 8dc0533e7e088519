//! Names for tags and backup branches: from a template, and free.

use gix::bstr::BString;

use super::Session;
use crate::{
    config::FILE_NAME,
    error::{Error, Result},
    model::{Head, Template, TemplateValues, valid_ref_name},
};

/// The tag of a checkpoint outside a phase.
pub const TAG: &str = "checkpoint-{date}-{time}";
/// The branch of a backup outside a phase.
pub const BACKUP: &str = "broken-{date}-{time}";

const SAFE: &str = "letters, digits, `-`, `_`, `.`, `+` and `/` are safe";

/// What the fields of a template stand for now.
pub fn values(session: &Session, head: &Head) -> TemplateValues {
    TemplateValues {
        phase: None,
        elapsed: None,
        slot: None,
        number: None,
        day: None,
        now: session.local,
        branch: head.short_name(),
        short: head.commit().map_or_else(|| "unborn".into(), |id| id.to_hex_with_len(7).to_string()),
    }
}

/// The name that `configured` gives, or else `default`. A configured template that needs a phase where there is
/// none gives way to the default; one that makes no valid name is an error that names the configuration's `key`.
pub fn from_template(
    (key, configured): (&str, Option<&Template>),
    default: &str,
    values: &TemplateValues,
) -> Result<BString> {
    let default = || Template::parse(default).and_then(|template| template.render(values)).map_err(Error::bug);
    match configured {
        None => default(),
        Some(template) if template.needs_phase() && values.phase.is_none() => default(),
        Some(template) => template
            .render(values)
            .map_err(|why| Error::usage(format!("`{key}` in `{FILE_NAME}` makes no name")).because(why).hint(SAFE)),
    }
}

/// A name that a user gave, checked.
pub fn given(name: &str) -> Result<BString> {
    valid_ref_name(name).map_err(|why| Error::usage(why).hint(SAFE))
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
    fn taken_names_are_counted_up() {
        let name = BString::from("phase2-checkpoint-T+4h");
        assert_eq!(attempt(&name, 1), name);
        assert_eq!(attempt(&name, 3), "phase2-checkpoint-T+4h.3");
    }
}
