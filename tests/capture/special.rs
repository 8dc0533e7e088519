//! Repositories in special states: merges, sparse checkouts, submodules, nested repositories.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, process::Stdio};

use super::{
    cases::committed,
    oracle::{check, check_links, everything, take, worktree_tree},
};
use crate::support::TestRepo;

/// A repository with a merge that stopped at a conflict.
fn conflicted() -> TestRepo {
    let repo = committed();
    repo.git(&["switch", "-q", "-c", "side"]);
    repo.write("file", "theirs\n");
    repo.commit("theirs");
    repo.git(&["switch", "-q", "main"]);
    repo.write("file", "ours\n");
    repo.commit("ours");
    assert!(!repo.git_raw(&["merge", "side"]).status.success());
    repo
}

fn extra(repo: &TestRepo, extras: &str, path: &str) -> String {
    repo.git(&["cat-file", "-p", &format!("{extras}:{path}")])
}

#[test]
fn a_merge_in_progress_keeps_its_stages_and_its_other_side() {
    let repo = conflicted();
    let taken = check(&repo);
    let extras = taken.text("extras");
    let side = repo.rev("side");
    assert_eq!(taken.field("kept"), &serde_json::json!([side]));
    assert_eq!(extra(&repo, extras, "git-dir/MERGE_HEAD"), side);
    assert!(extra(&repo, extras, "git-dir/MERGE_MSG").starts_with("Merge branch 'side'"));
    let stages = repo.git(&["ls-files", "-u"]);
    let unmerged = extra(&repo, extras, "index/unmerged");
    assert_eq!(unmerged.replace('\0', "\n").trim_end(), stages);
    for stage in stages.lines() {
        let id = stage.split(' ').nth(1).expect("mode, object, stage");
        assert_eq!(repo.rev(&format!("{extras}:index/blobs/{id}")), id);
    }
    repo.git(&["rev-list", "--objects", extras]);
    // The list can be read back as it is.
    let index = repo.root().join("from-extras");
    let mut command = repo.command("git");
    command.args(["update-index", "-z", "--index-info"]).env("GIT_INDEX_FILE", &index);
    let output = crate::support::with_input(&mut command, unmerged.as_bytes());
    assert!(output.status.success());
    assert_eq!(super::oracle::with_index(&repo, &index, &["ls-files", "-u"]), stages);
}

#[test]
fn a_cherry_pick_of_several_keeps_all_of_them() {
    let repo = conflicted();
    repo.git(&["merge", "--abort"]);
    repo.git(&["switch", "-q", "side"]);
    repo.write("later", "1\n");
    let later = repo.commit("later");
    repo.git(&["switch", "-q", "main"]);
    assert!(!repo.git_raw(&["cherry-pick", "side~1", "side"]).status.success());
    let taken = check(&repo);
    let kept = taken.field("kept").to_string();
    assert!(kept.contains(&repo.rev("side~1")) && kept.contains(&later), "{kept}");
    assert!(extra(&repo, taken.text("extras"), "git-dir/sequencer/todo").contains("later"));
}

#[test]
fn flags_are_listed() {
    let repo = committed();
    repo.git(&["update-index", "--assume-unchanged", "file"]);
    repo.git(&["update-index", "--skip-worktree", "docs/a.md", "docs/b.md"]);
    repo.write("planned", "x\n");
    repo.git(&["add", "-N", "planned"]);
    let taken = check(&repo);
    let extras = taken.text("extras");
    assert_eq!(extra(&repo, extras, "index/assume-unchanged"), "file\0");
    assert_eq!(extra(&repo, extras, "index/skip-worktree"), "docs/\0", "a folder for all that is in it");
    assert_eq!(extra(&repo, extras, "index/absent"), "");
    assert_eq!(extra(&repo, extras, "index/intent-to-add"), "planned\0");
}

#[test]
fn a_clean_state_has_no_extras_and_is_head_itself() {
    let repo = committed();
    let taken = check(&repo);
    assert!(taken.field("extras").is_null());
    assert_eq!(taken.text("tip"), repo.rev("HEAD"));
    repo.fsck();
}

fn sparse(args: &[&str]) -> TestRepo {
    let repo = committed();
    repo.git(&[&["sparse-checkout", "set"], args, &["src"]].concat());
    assert!(!repo.exists("docs/a.md"));
    repo
}

#[test]
fn sparse_checkout() {
    let repo = sparse(&["--cone"]);
    check(&repo);
    repo.write("src/main.rs", "changed\n");
    repo.write("src/new.rs", "new\n");
    check(&repo);
}

#[test]
fn sparse_checkout_with_files_where_none_should_be() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let repo = sparse(&["--cone", index]);
        repo.write("docs/a.md", "came back changed\n");
        repo.write("docs/new.md", "new\n");
        repo.write("src-old", "a file where a folder was\n");
        repo.write("src/main.rs", "changed\n");
        let taken = take(&repo, &everything(&repo));
        let tree = taken.text("worktree");
        let files = repo.git(&["ls-tree", "-r", "--name-only", tree]);
        let expected = ".gitignore\ndocs/a.md\ndocs/b.md\ndocs/new.md\nfile\nlink\nrun.sh\nsrc-old\nsrc/deep/er/lib.rs\nsrc/main.rs";
        assert_eq!(files, expected, "{index}");
        assert_eq!(repo.git(&["show", &format!("{tree}:docs/a.md")]), "came back changed");
        assert_eq!(taken.text("index"), repo.rev("HEAD^{tree}"));
        check_links(&repo, &taken);
    }
}

#[test]
fn sparse_index() {
    let repo = sparse(&["--cone", "--sparse-index"]);
    check(&repo);
    repo.write("src/main.rs", "changed\n");
    repo.git(&["add", "src/main.rs"]);
    repo.write("src/new.rs", "new\n");
    check(&repo);
}

#[test]
fn sparse_checkout_by_patterns() {
    let repo = committed();
    repo.git(&["sparse-checkout", "set", "--no-cone", "/*", "!*.md"]);
    assert!(!repo.exists("docs/a.md"));
    repo.write("file", "changed\n");
    check(&repo);
}

#[test]
fn submodules() {
    let library = TestRepo::with_commit();
    let repo = committed();
    repo.git(&["submodule", "add", "-q", library.path().to_str().expect("plain text"), "sub"]);
    repo.git(&["submodule", "add", "-q", library.path().to_str().expect("plain text"), "other"]);
    repo.commit("submodules");
    assert_eq!(check(&repo).skipped(), [""; 0]);

    repo.at("sub").write("file", "dirty\n");
    assert_eq!(check(&repo).skipped(), ["sub submodule-changes"]);

    repo.at("sub").commit("moved on");
    let taken = check(&repo);
    assert_eq!((taken.skipped().len(), taken.changes()), (0, [0, 1, 0, 0]));

    repo.at("sub").write("untracked", "x\n");
    repo.remove("other");
    assert_eq!(check(&repo).skipped(), ["sub submodule-changes"]);

    repo.remove("sub");
    repo.write("sub", "a file now\n");
    assert_eq!(check(&repo).skipped(), [""; 0]);
}

#[test]
fn submodules_that_were_never_cloned_are_left_alone() {
    let library = TestRepo::with_commit();
    let origin = committed();
    origin.git(&["submodule", "add", "-q", library.path().to_str().expect("plain text"), "sub"]);
    origin.commit("submodule");
    let repo = TestRepo::clone_of(&origin);
    assert_eq!(check(&repo).skipped(), [""; 0]);
    repo.write("sub/stray", "nobody would see it\n");
    assert_eq!(check(&repo).skipped(), ["sub submodule-changes"]);
}

#[test]
fn nested_repositories_are_named_and_left_alone() {
    let repo = committed();
    let nested = repo.at("lib/nested");
    nested.git(&["init", "-q"]);
    nested.write("file", "x\n");
    repo.write("lib/beside", "taken\n");
    let unborn = check(&repo);
    assert_eq!(unborn.skipped(), ["lib/nested nested-repository"]);
    nested.commit("born");
    assert_eq!(check(&repo).skipped(), ["lib/nested nested-repository"]);
    assert_eq!(repo.git(&["ls-tree", "-r", "--name-only", unborn.text("worktree"), "lib/"]), "lib/beside");
    repo.write("lib/.gitignore", "nested/\n");
    assert_eq!(check(&repo).skipped(), [""; 0]);
}

#[test]
fn a_nested_repository_among_tracked_files() {
    let repo = committed();
    repo.at("docs").git(&["init", "-q"]);
    repo.write("docs/a.md", "changed\n");
    repo.write("docs/new.md", "new\n");
    let taken = take(&repo, &everything(&repo));
    assert_eq!(taken.skipped(), ["docs/.git nested-repository"]);
    assert_eq!(taken.text("worktree"), worktree_tree(&repo, &[]));
}

#[test]
fn a_git_folder_that_is_no_repository_hides_nothing() {
    let repo = committed();
    repo.dir("odd/.git");
    repo.write("odd/file", "taken\n");
    assert_eq!(check(&repo).skipped(), [""; 0]);
}

#[test]
fn names_that_are_not_utf_8() {
    let repo = committed();
    let name = |bytes: &'static [u8]| repo.path().join(OsStr::from_bytes(bytes));
    repo.write(name(b"lat\xefn"), "1\n");
    repo.write(name(b"d\xffr/new"), "2\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "bytes"]);
    repo.write(name(b"lat\xefn"), "changed\n");
    repo.write(name(b"d\xffr/newer\xfe"), "3\n");
    check(&repo);
}

#[test]
fn shallow_and_partial_clones_fetch_nothing() {
    let origin = committed();
    origin.write("file", "second\n");
    origin.commit("second");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", origin.path().display());
    for option in ["--depth=1", "--filter=blob:none", "--filter=tree:0"] {
        let path = origin.root().join(option.trim_start_matches('-').replace([':', '='], "-"));
        origin.git(&["clone", "-q", option, &url, path.to_str().expect("plain text")]);
        let repo = origin.at(&path);
        check(&repo);
        // Nothing may ask the origin from here on.
        repo.git(&["config", "remote.origin.url", "/nowhere"]);
        repo.write("docs/a.md", "changed\n");
        repo.write("new", "new\n");
        let taken = take(&repo, &everything(&repo));
        assert_eq!(taken.error(), None, "{option}");
        assert_eq!(taken.text("worktree"), worktree_tree(&repo, &[]));
    }
}

#[test]
fn process_filters_run_once_a_thread() {
    let repo = committed();
    let log = repo.root().join("filter.log");
    let script = format!("{}/filter.sh", repo.root().display());
    repo.write(&script, PROCESS_FILTER.replace("@LOG@", &log.to_string_lossy()));
    repo.chmod(&script, 0o755);
    repo.git(&["config", "filter.p.process", &script]);
    repo.git(&["config", "filter.p.required", "true"]);
    repo.write(".gitattributes", "*.p filter=p -text\n");
    for n in 0..5 {
        repo.write(format!("{n}.p"), format!("text {n}\n"));
    }
    let taken = take(&repo, &everything(&repo));
    assert_eq!(taken.error(), None);
    assert_eq!(repo.git(&["show", &format!("{}:3.p", taken.text("worktree"))]), "cleaned");
    assert_eq!(taken.text("worktree"), worktree_tree(&repo, &[]));
}

/// The protocol of gitattributes(5), as short as it can be: whatever comes in, `cleaned` goes out.
const PROCESS_FILTER: &str = r#"#!/usr/bin/env perl
use strict; use warnings; binmode STDIN; binmode STDOUT; $| = 1;
sub get { read(STDIN, my $size, 4) or exit 0; $size = hex $size; return undef unless $size; read(STDIN, my $data, $size - 4) if $size > 4; return $data // ""; }
sub all { my @lines; while (defined(my $line = get())) { push @lines, $line; } return @lines; }
sub put { printf "%04x%s", length($_[0]) + 4, $_[0]; }
sub end { print "0000"; }
all(); put("git-filter-server\n"); put("version=2\n"); end();
all(); put("capability=clean\n"); end();
while (1) { all(); all(); put("status=success\n"); end(); put("cleaned\n"); end(); end(); }
"#;

#[test]
fn the_identity_falls_back_and_says_so() {
    let repo = committed();
    repo.write("file", "changed\n");
    repo.remove_identity();
    let taken = take(&repo, &everything(&repo));
    assert_eq!(taken.field("fallback"), &serde_json::json!(true));
    let format = "--format=%an <%ae> %cn <%ce> %s%n%b";
    let expected = format!(
        "git-checkpoint <git-checkpoint@localhost> git-checkpoint <git-checkpoint@localhost> \
         unstaged and untracked changes\nOn branch main at {}.",
        repo.rev("HEAD")
    );
    assert_eq!(repo.git(&["log", "-1", format, taken.text("tip")]).trim_end(), expected);
}

#[test]
fn a_fifo_does_not_stop_it() {
    let repo = committed();
    repo.remove("file");
    for name in ["file", "docs/new-fifo", "ignored.log"] {
        let status = repo.command("mkfifo").arg(name).stdout(Stdio::null()).status().expect("mkfifo can be run");
        assert!(status.success());
    }
    repo.write("docs/a.md", "changed\n");
    let taken = take(&repo, &everything(&repo));
    assert_eq!(taken.skipped(), ["docs/new-fifo not-a-file", "file not-a-file"]);
    let changed = repo.git(&["diff", "--name-only", "HEAD", taken.text("worktree")]);
    assert_eq!(changed, "docs/a.md", "a tracked path that became a pipe stays as it was");
}

#[test]
fn what_is_done_meanwhile_is_done_again_where_head_has_moved() {
    // So few files that one thread looks at them, and so many that several do.
    for files in [1, 2500] {
        let repo = TestRepo::new();
        (0..files).for_each(|n| repo.write(format!("folder/{n}"), "x"));
        let before = repo.commit("base");
        let answer = repo.inside("capture::child", &[super::COMMIT_MEANWHILE.to_owned()]).remove(0);
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("the child wrote it");
        let after = repo.rev("HEAD");
        assert_ne!(before, after);
        assert_eq!(answer, serde_json::json!({ "told": [before, after], "head": after }));
    }
}
