//! What git says a capture must be.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Request;
use crate::support::TestRepo;

/// What was captured.
pub(super) struct Taken {
    answer: Value,
    /// The index file of the captured worktree.
    pub(super) index_file: PathBuf,
}

impl Taken {
    /// A field that is text.
    pub(super) fn text(&self, field: &str) -> &str {
        self.answer[field].as_str().unwrap_or_else(|| panic!("there is no text `{field}` in {}", self.answer))
    }

    /// A field as it is.
    pub(super) fn field(&self, field: &str) -> &Value {
        &self.answer[field]
    }

    /// `<path> <reason>` of each skipped path.
    pub(super) fn skipped(&self) -> Vec<String> {
        let list = self.answer["skipped"].as_array().expect("it is a list");
        let show = |value: &Value| value.as_str().expect("it is text").to_owned();
        list.iter().map(|pair| format!("{} {}", show(&pair[0]), show(&pair[1]))).collect()
    }

    /// Staged, unstaged, untracked and conflicted.
    pub(super) fn changes(&self) -> [u64; 4] {
        [0, 1, 2, 3].map(|at| self.answer["changes"][at].as_u64().expect("it is a number"))
    }

    /// The error's chain, if it failed.
    pub(super) fn error(&self) -> Option<String> {
        let chain = self.answer["error"].as_array()?;
        Some(chain.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(": "))
    }
}

/// The request that takes everything.
pub(super) fn everything(repo: &TestRepo) -> Request {
    let index_file = repo.root().join("worktree-index").to_string_lossy().into_owned();
    Request { untracked: true, max_file_size: 1 << 40, max_total_size: 1 << 40, exclude: Vec::new(), index_file }
}

/// Captures, without comparing, and asserts that HEAD, index, refs and files are as before.
#[track_caller]
pub(super) fn take(repo: &TestRepo, request: &Request) -> Taken {
    let (before, refs) = (repo.fingerprint(), repo.refs());
    let line = serde_json::to_string(request).expect("it is plain data");
    let answer = repo.inside("capture::child", &[line]).remove(0);
    repo.fingerprint().assert_same(&before);
    assert_eq!(repo.refs(), refs);
    let answer = serde_json::from_str(&answer).expect("the child wrote it");
    Taken { answer, index_file: PathBuf::from(&request.index_file) }
}

/// Captures everything and compares all of it with git.
#[track_caller]
pub(super) fn check(repo: &TestRepo) -> Taken {
    let status = Counts::of(repo);
    let taken = take(repo, &everything(repo));
    assert_eq!(taken.error(), None);
    assert_eq!(show(repo, taken.text("index")), show(repo, &index_tree(repo)), "the index's tree");
    let left = nested(&taken);
    assert_eq!(show(repo, taken.text("worktree")), show(repo, &worktree_tree(repo, &left)), "the worktree's tree");
    if left.is_empty() {
        assert_eq!(taken.changes(), status.0, "the counts");
    }
    check_links(repo, &taken);
    check_index_file(repo, &taken);
    taken
}

fn nested(taken: &Taken) -> Vec<String> {
    taken.skipped().iter().filter_map(|line| line.strip_suffix(" nested-repository")).map(str::to_owned).collect()
}

/// The snapshot's commits have the right trees, and every object that they need is there.
#[track_caller]
pub(super) fn check_links(repo: &TestRepo, taken: &Taken) {
    let head = repo.git_raw(&["rev-parse", "-q", "--verify", "HEAD"]);
    let head = head.status.success().then(|| String::from_utf8_lossy(&head.stdout).trim().to_owned());
    let empty = repo.git_with_input(&["hash-object", "-t", "tree", "--stdin"], "");
    let head_tree = head.as_ref().map_or(empty, |head| repo.rev(&format!("{head}^{{tree}}")));
    let mut trees = vec![taken.text("index").to_owned(), taken.text("worktree").to_owned()];
    trees.dedup();
    trees.retain(|tree| *tree != head_tree || trees_differ(taken));
    if trees.first() == Some(&head_tree) {
        trees.remove(0);
    }
    if head.is_none() && trees.is_empty() {
        trees.push(head_tree);
    }
    let mut at = taken.text("tip").to_owned();
    for tree in trees.iter().rev() {
        assert_eq!(repo.rev(&format!("{at}^{{tree}}")), *tree);
        let parents = repo.git(&["rev-list", "--parents", "-1", &at]);
        at = parents.split(' ').nth(1).unwrap_or_default().to_owned();
    }
    assert_eq!(at, head.unwrap_or_default(), "the links end at HEAD");
    repo.git(&["rev-list", "--objects", taken.text("tip")]);
    for tree in [taken.text("index"), taken.text("worktree")] {
        repo.git(&["rev-list", "--objects", tree]);
    }
}

fn trees_differ(taken: &Taken) -> bool {
    taken.text("index") != taken.text("worktree")
}

/// git reads the index file, finds exactly the worktree's tree in it, and no file that differs from it.
#[track_caller]
fn check_index_file(repo: &TestRepo, taken: &Taken) {
    let path = &taken.index_file;
    assert_eq!(with_index(repo, path, &["write-tree"]), taken.text("worktree"), "the tree of the index file");
    // Without the extension, so that the entries themselves are looked at.
    let bare = repo.root().join("bare-index");
    let listed = with_index_raw(repo, path, &["ls-files", "-s", "-z"], b"");
    with_index_raw(repo, &bare, &["update-index", "-z", "--index-info"], &listed);
    if !taken_sparse(&listed) {
        assert_eq!(with_index(repo, &bare, &["write-tree"]), taken.text("worktree"), "the entries of the index file");
    }
    let _unused = std::fs::remove_file(&bare);
    if taken.skipped().is_empty() {
        assert_eq!(with_index(repo, path, &["diff-files", "--name-only"]), "", "files that differ from the index file");
    }
}

fn taken_sparse(listed: &[u8]) -> bool {
    listed.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"040000 "))
}

/// The tree `git add -A --sparse` gives, without the paths of `left`.
#[track_caller]
pub(super) fn worktree_tree(repo: &TestRepo, left: &[String]) -> String {
    let index = index_copy(repo);
    for entry in with_index(repo, &index, &["ls-files", "-v", "-z"]).split('\0').filter(|entry| !entry.is_empty()) {
        let (flag, path) = entry.split_at(2);
        if !matches!(flag, "H " | "M ") && !path.ends_with('/') && repo.exists(path) {
            with_index(repo, &index, &["update-index", "--no-assume-unchanged", "--", path]);
            with_index(repo, &index, &["update-index", "--no-skip-worktree", "--", path]);
        }
    }
    let exclude: Vec<String> = left.iter().map(|path| format!(":(exclude,literal){path}")).collect();
    let settings =
        ["-c", "core.safecrlf=false", "-c", "advice.addEmbeddedRepo=false", "add", "-A", "--sparse", "--", "."];
    let args: Vec<&str> = settings.into_iter().chain(exclude.iter().map(String::as_str)).collect();
    with_index(repo, &index, &args);
    with_index(repo, &index, &["write-tree"])
}

/// The tree of the index, with conflicted paths as they are in HEAD.
#[track_caller]
pub(super) fn index_tree(repo: &TestRepo) -> String {
    let index = index_copy(repo);
    let unmerged = with_index(repo, &index, &["ls-files", "-u", "-z"]);
    for path in unmerged.split('\0').filter_map(|entry| entry.split_once('\t')).map(|(_, path)| path) {
        with_index(repo, &index, &["update-index", "--force-remove", "--", path]);
        let in_head = repo.git(&["ls-tree", "HEAD", "--", path]);
        if let Some((about, _)) = in_head.split_once('\t') {
            let about: Vec<&str> = about.split(' ').collect();
            let info = format!("{},{},{path}", about[0], about[2]);
            with_index(repo, &index, &["update-index", "--add", "--cacheinfo", &info]);
        }
    }
    with_index(repo, &index, &["write-tree"])
}

fn index_copy(repo: &TestRepo) -> PathBuf {
    let (from, to) = (repo.git_dir().join("index"), repo.root().join("oracle-index"));
    let _unused = std::fs::remove_file(&to);
    if from.exists() {
        std::fs::copy(&from, &to).expect("the index can be copied");
        let time = from.metadata().and_then(|data| data.modified()).expect("the index has a time");
        let file = std::fs::File::options().write(true).open(&to).expect("it was just made");
        file.set_modified(time).expect("it is ours");
    }
    to
}

#[track_caller]
pub(super) fn with_index(repo: &TestRepo, index: &Path, args: &[&str]) -> String {
    let output = with_index_raw(repo, index, args, b"");
    String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned()
}

#[track_caller]
fn with_index_raw(repo: &TestRepo, index: &Path, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = repo.command("git");
    command.args(["-c", "core.splitIndex=false"]).args(args).env("GIT_INDEX_FILE", index);
    let output = crate::support::with_input(&mut command, input);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`git {}` failed: {stderr}", args.join(" "));
    output.stdout
}

fn show(repo: &TestRepo, tree: &str) -> String {
    format!("{tree}\n{}", repo.git(&["ls-tree", "-r", "-t", tree]))
}

/// What `git status` counts.
struct Counts([u64; 4]);

impl Counts {
    fn of(repo: &TestRepo) -> Self {
        let args = ["--no-optional-locks", "status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"];
        let output = repo.git(&[&args[..], &["--ignore-submodules=dirty"]].concat());
        let mut counts = [0; 4];
        for entry in output.split('\0') {
            match entry.as_bytes() {
                [b'1', b' ', staged, unstaged, ..] => {
                    counts[0] += u64::from(*staged != b'.');
                    counts[1] += u64::from(*unstaged != b'.');
                }
                [b'?', ..] => counts[2] += 1,
                [b'u', ..] => counts[3] += 1,
                _ => {}
            }
        }
        Counts(counts)
    }
}
