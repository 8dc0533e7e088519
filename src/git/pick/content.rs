//! The merge of three versions of one text file, where git's own would be clean.
//!
//! The same diff algorithm as git's merge (histogram) is used, and everything that git decides by attributes,
//! configuration or binary content is left to git.

use gix::{
    bstr::{BStr, BString, ByteSlice},
    index::entry,
    merge::blob::{
        Resolution,
        builtin_driver::{
            self,
            text::{Conflict, ConflictStyle, Labels, Options},
        },
    },
};

use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

/// How much of a file git looks at to see whether it is binary.
const BINARY_PREFIX: usize = 8000;

/// Files above this are left to git, which merges them line by line just as slowly but with less memory.
const MAX_BYTES: usize = 16 << 20;

/// An attributes file in the target's tree, on the way to the file that is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttributeFile {
    /// The folder it is in; empty at the top.
    pub(super) folder: BString,
    /// Its content.
    pub(super) id: Oid,
}

/// Merges files; keeps the parsed attributes for the next one.
pub(super) struct Content<'r> {
    repo: &'r Repo,
    allowed: bool,
    stack: Option<(Vec<AttributeFile>, gix::AttributeStack<'r>)>,
}

impl<'r> Content<'r> {
    pub(super) fn new(repo: &'r Repo) -> Self {
        let config = repo.gix().config_snapshot();
        let renormalize = config.boolean("merge.renormalize").unwrap_or(false);
        let other_driver = config.string("merge.default").is_some();
        let other_diff = config.string("diff.algorithm").is_some_and(|name| name != "histogram");
        Content { repo, allowed: !renormalize && !other_driver && !other_diff, stack: None }
    }

    /// Merges `[base, ours, theirs]` of the file at `path`; `None` where only git can tell, conflicts included.
    pub(super) fn merge(
        &mut self,
        path: &BStr,
        [base, ours, theirs]: [Oid; 3],
        attributes: &[AttributeFile],
    ) -> Result<Option<Oid>> {
        if !self.allowed || !self.is_text(path, attributes)? {
            return Ok(None);
        }
        let load = |id: Oid| self.repo.gix().try_find_object(id).with_context(|| format!("cannot read blob {id}"));
        // In a partial clone one may be missing, and git can fetch it.
        let (Some(base), Some(ours), Some(theirs)) = (load(base)?, load(ours)?, load(theirs)?) else {
            return Ok(None);
        };
        let is_binary = |data: &[u8]| data[..data.len().min(BINARY_PREFIX)].contains(&0);
        if [&base, &ours, &theirs].iter().any(|blob| blob.data.len() > MAX_BYTES || is_binary(&blob.data)) {
            return Ok(None);
        }
        let mut merged = Vec::new();
        let options = Options {
            diff_algorithm: gix::diff::blob::Algorithm::Histogram,
            conflict: Conflict::Keep {
                style: ConflictStyle::Merge,
                marker_size: Conflict::DEFAULT_MARKER_SIZE.try_into().expect("it is not zero"),
            },
        };
        let mut input = gix::diff::blob::InternedInput::new(&[][..], &[][..]);
        let labels = Labels::default();
        match builtin_driver::text(&mut merged, &mut input, labels, &ours.data, &base.data, &theirs.data, options) {
            Resolution::Complete => {
                Ok(Some(self.repo.gix().write_blob(&merged).context("cannot write a blob")?.detach()))
            }
            Resolution::CompleteWithAutoResolvedConflict | Resolution::Conflict => Ok(None),
        }
    }

    /// Whether git merges `path` as text, going by the target's attributes.
    fn is_text(&mut self, path: &BStr, attributes: &[AttributeFile]) -> Result<bool> {
        if self.stack.as_ref().is_none_or(|(files, _)| files != attributes) {
            self.stack = Some((attributes.to_vec(), self.attribute_stack(attributes)?));
        }
        let Some((_, stack)) = &mut self.stack else {
            return Ok(false);
        };
        let mut found = stack.selected_attribute_matches(["merge"]);
        let platform = stack.at_entry(path, Some(entry::Mode::FILE)).context("cannot read attributes")?;
        platform.matching_attributes(&mut found);
        let state = found.iter_selected().next().map(|found| found.assignment.state.to_owned());
        Ok(matches!(state, None | Some(gix::attrs::State::Unspecified | gix::attrs::State::Set)))
    }

    fn attribute_stack(&self, attributes: &[AttributeFile]) -> Result<gix::AttributeStack<'r>> {
        let mut index = gix::index::State::new(self.repo.gix().object_hash());
        for file in attributes {
            let mut path = file.folder.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(b".gitattributes");
            let stat = entry::Stat::default();
            index.dangerously_push_entry(stat, file.id, entry::Flags::empty(), entry::Mode::FILE, path.as_bstr());
        }
        index.sort_entries();
        let source = gix::worktree::stack::state::attributes::Source::IdMapping;
        self.repo.gix().attributes_only(&index, source).context("cannot read attributes")
    }
}
