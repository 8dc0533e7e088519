//! How things stand: git's version, where it looks for hooks, and what is there.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    CONFIGURED_SINCE, Mechanism,
    asked::Asked,
    config::{self, Configured},
    exclude,
    folder::Folder,
    folders::{self, Remembered},
    shim,
};
use crate::{
    config::Env,
    error::{Context, Error, Result},
    git::{Repo, version},
};

/// Why the folder in which git looks for hook files cannot be used for ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// What is the matter.
    pub what: String,
    /// Why that is in the way.
    pub why: String,
    /// What to do, most useful first.
    pub hints: Vec<String>,
}

/// Everything that a plan is made from.
#[derive(Debug, Clone)]
pub struct Facts {
    /// git's version; zero where it was not asked for.
    pub git: (u32, u32),
    /// The same, as git says it.
    pub git_text: String,
    /// The file by which the shims call this program.
    pub program: PathBuf,
    /// What they would find without it.
    pub program_on_path: Option<PathBuf>,
    /// The folder in which git looks for hook files.
    pub folder: std::result::Result<Folder, Unusable>,
    /// Other folders that have something of ours.
    pub others: Vec<Folder>,
    /// The folders that are remembered.
    pub remembered: Vec<Remembered>,
    /// How every event stands in git's configuration.
    pub configured: Vec<Configured>,
    /// What git's configuration has as hooks of others, by name.
    pub foreign: Vec<OsString>,
    /// Which of our lines `info/exclude` has.
    pub excluded: Vec<Vec<u8>>,
    /// The top of the worktree.
    pub workdir: PathBuf,
    /// The folder in which git looks where nothing else is set.
    pub default_folder: PathBuf,
    /// What a call that was killed left in the folder for what belongs to the hooks: files on their way, or the folder
    /// itself with nothing in it.
    pub litter: Vec<PathBuf>,
    /// That folder.
    pub shims: PathBuf,
}

impl Facts {
    /// How git finds hooks, by its version.
    pub fn mechanism(&self) -> Mechanism {
        if self.git >= CONFIGURED_SINCE { Mechanism::Config } else { Mechanism::Files }
    }

    /// Whether anything of ours is there, by either way of git's.
    fn has_ours(&self) -> bool {
        !self.remembered.is_empty()
            || self.all_folders().any(Folder::has_ours)
            || self.configured.iter().any(|one| !one.is_absent())
    }

    /// Every folder that may have something of ours.
    pub(super) fn all_folders(&self) -> impl Iterator<Item = &Folder> {
        self.folder.iter().chain(&self.others)
    }
}

/// Looks; changes nothing.
pub fn gather(repo: &Repo, env: &Env) -> Result<Facts> {
    let (git, git_text) = version::ask(repo.workdir())?;
    let mut facts = look(repo, env, &Asked::git(repo)?)?;
    for folder in facts.folder.iter_mut().chain(&mut facts.others) {
        folder.track(repo)?;
    }
    Ok(Facts { git, git_text, ..facts })
}

/// As much as `status` is made from, without git where that can be. Its version is asked for only where something of ours
/// is there, or `complete` is wanted.
pub(super) fn glance(repo: &Repo, env: &Env, complete: bool) -> Result<Facts> {
    let asked = match Asked::quickly(repo, env) {
        Some(asked) => asked,
        None => Asked::git(repo)?,
    };
    let facts = look(repo, env, &asked)?;
    if !complete && !facts.has_ours() {
        return Ok(facts);
    }
    let (git, git_text) = version::remembered(repo, env)?;
    Ok(Facts { git, git_text, ..facts })
}

/// All but git's version, and what git says of places in the worktree.
fn look(repo: &Repo, env: &Env, asked: &Asked) -> Result<Facts> {
    let program = env
        .stable_exe()
        .context("cannot find this program's own file")
        .map_err(|error| error.hint("install `git-checkpoint` in a folder of PATH"))?;
    let remembered = folders::read(repo)?;
    let look = |path: PathBuf| Folder::look(repo, path, &program, &remembered);
    let folder = match usable_folder(repo, asked) {
        Ok(path) => Ok(look(path)?),
        Err(unusable) => Err(unusable),
    };
    let mut others = Vec::new();
    let default_folder = real(&repo.common_dir().join("hooks"));
    for path in remembered.iter().map(|folder| folder.path.clone()).chain([default_folder.clone()]) {
        let is_known = folder.as_ref().is_ok_and(|folder| folder.path == path)
            || others.iter().any(|folder: &Folder| folder.path == path);
        // A folder that cannot be read is none that can be cleaned up.
        if !is_known
            && let Ok(other) = look(path)
            && other.has_ours()
        {
            others.push(other);
        }
    }
    let foreign = asked.values.iter().filter(|value| value.key == "command");
    let is_ours = |name: &OsStr| name.as_bytes().starts_with(config::KEY.as_bytes());
    Ok(Facts {
        git: (0, 0),
        git_text: String::new(),
        program_on_path: shim::on_path(env),
        folder,
        others,
        remembered,
        configured: config::look(repo, &asked.values, &program),
        foreign: foreign.map(|value| value.name.clone()).filter(|name| !is_ours(name)).collect(),
        excluded: exclude::read(repo)?,
        litter: folders::litter(repo),
        shims: folders::shims(repo),
        workdir: repo.workdir().to_owned(),
        default_folder,
        program,
    })
}

/// Where git looks for hook files, absolute and without symbolic links, if our shims may be put there.
fn usable_folder(repo: &Repo, asked: &Asked) -> std::result::Result<PathBuf, Unusable> {
    if let Some((scope, value)) = &asked.setting
        && let Some(unusable) = refuse_setting(scope, value)
    {
        return Err(unusable);
    }
    let path = real(&asked.folder);
    match refuse_place(repo, &path, asked.setting.is_some()) {
        Some(unusable) => Err(unusable),
        None => Ok(path),
    }
}

const NEWER_GIT: &str =
    "git 2.54 or newer needs no hook files: update git and call `git checkpoint hooks install` again";

fn by_hand() -> String {
    "or let the hooks there call `git-checkpoint hook <event> \"$@\"`, with the standard input they get".into()
}

fn refuse_setting(scope: &str, value: &OsStr) -> Option<Unusable> {
    let shown = value.to_string_lossy();
    if value.is_empty() {
        return Some(Unusable {
            what: "core.hooksPath is empty".into(),
            why: "so git looks for hooks at the root of the file system, and finds none".into(),
            hints: vec![format!("`git config --{scope} --unset-all core.hooksPath`, then try again"), NEWER_GIT.into()],
        });
    }
    let whose = match scope {
        "local" | "worktree" => return None,
        "global" => "all repositories of this user",
        "system" => "all repositories on this machine",
        _ => {
            return Some(Unusable {
                what: format!("core.hooksPath is set for this call only, to `{shown}`"),
                why: "hooks there would be gone with the next call".into(),
                hints: vec!["call it without `-c core.hooksPath=…` and without GIT_CONFIG_* variables".into()],
            });
        }
    };
    Some(Unusable {
        what: format!("core.hooksPath is set for {whose}, to `{shown}`"),
        why: "hooks there would run in repositories that did not ask for them".into(),
        hints: vec![
            NEWER_GIT.into(),
            "to use this repository's own hooks instead of those: `git config --local core.hooksPath \
             \"$(git rev-parse --path-format=absolute --git-common-dir)/hooks\"`"
                .into(),
            by_hand(),
        ],
    })
}

fn refuse_place(repo: &Repo, path: &Path, is_set: bool) -> Option<Unusable> {
    let shown = path.display();
    let own = [repo.workdir(), repo.git_dir(), repo.common_dir()];
    if own.iter().any(|dir| dir.starts_with(path)) || path.file_name().is_none() {
        return Some(Unusable {
            what: format!("the hooks folder is `{shown}`"),
            why: "that holds the repository itself, and is not for hooks alone".into(),
            hints: vec![
                "`git config --unset-all core.hooksPath`, or set it to a folder of its own".into(),
                NEWER_GIT.into(),
            ],
        });
    }
    if path.symlink_metadata().is_ok_and(|data| !data.is_dir()) {
        return Some(Unusable {
            what: format!("the hooks folder `{shown}` is no folder"),
            why: "git looks for hooks below that path".into(),
            hints: vec!["remove what is there, or set core.hooksPath to a folder".into(), NEWER_GIT.into()],
        });
    }
    let is_inside = own.iter().any(|dir| path.starts_with(dir));
    (!is_set && !is_inside).then(|| Unusable {
        what: format!("the hooks folder of this repository is a link to `{shown}`"),
        why: "that is outside of the repository, so others may use it too".into(),
        hints: vec![NEWER_GIT.into(), by_hand()],
    })
}

/// Without symbolic links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(real), ..) => real,
        (Err(_), Some(parent), Some(name)) => real(parent).join(name),
        (Err(_), ..) => path.to_owned(),
    }
}

/// The failure to install, where git needs hook files.
pub(super) fn refusal(unusable: &Unusable) -> Error {
    let error = Error::refused(unusable.what.clone()).because(unusable.why.clone());
    unusable.hints.iter().fold(error, Error::hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_several_repositories_is_refused() {
        for (scope, value, refused) in [
            ("local", "hooks", false),
            ("worktree", "/anywhere", false),
            ("local", "", true),
            ("global", "/home/me/hooks", true),
            ("system", "/etc/hooks", true),
            ("command", "/tmp/hooks", true),
        ] {
            let answer = refuse_setting(scope, OsStr::new(value));
            assert_eq!(answer.is_some(), refused, "{scope} {value}");
            assert!(answer.is_none_or(|unusable| !unusable.hints.is_empty()));
        }
    }
}
