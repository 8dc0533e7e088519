//! What runs before a push, on what, for how long, and what its answer does.

use std::time::{Duration, Instant};

use super::*;
use crate::trust::{answer, untrusted};

#[test]
fn a_check_that_fails_stops_the_push_and_the_log_is_named() {
    let repo = trusted(&good_check(""));
    let bad = commit(&repo, "bad");
    let text = push_stopped(&repo, &["origin", "main"]);
    assert!(text.contains(&format!("good fails on {}", &bad[..10])), "{text}");
    assert!(text.contains("exited with code 1") && text.contains("  | bad"), "{text}");
    let log = text.lines().find_map(|line| line.trim().strip_prefix("all of it: ")).expect("it names the log");
    assert_eq!(std::fs::read_to_string(log).expect("the log is there"), "bad\n");
    assert_nothing_left(&repo);
    assert!(push_ok(&repo, &["--no-verify", "origin", "main:one"]).contains("[new branch]"));
    repo.set_var("GIT_CHECKPOINT", "0");
    let text = push_ok(&repo, &["origin", "main:two"]);
    assert!(text.contains("[new branch]") && !text.contains("GIT_CHECKPOINT"), "it says nothing: {text}");
    repo.remove_var("GIT_CHECKPOINT");
    commit(&repo, "good again");
    push_ok(&repo, &["origin", "main"]);
    repo.fsck();
}

#[test]
fn the_commit_is_validated_and_not_what_is_on_disk() {
    let repo = trusted(&good_check(""));
    commit(&repo, "bad");
    repo.write("good", "good, but not committed\n");
    repo.write("untracked", "x\n");
    let (state, fingerprint) = (repo.state(), repo.fingerprint());
    push_stopped(&repo, &["origin", "main"]);
    state.assert_same(&repo.state());
    fingerprint.assert_same(&repo.fingerprint());
    commit(&repo, "good");
    repo.write("good", "bad, but not committed\n");
    repo.git(&["add", "good"]);
    repo.remove(".checkpoint.toml");
    repo.git(&["checkout", "-q", "--", ".checkpoint.toml"]);
    let (state, fingerprint) = (repo.state(), repo.fingerprint());
    push_ok(&repo, &["origin", "main"]);
    state.assert_same(&repo.state());
    fingerprint.assert_same(&repo.fingerprint());
    assert_nothing_left(&repo);
}

#[test]
fn the_private_worktree_is_never_in_the_users() {
    let repo = trusted("[[check]]\nname = \"where\"\non = [\"push\"]\nclean = true\nrun = \"pwd -P; exit 1\"\n");
    repo.dir("tmp");
    repo.set_var("TMPDIR", repo.path().join("tmp"));
    commit(&repo, "good");
    let text = push_stopped(&repo, &["origin", "main"]);
    assert!(!text.contains(&*repo.path().join("tmp").to_string_lossy()), "{text}");
    assert!(text.contains("git-checkpoint-private"), "{text}");
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn a_tree_that_has_passed_is_not_looked_at_again() {
    let repo = trusted(&good_check(""));
    let first = commit(&repo, "good");
    push_ok(&repo, &["origin", "main:one"]);
    assert_eq!(calls(&repo), [first.as_str()]);
    // The same tree in another commit.
    repo.git(&["commit", "-q", "--amend", "-m", "Another message"]);
    let text = push_ok(&repo, &["origin", "main:two"]);
    assert!(text.contains("known from before"), "{text}");
    assert_eq!(calls(&repo).len(), 1);
    let note = repo.git(&["notes", "--ref=checkpoint", "show", "HEAD^{tree}"]);
    assert!(note.starts_with("pass ") && note.contains(" good 2026-"), "{note}");
    // A failure is found out again: it may have been the machine's.
    commit(&repo, "bad");
    push_stopped(&repo, &["origin", "main"]);
    push_stopped(&repo, &["origin", "main"]);
    assert_eq!(calls(&repo).len(), 3);
    let note = repo.git(&["notes", "--ref=checkpoint", "show", "HEAD^{tree}"]);
    assert!(note.starts_with("fail "), "{note}");
}

#[test]
fn what_takes_too_long_is_ended_and_says_nothing() {
    let check = |push: &str, timeout: &str| {
        format!(
            "[push]\n{push}\n[[check]]\nname = \"slow\"\nrun = \"sh -c 'echo begun; sleep 600'; true\"\non = [\"push\"]\n\
             timeout = \"{timeout}\"\n[[check]]\nname = \"after\"\nrun = \"true\"\non = [\"push\"]\n"
        )
    };
    let started = Instant::now();
    for (push, timeout, said, next) in [
        ("", "1s", "slow has no answer on", "after passes on"),
        ("budget = \"3s\"", "10m", "when the time for all checks was up", "before it began"),
    ] {
        let repo = trusted(&check(push, timeout));
        repo.git(&["config", "checkpoint.jobs", "1"]);
        commit(&repo, "good");
        let text = push_stopped(&repo, &["origin", "main"]);
        assert!(text.contains(said) && text.contains("  | begun") && text.contains(next), "{text}");
        // No answer is nothing to remember.
        let note = repo.git_raw(&["notes", "--ref=checkpoint", "show", "HEAD^{tree}"]);
        assert!(!String::from_utf8_lossy(&note.stdout).contains("slow"));
        assert_nothing_left(&repo);
    }
    let repo = trusted(&check("on-inconclusive = \"allow\"", "1s"));
    commit(&repo, "good");
    let text = push_ok(&repo, &["origin", "main"]);
    assert!(text.contains("slow has no answer") && text.contains("the push goes on"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(120), "something waited for the command");
}

#[test]
fn failures_that_are_allowed_are_told() {
    for (push, severity) in [("on-failure = \"allow\"", "critical"), ("", "low")] {
        let repo = trusted(
            &good_check(&format!("[push]\n{push}")).replace("on =", &format!("severity = \"{severity}\"\non =")),
        );
        commit(&repo, "bad");
        let text = push_ok(&repo, &["origin", "main"]);
        assert!(text.contains("good fails on") && text.contains("the push goes on"), "{text}");
    }
}

#[test]
fn every_commit_is_validated_where_that_is_wanted() {
    let repo = trusted(&good_check(""));
    commit(&repo, "good one");
    let bad = commit(&repo, "bad");
    commit(&repo, "good two");
    commit(&repo, "good three");
    push_ok(&repo, &["origin", "main:tips"]);
    assert_eq!(calls(&repo).len(), 1);
    let repo = trusted(&good_check("[push]\ncommits = \"all\""));
    commit(&repo, "good one");
    let bad_too = commit(&repo, "bad");
    commit(&repo, "good two");
    let last = commit(&repo, "good three");
    let text = push_stopped(&repo, &["origin", "main"]);
    assert!(text.contains(&format!("good fails on {}", &bad_too[..10])), "{text}");
    assert!(text.contains("2 commits more not looked at"), "{text}");
    assert_eq!(calls(&repo).len(), 2, "it stops at the first");
    assert_ne!(bad, last);
    repo.git(&["rebase", "-q", "--onto", &format!("{bad_too}~1"), &bad_too, "main", "-X", "theirs"]);
    push_ok(&repo, &["origin", "main"]);
}

#[test]
fn a_check_that_changes_tracked_files_says_nothing() {
    let repo = trusted(
        "[[check]]\nname = \"format\"\nrun = \"echo more >> good; rm file; touch new\"\non = [\"push\"]\nisolation = \"worktree\"\n\
         [[check]]\nname = \"same\"\nrun = \"test -f file && test -f new && ! grep more good\"\non = [\"push\"]\nisolation = \"worktree\"\n",
    );
    commit(&repo, "good");
    let text = push_stopped(&repo, &["origin", "main"]);
    assert!(text.contains("what format said does not count: files changed while it ran: file, good"), "{text}");
    assert!(text.contains("same passes on"), "the next one has the commit's files again:\n{text}");
    assert_eq!(repo.read_text("good"), "good\n");
}

#[test]
fn a_check_has_a_world_of_its_own() {
    let repo = trusted(
        "[[check]]\nname = \"world\"\non = [\"push\"]\nisolation = \"worktree\"\nrun = '''\nset -e\n\
         test -z \"$GIT_DIR$GIT_WORK_TREE$GIT_INDEX_FILE$GIT_PREFIX$GIT_CHECKPOINT_TRUST$CHECKPOINT_FILE$GIT_CONFIG_COUNT\"\n\
         test \"$GIT_CHECKPOINT\" = 0\ntest \"$CHECKPOINT_STAGE\" = push\n\
         test \"$(git rev-parse HEAD)\" = \"$CHECKPOINT_COMMIT\"\n\
         test \"$(git rev-parse 'HEAD^{tree}')\" = \"$CHECKPOINT_TREE\"\n\
         test \"$CHECKPOINT_PHASE\" = phase2\ntest -z \"$(git status --porcelain)\"\ntest -d \"$CHECKPOINT_CACHE\"\n\
         ! read -r line\ntest \"$(git rev-parse --show-toplevel)\" = \"$(pwd -P)\"\n\
         git commit -q --allow-empty -m 'in the check'\ngit checkpoint create\n'''\n",
    );
    repo.git(&["config", "branch.main.checkpointPhase", "phase2"]);
    repo.set_var("CHECKPOINT_FILE", "inherited");
    commit(&repo, "good");
    let (state, refs) = (repo.state(), repo.refs());
    push_ok(&repo, &["origin", "main"]);
    state.assert_same(&repo.state());
    let new: Vec<_> = repo.refs().into_iter().filter(|name| !refs.contains(name)).collect();
    assert!(
        new.iter().all(|name| name.starts_with("refs/notes/checkpoint") || name.contains("origin/main")),
        "{new:?}"
    );
    let linked = repo.linked_worktree("linked");
    linked.git(&["config", "branch.linked.checkpointPhase", "phase2"]);
    linked.write("good", "good in the other worktree\n");
    linked.commit("There");
    push_ok(&linked, &["origin", "HEAD"]);
}

#[test]
fn without_trust_the_push_goes_on_unless_the_user_says_otherwise() {
    let repo = untrusted();
    commit(&repo, "one");
    let text = push_ok(&repo, &["origin", "main"]);
    assert!(text.contains("is not trusted, so no check was run, and the push goes on"), "{text}");
    repo.git(&["config", "checkpoint.pushUntrusted", "block"]);
    commit(&repo, "two");
    let text = push_stopped(&repo, &["origin", "main"]);
    assert!(text.contains("git checkpoint trust"), "{text}");
    assert!(!repo.root().join("ran").exists());
    assert_eq!(answer(&repo, "y").0, 0);
    push_ok(&repo, &["origin", "main"]);
    assert!(repo.root().join("ran").exists());
    // Nothing in the file itself can stop a push.
    repo.git(&["config", "--unset", "checkpoint.pushUntrusted"]);
    for text in
        ["[push]\nuntrusted = \"block\"\n", "[[check]\n", "\u{0}", "[[check]]\nname = \"x\"\nrun = \"exit 1\"\n"]
    {
        repo.write(".checkpoint.toml", text);
        commit(&repo, &format!("with {}", text.len()));
        push_ok(&repo, &["origin", "main"]);
    }
    repo.remove(".checkpoint.toml");
    repo.symlink("/etc/passwd", ".checkpoint.toml");
    commit(&repo, "with a link");
    push_ok(&repo, &["origin", "main"]);
}

/// The program as git's hook, stopped in the middle of a check that would never end; the check's process.
fn in_a_slow_check(repo: &TestRepo) -> (std::process::Child, String) {
    let commit = commit(repo, "good");
    let line = format!("refs/heads/main {commit} refs/heads/main {}\n", "0".repeat(40));
    let mut command = repo.checkpoint_command(&["hook", "pre-push", "origin", "url"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("it can be run");
    std::io::Write::write_all(child.stdin.as_mut().expect("it is piped"), line.as_bytes()).expect("it reads");
    drop(child.stdin.take());
    let file = repo.root().join("pid");
    let deadline = Instant::now() + Duration::from_secs(60);
    let pid = loop {
        match std::fs::read_to_string(&file) {
            Ok(pid) if pid.ends_with('\n') => break pid.trim().to_owned(),
            _ => assert!(Instant::now() < deadline, "the check never began"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // The process that looks after it is started right after the check.
    std::thread::sleep(Duration::from_secs(1));
    (child, pid)
}

/// The check's process ends soon.
#[track_caller]
fn assert_ends(pid: &str) {
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    while runs() {
        assert!(Instant::now() < deadline, "the check still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const SLOW: &str = "[[check]]\nname = \"slow\"\non = [\"push\"]\nclean = true\n\
     run = '''echo $$ > \"$(dirname \"$HOME\")/pid\"; test -f \"$(dirname \"$HOME\")/fast\" || sleep 600'''\n";

#[test]
fn a_program_that_is_killed_leaves_no_check_running_and_the_next_cleans_up() {
    let repo = trusted(SLOW);
    let (mut child, pid) = in_a_slow_check(&repo);
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
    assert_ends(&pid);
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 2, "the test is of what is left behind");
    let doctor = repo.checkpoint(&["doctor"]);
    assert!(doctor.stdout.contains("a private worktree of a check that was killed"), "{doctor}");
    repo.write("../fast", "");
    push_ok(&repo, &["origin", "main"]);
    assert_nothing_left(&repo);
    repo.fsck();
}

#[test]
fn ctrl_c_ends_the_check_stops_the_push_and_leaves_nothing() {
    let repo = trusted(SLOW);
    let (child, pid) = in_a_slow_check(&repo);
    let asked = repo.command("kill").args(["-INT", &child.id().to_string()]).status().expect("there is a kill");
    assert!(asked.success());
    let output = child.wait_with_output().expect("it can be waited for");
    assert_eq!(output.status.code(), Some(1), "the push must not go on");
    assert_ends(&pid);
    assert_nothing_left(&repo);
    assert_eq!(repo.git(&["notes", "--ref=checkpoint", "list"]), "", "it has no verdict");
}

#[test]
fn ctrl_c_that_git_hands_on_as_well_is_one_ctrl_c() {
    use std::os::unix::process::CommandExt;
    let repo = trusted(&SLOW.replace("\"push\"", "\"checkpoint\""));
    let file = repo.root().join("pid");
    let mut command = repo.command("git");
    let command =
        command.args(["checkpoint", "check"]).stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let child = command.process_group(0).spawn().expect("it can be run");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !std::fs::read_to_string(&file).is_ok_and(|pid| pid.ends_with('\n')) {
        assert!(Instant::now() < deadline, "the check never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = std::fs::read_to_string(&file).expect("it is there").trim().to_owned();
    let asked =
        repo.command("kill").args(["-INT", "--", &format!("-{}", child.id())]).status().expect("there is a kill");
    assert!(asked.success());
    let output = child.wait_with_output().expect("it can be waited for");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("slow has no answer") && said.contains("it was stopped"), "{said}");
    assert_ends(&pid);
    assert_nothing_left(&repo);
}

#[test]
fn folders_that_a_check_has_closed_are_removed_all_the_same() {
    let repo = trusted(
        "[[check]]\nname = \"closed\"\non = [\"push\"]\nclean = true\n\
         run = \"mkdir -p deep/er && touch deep/er/file && chmod 500 deep/er deep\"\n",
    );
    commit(&repo, "good");
    push_ok(&repo, &["origin", "main"]);
    assert_nothing_left(&repo);
}
