//! The bytes on disk of files that git would not give back.
//!
//! A clean filter may throw away what no smudge filter brings back; line ends may be mixed, or not be those that a
//! checkout writes; `ident` keeps no text. Trees hold such files as git stores them, so that plain git can use a
//! snapshot. What they were on disk is kept in the extras, below `raw/`.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::{State as Index, entry::Mode},
    objs::{Kind, Write, tree::EntryKind},
};

use super::{
    Captured,
    content::{self, Job, LARGE},
    disk::{OnDisk, Rules, os_path},
    filter::Filter,
    trouble::{Attempt, Trouble},
    walk::Found,
};
use crate::{
    error::{Context, Error, Result},
    git::{
        Repo, restore,
        tree::{self, TreeChange},
    },
    model::{Oid, State, quote_path},
};

/// Paths and the blobs of their bytes.
pub type Map = BTreeMap<BString, Oid>;

const FOLDER: &str = "raw";

/// What `extras` keeps. The paths may be anything, as somebody else may have made it.
pub fn read(repo: &Repo, extras: Option<Oid>) -> Result<Map> {
    let failed = "cannot read what was kept of files as they were on disk";
    let Some(extras) = extras else { return Ok(Map::new()) };
    let root = repo.gix().find_tree(extras).context(failed)?;
    let Some(folder) = root.lookup_entry([FOLDER]).context(failed)?.filter(|entry| entry.mode().is_tree()) else {
        return Ok(Map::new());
    };
    let empty = Oid::empty_tree(repo.gix().object_hash());
    let files = tree::diff(repo, empty, folder.object_id())?;
    let blob = |change: TreeChange| Some((change.path, change.new.filter(|new| new.mode.is_blob())?.id));
    Ok(files.into_iter().filter_map(blob).collect())
}

/// `extras` with `raw` in place of what it kept.
pub fn put(repo: &Repo, extras: Option<Oid>, raw: &Map) -> Result<Option<Oid>> {
    let empty = Oid::empty_tree(repo.gix().object_hash());
    let edit = |id: Oid| repo.gix().edit_tree(id).context("cannot edit a tree");
    let mut tree = edit(extras.unwrap_or(empty))?;
    tree.remove(FOLDER).context("cannot edit a tree")?;
    if !raw.is_empty() {
        let mut files = edit(empty)?;
        for (path, id) in raw {
            files.upsert(path, EntryKind::Blob, *id).context("cannot edit a tree")?;
        }
        let files = files.write().context("cannot write a tree")?.detach();
        tree.upsert(FOLDER, EntryKind::Tree, files).context("cannot edit a tree")?;
    }
    let tree = tree.write().context("cannot write a tree")?.detach();
    Ok((tree != empty).then_some(tree))
}

/// What else `extras` keeps: of the index, and of a merge in progress.
pub fn without(repo: &Repo, extras: Option<Oid>) -> Result<Option<Oid>> {
    put(repo, extras, &Map::new())
}

/// The bytes of a plain file of the worktree; `None` for anything else, and for one that is too large to be kept.
pub fn on_disk(repo: &Repo, path: &BStr) -> Result<Option<Vec<u8>>> {
    let behind_link = path.find_iter(b"/").any(|end| {
        let above = repo.workdir().join(os_path(path[..end].as_bstr()));
        above.symlink_metadata().is_ok_and(|data| data.is_symlink())
    });
    if behind_link {
        return Ok(None);
    }
    let (mut file, disk) = match content::open(repo.workdir(), path) {
        Ok(opened) => opened,
        Err(Trouble::Raced) => return Ok(None),
        Err(Trouble::Unsupported(error) | Trouble::Stop(error)) => return Err(error),
    };
    if disk.size > LARGE {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(|| format!("cannot read `{}`", quote_path(path)))?;
    Ok(Some(bytes))
}

/// The name of the blob that the bytes on disk would be.
pub fn id_on_disk(repo: &Repo, path: &BStr) -> Result<Option<Oid>> {
    on_disk(repo, path)?.map(|bytes| hash(repo, &bytes)).transpose()
}

pub(super) fn hash(repo: &Repo, bytes: &[u8]) -> Result<Oid> {
    gix::objs::compute_hash(repo.gix().object_hash(), Kind::Blob, bytes).context("cannot hash a file")
}

/// Files that are unchanged for git, but perhaps not as a checkout would write them: where a text file is to have CRLF,
/// one with LF is as clean. Only reading tells; elsewhere there are none.
pub(super) fn doubtful(repo: &Repo, index: &Index, found: &Found) -> Attempt<Vec<Job>> {
    let config = repo.gix().config_snapshot();
    let is = |key: &str, wanted: &[u8]| config.string(key).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    if is("core.autocrlf", b"true") || is("core.eol", b"crlf") {
        return Ok(unchanged(repo, index, found).collect());
    }
    if !attributes_want_crlf(repo, index) {
        return Ok(Vec::new());
    }
    let mut filter = Filter::new(repo.gix(), index)?;
    let mut jobs = Vec::new();
    for job in unchanged(repo, index, found) {
        if filter.wants_crlf(job.path.as_bstr())? {
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// Whether an attributes file of the worktree or of the repository speaks of CRLF at all: to ask for every file takes
/// longer than to look.
fn attributes_want_crlf(repo: &Repo, index: &Index) -> bool {
    const NAME: &[u8] = b".gitattributes";
    let is_one =
        |path: &&BStr| path.strip_suffix(NAME).is_some_and(|folder| folder.is_empty() || folder.ends_with(b"/"));
    let tracked = index.entries().iter().map(|entry| entry.path(index)).filter(is_one);
    let files = tracked.map(|path| repo.workdir().join(os_path(path)));
    let own = repo.common_dir().join("info").join("attributes");
    files.chain([own]).any(|file| std::fs::read(file).is_ok_and(|text| text.contains_str("eol=crlf")))
}

/// The bytes of files that are unchanged for git and that a filter without a way back is applied to. The filter need
/// not be run to know whether it threw anything away.
pub(super) fn one_way(repo: &Repo, index: &Index, found: &Found) -> Attempt<Map> {
    let mut raw = Map::new();
    // Most repositories have no filter at all, and preparing one costs more than asking for that.
    if repo.gix().config_snapshot().plumbing().sections_by_name("filter").is_none() {
        return Ok(raw);
    }
    let mut filter = Filter::new(repo.gix(), index)?;
    if !filter.has_one_way() {
        return Ok(raw);
    }
    for job in unchanged(repo, index, found) {
        if filter.is_one_way(job.path.as_bstr())?
            && let Some(bytes) = on_disk(repo, job.path.as_bstr())?
        {
            let id = hash(repo, &bytes)?;
            if job.known != Some(id) {
                repo.gix().objects.write_buf_with_known_id(Kind::Blob, &bytes, id).context("cannot keep a file")?;
                raw.insert(job.path, id);
            }
        }
    }
    Ok(raw)
}

/// Plain files that a capture does not read.
fn unchanged<'a>(repo: &'a Repo, index: &'a Index, found: &Found) -> impl Iterator<Item = Job> + 'a {
    let known: BTreeSet<usize> = found.looks.iter().map(|look| look.entry).chain(found.missing.clone()).collect();
    let rules = Rules::of(repo.gix());
    index.entries().iter().enumerate().filter_map(move |(at, entry)| {
        let is_file = matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE);
        if !is_file || entry.flags.stage_raw() != 0 || known.contains(&at) {
            return None;
        }
        let path = entry.path(index);
        let disk = OnDisk::new(&rustix::fs::lstat(repo.workdir().join(os_path(path))).ok()?);
        let is_small = disk.kind == rustix::fs::FileType::RegularFile && disk.size <= LARGE;
        let mode = rules.mode(&disk, Some(entry.mode));
        is_small.then(|| Job { path: path.to_owned(), mode, disk, known: Some(entry.id) })
    })
}

/// Keeps the bytes of files that no capture reads, being unchanged for git, but that the way to `target` overwrites.
pub fn deepen(repo: &Repo, captured: &mut Captured, target: &State) -> Result<()> {
    let mut raw = read(repo, captured.state.extras)?;
    let wanted = read(repo, target.extras)?;
    if let Some(path) = wanted.keys().find(|path| !tree::is_safe_path(path.as_bstr())) {
        return Err(restore::unsafe_path(path));
    }
    let changes = tree::diff(repo, captured.state.worktree, target.worktree)?;
    let replaced = changes.into_iter().filter(|change| change.old.is_some_and(|old| old.mode.is_blob()));
    let replaced: BTreeSet<BString> = replaced.map(|change| change.path).collect();
    let rewritten = wanted.keys().filter(|path| !replaced.contains(*path));
    let doubtful = replaced.iter().map(|path| (path, false)).chain(rewritten.map(|path| (path, true)));
    let before = raw.len();
    let mut filter = None;
    for (path, always) in doubtful {
        if raw.contains_key(path) {
            continue;
        }
        let filter = match &mut filter {
            Some(filter) => filter,
            None => filter.insert(Filter::new(repo.gix(), &captured.worktree_index.index).map_err(stopped)?),
        };
        if let Some(bytes) = lossy(repo, filter, (path.as_bstr(), always))? {
            let id = repo.gix().write_blob(bytes).context("cannot keep a file")?.detach();
            raw.insert(path.clone(), id);
        }
    }
    if raw.len() > before {
        captured.state.extras = put(repo, captured.state.extras, &raw)?;
    }
    Ok(())
}

/// The bytes of a file that git would not give back, or of any where `always`.
fn lossy(repo: &Repo, filter: &mut Filter<'_>, (path, always): (&BStr, bool)) -> Result<Option<Vec<u8>>> {
    if always {
        return on_disk(repo, path);
    }
    // Most repositories convert nothing: then nothing is read.
    if filter.need(path).map_err(stopped)? == super::filter::Need::Nothing {
        return Ok(None);
    }
    let Some(bytes) = on_disk(repo, path)? else { return Ok(None) };
    // What cannot be converted is kept as it is.
    Ok(filter.convert(path, bytes).map_or_else(|_| None, |cleaned| cleaned.raw))
}

pub(super) fn stopped(trouble: Trouble) -> Error {
    match trouble {
        Trouble::Unsupported(error) | Trouble::Stop(error) => error,
        Trouble::Raced => Error::environment("the repository keeps changing while it is captured"),
    }
}

/// `target`, made of `now`, with the bytes on disk of every file that it has from `now`, and of those that it has
/// from `other`.
pub fn carried(repo: &Repo, now: &State, target: State, other: Option<&State>) -> Result<State> {
    let mut raw = read(repo, now.extras)?;
    let before = raw.clone();
    if !raw.is_empty() {
        for change in tree::diff(repo, now.worktree, target.worktree)? {
            raw.remove(&change.path);
        }
    }
    if let Some(other) = other {
        for (path, id) in read(repo, other.extras)? {
            let wanted = tree::entry(repo, target.worktree, path.as_bstr())?;
            let is_new = wanted != tree::entry(repo, now.worktree, path.as_bstr())?;
            if is_new && wanted.is_some() && wanted == tree::entry(repo, other.worktree, path.as_bstr())? {
                raw.insert(path, id);
            }
        }
    }
    let extras = if raw == before { target.extras } else { put(repo, target.extras, &raw)? };
    Ok(State { extras, ..target })
}

/// Whether `now`, captured a moment ago, is `target`. Which files a capture has to read, and so knows the bytes of,
/// differs from time to time: what `target` kept has to be on disk, and more need not be.
pub fn is_same(repo: &Repo, now: &State, target: &State) -> Result<bool> {
    if now.same_content(target) {
        return Ok(true);
    }
    let plain =
        |state: &State| -> Result<State> { Ok(State { extras: without(repo, state.extras)?, ..state.clone() }) };
    if now.extras == target.extras || !plain(now)?.same_content(&plain(target)?) {
        return Ok(false);
    }
    let known = read(repo, now.extras)?;
    for (path, id) in read(repo, target.extras)? {
        let is_there = tree::is_safe_path(path.as_bstr())
            && (known.get(&path) == Some(&id) || id_on_disk(repo, path.as_bstr())? == Some(id));
        if !is_there {
            return Ok(false);
        }
    }
    Ok(true)
}
