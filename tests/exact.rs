//! Bytes that git itself would not give back: what a clean filter throws away, line ends, `ident`.

use crate::support::TestRepo;

const NOTEBOOK: &str = "cell 1\noutput 42\ncell 2\noutput 43\n";

/// Its clean filter throws lines away, and no smudge filter brings them back.
fn lossy() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.git(&["config", "filter.strip.clean", "sed /^output/d"]);
    repo.write(".gitattributes", "*.nb filter=strip\n");
    repo.write("dir/tracked.nb", "cell 1\noutput 1\n");
    repo.write("dir/kept.nb", "cell 1\noutput 1\n");
    repo.commit("Begin");
    repo
}

fn bytes(repo: &TestRepo, paths: &[&str]) -> Vec<Option<Vec<u8>>> {
    paths.iter().map(|path| repo.exists(path).then(|| repo.read(path))).collect()
}

/// Saves, breaks, rolls back, undoes and redoes; every byte of `paths` has to follow.
fn round_trip(repo: &TestRepo, paths: &[&str], mess: impl FnOnce()) {
    let saved = bytes(repo, paths);
    // `git status` names a file whose size alone differs from the index, though its clean content is the same.
    let status = || {
        let others = repo.git(&["ls-files", "--others", "--exclude-standard"]);
        [repo.git(&["ls-files", "--stage"]), repo.git(&["diff", "--raw", "-p"]), others].join("\n")
    };
    let saved_status = status();
    repo.checkpoint_ok(&["create"]);
    mess();
    let broken = bytes(repo, paths);
    let broken_status = status();
    assert_ne!(saved, broken, "the mess is one");
    let done = repo.checkpoint_ok(&["rollback", "latest", "--yes", "--json"]).json();
    assert_eq!(done["verification"], "verified");
    assert_eq!(bytes(repo, paths), saved, "rollback");
    assert_eq!(status(), saved_status);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(bytes(repo, paths), broken, "undo");
    assert_eq!(status(), broken_status);
    let done = repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(bytes(repo, paths), saved, "redo {done}");
    assert_eq!(status(), saved_status);
    repo.fsck();
}

#[test]
fn what_a_clean_filter_throws_away_comes_back() {
    let repo = lossy();
    repo.write("dir/tracked.nb", NOTEBOOK);
    repo.chmod("dir/tracked.nb", 0o755);
    repo.write("new.nb", NOTEBOOK);
    round_trip(&repo, &["dir/tracked.nb", "dir/kept.nb", "new.nb"], || {
        repo.write("dir/tracked.nb", "cell 3\noutput 44\n");
        repo.remove("dir/kept.nb");
        repo.write("new.nb", "cell 1\ncell 2\noutput 99\n");
        repo.commit("Spoil");
        repo.write("other.nb", NOTEBOOK);
    });
    assert_eq!(repo.path().join("dir/tracked.nb").metadata().map(|data| is_executable(&data)).ok(), Some(true));
}

fn is_executable(data: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(data) & 0o100 != 0
}

#[test]
fn only_what_git_does_not_see_differs() {
    let repo = lossy();
    repo.write("dir/tracked.nb", "cell 1\noutput old\n");
    repo.git(&["status"]);
    repo.write("new.nb", NOTEBOOK);
    round_trip(&repo, &["dir/tracked.nb", "new.nb"], || {
        repo.write("new.nb", "cell 1\ncell 2\noutput other\n");
        repo.git(&["status"]);
    });
}

#[test]
fn a_file_that_is_unchanged_for_git_is_read_before_it_is_overwritten() {
    let repo = lossy();
    repo.checkpoint_ok(&["create"]);
    repo.write("dir/tracked.nb", "cell 5\noutput new\n");
    repo.commit("Spoil");
    repo.git(&["status"]);
    let broken = repo.read("dir/tracked.nb");
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.read("dir/tracked.nb"), broken);
}

#[test]
fn one_path_comes_back_as_it_was() {
    let repo = lossy();
    repo.write("a.nb", NOTEBOOK);
    repo.write("b.nb", NOTEBOOK);
    repo.checkpoint_ok(&["create"]);
    repo.write("a.nb", "other\noutput 1\n");
    repo.write("b.nb", "other\noutput 2\n");
    repo.checkpoint_ok(&["rollback", "latest", "--path", "a.nb", "--yes"]);
    assert_eq!(repo.read_text("a.nb"), NOTEBOOK);
    assert_eq!(repo.read_text("b.nb"), "other\noutput 2\n");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.read_text("a.nb"), "other\noutput 1\n");
}

#[test]
fn work_that_was_never_committed_comes_back_as_it_was() {
    let repo = lossy();
    repo.checkpoint_ok(&["create"]);
    repo.write("new.nb", NOTEBOOK);
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    assert!(!repo.exists("new.nb"));
    repo.checkpoint_ok(&["recover", "--uncommitted"]);
    assert_eq!(repo.read_text("new.nb"), NOTEBOOK);
}

#[test]
fn line_ends_come_back() {
    for (setting, attributes) in
        [(Some("true"), ""), (Some("input"), ""), (None, "*.txt text eol=crlf\n"), (None, "*.txt text=auto\n")]
    {
        let repo = TestRepo::with_commit();
        repo.write(".gitattributes", attributes);
        repo.write("lf.txt", "one\ntwo\n");
        repo.write("crlf.txt", "one\r\ntwo\r\n");
        repo.commit("Begin");
        if let Some(setting) = setting {
            repo.git(&["config", "core.autocrlf", setting]);
        }
        repo.write("mixed.txt", "one\r\ntwo\nthree\r\n");
        repo.write("lf.txt", "one\ntwo\nthree\n");
        repo.write("crlf.txt", "one\r\ntwo\r\nthree\r\n");
        round_trip(&repo, &["lf.txt", "crlf.txt", "mixed.txt"], || {
            repo.write("mixed.txt", "one\ntwo\r\n");
            repo.write("lf.txt", "other\r\n");
            repo.remove("crlf.txt");
            repo.write("new.txt", "new\nand mixed\r\n");
            repo.commit("Spoil");
        });
    }
}

#[test]
fn the_text_of_an_ident_comes_back() {
    let repo = TestRepo::with_commit();
    repo.write(".gitattributes", "*.c ident\n");
    repo.commit("Begin");
    repo.write("a.c", "/* $Id: my own words $ */\n");
    repo.write("b.c", "/* $Id$ */\n");
    round_trip(&repo, &["a.c", "b.c"], || {
        repo.write("a.c", "/* $Id: others $ */ int x;\n");
        repo.write("b.c", "gone\n");
    });
}

#[test]
fn a_filter_that_gives_everything_back_keeps_nothing_twice() {
    let repo = TestRepo::with_commit();
    repo.git(&["config", "filter.turn.clean", "tr a-z A-Z"]);
    repo.git(&["config", "filter.turn.smudge", "tr A-Z a-z"]);
    repo.write(".gitattributes", "*.up filter=turn\n");
    repo.write("small.up", "small\n");
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    let files = format!("refs/checkpoint/files/{}", taken["id"].as_str().expect("an id"));
    assert!(!repo.refs().iter().any(|name| name.contains(&files)), "nothing is kept beside the trees");
    repo.write("mixed.up", "Mixed\n");
    repo.advance(60);
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    let files = format!("refs/checkpoint/files/{}", taken["id"].as_str().expect("an id"));
    let listed = repo.git(&["ls-tree", "-r", "--name-only", &files]);
    assert!(listed.ends_with("raw/mixed.up") && !listed.contains("small.up"), "{listed}");
}

#[test]
fn the_drill_passes_where_a_checkout_writes_other_line_ends() {
    let repo = TestRepo::with_commit();
    repo.write("one.txt", "one\n");
    repo.write("two.txt", "two\n");
    repo.commit("Begin");
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write("three.txt", "three\nand\r\nfour\n");
    let drilled = repo.checkpoint_ok(&["drill", "--json"]).json();
    assert_eq!(drilled["ok"], true, "{drilled}");
}
