//! Killed at any point, a new capture and restore from there completes it.

use super::{Request, Saved, Stop, ask, restore, save};
use crate::support::{Picture, TestRepo};

fn two_states() -> (TestRepo, Saved, Picture) {
    let repo = TestRepo::new();
    for n in 0..30 {
        repo.write(format!("dir{}/file{n}", n % 3), format!("first {n}\n"));
    }
    repo.commit("first");
    repo.write("staged", "staged\n");
    repo.git(&["add", "staged"]);
    repo.write("new", "untracked\n");
    let (state, picture) = (save(&repo), repo.state());
    for n in 0..30 {
        repo.write(format!("dir{}/file{n}", n % 3), format!("second {n}\n"));
    }
    repo.remove("new");
    repo.commit("second");
    repo.write("later", "untracked\n");
    (repo, state, picture)
}

/// Asks and is killed instead of answering.
fn killed(repo: &TestRepo, request: &Request) {
    let program = std::env::current_exe().expect("this is a program");
    let mut command = repo.command(program);
    command.args(["--ignored", "--exact", "restore::child", "--nocapture", "--test-threads=1"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("it can be run");
    let line = serde_json::to_string(request).expect("a plain value");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut stdin, line.as_bytes()).expect("it reads");
    drop(stdin);
    let status = child.wait().expect("it ends");
    assert!(!status.success(), "it was to be killed");
}

#[test]
fn after_the_files_or_after_head_was_moved() {
    for stop in [Stop::KilledWritten, Stop::KilledMoved] {
        let (repo, state, picture) = two_states();
        let index = repo.read(".git/index");
        killed(&repo, &Request::Restore { to: state.clone(), meanwhile: String::new(), stop });
        assert!(repo.exists(".git/index.lock"), "it was killed with the lock held");
        assert_eq!(repo.read(".git/index"), index);
        assert_eq!(ask(&repo, &Request::RemoveStaleLock), Ok(None));
        assert!(!repo.exists(".git/index.lock"));
        restore(&repo, &state);
        picture.assert_same(&repo.state());
        assert!(!repo.exists(".git/checkpoint-index") && !repo.exists(".git/checkpoint-index.lock"));
        repo.fsck();
    }
}

#[test]
fn a_stale_lock_is_also_found_when_the_next_restore_begins() {
    let (repo, state, picture) = two_states();
    killed(&repo, &Request::Restore { to: state.clone(), meanwhile: String::new(), stop: Stop::KilledWritten });
    assert!(repo.exists(".git/index.lock"));
    restore(&repo, &state);
    picture.assert_same(&repo.state());
}

/// The smudge filter of one file kills git, and with it the program, when half of the files are written.
#[test]
fn while_git_writes_the_files() {
    let (repo, state, picture) = two_states();
    let script = "if [ -e ../once ]; then rm ../once; \
                  program=$(sed -n 's/^PPid:[[:space:]]*//p' /proc/$PPID/status); kill -9 $program $PPID; fi; cat";
    repo.git(&["config", "filter.kill.smudge", script]);
    repo.git(&["config", "filter.kill.clean", "cat"]);
    repo.write(".git/info/attributes", "dir1/file16 filter=kill\n");
    repo.write("../once", "");
    let mess = repo.state();
    killed(&repo, &Request::Restore { to: state.clone(), meanwhile: String::new(), stop: Stop::Never });
    assert!(!repo.exists("../once"), "the filter was run");
    assert!(repo.exists(".git/checkpoint-files"), "git was writing beside the worktree");
    mess.assert_same(&repo.state());
    restore(&repo, &state);
    picture.assert_same(&repo.state());
}

#[test]
fn before_its_journal_was_durable() {
    let (repo, _state, _picture) = two_states();
    repo.checkpoint_ok(&["create"]);
    // What a kill, and then a power cut, leave of a rollback that had not begun.
    let left = |repo: &TestRepo| repo.write(".git/index.lock", "git-checkpoint 999999999\n");
    left(&repo);
    repo.write(".git/checkpoint/journal/main.json", "");
    repo.checkpoint_ok(&["create", "-m", "again"]);
    assert!(!repo.exists(".git/index.lock"), "nobody would have said whose it was");
    repo.git(&["add", "later"]);
    // One that is half done goes on keeping git out.
    left(&repo);
    repo.write(".git/checkpoint/journal/main.json", "{}\n");
    assert_eq!(repo.checkpoint(&["rollback", "latest", "--yes"]).code, 4);
    assert!(repo.exists(".git/index.lock"));
    repo.remove(".git/checkpoint/journal/main.json");
    // And one of somebody else is theirs.
    repo.write(".git/index.lock", "");
    repo.checkpoint_ok(&["create", "-m", "and again"]);
    assert!(repo.exists(".git/index.lock"));
}
