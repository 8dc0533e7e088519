//! What must not happen: commands that get out, text that is obeyed, folders that stay.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use super::*;

#[test]
fn names_of_the_configuration_are_shown_and_never_obeyed() {
    let repo = with(
        "[rollback]\nbefore = [{ name = \"\\u001b[31m$(touch ../evil)\\nsecond\", run = 'touch ../evil' }]\n\
         after = [\"touch ../evil # '\\\"; touch ../evil\"]\n",
    );
    for scenario in ["bad-commit", "failing-step"] {
        let run = repo.checkpoint_ok(&["drill", "--scenario", scenario]);
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{run}");
    }
    assert!(!repo.exists("../evil"));
    let listed = repo.checkpoint_ok(&["drill", "--list"]);
    assert!(!listed.stdout.contains('\u{1b}'), "{listed}");
}

#[test]
fn files_with_names_that_look_like_patterns_are_broken_and_come_back() {
    let repo = TestRepo::with_commit();
    for name in [":(top)a", "*", "-f", "a\nb", " ", "drill/bad.txt", "drill/older.txt"] {
        repo.write(name, format!("{name}\n"));
    }
    repo.commit("Hostile");
    for scenario in ["bad-commit", "deleted-files"] {
        let report = rehearse(&repo, scenario);
        expect_proven(&report);
    }
}

#[test]
fn a_push_from_the_copy_reaches_nothing() {
    let repo =
        with("[rollback]\ndrill = 'run'\nafter = ['test -z \"$(git remote)\" && test -z \"$GIT_CHECKPOINT_TRUST\"']\n");
    repo.git(&["config", "--global", "clone.defaultRemoteName", "elsewhere"]);
    expect_proven(&rehearse(&repo, "bad-commit"));
}

#[test]
fn conflicts_and_a_detached_head_are_no_hindrance() {
    let repo = with("[rollback]\nafter = ['false']\n");
    repo.git(&["switch", "-q", "--detach"]);
    expect_proven(&rehearse(&repo, "bad-commit"));
    repo.git(&["switch", "-q", "main"]);
    repo.commit("All of it");
    repo.git(&["switch", "-q", "-c", "theirs", "HEAD~1"]);
    repo.write("src/two", "theirs\n");
    repo.commit("Theirs");
    assert!(!repo.git_raw(&["merge", "-q", "main"]).status.success());
    assert_eq!(rehearse(&repo, "bad-commit")["outcome"], "not-applicable");
    for scenario in ["deleted-files", "failing-step"] {
        expect_proven(&rehearse(&repo, scenario));
    }
}

#[test]
fn what_a_command_leaves_running_ends_with_the_drill() {
    let repo = with("");
    let mark = repo.root().join("alive");
    repo.write(
        ".checkpoint.toml",
        format!(
            "[rollback]\ndrill = 'run'\nafter = [\"(trap '' HUP; while sleep 0.05; do date +%s%N > '{0}'; done) >/dev/null 2>&1 & while ! test -e '{0}'; do sleep 0.02; done\"]\n",
            mark.display()
        ),
    );
    trust(&repo);
    expect_proven(&rehearse(&repo, "bad-commit"));
    if cfg!(target_os = "linux") {
        let last = repo.read_text(&mark);
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!(repo.read_text(&mark), last, "it goes on");
    }
}

/// Starts a drill whose command waits, and gives it once the command runs.
fn waiting(repo: &TestRepo) -> std::process::Child {
    let mark = repo.root().join("waits");
    repo.write(
        ".checkpoint.toml",
        format!("[rollback]\ndrill = 'run'\nafter = [\"touch '{}'; sleep 60\"]\n", mark.display()),
    );
    trust(repo);
    let mut command = repo.checkpoint_command(&["drill", "--scenario", "bad-commit"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be run");
    let until = Instant::now() + Duration::from_secs(120);
    while !mark.exists() {
        assert!(Instant::now() < until, "the command was never run");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn after_a_kill_the_next_drill_removes_what_was_left_and_after_ctrl_c_nothing_is() {
    let repo = with("");
    let before = repo.fingerprint();
    let mut child = waiting(&repo);
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    assert_eq!(left_over(&repo).len(), 1, "it had no time to clear up");
    repo.checkpoint_ok(&["drill"]);
    assert_eq!(left_over(&repo), [""; 0]);

    repo.remove("../waits");
    let mut child = waiting(&repo);
    // git hands on what the terminal has sent to both, so one alone may be the second of one Ctrl-C.
    for _ in 0..2 {
        let id = child.id().to_string();
        repo.command("kill").args(["-INT", &id]).status().expect("kill can be run");
        std::thread::sleep(Duration::from_millis(100));
    }
    let code = child.wait().expect("it was started").code();
    assert_eq!(code, Some(1));
    assert_eq!(left_over(&repo), [""; 0]);
    assert!(!repo.git_dir().join("checkpoint/drills.json").exists(), "what was stopped has no result");
    assert_eq!(repo.git(&["status", "--porcelain", ".checkpoint.toml"]), " M .checkpoint.toml");
    drop(before);
}

#[test]
fn a_copy_that_is_kept_is_kept_by_the_next_drill_too() {
    let repo = with("");
    let run = repo.checkpoint_ok(&["drill", "--scenario", "bad-commit", "--keep", "--json"]).json();
    let kept = run["scenarios"][0]["kept"].as_str().expect("a path").to_owned();
    repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    assert!(repo.exists(&kept) && left_over(&repo).len() == 1);
}

#[test]
fn a_drill_within_a_command_does_nothing() {
    let repo = with("[rollback]\ndrill = 'run'\nafter = ['git checkpoint drill --scenario all']\n");
    expect_proven(&rehearse(&repo, "bad-commit"));
}

#[test]
fn linked_worktrees_and_names_that_git_hashes_otherwise_work_too() {
    let repo = with("[rollback]\nafter = ['false']\n");
    let linked = repo.linked_worktree("linked");
    expect_proven(&rehearse(&linked, "failing-step"));
    let status = repo.checkpoint_ok(&["status", "--json"]).json();
    assert_eq!(status["drills"][4]["state"], "proven", "results are of the repository");
    expect_proven(&rehearse(&TestRepo::sha256(), "deleted-files"));
}
