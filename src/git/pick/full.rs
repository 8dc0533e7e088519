//! The merge of three trees by git itself.

use gix::bstr::BString;

use super::Merged;
use crate::{
    error::{Context, Error, Result},
    git::{Repo, objects},
    model::Oid,
};

/// The first git whose `merge-tree --merge-base` takes trees; before, it takes commits or does not exist.
const TAKES_TREES: (u32, u32) = (2, 45);

/// The first git that can read attributes from a tree instead of the worktree.
const HAS_ATTR_SOURCE: (u32, u32) = (2, 43);

/// The first git whose `merge-tree` takes options of its merge.
const TAKES_OPTIONS: (u32, u32) = (2, 44);

/// The first git whose `merge-tree` leaves `diff.algorithm` alone, while `cherry-pick` goes by it.
const LEAVES_ALGORITHM: (u32, u32) = (2, 49);

/// Merges by `git merge-tree`.
pub(super) struct GitMerge<'r> {
    repo: &'r Repo,
    version: Option<(u32, u32)>,
    options: Vec<String>,
}

impl<'r> GitMerge<'r> {
    pub(super) fn new(repo: &'r Repo) -> Self {
        GitMerge { repo, version: None, options: Vec::new() }
    }

    /// Merges with these options from now on.
    pub(super) fn with_options(&mut self, options: &[String]) {
        self.options = options.to_vec();
    }

    /// Whether this git takes options of its merge here.
    pub(super) fn takes_options(&mut self) -> Result<bool> {
        Ok(self.version()? >= TAKES_OPTIONS)
    }

    /// Merges the change from `base` to `theirs` into `ours`, all trees.
    pub(super) fn merge(&mut self, base: Oid, ours: Oid, theirs: Oid) -> Result<Merged> {
        let version = self.version()?;
        if !self.options.is_empty() && version < TAKES_OPTIONS {
            let (major, minor) = TAKES_OPTIONS;
            return Err(Error::environment("this git cannot say beforehand what `-X` leads to")
                .hint(format!("git {major}.{minor} and newer can"))
                .hint("without `--dry-run` and `--onto`, `git cherry-pick` does it"));
        }
        let mut args = Vec::new();
        if version >= HAS_ATTR_SOURCE {
            args.push(format!("--attr-source={ours}"));
        }
        args.extend(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"].map(str::to_owned));
        if version >= LEAVES_ALGORITHM {
            let algorithm = self.repo.gix().config_snapshot().string("diff.algorithm");
            args.extend(algorithm.map(|name| format!("-Xdiff-algorithm={name}")));
        }
        args.extend(self.options.iter().map(|option| format!("-X{option}")));
        if version >= TAKES_TREES {
            args.extend([format!("--merge-base={base}"), ours.to_string(), theirs.to_string()]);
        } else {
            // Two commits with one parent: it is their merge base, whatever the history really is.
            let parent = self.stand_in(base, None)?;
            let sides = [self.stand_in(ours, Some(parent))?, self.stand_in(theirs, Some(parent))?];
            args.extend(sides.map(|side| side.to_string()));
        }
        objects::flush(self.repo)?;
        let output = self.repo.git(&args).output()?;
        if !matches!(output.code, 0 | 1) {
            return Err(output.error("git merge-tree"));
        }
        parse(&output.stdout, output.code == 0)
    }

    /// A commit of `tree` that is the same at every time, so that it is written only once.
    fn stand_in(&self, tree: Oid, parent: Option<Oid>) -> Result<Oid> {
        let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let who = "git-checkpoint <> 0 +0000";
        let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\nstand-in for a merge\n");
        let written = gix::objs::Write::write_buf(&self.repo.gix().objects, gix::objs::Kind::Commit, text.as_bytes());
        written.context("cannot write a commit")
    }

    fn version(&mut self) -> Result<(u32, u32)> {
        if let Some(known) = self.version {
            return Ok(known);
        }
        let said = self.repo.git(["version"]).run()?;
        let version = parse_version(&String::from_utf8_lossy(&said))
            .ok_or_else(|| Error::environment("cannot tell the version of `git`"))?;
        self.version = Some(version);
        Ok(version)
    }
}

/// `git version 2.47.3 (Apple Git-1)` → `(2, 47)`.
fn parse_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_whitespace().nth(2)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The tree's name, then the paths in conflict, each ended by a NUL; an empty one ends the list.
fn parse(stdout: &[u8], clean: bool) -> Result<Merged> {
    let mut fields = stdout.split(|byte| *byte == 0);
    let tree = fields.next().unwrap_or_default();
    let tree = Oid::from_hex(tree.trim_ascii()).context("`git merge-tree` named no tree")?;
    let conflicts = fields.take_while(|path| !path.is_empty()).map(BString::from).collect();
    Ok(Merged { tree, clean, conflicts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_every_build_prints_them() {
        for (said, version) in [
            ("git version 2.39.5 (Apple Git-154)\n", Some((2, 39))),
            ("git version 2.47.3\n", Some((2, 47))),
            ("git version 2.50.GIT", Some((2, 50))),
            ("git version unknown", None),
            ("", None),
        ] {
            assert_eq!(parse_version(said), version, "{said}");
        }
    }

    #[test]
    fn conflicts_end_at_the_empty_field() {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let merged = parse(format!("{tree}\0a b\0c\0\0message\0").as_bytes(), false).expect("well formed");
        assert_eq!(merged.conflicts, ["a b", "c"]);
        let merged = parse(format!("{tree}\0").as_bytes(), true).expect("well formed");
        assert_eq!((merged.tree.to_string().as_str(), merged.conflicts.len()), (tree, 0));
    }
}
