//! What trees cannot say about a working state, as a tree of its own.
//!
//! | path in the tree | content |
//! | --- | --- |
//! | `index/unmerged` | the conflict stages, as `git update-index -z --index-info` reads them |
//! | `index/blobs/<oid>` | the blobs of those stages, so that they stay alive |
//! | `index/intent-to-add` | the paths of `git add -N`, each ended by a NUL |
//! | `index/assume-unchanged`, `index/skip-worktree` | paths with that flag, each ended by a NUL |
//! | `git-dir/<path>` | files of a merge, cherry-pick or revert in progress: `MERGE_HEAD`, `MERGE_MSG`, `sequencer/todo` … |
