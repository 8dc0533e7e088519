//! `[[artifact]]`: files outside git that belong to a state.
//!
//! Reading the section opens and runs nothing. What it names is handed out against a [`super::Consent`] only, mere copies
//! included: whoever sends a configuration must not decide alone which files of another are kept and overwritten.

use std::{ops::Range, path::Path};

use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use super::{
    Wanted,
    checks::{Command, Name},
    order::{Lines, refused},
    rollback::is_inner,
    schema::from_text,
};
use crate::{error::Result, model::TimeLimit};

/// A file outside git, or what a server keeps, that is saved with a checkpoint and comes back with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Unique in the file; letters, digits, `-`, `_` and `.`, so it can name a file.
    pub name: String,
    /// The file, relative to the top of the worktree; there if one of the commands is not.
    pub path: Option<String>,
    /// The command, for `sh -c`, that writes what is to be kept to `$CHECKPOINT_FILE`; without one the file is copied.
    pub save: Option<String>,
    /// The command, for `sh -c`, that brings back what is in `$CHECKPOINT_FILE`; without one that takes the file's place.
    pub restore: Option<String>,
    /// How long each of the commands may take.
    pub timeout: TimeLimit,
    /// Whether the file need not be there: a state without it is one too.
    pub optional: bool,
    /// The line of the file that its name is on, for messages.
    pub line: usize,
}

impl Artifact {
    /// What is done without a command, for one that a record names and the configuration does not.
    pub fn copy_of(name: &str, path: &str) -> Self {
        Artifact {
            name: name.to_owned(),
            path: Some(path.to_owned()),
            save: None,
            restore: None,
            timeout: default_timeout(),
            optional: true,
            line: 0,
        }
    }

    /// Whether a command saves it or brings it back.
    pub(super) fn has_command(&self) -> bool {
        self.save.is_some() || self.restore.is_some()
    }

    /// What is done with it, to be shown: its commands, and in words what is done without one.
    pub(super) fn wanted(&self) -> [Wanted; 2] {
        let path = self.path.as_deref().unwrap_or_default();
        let one = |what: &str, command: &Option<String>, else_: String| Wanted {
            name: format!("{} ({what})", self.name),
            on: if what == "save" { vec!["checkpoint", "rollback"] } else { vec!["rollback"] },
            run: command.clone().unwrap_or(else_),
        };
        [one("save", &self.save, format!("copy {path}")), one("restore", &self.restore, format!("put back {path}"))]
    }
}

/// `[[artifact]]` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ArtifactForm {
    name: Spanned<Name>,
    #[serde(default, deserialize_with = "inner_path")]
    path: Option<Spanned<String>>,
    save: Option<Command>,
    restore: Option<Command>,
    #[serde(default = "default_timeout", deserialize_with = "from_text")]
    timeout: TimeLimit,
    #[serde(default)]
    optional: bool,
}

fn default_timeout() -> TimeLimit {
    TimeLimit::from_minutes(10)
}

fn inner_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spanned<String>>, D::Error> {
    let path = Spanned::<String>::deserialize(deserializer)?;
    let text = path.get_ref();
    let is_git = |part: &str| part.eq_ignore_ascii_case(".git");
    if !is_inner(text) || text.split('/').any(is_git) || text.ends_with('/') {
        return Err(D::Error::custom("it is no file within the worktree, relative to its top"));
    }
    Ok(Some(path))
}

/// What stands in the file `text`, of which these are the lines.
pub(super) fn read(forms: Vec<ArtifactForm>, text: &str, lines: &Lines) -> Result<Vec<Artifact>> {
    let mut artifacts: Vec<Artifact> = Vec::with_capacity(forms.len());
    for form in forms {
        let span = form.name.span();
        let name = form.name.into_inner().0;
        let wrong = |span: &Range<usize>, why: String, hint: &str| Err(refused(text, span, &why, hint));
        if artifacts.iter().any(|known| known.name == name) {
            return wrong(&span, format!("there are two artifacts named `{name}`"), "give each a name of its own");
        }
        if let Some(path) = &form.path
            && let Some(other) =
                artifacts.iter().find(|known| known.path.as_ref().is_some_and(|p| same(p, path.get_ref())))
        {
            let why = format!("`{}` is the file of the artifact `{}` already", path.get_ref(), other.name);
            return wrong(&path.span(), why, "keep one of them");
        }
        if form.path.is_none() && (form.save.is_none() || form.restore.is_none()) {
            let why = match (&form.save, &form.restore) {
                (None, None) => format!("`{name}` has no `path`, and no `save` and `restore`"),
                (None, _) => format!("`{name}` has neither a `path` nor a `save`, so nothing says what is to be kept"),
                _ => format!("`{name}` has neither a `path` nor a `restore`, so nothing says how it comes back"),
            };
            return wrong(&span, why, "give it a `path`, or both a `save` and a `restore` command");
        }
        if form.path.is_none() && form.optional {
            let why = format!("`{name}` is `optional` and has no `path`, so nobody could tell whether it is there");
            return wrong(&span, why, "give it a `path`, or leave `optional` out");
        }
        artifacts.push(Artifact {
            line: lines.number(span.start),
            name,
            path: form.path.map(|path| plain(path.get_ref())),
            save: form.save.map(|command| command.0),
            restore: form.restore.map(|command| command.0),
            timeout: form.timeout,
            optional: form.optional,
        });
    }
    Ok(artifacts)
}

/// The path without empty parts and dots.
fn plain(path: &str) -> String {
    let parts: Vec<_> = Path::new(path).components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Whether both are the same file, however they are written.
fn same(a: &str, b: &str) -> bool {
    Path::new(a).components().eq(Path::new(b).components())
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Consent};

    #[test]
    fn copies_and_commands_are_read_and_shown() {
        let text = "[[artifact]]\nname = 'db'\npath = 'data//./a.db'\n[[artifact]]\nname = 'pg'\nsave = 'dump'\nrestore = 'load'\n\
                    timeout = '30s'\n[[artifact]]\nname = 'up'\npath = 'up'\nsave = 'tar'\noptional = true";
        let config = Config::parse(text).expect("valid");
        assert!(config.has_artifacts());
        let artifacts = config.artifacts(&Consent::for_tests(text.as_bytes())).expect("trusted");
        let names: Vec<_> = artifacts.iter().map(|one| (one.name.as_str(), one.line, one.optional)).collect();
        assert_eq!(names, [("db", 2, false), ("pg", 5, false), ("up", 10, true)]);
        assert_eq!(artifacts[1].timeout.duration().as_secs(), 30);
        let wanted = config.wanted();
        let shown: Vec<_> = wanted.iter().map(|one| (one.name.as_str(), one.run.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("db (save)", "copy data/a.db"),
                ("db (restore)", "put back data/a.db"),
                ("pg (save)", "dump"),
                ("pg (restore)", "load"),
                ("up (save)", "tar"),
                ("up (restore)", "put back up"),
            ]
        );
        assert!(config.artifacts(&Consent::for_tests(b"other")).is_err());
        assert!(!Config::default().has_artifacts());
    }

    #[test]
    fn what_the_documentation_shows_is_understood() {
        let text = include_str!("../../docs/artifacts.md");
        let blocks: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 7);
        for block in blocks {
            assert!(Config::parse(block).expect(block).has_artifacts(), "{block}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let named = |rest: &str| format!("[[artifact]]\nname = 'db'\n{rest}");
        for (text, line, nearest) in [
            (named("path = '../db'"), "line 3", None),
            (named("path = '/var/db'"), "line 3", None),
            (named("path = 'a/../../db'"), "line 3", None),
            (named("path = '.git/config'"), "line 3", None),
            (named("path = 'sub/.GIT/config'"), "line 3", None),
            (named("path = 'data/'"), "line 3", None),
            (named("path = '.'"), "line 3", None),
            (named("path = ''"), "line 3", None),
            (named("path = \"a\\nb\""), "line 3", None),
            (named("path = ['a']"), "line 3", None),
            (named(""), "line 2, column 8: `db` has no `path`", None),
            (named("save = 'a'"), "line 2, column 8: `db` has neither a `path` nor a `restore`", None),
            (named("restore = 'a'"), "line 2, column 8: `db` has neither a `path` nor a `save`", None),
            (named("save = 'a'\nrestore = 'b'\noptional = true"), "line 2, column 8: `db` is `optional`", None),
            (named("path = 'a'\nsave = ' '"), "line 4", None),
            (named("path = 'a'\nrestroe = 'b'"), "line 4", Some("restore")),
            (named("path = 'a'\ntimeout = '0s'"), "line 4", None),
            (named("path = 'a'\noptional = 'yes'"), "line 4", None),
            ("[[artifact]]\nname = '../db'\npath = 'a'".into(), "line 2", None),
            ("[[artifact]]\nname = 'a/b'\npath = 'a'".into(), "line 2", None),
            ("[[artifact]]\npath = 'a'".into(), "line 1", None),
            ("[artifact]\nname = 'a'\npath = 'a'".into(), "line 1", None),
            (named("path = 'a'\n[[artifact]]\nname = 'db'\npath = 'b'"), "line 5, column 8: there are two", None),
            (named("path = 'a/b'\n[[artifact]]\nname = 'other'\npath = 'a//b'"), "line 6, column 8: `a//b` is", None),
        ] {
            let error = Config::parse(&text).expect_err(&text);
            let chain = error.chain().join("\n");
            assert!(chain.contains(line), "{text}: {chain}");
            let hint = nearest.map(|key: &str| format!("did you mean `{key}`?"));
            assert!(hint.is_none_or(|hint| error.hints() == [hint]), "{text}: {:?}", error.hints());
        }
    }
}
