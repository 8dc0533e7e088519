//! What git has to say about hooks: where it looks for files, and what its configuration names.
//!
//! [`Asked::git`] asks git itself. `status` is called all day, and three processes would cost more than all else that it
//! does, so [`Asked::quickly`] works the same out in this process; where that could give another answer, git is asked.

use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use gix::config::Source;

use super::config::{self, Value};
use crate::{config::Env, error::Result, git::Repo};

/// What git says.
pub(super) struct Asked {
    /// `core.hooksPath` that counts, with the file it stands in: `local`, `worktree`, `global`, `system`, `command`.
    pub setting: Option<(String, OsString)>,
    /// Where it looks for hook files, absolute.
    pub folder: PathBuf,
    /// Every value of `hook.*`.
    pub values: Vec<Value>,
}

impl Asked {
    /// As git says it.
    pub(super) fn git(repo: &Repo) -> Result<Self> {
        let setting = setting(repo)?;
        let mut folder = match &setting {
            // git does not get as far as that.
            Some((_, value)) if value.is_empty() => Vec::new(),
            _ => repo.git(["rev-parse", "--path-format=absolute", "--git-path", "hooks"]).run()?,
        };
        folder.pop_if(|byte| *byte == b'\n');
        let folder = PathBuf::from(OsString::from_vec(folder));
        Ok(Asked { setting, folder, values: config::values(repo)? })
    }

    /// As git would say it, if that can be told without it.
    pub(super) fn quickly(repo: &Repo, env: &Env) -> Option<Self> {
        // Settings of a call come in a form that is git's own.
        if ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"].iter().any(|name| env.var(name).is_some()) {
            return None;
        }
        let setting = last_setting(repo);
        let folder = match &setting {
            Some((_, value)) => repo.workdir().join(expanded(value, env)?),
            None => repo.common_dir().join("hooks"),
        };
        Some(Asked { setting, folder, values: read_values(repo) })
    }
}

fn setting(repo: &Repo) -> Result<Option<(String, OsString)>> {
    let output = repo.git(["config", "--show-scope", "-z", "--get-all", "core.hooksPath"]).output()?;
    match output.code {
        0 => {
            let fields: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
            let last = fields.chunks_exact(2).last();
            Ok(last.map(|pair| (String::from_utf8_lossy(pair[0]).into_owned(), OsString::from_vec(pair[1].to_vec()))))
        }
        1 if output.stderr.is_empty() => Ok(None),
        _ => Err(output.error("git config --get-all core.hooksPath")),
    }
}

fn last_setting(repo: &Repo) -> Option<(String, OsString)> {
    let config = repo.gix().config_snapshot();
    let sections = config.plumbing().sections_by_name("core")?;
    let plain = sections.filter(|section| section.header().subsection_name().is_none());
    let found = plain.filter_map(|section| {
        let value = section.values("hooksPath").pop()?;
        Some((scope(section.meta().source).to_owned(), OsString::from_vec(value.into())))
    });
    found.last()
}

fn read_values(repo: &Repo) -> Vec<Value> {
    let config = repo.gix().config_snapshot();
    let mut found = Vec::new();
    for section in config.plumbing().sections_by_name("hook").into_iter().flatten() {
        let Some(name) = section.header().subsection_name() else { continue };
        let name = OsString::from_vec(name.to_vec());
        let mut keys: Vec<String> = section.value_names().collect();
        keys.sort_by_key(|key| key.to_lowercase());
        keys.dedup_by_key(|key| key.to_lowercase());
        for key in keys {
            found.extend(section.values(&key).into_iter().map(|value| Value {
                local: section.meta().source == Source::Local,
                name: name.clone(),
                key: key.to_lowercase(),
                value: OsString::from_vec(value.into()),
            }));
        }
    }
    found
}

/// As `git config --show-scope` calls it.
fn scope(source: Source) -> &'static str {
    match source {
        Source::GitInstallation | Source::System => "system",
        Source::Git | Source::User => "global",
        Source::Local => "local",
        Source::Worktree => "worktree",
        Source::Env | Source::Cli | Source::Api | Source::EnvOverride => "command",
    }
}

/// The path that a setting names, as git expands it; `None` where only git knows.
fn expanded(value: &std::ffi::OsStr, env: &Env) -> Option<PathBuf> {
    let path = Path::new(value);
    let first = path.components().next().map(|part| part.as_os_str().as_encoded_bytes().to_vec()).unwrap_or_default();
    match first.first() {
        Some(b'~') if first.len() == 1 => Some(Path::new(env.var("HOME")?).join(path.strip_prefix("~").ok()?)),
        Some(b'~' | b'%' | b':') => None,
        _ => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_git_can_expand_is_left_to_it() {
        let env = Env::from_process();
        let home = env.var("HOME").expect("whoever runs the tests has one").to_str().expect("plain").to_owned();
        for (value, expected) in [
            ("hooks", Some("hooks")),
            ("/a b/c", Some("/a b/c")),
            ("~/hooks", Some(&*format!("{home}/hooks"))),
            ("~", Some(&*home)),
            ("~you/hooks", None),
            ("%(prefix)/hooks", None),
            (":(optional)hooks", None),
        ] {
            assert_eq!(expanded(value.as_ref(), &env), expected.map(PathBuf::from), "{value}");
        }
    }
}
