//! Whether everything that some objects need is there.

use super::super::Repo;
use crate::{error::Result, model::Oid};

/// The names of the objects that are missing below `tips`: the tips themselves, what a tag points to, and every tree
/// and file of a commit. The history of a commit is not walked.
pub fn missing(repo: &Repo, tips: &[Oid]) -> Result<Vec<String>> {
    let input: String = tips.iter().map(|tip| format!("{tip}^{{}}\n")).collect();
    let peeled = repo.git(["cat-file", "--batch-check=%(objectname)"]).stdin(input).run()?;
    let peeled = String::from_utf8_lossy(&peeled).into_owned();
    let mut missing = Vec::new();
    let mut there = String::new();
    for (line, tip) in peeled.lines().zip(tips) {
        if line.contains(' ') {
            missing.push(tip.to_string());
        } else {
            there.push_str(line);
            there.push('\n');
        }
    }
    if !there.is_empty() {
        let mut args = vec!["rev-list", "--objects", "--no-walk=unsorted", "--quiet", "--missing=print"];
        if repo.has_promisor() {
            // What can still be fetched is not missing.
            args.pop();
            args.push("--missing=allow-promisor");
        }
        let listed = repo.git(args).arg("--stdin").stdin(there).run()?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        missing.extend(listed.lines().filter_map(|line| line.strip_prefix('?')).map(str::to_owned));
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}
