//! The work that was never committed, file by file, and lists with options of `recover`.

use super::{assert_given_back, begin, rolled_back, subjects};
use crate::{recover::manner::git_takes_options_in_memory, support::TestRepo, terminal::Session};

/// A repository that was rolled back over files that were not committed, and nothing else.
fn with_work(staged: &[&str], changed: &[&str]) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    for name in staged {
        repo.write(name, "staged\n");
        repo.git(&["add", "--", &format!(":(literal){name}")]);
    }
    for name in changed {
        repo.write(name, format!("changed {name}\n"));
    }
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo
}

fn status(repo: &TestRepo) -> String {
    repo.git(&["status", "--porcelain", "-z", "-uall"]).replace('\0', "|")
}

/// The list of files, unfolded.
fn unfolded(repo: &TestRepo, line: &[&str]) -> Session {
    let mut session = Session::start(repo, line);
    session.expect_now("staged, unstaged and untracked work");
    session.send("Gl");
    session.expect_now("]v work");
    session
}

#[test]
fn one_of_three_files_comes_back() {
    let repo = with_work(&["staged.txt"], &["file", "untracked.txt"]);
    for (keys, name, said, expected) in [
        ("j ", "1 of 3 files", "unstaged  file", " M file|"),
        ("jj ", "1 of 3 files", "staged  staged.txt", "A  staged.txt|"),
        ("jjj ", "1 of 3 files", "untracked  untracked.txt", "?? untracked.txt|"),
        // All, and without one again.
        (" jj ", "2 of 3 files", "untracked  untracked.txt", " M file|?? untracked.txt|"),
    ] {
        let mut session = unfolded(&repo, &["recover", "-i"]);
        session.send(keys);
        session.expect_now("[-]v work");
        session.send("\r");
        session.expect_now(&format!("{name} of the uncommitted work"));
        session.expect_now(said);
        session.send("\r");
        let (code, session) = session.ended();
        assert_eq!(code, 0, "{}", session.seen);
        let count = name.replace(" of 3", "").replace("1 files", "1 file");
        assert!(session.seen.contains(&format!("and {count} of the uncommitted work")), "{}", session.seen);
        assert_given_back(&session);
        assert_eq!(status(&repo), expected, "{keys}");
        repo.checkpoint_ok(&["undo", "--yes"]);
        assert_eq!(status(&repo), "");
    }
}

#[test]
fn what_is_staged_stays_apart_from_what_is_not_file_by_file() {
    let repo = with_work(&["both.txt", "staged.txt"], &["both.txt", "untracked.txt"]);
    let mut session = unfolded(&repo, &["recover", "-i"]);
    session.send("j");
    session.expect_now("staged A, unstaged M  both.txt");
    session.expect_now("+staged");
    session.send("jj kk ");
    session.expect_now("2 chosen");
    session.send("\r");
    session.expect_now("staged, unstaged  both.txt");
    session.expect_now("untracked  untracked.txt");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(status(&repo), "AM both.txt|?? untracked.txt|");
    assert_eq!(repo.git(&["show", ":both.txt"]), "staged");
    assert_eq!(repo.read_text("both.txt"), "changed both.txt\n");
    // The rest comes later: what is here already is no obstacle.
    let mut session = unfolded(&repo, &["recover", "-i"]);
    session.send(" \r");
    session.expect_now("the uncommitted work comes back");
    session.send("\r");
    assert_eq!(session.end().0, 0);
    assert_eq!(status(&repo), "AM both.txt|A  staged.txt|?? untracked.txt|");
}

#[test]
fn names_of_files_are_no_patterns() {
    // In the order of the list.
    let names = ["*", ":!file", ":(top)", "[a-z]*", "line\nend", "plain.txt"];
    let repo = with_work(&[], &names);
    for (position, name) in names.iter().enumerate() {
        let mut session = unfolded(&repo, &["recover", "-i"]);
        session.send(&"j".repeat(position + 1));
        // Its own difference only.
        session.expect_now("1 file changed");
        session.send(" \r");
        session.expect_now("1 of 6 files of the uncommitted work comes back");
        session.send("\r");
        let (code, session) = session.ended();
        assert_eq!(code, 0, "{}", session.seen);
        assert_eq!(status(&repo), format!("?? {name}|"));
        assert_eq!(repo.read_text(name), format!("changed {name}\n"));
        repo.checkpoint_ok(&["undo", "--yes"]);
    }
}

#[test]
fn files_wait_until_a_conflict_is_settled() {
    let repo = rolled_back();
    let mut session = begin(&repo);
    // The second of two without the first, and one file.
    session.send("j ");
    session.expect_now("2 chosen");
    session.send("k Glj ");
    session.expect_now("2 chosen, 7/8");
    session.send("\r");
    session.expect_now("stops at a conflict");
    session.expect_now("1 of 2 files of the uncommitted work does not come back yet");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 3, "{}", session.seen);
    assert!(session.seen.contains("`git checkpoint recover -i` lets you choose its files again"), "{}", session.seen);
    assert!(!repo.exists("staged.txt"));
}

#[test]
fn what_is_shown_of_parts_is_what_is_done() {
    let repo = rolled_back();
    let mut session = Session::start(&repo, &["recover", "-i", "--path", "text.txt", "--path", "untracked.txt"]);
    session.expect_now("other-paths");
    session.expect_now("1/6");
    session.send("jj ");
    session.expect_now("left out: nothing of it is in these paths");
    session.send("Gl");
    session.expect_now("untracked  untracked.txt");
    assert!(!session.screen.screen().contents().contains("staged.txt"), "{}", session.seen);
    session.send("a\r");
    session.expect_now("2 commits picked");
    session.expect_now("untracked  untracked.txt");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(subjects(&repo), ["second of two", "first of two"]);
    assert_eq!(status(&repo), "?? untracked.txt|");
}

#[test]
fn what_is_shown_with_an_option_of_the_merge_is_what_is_done() {
    let repo = rolled_back();
    let can_be_told = git_takes_options_in_memory(&repo);
    let mut session = Session::start(&repo, &["recover", "-i", "-X", "theirs", "-x"]);
    session.expect_now(if can_be_told { "applies" } else { "unknown" });
    if !can_be_told {
        // `where_only_git_can_tell_that_is_said` goes on from here.
        return;
    }
    // It needs none before it.
    session.send("j ");
    session.expect_now("1 chosen");
    session.send("\r");
    session.expect_now("1 commit picked");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(subjects(&repo), ["second of two"]);
    assert_eq!(repo.read_text("text.txt"), "a\nBB\nc\n");
    assert!(repo.git(&["log", "-1", "--format=%B"]).contains("(cherry picked from commit"));
}

#[test]
fn where_only_git_can_tell_that_is_said() {
    let repo = rolled_back();
    repo.git(&["config", "pull.twohead", "resolve"]);
    let mut session = Session::start(&repo, &["recover", "-i"]);
    session.expect_now("unknown");
    session.send("jj ");
    session.expect_now("only `git cherry-pick` can tell");
    session.send("\r");
    session.expect_now("1 commit for `git cherry-pick`");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(subjects(&repo), ["another file"]);
}

/// The commit of a backup with this subject.
fn commit(repo: &TestRepo, subject: &str) -> String {
    repo.git(&["log", "--all", "--format=%H", &format!("--grep=^{subject}$")])
}

#[test]
fn as_which_commit_one_is_here_is_said() {
    let repo = rolled_back();
    repo.checkpoint_ok(&["recover", &commit(&repo, "another file")]);
    assert_eq!(subjects(&repo), ["another file"]);
    let made = repo.git(&["rev-parse", "--short=10", "HEAD"]);
    let mut session = begin(&repo);
    session.send("jj ");
    session.expect_now(&format!("left out: it is here as {made}"));
    session.send("q");
    assert_eq!(session.end().0, 1);
}

#[test]
fn a_range_that_is_another_one_meanwhile_is_refused() {
    let repo = rolled_back();
    repo.git(&["branch", "topic", &commit(&repo, "the last")]);
    let mut session = Session::start(&repo, &["recover", "-i", "topic~1..topic"]);
    session.expect_now("the last");
    session.send(" \r");
    session.expect_now("1 commit picked");
    repo.git(&["branch", "--force", "topic", "topic~1"]);
    let refs = repo.refs();
    session.send("\r");
    let (code, text) = session.end();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("is something else than when you chose"), "{text}");
    assert_eq!(refs, repo.refs());
}

#[test]
fn a_merge_that_is_here_already_is_shown_as_any() {
    let repo = rolled_back();
    repo.git(&["switch", "--quiet", "--create", "side", "saved"]);
    repo.write("side.txt", "side\n");
    repo.commit("on the side");
    repo.git(&["switch", "--quiet", "--create", "topic", "saved"]);
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "a merge", "side"]);
    repo.git(&["switch", "--quiet", "main"]);
    repo.checkpoint_ok(&["recover", "-m", "1", "topic"]);
    assert_eq!(subjects(&repo), ["a merge"]);
    let mut session = Session::start(&repo, &["recover", "-i", "side..topic"]);
    session.expect_now("applied");
    session.expect_now("left out: it is here as");
    session.send("q");
    assert_eq!(session.end().0, 1);
}

#[test]
fn a_newer_backup_is_not_mixed_up_with_the_one_that_was_shown() {
    let repo = with_work(&["staged.txt"], &["untracked.txt"]);
    let mut session = unfolded(&repo, &["recover", "-i"]);
    repo.write("untracked.txt", "another one\n");
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    session.send("jj \r");
    session.expect_now("untracked  untracked.txt");
    session.send("\r");
    let (code, session) = session.ended();
    assert_eq!(code, 0, "{}", session.seen);
    assert_eq!(status(&repo), "?? untracked.txt|");
    assert_eq!(repo.read_text("untracked.txt"), "changed untracked.txt\n");
}
