//! The merge of three trees where no rename can matter, folder by folder.
//!
//! Only folders that the commit changes are read. The rules below leave nothing to chance: whatever git's own
//! merge could see otherwise (a rename, a renamed folder, a conflict) makes [`Easy::merge`] give up.
//!
//! - git looks for renames only from paths that one side deleted. A path that one side deleted and the other side
//!   changed, or deleted as well, is therefore not easy.
//! - git moves added files along with a renamed folder only if that folder is gone on the other side. A folder that
//!   one side removed is therefore easy only if the other side did not touch anything in it.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use gix::{
    bstr::{BStr, BString, ByteSlice},
    objs::{TreeRef, TreeRefIter, tree::EntryMode, tree::EntryRef},
};

use super::content::{AttributeFile, Content};
use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

/// How many bytes of trees are kept for the next pick, which reads mostly the same ones.
const CACHE_BYTES: usize = 32 << 20;

/// Merges trees; keeps them for the next merge.
pub(super) struct Easy<'r> {
    repo: &'r Repo,
    trees: HashMap<Oid, Rc<[u8]>>,
    cached_bytes: usize,
    content: Content<'r>,
    attributes: Vec<AttributeFile>,
}

/// A file, symlink, submodule or folder, as one side has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    mode: EntryMode,
    id: Oid,
}

/// One name in one folder, as each side has it.
#[derive(Debug, Clone, Copy, Default)]
struct Sides {
    base: Option<Entry>,
    ours: Option<Entry>,
    theirs: Option<Entry>,
}

/// What becomes of one name.
enum Decision {
    Ours,
    Set(Entry),
    Remove,
    NotEasy,
}

impl<'r> Easy<'r> {
    pub(super) fn new(repo: &'r Repo) -> Self {
        let content = Content::new(repo);
        Easy { repo, trees: HashMap::new(), cached_bytes: 0, content, attributes: Vec::new() }
    }

    /// The merged tree; `None` where only git can tell.
    pub(super) fn merge(&mut self, base: Oid, ours: Oid, theirs: Oid) -> Result<Option<Oid>> {
        self.attributes.clear();
        let mut path = BString::default();
        self.folder(Some(base), ours, theirs, &mut path)
    }

    /// Merges the folder at `path`, which both sides have.
    fn folder(&mut self, base: Option<Oid>, ours: Oid, theirs: Oid, path: &mut BString) -> Result<Option<Oid>> {
        if base == Some(theirs) {
            return Ok(Some(ours));
        }
        if base == Some(ours) {
            return Ok(Some(theirs));
        }
        let kind = self.repo.gix().object_hash();
        let base = base.map(|id| self.tree(id)).transpose()?.unwrap_or_default();
        let (our_id, ours, theirs) = (ours, self.tree(ours)?, self.tree(theirs)?);
        let ours = TreeRef::from_bytes(&ours, kind).context("cannot decode a tree")?;
        let changes = differences(&base, &theirs, kind)?;

        let depth = self.attributes.len();
        // git does not follow a link of that name.
        if let Some(file) = ours.bisect_entry(".gitattributes".into(), false).filter(|entry| entry.mode.is_blob()) {
            self.attributes.push(AttributeFile { folder: path.clone(), id: file.oid.to_owned() });
        }
        let mut edits = BTreeMap::new();
        for (name, mut sides) in changes {
            let found = ours.bisect_entry(name, false).or_else(|| ours.bisect_entry(name, true));
            sides.ours = found.map(Entry::from);
            let length = path.len();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            let decision = self.decide(sides, path)?;
            path.truncate(length);
            match decision {
                Decision::Ours => {}
                Decision::Set(entry) => drop(edits.insert(name, Some(entry))),
                Decision::Remove => drop(edits.insert(name, None)),
                Decision::NotEasy => return Ok(None),
            }
        }
        self.attributes.truncate(depth);
        if edits.is_empty() { Ok(Some(our_id)) } else { self.write(&ours, &edits).map(Some) }
    }

    fn decide(&mut self, sides: Sides, path: &mut BString) -> Result<Decision> {
        let Sides { base, ours, theirs } = sides;
        let is_tree = |side: Option<Entry>| side.is_some_and(|entry| entry.mode.is_tree());
        Ok(match (ours, theirs) {
            _ if ours == base => theirs.map_or(Decision::Remove, Decision::Set),
            // Deleted on both sides: each may have moved it elsewhere.
            (None, _) | (_, None) => Decision::NotEasy,
            (Some(ours), Some(theirs)) if ours.mode.is_tree() && theirs.mode.is_tree() => {
                if base.is_some() && !is_tree(base) {
                    return Ok(Decision::NotEasy);
                }
                // Even where both sides are the same, a file may be gone from both: that is looked at inside.
                match self.folder(base.map(|base| base.id), ours.id, theirs.id, path)? {
                    None => Decision::NotEasy,
                    Some(id) if id == ours.id => Decision::Ours,
                    Some(id) if id.is_empty_tree() => Decision::Remove,
                    Some(id) => Decision::Set(Entry { mode: ours.mode, id }),
                }
            }
            (Some(ours), Some(theirs)) if ours == theirs && !is_tree(base) => Decision::Ours,
            (Some(ours), Some(theirs)) => match base {
                Some(base) => self.both_modified(base, ours, theirs, path)?,
                None => Decision::NotEasy,
            },
        })
    }

    /// A file that both sides changed, each in its way.
    fn both_modified(&mut self, base: Entry, ours: Entry, theirs: Entry, path: &BString) -> Result<Decision> {
        if ![base, ours, theirs].iter().all(|entry| entry.mode.is_blob()) {
            return Ok(Decision::NotEasy);
        }
        let mode = if ours.mode == base.mode { theirs.mode } else { ours.mode };
        let id = match () {
            () if ours.id == base.id || ours.id == theirs.id => Some(theirs.id),
            () if theirs.id == base.id => Some(ours.id),
            () => self.content.merge(path.as_bstr(), [base.id, ours.id, theirs.id], &self.attributes)?,
        };
        Ok(id.map_or(Decision::NotEasy, |id| Decision::Set(Entry { mode, id })))
    }

    fn tree(&mut self, id: Oid) -> Result<Rc<[u8]>> {
        if let Some(known) = self.trees.get(&id) {
            return Ok(Rc::clone(known));
        }
        let tree = self.repo.gix().find_tree(id).with_context(|| format!("cannot read tree {id}"))?;
        let data: Rc<[u8]> = tree.data.as_slice().into();
        if self.cached_bytes > CACHE_BYTES {
            self.trees.clear();
            self.cached_bytes = 0;
        }
        self.cached_bytes += data.len();
        self.trees.insert(id, Rc::clone(&data));
        Ok(data)
    }

    fn write(&mut self, ours: &TreeRef<'_>, edits: &BTreeMap<&BStr, Option<Entry>>) -> Result<Oid> {
        let kept = ours.entries.iter().filter(|entry| !edits.contains_key(entry.filename)).copied();
        let set = edits.iter().filter_map(|(name, entry)| {
            entry.as_ref().map(|entry| EntryRef { mode: entry.mode, filename: name, oid: &entry.id })
        });
        let mut entries: Vec<EntryRef<'_>> = kept.chain(set).collect();
        entries.sort_unstable();
        let id = self.repo.gix().write_object(TreeRef { entries }).context("cannot write a tree")?;
        Ok(id.detach())
    }
}

impl From<EntryRef<'_>> for Entry {
    fn from(entry: EntryRef<'_>) -> Self {
        Entry { mode: entry.mode, id: entry.oid.to_owned() }
    }
}

/// The names that differ between two trees, with what each has there.
///
/// A file and a folder of one name stand at different places of a tree; here they are one name.
fn differences<'t>(base: &'t [u8], theirs: &'t [u8], kind: gix::hash::Kind) -> Result<BTreeMap<&'t BStr, Sides>> {
    let mut found: BTreeMap<&BStr, Sides> = BTreeMap::new();
    let mut base = TreeRefIter::from_bytes(base, kind).peekable();
    let mut theirs = TreeRefIter::from_bytes(theirs, kind).peekable();
    loop {
        let order = match (base.peek(), theirs.peek()) {
            (None, None) => return Ok(found),
            (Some(Ok(base)), Some(Ok(theirs))) => base.cmp(theirs),
            (None, Some(Ok(_))) => std::cmp::Ordering::Greater,
            (Some(Ok(_)), None) => std::cmp::Ordering::Less,
            _ => return Err(crate::error::Error::environment("cannot decode a tree")),
        };
        let old = if order.is_le() { base.next().and_then(Result::ok) } else { None };
        let new = if order.is_ge() { theirs.next().and_then(Result::ok) } else { None };
        if let Some(name) = old.or(new).map(|entry| entry.filename)
            && old != new
        {
            let sides = found.entry(name).or_default();
            sides.base = old.map(Entry::from).or(sides.base);
            sides.theirs = new.map(Entry::from).or(sides.theirs);
        }
    }
}
