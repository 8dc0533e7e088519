//! What is on disk where the target wants something else, and in no backup.
//!
//! `git read-tree -u` overwrites ignored files, removes a folder of ignored files for a file, and replaces a file or
//! a link for a folder, all without a word; a populated submodule it removes for a file. So every path that git would
//! make is looked up on disk first.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs::{self, Metadata},
    path::PathBuf,
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    objs::tree::EntryKind,
};

use super::Obstacle;
use crate::{
    error::{Context, Result},
    git::{
        Repo,
        capture::Captured,
        tree::{self, Entry, TreeChange},
    },
    model::{Oid, SkipReason, quote_path},
};

/// What is on disk where the target wants something new.
#[derive(Default)]
pub(super) struct Ground {
    /// What no backup holds and would be lost.
    pub(super) obstacles: Vec<Obstacle>,
    /// What no backup holds either, but is already as the target wants it.
    pub(super) equal: Vec<BString>,
}

/// Looks at the disk with the captured tree in hand.
struct Survey<'a> {
    repo: &'a Repo,
    captured: Oid,
    /// Folders on the way that are plain folders, so that each is looked at once.
    passable: HashSet<BString>,
    in_the_way: BTreeMap<BString, Option<&'static str>>,
    /// Files at a path that the target wants, to be compared with it.
    present: Vec<(BString, Entry)>,
}

impl Ground {
    /// Looks at all that `changes`, from the captured worktree to the wanted one, would make.
    pub(super) fn survey(repo: &Repo, from: &Captured, changes: &[TreeChange]) -> Result<Ground> {
        let mut survey = Survey {
            repo,
            captured: from.state.worktree,
            passable: HashSet::new(),
            in_the_way: BTreeMap::new(),
            present: Vec::new(),
        };
        for change in changes {
            if let Some(new) = change.new {
                survey.place(change.path.as_bstr(), change.old, new)?;
            }
        }
        let equal = survey.take_equal()?;
        let reasons = reasons(repo, from, &survey.in_the_way)?;
        let obstacles = survey.in_the_way.into_keys().zip(reasons);
        let obstacles = obstacles.map(|(path, why)| Obstacle { path, why }).collect();
        Ok(Ground { obstacles, equal })
    }
}

impl Survey<'_> {
    /// Looks at where `new` is to stand; `old` is what was captured there.
    fn place(&mut self, path: &BStr, old: Option<Entry>, new: Entry) -> Result<()> {
        let was_file = old.is_some_and(|old| old.mode.kind() != EntryKind::Commit);
        if was_file && new.mode.kind() != EntryKind::Commit {
            // A file was captured there. If it is anything else by now, it is found changed before it is replaced.
            return Ok(());
        }
        if !self.way_to(path)? {
            return Ok(());
        }
        let Some(data) = self.look(path)? else {
            return Ok(());
        };
        if data.is_dir() {
            // For a submodule its folder is there already, and git leaves it alone.
            if new.mode.kind() == EntryKind::Commit && self.look(join(path, ".git".into()).as_bstr())?.is_some() {
                return Ok(());
            }
            return self.folder(path);
        }
        if !was_file {
            self.present.push((path.to_owned(), new));
        }
        Ok(())
    }

    /// Looks at the folders above `path`; whether anything can be at `path`.
    fn way_to(&mut self, path: &BStr) -> Result<bool> {
        for end in path.find_iter("/") {
            let folder = path[..end].as_bstr();
            if self.passable.contains(folder) {
                continue;
            }
            let Some(data) = self.look(folder)? else {
                return Ok(false);
            };
            if !data.is_dir() {
                if tree::entry(self.repo, self.captured, folder)?.is_none() {
                    self.in_the_way.insert(folder.to_owned(), None);
                }
                return Ok(false);
            }
            if self.look(join(folder, ".git".into()).as_bstr())?.is_some() && !self.has_folder(folder)? {
                self.in_the_way.insert(folder.to_owned(), Some("is a repository of its own"));
                return Ok(false);
            }
            self.passable.insert(folder.to_owned());
        }
        Ok(true)
    }

    /// A folder that would have to go: all that is in it and was not captured is in the way.
    fn folder(&mut self, folder: &BStr) -> Result<()> {
        if self.look(join(folder, ".git".into()).as_bstr())?.is_some() {
            self.in_the_way.insert(folder.to_owned(), Some("is a repository of its own"));
            return Ok(());
        }
        let place = self.on_disk(folder)?;
        let failed = || format!("cannot read the folder `{}`", quote_path(folder));
        for entry in fs::read_dir(place).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let name = gix::path::os_string_into_bstring(entry.file_name()).with_context(failed)?;
            let path = join(folder, name.as_bstr());
            if entry.file_type().with_context(failed)?.is_dir() {
                self.folder(path.as_bstr())?;
            } else if tree::entry(self.repo, self.captured, path.as_bstr())?.is_none() {
                self.in_the_way.insert(path, None);
            }
        }
        Ok(())
    }

    /// Whether the captured tree has a folder there.
    fn has_folder(&self, path: &BStr) -> Result<bool> {
        let root = self.repo.gix().find_tree(self.captured).context("cannot read the captured tree")?;
        let found = root.lookup_entry(path.split(|byte| *byte == b'/')).context("cannot look a path up")?;
        Ok(found.is_some_and(|entry| entry.mode().is_tree()))
    }

    fn on_disk(&self, path: &BStr) -> Result<PathBuf> {
        let relative = gix::path::from_bstr(path).context("cannot use a path on this system")?;
        Ok(self.repo.workdir().join(relative))
    }

    fn look(&self, path: &BStr) -> Result<Option<Metadata>> {
        let place = self.on_disk(path)?;
        match place.symlink_metadata() {
            Ok(data) => Ok(Some(data)),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot look at `{}`", quote_path(path))),
        }
    }

    /// Of the files that are present those that are already as the target wants them; the others are in the way.
    fn take_equal(&mut self) -> Result<Vec<BString>> {
        let present = std::mem::take(&mut self.present);
        let (mut equal, mut files) = (Vec::new(), Vec::new());
        for (path, wanted) in present {
            let data = self.look(path.as_bstr())?;
            match (wanted.mode.kind(), data) {
                (EntryKind::Link, Some(data)) if data.is_symlink() && self.link_is(path.as_bstr(), wanted.id)? => {
                    equal.push(path);
                }
                (EntryKind::Blob | EntryKind::BlobExecutable, Some(data)) if data.is_file() => {
                    if self.mode_is(&data, wanted) {
                        files.push((path, wanted.id));
                    } else {
                        self.in_the_way.insert(path, None);
                    }
                }
                (_, Some(_)) => drop(self.in_the_way.insert(path, None)),
                (_, None) => {}
            }
        }
        let ids = self.hashed(&files)?;
        for (path, wanted) in files {
            if ids.get(&path) == Some(&wanted) {
                equal.push(path);
            } else {
                self.in_the_way.insert(path, None);
            }
        }
        Ok(equal)
    }

    fn link_is(&self, path: &BStr, wanted: Oid) -> Result<bool> {
        let target = fs::read_link(self.on_disk(path)?).context("cannot read a symbolic link")?;
        let target = gix::path::into_bstr(target).context("cannot read a symbolic link")?;
        let kind = self.repo.gix().object_hash();
        let id = gix::objs::compute_hash(kind, gix::objs::Kind::Blob, &target).context("cannot hash a link")?;
        Ok(id == wanted)
    }

    #[cfg(unix)]
    fn mode_is(&self, data: &Metadata, wanted: Entry) -> bool {
        let counts = self.repo.gix().config_snapshot().boolean("core.fileMode").unwrap_or(true);
        let executable = std::os::unix::fs::MetadataExt::mode(data) & 0o100 != 0;
        !counts || executable == (wanted.mode.kind() == EntryKind::BlobExecutable)
    }

    #[cfg(not(unix))]
    fn mode_is(&self, _data: &Metadata, _wanted: Entry) -> bool {
        true
    }

    /// The blobs that git would make of `files`, filters included.
    fn hashed(&self, files: &[(BString, Oid)]) -> Result<HashMap<BString, Oid>> {
        if files.is_empty() {
            return Ok(HashMap::new());
        }
        let quoted = |path: &BString| match quote_path(path.as_bstr()) {
            plain if plain.starts_with('"') => plain,
            plain => format!("\"{plain}\""),
        };
        let lines: String = files.iter().map(|(path, _)| quoted(path) + "\n").collect();
        let said = self.repo.git(["hash-object", "--stdin-paths"]).stdin(lines).run()?;
        let ids = said.lines().map(|line| Oid::from_hex(line).context("`git hash-object` named no object"));
        files.iter().zip(ids).map(|((path, _), id)| Ok((path.clone(), id?))).collect()
    }
}

/// Why each path is in no backup, in order.
fn reasons(repo: &Repo, from: &Captured, paths: &BTreeMap<BString, Option<&'static str>>) -> Result<Vec<String>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<u8> = paths.keys().flat_map(|path| path.iter().copied().chain([0])).collect();
    // Code 1 only says that none is ignored.
    let output = repo.git(["check-ignore", "--no-index", "-z", "--stdin"]).stdin(list).output()?;
    let ignored: HashSet<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    let reason = |(path, known): (&BString, &Option<&'static str>)| match (known, skipped(from, path.as_bstr())) {
        (Some(known), _) => format!("{known} and not part of the backup"),
        (None, Some(reason)) => format!("{} and not part of the backup", describe(reason)),
        (None, None) if ignored.contains(path.as_slice()) => "is ignored and not part of the backup".into(),
        (None, None) => "appeared after the backup".into(),
    };
    Ok(paths.iter().map(reason).collect())
}

/// Why the capture left out `path` or a folder above it.
fn skipped(from: &Captured, path: &BStr) -> Option<SkipReason> {
    let is_above = |folder: &BString| {
        let folder = folder.strip_suffix(b"/").unwrap_or(folder);
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    from.skipped.iter().find(|skipped| is_above(&skipped.path)).map(|skipped| skipped.reason)
}

fn describe(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::TooLarge => "is larger than `capture.max-file-size`",
        SkipReason::OverTotal => "is over `capture.max-total-size`",
        SkipReason::NestedRepository => "is in a repository of its own",
        SkipReason::SubmoduleChanges => "is in a submodule",
        SkipReason::NotAFile => "is not a file",
        SkipReason::Excluded => "is excluded by `capture.exclude`",
        SkipReason::Untracked => "is untracked",
    }
}

fn join(folder: &BStr, name: &BStr) -> BString {
    let mut path = folder.to_owned();
    path.push(b'/');
    path.extend_from_slice(name);
    path
}
