//! Restoring, against what git itself says about the state before and after.

mod crash;
mod devices;
mod meanwhile;
mod obstacles;
mod round_trip;
mod safety;

use git_checkpoint::{
    config,
    git::{
        Repo,
        capture::{self, Captured, Identity},
        objects, refs,
        restore::{Obstacle, Restore, obstacles, remove_left_overs},
    },
    model::{ByteSize, Head, Oid, State},
};
use serde::{Deserialize, Serialize};

use crate::support::{TestRepo, answer};

/// A captured state, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Saved {
    branch: Option<String>,
    commit: Option<String>,
    index: String,
    worktree: String,
    tip: String,
    extras: Option<String>,
}

impl Saved {
    /// The same content; the tip is a commit, which differs by its time.
    fn without_tip(&self) -> Saved {
        Saved { tip: String::new(), ..self.clone() }
    }
}

/// What a test asks the library for.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Request {
    /// The present state, with files up to so many bytes.
    Capture { max_file_size: u64 },
    /// What is in the way to a state.
    Obstacles { to: Saved },
    /// To a state; the shell command is run between the capture and the restore.
    Restore { to: Saved, meanwhile: String, stop: Stop },
    /// What is done before an interrupted operation is continued.
    RemoveStaleLock,
}

/// Where a restore ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stop {
    Never,
    /// Dropped after it has begun.
    Begun,
    /// Killed after the files are written.
    KilledWritten,
    /// Killed after HEAD was moved.
    KilledMoved,
}

type Answer = Result<Option<Saved>, Vec<String>>;

const ANY_SIZE: u64 = 1 << 40;

#[track_caller]
fn ask(repo: &TestRepo, request: &Request) -> Answer {
    let line = serde_json::to_string(request).expect("a plain value");
    let answers = repo.inside("restore::child", &[line]);
    serde_json::from_str(&answers[0]).expect("the child wrote it")
}

#[track_caller]
fn save(repo: &TestRepo) -> Saved {
    let answer = ask(repo, &Request::Capture { max_file_size: ANY_SIZE });
    answer.expect("the state can be captured").expect("it is told")
}

#[track_caller]
fn restore(repo: &TestRepo, to: &Saved) {
    restore_after(repo, to, "").expect("the state can be restored");
}

/// Restores after a shell command was run between the capture and the restore.
#[track_caller]
fn restore_after(repo: &TestRepo, to: &Saved, meanwhile: &str) -> Answer {
    ask(repo, &Request::Restore { to: to.clone(), meanwhile: meanwhile.into(), stop: Stop::Never })
}

/// What is in the way, as `path: why`.
#[track_caller]
fn in_the_way(repo: &TestRepo, to: &Saved) -> Vec<String> {
    ask(repo, &Request::Obstacles { to: to.clone() }).expect_err("they are told so")
}

#[test]
#[ignore = "started by other tests, in their own world"]
fn child() {
    answer(|repo, line| {
        let request: Request = serde_json::from_str(line).expect("the test wrote it");
        let answer: Answer = perform(repo, request)
            .map_err(|error| error.chain().into_iter().chain(error.hints().iter().cloned()).collect());
        serde_json::to_string(&answer).expect("a plain value")
    });
}

#[allow(clippy::disallowed_methods, reason = "a test makes processes")]
fn perform(repo: &Repo, request: Request) -> git_checkpoint::error::Result<Option<Saved>> {
    match request {
        Request::Capture { max_file_size } => Ok(Some(to_text(&take(repo, max_file_size)?.state))),
        Request::Obstacles { to } => {
            let found = obstacles(repo, &take(repo, ANY_SIZE)?, &from_text(&to))?;
            let tell = |Obstacle { path, why }: &Obstacle| format!("{path}: {why}");
            let told: Vec<String> = found.iter().map(tell).collect();
            // The answer has no other place for a list.
            Err(told.iter().skip(1).fold(
                git_checkpoint::error::Error::refused(told.first().cloned().unwrap_or_default()),
                git_checkpoint::error::Error::hint,
            ))
        }
        Request::Restore { to, meanwhile, stop } => {
            let from = take(repo, 1 << 20)?;
            if !meanwhile.is_empty() {
                let status =
                    std::process::Command::new("sh").args(["-ec", &meanwhile]).current_dir(repo.workdir()).status();
                assert!(status.expect("there is a shell").success(), "`{meanwhile}` failed");
            }
            let target = from_text(&to);
            let mut restore = Restore::begin(repo, &from, &target)?;
            if stop == Stop::Begun {
                return Ok(None);
            }
            restore.write_files()?;
            if stop == Stop::KilledWritten {
                kill_myself();
            }
            let heads = (&from.state.head, &target.head);
            let along = (stop != Stop::KilledMoved).then_some(&mut restore as &mut dyn refs::Along);
            assert_eq!(refs::move_head(repo, heads, "restore", along)?, refs::Transaction::Done);
            if stop == Stop::KilledMoved {
                kill_myself();
            }
            restore.finish()?;
            Ok(None)
        }
        Request::RemoveStaleLock => remove_left_overs(repo).map(|()| None),
    }
}

#[allow(clippy::disallowed_methods, reason = "a test makes processes")]
fn kill_myself() {
    let id = std::process::id().to_string();
    std::process::Command::new("kill").args(["-9", &id]).status().expect("there is kill");
    std::thread::sleep(std::time::Duration::from_secs(10));
}

fn take(repo: &Repo, max_file_size: u64) -> git_checkpoint::error::Result<Captured> {
    let options = config::Capture { max_file_size: ByteSize(max_file_size), ..config::Capture::default() };
    let now = chrono::DateTime::from_timestamp(1_795_269_600, 0).expect("within the calendar");
    let captured = capture::capture(repo, &options, &Identity::of(repo, now)?)?;
    let _written = objects::flush(repo)?;
    Ok(captured)
}

fn to_text(state: &State) -> Saved {
    Saved {
        branch: state.head.branch().map(ToString::to_string),
        commit: state.head.commit().map(|id| id.to_string()),
        index: state.index.to_string(),
        worktree: state.worktree.to_string(),
        tip: state.tip.to_string(),
        extras: state.extras.map(|id| id.to_string()),
    }
}

fn from_text(saved: &Saved) -> State {
    let id = |text: &String| Oid::from_hex(text.as_bytes()).expect("a full name");
    let commit = saved.commit.as_ref().map(id);
    let head = match (&saved.branch, commit) {
        (Some(name), commit) => Head::Branch { name: name.as_str().into(), commit },
        (None, commit) => Head::Detached { commit: commit.expect("a detached HEAD has a commit") },
    };
    State {
        head,
        index: id(&saved.index),
        worktree: id(&saved.worktree),
        tip: id(&saved.tip),
        extras: saved.extras.as_ref().map(id),
    }
}
