//! What a checkpoint does not hold, or holds in part.

use std::path::Path;

use gix::bstr::ByteSlice;

use super::{Finding, Ground, read};
use crate::{
    error::Result,
    git::{Git, capture},
    model::{SkipReason, quote_path},
};

pub(super) fn check(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let repo = ground.repo;
    let mut found = Vec::new();
    if repo.workdir().join(".gitmodules").exists() {
        let what = "there are submodules: their commits are saved, changes inside of them are not";
        found
            .push(Finding::note("coverage", what).fix("call `git checkpoint` inside of a submodule that is worked in"));
    }
    if repo.has_promisor() {
        let what = "a partial clone: what is missing is fetched when it is needed, so going back may need the network";
        found.push(Finding::note("coverage", what));
    }
    let (_, skipped) = capture::changes(repo, &ground.config.capture)?;
    let of_interest = skipped.iter().filter(|path| path.reason != SkipReason::Excluded);
    if let Some(first) = of_interest.clone().next() {
        let what = format!(
            "{} paths would not be saved, as {} ({})",
            of_interest.count(),
            quote_path(first.path.as_ref()),
            first.reason.as_str()
        );
        found.push(
            Finding::note("coverage", what).fix("`git checkpoint status` names them; limits are set in `[capture]`"),
        );
    }
    if found.is_empty() {
        found.push(Finding::ok("coverage", "everything that git does not ignore is saved"));
    }
    Ok(found)
}

/// Git LFS: without its program a checkpoint of changed files holds their content in git itself, and going back writes
/// pointers.
pub(super) fn lfs(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    if !uses_lfs(ground)? {
        return Ok(Vec::new());
    }
    let is_there = Git::in_dir(Path::new("."), ["lfs", "version"]).output()?.code == 0;
    let is_set = ground.repo.gix().config_snapshot().string("filter.lfs.clean").is_some();
    Ok(vec![match (is_there, is_set) {
        (true, true) => Finding::ok("lfs", "Git LFS is installed"),
        (true, false) => Finding::problem("lfs", "files are kept in Git LFS, and git is not set up for it here")
            .fix("`git lfs install`"),
        (false, _) => Finding::problem(
            "lfs",
            "files are kept in Git LFS, and `git-lfs` is not on PATH: going back writes pointers instead of them",
        )
        .fix("install git-lfs, then `git lfs install`"),
    }])
}

fn uses_lfs(ground: &Ground<'_>) -> Result<bool> {
    let repo = ground.repo;
    let listed = repo.git(["ls-files", "-z", "--", ":(glob)**/.gitattributes"]).run()?;
    let listed = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let tracked = listed.filter_map(|name| gix::path::from_byte_slice(name).ok()).map(|path| repo.workdir().join(path));
    let mut paths = tracked.chain([repo.workdir().join(".gitattributes"), repo.common_dir().join("info/attributes")]);
    Ok(paths.any(|path| read(&path).is_some_and(|text| text.as_bytes().contains_str("filter=lfs"))))
}
