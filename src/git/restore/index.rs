//! The index of the wanted state, made of the index in which the files were written.
//!
//! That one knows size and time of every file, which the wanted index has to keep: else the next `git status` would
//! read every file. So only what differs between the two trees is replaced, in place.

use std::collections::{BTreeSet, HashMap, HashSet};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{
        State as Index,
        entry::{Flags, Mode, Stage, Stat},
        extension,
    },
};

use super::{exchange::Outcome, temporary::TemporaryIndex};
use crate::{
    error::{Context, Error, Result},
    git::{
        Repo,
        capture::beside::list,
        tree::{self, Entry},
    },
    model::{Oid, State},
};

/// What the index had beside its tree.
#[derive(Debug, Default)]
struct Beside {
    unmerged: Vec<(Mode, Oid, Stage, BString)>,
    intent_to_add: Vec<BString>,
    intent_modes: HashMap<BString, Mode>,
    assume_unchanged: Vec<BString>,
    skip_worktree: Vec<BString>,
}

/// Turns the index, which has the files that are `on_disk`, into that of `target`.
///
/// `unflag` takes the flag skip-worktree off every path first: it was the user's own in the state that is left.
pub(super) fn complete(
    repo: &Repo,
    index: &mut TemporaryIndex,
    (target, on_disk): (&State, Oid),
    unflag: bool,
) -> Result<()> {
    let beside = target.extras.map_or_else(|| Ok(Beside::default()), |extras| Beside::read(repo, extras))?;
    if target.index == on_disk && beside.is_empty() && !unflag {
        return Ok(());
    }
    index.edit(repo, |index| {
        if unflag {
            index.entries_mut().iter_mut().for_each(|entry| entry.flags -= Flags::SKIP_WORKTREE);
        }
        let changes = tree::diff(repo, on_disk, target.index)?;
        // What is only staged has no file that it was seen in, so no size and time.
        let mut staged: Vec<(BString, Entry, Stat)> = Vec::new();
        let mut gone: HashSet<BString> = HashSet::new();
        for change in changes {
            match change.new {
                Some(new) => staged.push((change.path, new, Stat::default())),
                None => drop(gone.insert(change.path)),
            }
        }
        gone.extend(beside.unmerged.iter().map(|(_, _, _, path)| path.clone()));
        let intended = beside.intent_modes(index);
        gone.extend(intended.iter().map(|(path, _)| path.clone()));
        replace(index, &staged, &gone);
        beside.add(index, &intended, repo);
        index.sort_entries();
        beside.mark(index);
        let partial = beside.unmerged.iter().map(|(_, _, _, path)| path).chain(&beside.intent_to_add);
        cache_tree(repo, index, target.index, partial)
    })
}

/// Enters files that were written and takes those out that are gone. If they were all that there was to do, the index
/// is that of `tree`, and `read`, whose size and time prove nothing, are left for git to look at.
pub(super) fn enter<'p>(
    repo: &Repo,
    index: &mut TemporaryIndex,
    outcomes: Vec<Outcome>,
    (tree, read): (Option<Oid>, impl Iterator<Item = &'p BStr>),
) -> Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    if tree.is_some() {
        index.renew_time();
    }
    index.edit(repo, |index| {
        if tree.is_some() {
            for path in read {
                if let Some(entry) = index.entry_mut_by_path_and_stage(path, Stage::Unconflicted) {
                    entry.stat = Stat::default();
                }
            }
        }
        let (mut written, mut gone) = (Vec::new(), HashSet::new());
        for Outcome { path, new } in outcomes {
            match new {
                Some((entry, stat)) => written.push((path, entry, stat)),
                None => drop(gone.insert(path)),
            }
        }
        replace(index, &written, &gone);
        index.sort_entries();
        match tree {
            Some(tree) => cache_tree(repo, index, tree, std::iter::empty()),
            None => {
                index.remove_tree();
                Ok(())
            }
        }
    })
}

/// Puts `staged` in and takes `gone` out.
fn replace(index: &mut Index, staged: &[(BString, Entry, Stat)], gone: &HashSet<BString>) {
    let mut new = Vec::new();
    for (path, entry, stat) in staged {
        match index.entry_mut_by_path_and_stage(path.as_bstr(), Stage::Unconflicted) {
            Some(found) => {
                found.id = entry.id;
                found.mode = mode_of(*entry);
                found.stat = *stat;
                found.flags -= Flags::INTENT_TO_ADD;
            }
            None => new.push((path, *entry, *stat)),
        }
    }
    if !gone.is_empty() {
        index.remove_entries(|_, path, _| gone.contains(path));
    }
    for (path, entry, stat) in new {
        if !gone.contains(path) {
            index.dangerously_push_entry(stat, entry.id, Flags::empty(), mode_of(entry), path.as_bstr());
        }
    }
}

pub(super) fn mode_of(entry: Entry) -> Mode {
    Mode::from_bits_truncate(entry.mode.value().into())
}

impl Beside {
    fn is_empty(&self) -> bool {
        let Beside { unmerged, intent_to_add, intent_modes: _, assume_unchanged, skip_worktree } = self;
        unmerged.is_empty() && intent_to_add.is_empty() && assume_unchanged.is_empty() && skip_worktree.is_empty()
    }

    fn read(repo: &Repo, extras: Oid) -> Result<Self> {
        let list = |name: &str| list(repo, extras, name).map(Option::unwrap_or_default);
        Ok(Beside {
            unmerged: list("index/unmerged")?.iter().map(parse_unmerged).collect::<Result<_>>()?,
            intent_to_add: list("index/intent-to-add")?,
            intent_modes: list("index/intent-to-add-modes")?.iter().map(parse_intent).collect::<Result<_>>()?,
            assume_unchanged: list("index/assume-unchanged")?,
            skip_worktree: list("index/skip-worktree")?,
        })
    }

    /// The paths that are only intended to be added, with the mode that is listed, or that they have on disk.
    fn intent_modes(&self, index: &Index) -> Vec<(BString, Mode)> {
        let on_disk = |path: &BString| index.entry_by_path(path.as_bstr()).map_or(Mode::FILE, |entry| entry.mode);
        let mode = |path: &BString| self.intent_modes.get(path).copied().unwrap_or_else(|| on_disk(path));
        self.intent_to_add.iter().map(|path| (path.clone(), mode(path))).collect()
    }

    fn add(&self, index: &mut Index, intended: &[(BString, Mode)], repo: &Repo) {
        for (mode, id, stage, path) in &self.unmerged {
            index.dangerously_push_entry(Stat::default(), *id, Flags::from_stage(*stage), *mode, path.as_bstr());
        }
        let empty = Oid::empty_blob(repo.gix().object_hash());
        for (path, mode) in intended {
            let flags = Flags::EXTENDED | Flags::INTENT_TO_ADD;
            index.dangerously_push_entry(Stat::default(), empty, flags, *mode, path.as_bstr());
        }
    }

    fn mark(&self, index: &mut Index) {
        let marks = [
            (&self.assume_unchanged, Flags::ASSUME_VALID),
            (&self.skip_worktree, Flags::EXTENDED | Flags::SKIP_WORKTREE),
        ];
        for (paths, flags) in marks {
            for path in paths {
                if let Some(entry) = index.entry_mut_by_path_and_stage(path.as_bstr(), Stage::Unconflicted) {
                    entry.flags |= flags;
                } else if path.ends_with(b"/")
                    && let Some(folder) = index.prefixed_entries_range(path.as_bstr())
                {
                    index.entries_mut()[folder].iter_mut().for_each(|entry| entry.flags |= flags);
                }
            }
        }
    }
}

/// Reads the extras of a target before anything is written: a record that somebody else made may have anything there.
pub(super) fn check(repo: &Repo, extras: Oid) -> Result<()> {
    let beside = Beside::read(repo, extras)?;
    let conflicts = beside.unmerged.iter().map(|(.., path)| path);
    match conflicts.chain(&beside.intent_to_add).find(|path| !tree::is_safe_path(path.as_bstr())) {
        None => Ok(()),
        Some(path) => Err(unsafe_path(path)),
    }
}

/// The refusal of a path that leads out of the worktree or into `.git`.
pub fn unsafe_path(path: &BString) -> Error {
    Error::refused(format!(
        "the state has a path that git would never write: `{}`",
        crate::model::quote_path(path.as_bstr())
    ))
    .hint("it was not made by this program: do not trust where it came from; nothing was changed")
}

/// The paths that had the flag skip-worktree.
pub(super) fn skip_worktree(repo: &Repo, extras: Oid) -> Result<Vec<BString>> {
    list(repo, extras, "index/skip-worktree").map(Option::unwrap_or_default)
}

/// Those of them that were not on disk, if the state says so.
pub(super) fn absent(repo: &Repo, extras: Oid) -> Result<Option<Vec<BString>>> {
    list(repo, extras, "index/absent")
}

/// The paths that the index had and its tree does not have: in conflict, or only intended to be added.
pub(super) fn not_in_its_tree(repo: &Repo, extras: Oid) -> Result<BTreeSet<BString>> {
    let beside = Beside::read(repo, extras)?;
    Ok(beside.unmerged.into_iter().map(|(.., path)| path).chain(beside.intent_to_add).collect())
}

/// `<mode>TAB<path>`.
fn parse_intent(line: &BString) -> Result<(BString, Mode)> {
    let parse = || {
        let (mode, path) = line.split_once_str("\t")?;
        let mode = Mode::from_bits(u32::from_str_radix(mode.to_str().ok()?, 8).ok()?)?;
        matches!(mode, Mode::FILE | Mode::FILE_EXECUTABLE | Mode::SYMLINK).then(|| (BString::from(path), mode))
    };
    parse().ok_or_else(|| damaged(line, "a path with its mode"))
}

/// `<mode> <id> <stage>TAB<path>`, as `git update-index --index-info` reads it.
fn parse_unmerged(line: &BString) -> Result<(Mode, Oid, Stage, BString)> {
    let parse = || {
        let (about, path) = line.split_once_str("\t")?;
        let mut words = about.to_str().ok()?.split(' ');
        let mode = Mode::from_bits(u32::from_str_radix(words.next()?, 8).ok()?)?;
        let id = Oid::from_hex(words.next()?.as_bytes()).ok()?;
        let stage = match words.next()? {
            "1" => Stage::Base,
            "2" => Stage::Ours,
            "3" => Stage::Theirs,
            _ => return None,
        };
        Some((mode, id, stage, BString::from(path)))
    };
    parse().ok_or_else(|| damaged(line, "a conflict stage"))
}

fn damaged(line: &BString, what: &str) -> Error {
    Error::environment(format!("`{}` is not {what}", crate::model::quote_path(line.as_bstr())))
        .hint("the record is damaged; choose another checkpoint with `git checkpoint list`")
}

/// Makes the cached trees in the index those of `tree`, but for the folders above `partial`, which differ from it.
///
/// gix writes them as they are, and stale ones would make git commit what is not in the index.
fn cache_tree<'p>(repo: &Repo, index: &mut Index, tree: Oid, partial: impl Iterator<Item = &'p BString>) -> Result<()> {
    let Some(cached) = index.tree_mut() else {
        return Ok(());
    };
    let old = std::mem::replace(cached, empty_node(tree));
    let mut new = renewed(repo, &old, tree)?;
    for path in partial {
        invalidate(&mut new, path.as_bstr());
    }
    if let Some(cached) = index.tree_mut() {
        *cached = new;
    }
    Ok(())
}

fn empty_node(id: Oid) -> extension::Tree {
    extension::Tree { name: Default::default(), id, num_entries: None, children: Vec::new() }
}

/// The node of the tree `id`, with what `old` knows of it; only folders that `old` does not know are read.
fn renewed(repo: &Repo, old: &extension::Tree, id: Oid) -> Result<extension::Tree> {
    if old.id == id && old.num_entries.is_some() {
        return Ok(old.clone());
    }
    let mut node = extension::Tree { name: old.name.clone(), ..empty_node(id) };
    let mut count = 0_u32;
    let tree = repo.gix().find_tree(id).with_context(|| format!("cannot read tree {id}"))?;
    for entry in tree.iter() {
        let entry = entry.context("cannot decode a tree")?;
        if !entry.mode().is_tree() {
            count += 1;
            continue;
        }
        let known = old.children.iter().find(|child| child.name[..] == **entry.filename());
        let unknown =
            || extension::Tree { name: entry.filename().iter().copied().collect(), ..empty_node(entry.object_id()) };
        let child = renewed(repo, known.unwrap_or(&unknown()), entry.object_id())?;
        count += child.num_entries.unwrap_or_default();
        node.children.push(child);
    }
    node.num_entries = Some(count);
    Ok(node)
}

fn invalidate(node: &mut extension::Tree, path: &BStr) {
    node.num_entries = None;
    if let Some((folder, rest)) = path.split_once_str("/")
        && let Some(child) = node.children.iter_mut().find(|child| child.name[..] == *folder)
    {
        invalidate(child, rest.as_bstr());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_and_nothing_else() {
        let id = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        let (mode, oid, stage, path) = parse_unmerged(&format!("100755 {id} 2\ta b\tc").into()).expect("well formed");
        assert_eq!((mode, oid.to_string().as_str(), stage), (Mode::FILE_EXECUTABLE, id, Stage::Ours));
        assert_eq!(path, "a b\tc");
        for line in ["", "100644", &format!("100644 {id} 0\tx"), &format!("9 {id} 1\tx"), "100644 12 1\tx"] {
            assert!(parse_unmerged(&line.into()).is_err(), "{line}");
        }
    }

    #[test]
    fn modes_are_read_and_nothing_else() {
        assert_eq!(parse_intent(&"120000\ta\tb".into()).expect("well formed"), ("a\tb".into(), Mode::SYMLINK));
        for line in ["", "a", "100644 a", "160000\ta", "040000\ta", "9\ta"] {
            assert!(parse_intent(&line.into()).is_err(), "{line}");
        }
    }
}
