//! Files that a checkout writes just as their blobs are.

use gix::{bstr::BStr, index::State};

pub(in crate::git) use super::content::LARGE;
use super::{filter::Filter, raw};
use crate::error::Result;

/// Knows by the attributes and the configuration whether a file is one; one a thread.
pub(in crate::git) struct AsIs<'a>(Filter<'a>);

impl<'a> AsIs<'a> {
    /// With the attributes files of the worktree, and those of `index` where the worktree has none.
    pub(in crate::git) fn new(repo: &'a gix::Repository, index: &'a State) -> Result<Self> {
        Filter::new(repo, index).map(AsIs).map_err(raw::stopped)
    }

    /// Whether no filter, encoding or line end has a say at `path`.
    pub(in crate::git) fn is_at(&mut self, path: &BStr) -> Result<bool> {
        self.0.checks_out_as_it_is(path).map_err(raw::stopped)
    }
}
