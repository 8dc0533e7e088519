//! What is left alone and named, what stops a capture, and files too large for memory.

use super::{
    cases::committed,
    oracle::{check, check_links, everything, take, worktree_tree},
};

#[test]
fn new_files_over_a_cap_are_named() {
    let repo = committed();
    repo.write("a-large", vec![b'x'; 2000]);
    repo.write("b-small", vec![b'x'; 600]);
    repo.write("c-small", vec![b'x'; 600]);
    repo.write("d-tiny", "x");
    repo.write("file", vec![b'x'; 5000]);
    let mut request = everything(&repo);
    (request.max_file_size, request.max_total_size) = (1000, 1000);
    let taken = take(&repo, &request);
    assert_eq!(taken.skipped(), ["a-large too-large", "c-small over-total"]);
    assert_eq!(taken.changes(), [0, 1, 4, 0]);
    let left = ["a-large".to_owned(), "c-small".to_owned()];
    assert_eq!(taken.text("worktree"), worktree_tree(&repo, &left), "a tracked file is taken whatever its size");
}

#[test]
fn excluded_patterns_concern_new_files_only() {
    let repo = committed();
    repo.write("docs/a.md", "changed\n");
    repo.write("docs/new.md", "new\n");
    repo.write("cache/deep/file", "x\n");
    repo.write("kept.txt", "x\n");
    let mut request = everything(&repo);
    request.exclude = vec!["*.md".into(), "/cache/".into()];
    let taken = take(&repo, &request);
    assert_eq!(taken.skipped(), ["cache excluded", "docs/new.md excluded"]);
    let left = ["cache".to_owned(), "docs/new.md".to_owned()];
    assert_eq!(taken.text("worktree"), worktree_tree(&repo, &left));
}

#[test]
fn without_untracked_files_each_is_named_once() {
    let repo = committed();
    repo.write("new/a", "x\n");
    repo.write("new/deep/b", "x\n");
    repo.write("docs/new.md", "x\n");
    repo.write("file", "changed\n");
    let mut request = everything(&repo);
    request.untracked = false;
    let taken = take(&repo, &request);
    assert_eq!(taken.skipped(), ["docs/new.md untracked", "new untracked"]);
    assert_eq!(repo.git(&["diff", "--name-only", "HEAD", taken.text("worktree")]), "file");
    assert_eq!(taken.changes(), [0, 1, 3, 0]);
}

/// Whether permissions stop this process at all.
fn permissions_hold(repo: &crate::support::TestRepo) -> bool {
    repo.write("probe.log", "x");
    repo.chmod("probe.log", 0o000);
    let holds = std::fs::read(repo.path().join("probe.log")).is_err();
    repo.remove("probe.log");
    holds
}

#[test]
fn what_cannot_be_read_stops_everything_by_name() {
    let repo = committed();
    if !permissions_hold(&repo) {
        return;
    }
    for (name, is_dir) in [("docs/secret", false), ("locked", true), ("src/deep", true)] {
        if is_dir {
            repo.dir(name);
        } else {
            repo.write(name, "x\n");
        }
        repo.chmod(name, 0o000);
        let error = take(&repo, &everything(&repo)).error();
        repo.chmod(name, 0o755);
        assert!(error.is_some_and(|error| error.contains(&format!("cannot read `{name}`"))), "{name}");
    }
}

#[test]
fn names_that_git_refuses_stop_everything() {
    let repo = committed();
    repo.write("docs/git~1", "x\n");
    let error = take(&repo, &everything(&repo)).error().expect("it cannot be taken");
    assert!(error.contains("docs/git~1"), "{error}");
}

/// More than a large file has, of `line` again and again.
fn large(line: &str) -> Vec<u8> {
    line.repeat(((8 << 20) + 1000) / line.len()).into_bytes()
}

#[test]
fn large_files() {
    let repo = committed();
    repo.git(&["config", "core.autocrlf", "input"]);
    repo.write("tracked.bin", large("first\n"));
    repo.write("untouched.bin", large("same\n"));
    repo.commit("large");
    repo.write("tracked.bin", large("second\n"));
    let same = repo.read("untouched.bin");
    repo.write("untouched.bin", same);
    repo.write("new-binary", [large("\r\n"), b"\0".to_vec()].concat());
    repo.symlink("tracked.bin", "to-large");
    check(&repo);
}

#[test]
fn large_files_that_git_has_to_convert() {
    let repo = committed();
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.git(&["config", "filter.up.clean", "tr a-z A-Z"]);
    repo.write(".gitattributes", "*.up filter=up\n");
    repo.write("crlf.txt", large("windows\r\n"));
    repo.write("shout.up", large("shout\n"));
    check(&repo);
}

#[test]
fn many_bytes_are_written_in_between() {
    let repo = committed();
    for n in 0..10 {
        repo.write(format!("new/{n}"), [vec![n], large("some text\n")[2000..].to_vec()].concat());
    }
    let taken = take(&repo, &everything(&repo));
    assert_eq!(taken.text("worktree"), worktree_tree(&repo, &[]));
    check_links(&repo, &taken);
}
