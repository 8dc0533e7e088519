//! Hooks in git's configuration: `hook.checkpoint-<event>.command` and `.event`.
//!
//! An `.event` without its `.command` makes every call of git that fires it die, so the command is written first and
//! removed last.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use super::{folders, shim};
use crate::{error::Result, git::Repo, model::HookEvent};

/// What the names of our hooks begin with; the event follows. (A name that is an event's is an error for git.)
pub const KEY: &str = "checkpoint-";

/// A value of `hook.*`, from any of git's configuration files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// Whether it stands in the repository's own file.
    pub local: bool,
    /// The name of the hook, or of an event.
    pub name: OsString,
    /// `command`, `event`, `enabled` …, in lower case.
    pub key: String,
    /// The value.
    pub value: OsString,
}

/// How an event stands in git's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// The event.
    pub event: HookEvent,
    /// What the repository's own file has as command.
    pub commands: Vec<OsString>,
    /// What it has as event.
    pub events: Vec<OsString>,
    /// Whether somebody has switched it off with `enabled = false`.
    pub disabled: bool,
    /// What it should have as command.
    pub wanted: OsString,
    /// The script that the command names.
    pub shim: PathBuf,
    /// The version of that script and whether it is what would be written now, where it is there.
    pub script: Option<(u32, bool)>,
    /// The program that the script calls.
    pub program: Option<PathBuf>,
}

impl Configured {
    /// The name of its hook.
    pub fn name(event: HookEvent) -> String {
        format!("{KEY}{event}")
    }

    /// Whether nothing of it is there.
    pub fn is_absent(&self) -> bool {
        self.commands.is_empty() && self.events.is_empty() && self.script.is_none()
    }

    /// Whether git would call it, and the script is there.
    pub fn is_called(&self) -> bool {
        self.events.iter().any(|event| event == self.event.as_str()) && !self.commands.is_empty() && !self.disabled
    }

    /// Whether the repository's file says exactly what it should.
    pub fn is_exact(&self) -> bool {
        self.commands == [self.wanted.clone()] && self.events == [OsString::from(self.event.as_str())]
    }
}

/// Every value of `hook.*` that git sees here.
pub(super) fn values(repo: &Repo) -> Result<Vec<Value>> {
    let output = repo.git(["config", "--show-scope", "-z", "--get-regexp", r"^hook\."]).output()?;
    // Code 1: there is none.
    match output.code {
        0 => Ok(parse(&output.stdout)),
        1 if output.stderr.is_empty() => Ok(Vec::new()),
        _ => Err(output.error("git config --get-regexp ^hook.")),
    }
}

/// `scope NUL key LF value NUL`, again and again.
fn parse(output: &[u8]) -> Vec<Value> {
    let mut fields = output.split(|byte| *byte == 0);
    let mut found = Vec::new();
    while let (Some(scope), Some(field)) = (fields.next(), fields.next()) {
        let (key, value) = match field.iter().position(|byte| *byte == b'\n') {
            Some(at) => (&field[..at], &field[at + 1..]),
            None => (field, &b""[..]),
        };
        let Some(rest) = key.strip_prefix(b"hook.") else { continue };
        let Some(dot) = rest.iter().rposition(|byte| *byte == b'.') else { continue };
        found.push(Value {
            local: scope == b"local",
            name: OsStr::from_bytes(&rest[..dot]).to_owned(),
            key: String::from_utf8_lossy(&rest[dot + 1..]).to_lowercase(),
            value: OsString::from_vec(value.to_vec()),
        });
    }
    found
}

/// How every event stands, by the values that git sees.
pub(super) fn look(repo: &Repo, values: &[Value], program: &Path) -> Vec<Configured> {
    let shims = folders::shims(repo);
    HookEvent::ALL.into_iter().map(|event| one(event, values, shims.join(event.as_str()), program)).collect()
}

fn one(event: HookEvent, values: &[Value], shim: PathBuf, program: &Path) -> Configured {
    let name = Configured::name(event);
    let of = |key: &str| {
        let ours = values.iter().filter(|value| value.local && value.key == key && value.name == name.as_str());
        ours.map(|value| value.value.clone()).collect::<Vec<_>>()
    };
    let switch = |name: &str| values.iter().rfind(|value| value.key == "enabled" && value.name == name);
    let is_off = |name: &str| switch(name).is_some_and(|value| is_false(&value.value));
    let bytes = std::fs::read(&shim).ok();
    let wanted_bytes = shim::render(event, program, OsStr::new(""));
    let script = bytes.as_deref().map(|bytes| {
        let exact = bytes == wanted_bytes && shim::is_executable(&shim);
        (shim::version(bytes).unwrap_or(0), exact)
    });
    Configured {
        commands: of("command"),
        events: of("event"),
        disabled: is_off(&name) || is_off(event.as_str()),
        wanted: shim::command(event, &shim),
        program: bytes.as_deref().and_then(shim::program),
        event,
        shim,
        script,
    }
}

pub(super) fn is_false(value: &OsStr) -> bool {
    matches!(value.as_bytes().to_ascii_lowercase().as_slice(), b"false" | b"no" | b"off" | b"0" | b"")
}

/// Writes the command, then the event; `between` is called when the first of them was changed.
pub(super) fn set(repo: &Repo, event: HookEvent, command: &OsStr, between: impl FnOnce()) -> Result<()> {
    write(repo, &key(event, "command"), command)?;
    between();
    write(repo, &key(event, "event"), OsStr::new(event.as_str()))
}

/// Removes the event, then the command; `between` is called when the first of them was changed.
pub(super) fn unset(repo: &Repo, event: HookEvent, between: impl FnOnce()) -> Result<()> {
    remove(repo, &key(event, "event"))?;
    between();
    remove(repo, &key(event, "command"))
}

fn remove(repo: &Repo, key: &str) -> Result<()> {
    let output = repo.git(["config", "--local", "--unset-all", key]).output()?;
    // Code 5: it is not there.
    if matches!(output.code, 0 | 5) { Ok(()) } else { Err(output.error(&format!("git config --unset-all {key}"))) }
}

fn key(event: HookEvent, part: &str) -> String {
    format!("hook.{}.{part}", Configured::name(event))
}

fn write(repo: &Repo, key: &str, value: &OsStr) -> Result<()> {
    repo.git(["config", "--local", "--replace-all", key]).arg(value).run().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_prints_is_read() {
        let output = b"global\0hook.lint.event\npre-commit\0local\0hook.checkpoint-pre-push.command\na\nb\0\
                       local\0hook.a.b.enabled\0";
        let found = parse(output);
        let short: Vec<_> =
            found.iter().map(|value| (value.local, value.name.to_str(), &*value.key, value.value.to_str())).collect();
        let expected = [
            (false, Some("lint"), "event", Some("pre-commit")),
            (true, Some("checkpoint-pre-push"), "command", Some("a\nb")),
            (true, Some("a.b"), "enabled", Some("")),
        ];
        assert_eq!(short, expected);
        assert_eq!(parse(b""), []);
    }

    #[test]
    fn an_event_is_called_only_with_command_and_event_and_not_switched_off() {
        let value = |name: &str, key: &str, value: &str| Value {
            local: true,
            name: name.into(),
            key: key.into(),
            value: value.into(),
        };
        let (command, event) =
            (value("checkpoint-pre-push", "command", "x"), value("checkpoint-pre-push", "event", "pre-push"));
        let off = |name| value(name, "enabled", "false");
        for (values, expected) in [
            (vec![], false),
            (vec![command.clone()], false),
            (vec![event.clone()], false),
            (vec![command.clone(), event.clone()], true),
            (vec![command.clone(), event.clone(), off("checkpoint-pre-push")], false),
            (vec![command.clone(), event.clone(), off("pre-push")], false),
            (vec![command.clone(), event.clone(), off("post-commit")], true),
        ] {
            let state = one(HookEvent::PrePush, &values, "/nowhere/at/all".into(), Path::new("/p"));
            assert_eq!(state.is_called(), expected, "{values:?}");
            assert!(!state.is_exact());
        }
    }
}
