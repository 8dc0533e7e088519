//! The repositories in which an operation is about to begin.

use super::look::Look;
use crate::support::TestRepo;

/// An operation to be killed.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) repo: TestRepo,
    pub(super) args: Vec<&'static str>,
    /// The command that ends it when it was interrupted.
    pub(super) command: &'static str,
    /// What `--abort` has to give, if that is not what is there.
    pub(super) before: Option<Look>,
    /// What `--continue` has to give, if that is not what the operation itself gives.
    pub(super) after: Option<Look>,
    /// Whether its complete run stops at a conflict.
    pub(super) stops: bool,
    /// Whether `git cherry-pick` writes on its own.
    pub(super) hands_over: bool,
}

impl Case {
    fn new(name: &'static str, repo: TestRepo, args: &[&'static str]) -> Self {
        let command = args[0];
        Case { name, repo, args: args.to_vec(), command, before: None, after: None, stops: false, hands_over: false }
    }
}

/// Staged, unstaged, untracked, ignored, deleted, renamed, a link, modes, a folder for a file.
fn with_everything() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "*.log\n");
    for name in ["kept", "staged", "both", "deleted", "removed", "moved", "mode", "typed", "folder/in it"] {
        repo.write(format!("src/{name}.txt"), format!("{name}\nin its first form\n"));
    }
    repo.commit("Begin");
    repo.write("src/staged.txt", "staged\n");
    repo.write("src/both.txt", "staged form\n");
    repo.git(&["add", "src/staged.txt", "src/both.txt"]);
    repo.write("src/both.txt", "form on disk\n");
    repo.remove("src/deleted.txt");
    repo.git(&["rm", "--quiet", "src/removed.txt"]);
    repo.git(&["mv", "src/moved.txt", "src/moved away.txt"]);
    repo.chmod("src/mode.txt", 0o755);
    repo.remove("src/typed.txt");
    repo.symlink("kept.txt", "src/typed.txt");
    repo.write("new/untracked.txt", "not tracked\n");
    repo.write("build.log", "ignored\n");
    repo
}

fn broken() -> (TestRepo, Look) {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    let saved = Look::at(&repo);
    for (path, content, message) in
        [("good-1.txt", "worth keeping\n", "One"), ("src/kept.txt", "broken\n", "Bad"), ("good-2.txt", "also\n", "Two")]
    {
        repo.write(path, content);
        repo.git(&["add", path]);
        repo.git(&["commit", "--quiet", "--only", "-m", message, "--", path]);
    }
    repo.write("src/kept.txt", "more broken\n");
    repo.write("src/staged.txt", "staged again\n");
    repo.git(&["add", "src/staged.txt"]);
    repo.write("new/other.txt", "never added\n");
    repo.remove("src/folder");
    repo.write("src/folder", "a file now\n");
    repo.remove("src/both.txt");
    // Links are for git to write.
    repo.remove("src/typed.txt");
    repo.symlink("staged.txt", "src/typed.txt");
    (repo, saved)
}

pub(super) fn create() -> Case {
    Case::new("create", with_everything(), &["create", "-m", "before the storm"])
}

pub(super) fn rollback() -> Case {
    Case::new("rollback", broken().0, &["rollback", "latest", "--yes"])
}

/// With commands before and after it, a check, and a state that is verified.
pub(super) fn rollback_with_commands() -> Case {
    let repo = with_everything();
    let text = "[rollback]\nbefore = ['true', 'true']\nafter = ['true']\non-verified = ['true']\non-failure = ['true']\n\
                [[check]]\nname = 'works'\nrun = 'test -e src/kept.txt'\non = ['rollback']\nisolation = 'none'\n";
    repo.write(".git/info/exclude", ".checkpoint.toml\n");
    repo.write(".checkpoint.toml", text);
    crate::jobs::trust(&repo);
    repo.checkpoint_ok(&["create", "--no-verify"]);
    repo.write("src/kept.txt", "broken\n");
    repo.commit("Bad");
    repo.write("new/other.txt", "never added\n");
    Case::new("rollback with commands", repo, &["rollback", "latest", "--yes"])
}

/// The same commands around the way back.
pub(super) fn undo_with_commands() -> Case {
    let repo = rollback_with_commands().repo;
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    Case::new("undo with commands", repo, &["undo", "--yes"])
}

pub(super) fn recover() -> Case {
    let repo = broken().0;
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    Case::new("recover", repo, &["recover", "--all"])
}

fn conflicting() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("file.txt", "one\n");
    repo.write("src/both.txt", "both\n");
    repo.commit("Begin");
    repo.checkpoint_ok(&["create"]);
    for (path, content, message) in [
        ("before.txt", "applies\n", "Applies"),
        ("file.txt", "theirs\n", "Conflicts"),
        ("after.txt", "applies as well\n", "Applies after it"),
    ] {
        repo.write(path, content);
        repo.commit(message);
    }
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.write("file.txt", "ours\n");
    repo.commit("Ours");
    repo.write("untracked.txt", "mine\n");
    repo
}

pub(super) fn recover_with_a_conflict() -> Case {
    let case = Case::new("recover with a conflict", conflicting(), &["recover", "--all"]);
    Case { stops: true, hands_over: true, ..case }
}

pub(super) fn undo() -> Case {
    let repo = broken().0;
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    Case::new("undo", repo, &["undo", "--yes"])
}

/// The index alone tells of a file.
pub(super) fn staged_only() -> Case {
    let repo = TestRepo::with_commit();
    repo.write("a.txt", "changed\n");
    repo.commit("Begin");
    repo.write("a.txt", "changed again\n");
    repo.checkpoint_ok(&["create"]);
    repo.write("b.txt", "only staged\n");
    repo.git(&["add", "b.txt"]);
    repo.remove("b.txt");
    Case::new("rollback of what is only staged", repo, &["rollback", "latest", "--yes"])
}

/// A merge whose conflict was settled after the checkpoint.
pub(super) fn merging() -> Case {
    let repo = TestRepo::with_commit();
    repo.write("a.txt", "one\n");
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "-c", "other"]);
    repo.write("a.txt", "theirs\n");
    repo.commit("Theirs");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("a.txt", "ours\n");
    repo.commit("Ours");
    let merged = repo.git_raw(&["merge", "other"]);
    assert!(!merged.status.success(), "it conflicts");
    repo.checkpoint_ok(&["create"]);
    repo.git(&["add", "a.txt"]);
    Case::new("rollback to a merge in progress", repo, &["rollback", "latest", "--yes"])
}

/// A branch of the user's has the name that the backup would have, and nothing else leads to its commit.
pub(super) fn with_a_taken_name() -> Case {
    let repo = TestRepo::with_commit();
    repo.write(".git/info/exclude", ".checkpoint.toml\n");
    repo.write(".checkpoint.toml", "[phase]\nbackup = 'kept'\n");
    repo.git(&["switch", "--quiet", "-c", "kept"]);
    repo.write("theirs.txt", "on that branch alone\n");
    repo.commit("Theirs");
    repo.git(&["switch", "--quiet", "main"]);
    repo.checkpoint_ok(&["create"]);
    repo.write("a.txt", "never committed\n");
    Case::new("rollback with a name that is taken", repo, &["rollback", "latest", "--yes"])
}

/// A branch that is not checked out.
pub(super) fn onto_another() -> Case {
    let repo = broken().0;
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.git(&["branch", "elsewhere"]);
    Case::new("recover onto another branch", repo, &["recover", "--all", "--onto", "elsewhere"])
}

pub(super) fn undo_of_a_checkpoint() -> Case {
    let repo = with_everything();
    repo.checkpoint_ok(&["create"]);
    Case::new("undo of a checkpoint", repo, &["undo", "--yes"])
}

pub(super) fn redo() -> Case {
    let repo = broken().0;
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    Case::new("redo", repo, &["redo", "--yes"])
}

/// A rollback that was killed while git wrote the files.
pub(super) fn half_way(ending: &'static str) -> Case {
    let repo = broken().0;
    let before = Look::at(&repo);
    let name = if ending == "--continue" { "continue" } else { "abort" };
    if !super::points::can_trace(&repo) {
        return Case::new(name, repo, &["rollback", ending]);
    }
    let clean = super::copy(&repo, "clean");
    let points = super::points::of(&clean, &["rollback", "latest", "--yes"]);
    let after = Look::at(&clean);
    let of_git = |point: &&super::Point| matches!(point.whom, super::Whom::GitAndProgram { .. });
    let of_git: Vec<_> = points.iter().filter(of_git).collect();
    of_git[of_git.len() / 2].kill(&repo, &["rollback", "latest", "--yes"]);
    std::fs::remove_dir_all(clean.path()).expect("it is a copy");
    let case = Case::new(name, repo, &["rollback", ending]);
    Case { before: Some(before), after: Some(after), ..case }
}

/// A recover that has stopped at a conflict, which is settled for `--continue`.
pub(super) fn at_a_conflict(ending: &'static str) -> Case {
    let repo = conflicting();
    let before = Look::at(&repo);
    assert_eq!(repo.checkpoint(&["recover", "--all"]).code, 3);
    repo.write("file.txt", "both\n");
    repo.git(&["add", "file.txt"]);
    let clean = super::copy(&repo, "clean");
    clean.checkpoint_ok(&["recover", "--continue"]);
    let after = Look::at(&clean);
    std::fs::remove_dir_all(clean.path()).expect("it is a copy");
    let name = if ending == "--continue" { "recover --continue" } else { "recover --abort" };
    let case = Case::new(name, repo, &["recover", ending]);
    Case { before: Some(before), after: Some(after), hands_over: true, ..case }
}
