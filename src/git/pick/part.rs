//! Only some files of what a commit changes.

use std::{collections::HashSet, ffi::OsString, os::unix::ffi::OsStrExt, path::PathBuf};

use gix::bstr::BString;

use crate::{
    error::{Error, Result},
    git::{
        Repo, objects,
        tree::{self, TreeChange},
    },
    model::Oid,
};

/// Pathspecs of git's, seen from a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    /// The folder that they were typed in.
    pub here: PathBuf,
    /// As typed; none stands for everything.
    pub specs: Vec<OsString>,
}

impl Paths {
    /// Whether they stand for everything.
    pub fn are_all(&self) -> bool {
        self.specs.is_empty()
    }

    /// As they were typed, byte for byte.
    pub fn typed(&self) -> Vec<BString> {
        self.specs.iter().map(|spec| BString::from(spec.as_bytes())).collect()
    }

    /// What differs between two trees in these paths, ordered by name; git itself says what matches.
    pub fn changes(&self, repo: &Repo, from: Oid, to: Oid) -> Result<Vec<TreeChange>> {
        let mut changes = tree::diff(repo, from, to)?;
        if self.are_all() || changes.is_empty() {
            return Ok(changes);
        }
        // The merge of a pick may have made one of them in memory.
        objects::flush(repo)?;
        let mut git = repo.git(["-C"]).arg(&self.here);
        for arg in ["diff-tree", "-r", "-z", "--name-only", "--no-renames"] {
            git = git.arg(arg);
        }
        git = git.arg(from.to_string()).arg(to.to_string()).arg("--");
        let said = self.specs.iter().fold(git, crate::git::Git::arg).output()?;
        if said.code != 0 {
            let specs: Vec<_> =
                self.specs.iter().map(|spec| spec.to_string_lossy().escape_debug().to_string()).collect();
            return Err(Error::usage(format!("git does not take `{}` for paths", specs.join("`, `")))
                .because(said.stderr)
                .hint("`git help glossary` tells what a pathspec is"));
        }
        let matching: HashSet<BString> = said.stdout.split(|byte| *byte == 0).map(BString::from).collect();
        changes.retain(|change| matching.contains(&change.path));
        Ok(changes)
    }

    /// `from` with the changes in these paths that lead to `to`.
    pub fn part(&self, repo: &Repo, from: Oid, to: Oid) -> Result<Oid> {
        if self.are_all() {
            return Ok(to);
        }
        tree::apply(repo, from, &self.changes(repo, from, to)?)
    }
}
