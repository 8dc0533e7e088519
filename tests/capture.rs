//! Capturing, against git as the oracle: what `git add -A --sparse` and `git write-tree` would store, and nothing
//! changed by looking.

mod cases;
mod limits;
mod oracle;
pub(crate) mod random;
mod special;

use std::cell::RefCell;

use git_checkpoint::{
    config,
    git::{
        Repo,
        capture::{self, Identity},
        objects,
    },
    model::{ByteSize, quote_path},
};
use serde_json::{Value, json};

/// What a test asks the library for.
#[derive(serde::Serialize, serde::Deserialize)]
struct Request {
    untracked: bool,
    max_file_size: u64,
    max_total_size: u64,
    exclude: Vec<String>,
    /// Where the index of the worktree goes.
    index_file: String,
}

impl Request {
    fn options(&self) -> config::Capture {
        config::Capture {
            untracked: self.untracked,
            max_file_size: ByteSize(self.max_file_size),
            max_total_size: ByteSize(self.max_total_size),
            exclude: self.exclude.clone(),
            ..config::Capture::default()
        }
    }
}

/// The request that [`commit_meanwhile`] answers.
const COMMIT_MEANWHILE: &str = "commit meanwhile";

/// Captures while a commit is made in the middle of the first attempt: what was told of HEAD, and what was captured.
fn commit_meanwhile(repo: &Repo) -> String {
    let told = RefCell::new(Vec::new());
    let now = chrono::DateTime::from_timestamp(1_795_269_600, 0).expect("within the calendar");
    let identity = Identity::of(repo, now).expect("the identity can be read");
    let captured = capture::capture_while(repo, &config::Capture::default(), &identity, &|head| {
        told.borrow_mut().push(head.commit().map(|commit| commit.to_string()));
        if told.borrow().len() == 1 {
            repo.git(["commit", "-q", "--allow-empty", "-m", "meanwhile"]).run().expect("git commits");
        }
    });
    let head = captured.expect("the second attempt holds").state.head.commit().map(|commit| commit.to_string());
    json!({ "told": told.into_inner(), "head": head }).to_string()
}

/// Answers the requests of [`oracle::take`].
#[test]
#[ignore = "started by other tests, in their own world"]
fn child() {
    crate::support::answer(|repo, line| {
        if line == COMMIT_MEANWHILE {
            return commit_meanwhile(repo);
        }
        let request: Request = serde_json::from_str(line).expect("the test wrote it");
        let options = request.options();
        let now = chrono::DateTime::from_timestamp(1_795_269_600, 0).expect("within the calendar");
        let identity = Identity::of(repo, now).expect("the identity can be read");
        let changes = match capture::changes(repo, &options) {
            Ok(changes) => changes,
            Err(error) => return json!({ "error": error.chain(), "hints": error.hints() }).to_string(),
        };
        assert_eq!(repo.gix().objects.num_objects_in_memory(), 0, "counting keeps nothing");
        let captured = match capture::capture(repo, &options, &identity) {
            Ok(captured) => captured,
            Err(error) => return json!({ "error": error.chain(), "hints": error.hints() }).to_string(),
        };
        let _written = objects::flush(repo).expect("objects can be written");
        captured.worktree_index.write_to(request.index_file.as_ref()).expect("the index can be written");
        let (counted, skipped) = changes;
        assert_eq!((counted, &skipped), (captured.changes, &captured.skipped), "both ways count the same");
        let name = |skipped: &git_checkpoint::model::Skipped| {
            json!([quote_path(skipped.path.as_ref()), skipped.reason.as_str()])
        };
        let state = &captured.state;
        let answer: Value = json!({
            "head": state.head.short_name(),
            "index": state.index.to_string(),
            "worktree": state.worktree.to_string(),
            "tip": state.tip.to_string(),
            "extras": state.extras.map(|id| id.to_string()),
            "kept": captured.kept.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "skipped": captured.skipped.iter().map(name).collect::<Vec<_>>(),
            "fallback": identity.is_fallback,
            "changes": [counted.staged, counted.unstaged, counted.untracked, counted.conflicted],
        });
        answer.to_string()
    });
}
