//! Artifacts go with the state: back with a rollback, and forth with its undo; and what was there is in the record first.

use std::time::{Duration, Instant};

use super::told;
use crate::{jobs::trust, support::TestRepo};

/// A repository with the artifact `db`, a file that git ignores; saved as `then` in the checkpoint `works`, `now` by now.
fn with_artifact(more: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "var/\n");
    repo.write(".checkpoint.toml", format!("[[artifact]]\nname = 'db'\npath = 'var/db'\n{more}"));
    trust(&repo);
    // Not the same object as the artifact.
    repo.write("code", "then \n");
    repo.write("var/db", "then\n");
    repo.commit("Then");
    repo.checkpoint_ok(&["create", "--name", "works"]);
    repo.write("code", "now\n");
    repo.write("var/db", "now\n");
    repo.commit("Now");
    repo
}

/// By commands that leave a line in `../told`.
const COMMANDS: &str = "save = 'cp var/db $CHECKPOINT_FILE && echo save >> ../told'\n\
                        restore = 'cp $CHECKPOINT_FILE var/db && echo restore >> ../told'\n";

fn both(repo: &TestRepo) -> [String; 2] {
    ["code", "var/db"].map(|path| repo.read_text(path).trim().to_owned())
}

#[test]
fn they_come_back_with_the_files_and_go_with_the_undo() {
    for more in ["", COMMANDS] {
        let repo = with_artifact(more);
        let plan = repo.checkpoint_ok(&["rollback", "works", "--dry-run"]);
        assert!(plan.stdout.contains("1 artifact back") && plan.stdout.contains("record: db"), "{plan}");
        let done = repo.checkpoint_ok(&["rollback", "works", "--json"]).json();
        assert_eq!(both(&repo), ["then", "then"]);
        let steps = done["steps"].as_array().expect("steps");
        assert!(steps.iter().any(|step| step["name"] == "artifact: db" && step["outcome"] == "done"), "{done}");
        let id = done["id"].as_str().expect("an id");
        assert_eq!(repo.git(&["cat-file", "-p", &format!("refs/checkpoint/files/{id}:artifacts/db")]), "now");
        repo.checkpoint_ok(&["undo"]);
        assert_eq!(both(&repo), ["now", "now"]);
        repo.checkpoint_ok(&["redo"]);
        assert_eq!(both(&repo), ["then", "then"]);
        repo.checkpoint_ok(&["undo", "--code-only"]);
        assert_eq!(both(&repo), ["now", "then"]);
        repo.fsck();
    }
}

#[test]
fn each_alone_where_that_is_wanted() {
    let repo = with_artifact("");
    repo.checkpoint_ok(&["rollback", "works", "--code-only"]);
    assert_eq!(both(&repo), ["then", "now"]);
    repo.checkpoint_ok(&["undo"]);
    let head = repo.rev("HEAD");
    let done = repo.checkpoint_ok(&["rollback", "works", "--artifacts-only", "--json"]).json();
    assert_eq!(both(&repo), ["now", "then"]);
    assert_eq!((repo.rev("HEAD"), &done["verification"]), (head, &"verified".into()));
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(both(&repo), ["now", "now"]);
    repo.checkpoint_ok(&["rollback", "works", "--path", "code"]);
    assert_eq!(both(&repo), ["then", "now"], "some files only are no state");
    assert_eq!(repo.checkpoint(&["rollback", "works", "--artifacts-only", "--code-only"]).code, 2);
}

#[test]
fn what_is_as_it_is_to_be_is_left_alone() {
    let repo = with_artifact(COMMANDS);
    repo.write("var/db", "then\n");
    let before = told(&repo).len();
    repo.checkpoint_ok(&["rollback", "works"]);
    assert_eq!(told(&repo).len(), before, "no command ran");
    let run = repo.checkpoint_ok(&["rollback", "works"]);
    assert!(run.stdout.contains("nothing to do"), "{run}");
    repo.write("var/db", "other\n");
    repo.checkpoint_ok(&["rollback", "works"]);
    assert_eq!(both(&repo), ["then", "then"], "an artifact alone is something to do");
}

#[test]
fn one_that_cannot_be_brought_back_is_put_back_and_nothing_is_started_on_it() {
    let repo = with_artifact(
        "save = 'cp var/db $CHECKPOINT_FILE'\nrestore = 'if grep -q then $CHECKPOINT_FILE; then echo half > var/db; exit 3; fi; cp $CHECKPOINT_FILE var/db'\n\
         [rollback]\nafter = ['echo after >> ../told']\non-failure = ['echo failed >> ../told']\n",
    );
    let run = repo.checkpoint(&["rollback", "works", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"failed".into()), "{run}");
    assert_eq!(both(&repo), ["then", "now"]);
    assert_eq!(told(&repo), ["failed"]);
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(both(&repo), ["now", "now"]);
}

#[test]
fn one_that_cannot_be_saved_stops_it_before_anything_is_changed() {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "var/\n");
    let text = "[[artifact]]\nname = 'server'\nsave = 'test ! -e ../down && cp var/db $CHECKPOINT_FILE'\nrestore = 'cp $CHECKPOINT_FILE var/db'\n\
                [rollback]\nbefore = ['echo before >> ../told']\non-failure = ['echo failed >> ../told']\n";
    repo.write(".checkpoint.toml", text);
    trust(&repo);
    repo.write("code", "then \n");
    repo.write("var/db", "then\n");
    repo.checkpoint_ok(&["create", "--name", "works"]);
    repo.write("code", "now\n");
    repo.write("var/db", "now\n");
    repo.write("../down", "");
    let (before, refs) = (repo.state(), repo.refs());
    let run = repo.checkpoint(&["rollback", "works"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("nothing was changed"), "{run}");
    before.assert_same(&repo.state());
    assert_eq!(repo.refs(), refs);
    assert_eq!(told(&repo), ["before", "failed"]);
    assert_eq!(repo.checkpoint(&["rollback", "--continue"]).code, 1, "there is nothing to go on with");
    repo.remove("../down");
    repo.checkpoint_ok(&["rollback", "works"]);
    assert_eq!(both(&repo), ["then", "then"]);
}

#[test]
fn a_damaged_one_is_noticed_before_anything_is_changed() {
    let repo = with_artifact("");
    let record = repo.git(&["cat-file", "-p", "refs/tags/works"]);
    let blob = record.lines().find_map(|line| line.strip_prefix("Checkpoint-Artifact: ")).expect("an artifact");
    let blob = blob.split(' ').nth(2).expect("an object").to_owned();
    let path = format!(".git/objects/{}/{}", &blob[..2], &blob[2..]);
    repo.chmod(&path, 0o644);
    repo.remove(&path);
    let before = repo.state();
    let run = repo.checkpoint(&["rollback", "works"]);
    assert_ne!(run.code, 0, "{run}");
    before.assert_same(&repo.state());
    repo.checkpoint_ok(&["rollback", "works", "--code-only"]);
}

#[test]
fn without_consent_nothing_of_them_moves() {
    let repo = with_artifact("");
    repo.write(".checkpoint.toml", "[[artifact]]\nname = 'db'\npath = 'var/db'\nsave = 'evil'\nrestore = 'evil'\n");
    let run = repo.checkpoint(&["rollback", "works"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("--code-only"), "{run}");
    let run = repo.checkpoint(&["rollback", "works", "--emergency"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("no artifact comes back"), "{run}");
    assert_eq!(both(&repo), ["then", "now"]);
}

#[test]
fn interrupted_while_one_is_brought_back() {
    for ending in ["--continue", "--abort"] {
        let repo = with_artifact(
            "save = 'cp var/db $CHECKPOINT_FILE'\n\
             restore = 'if test -e ../gate-open; then cp $CHECKPOINT_FILE var/db; else echo half > var/db; touch ../gate-begun; sleep 600; fi'\n",
        );
        let mut child = repo.checkpoint_command(&["rollback", "works"]).spawn().expect("it can be run");
        let until = Instant::now() + Duration::from_secs(60);
        while !repo.exists("../gate-begun") {
            assert!(Instant::now() < until, "the step did not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        assert_eq!(both(&repo), ["then", "half"]);
        repo.write("../gate-open", "");
        repo.checkpoint_ok(&["rollback", ending]);
        if ending == "--continue" {
            assert_eq!(both(&repo), ["then", "then"]);
            repo.checkpoint_ok(&["undo"]);
        }
        assert_eq!(both(&repo), ["now", "now"], "{ending}");
        repo.fsck();
    }
}

#[test]
fn a_state_without_it_is_one_too() {
    let repo = with_artifact("optional = true\n");
    repo.remove("var/db");
    repo.checkpoint_ok(&["create", "--name", "empty"]);
    repo.write("var/db", "now\n");
    repo.write("code", "later\n");
    repo.checkpoint_ok(&["rollback", "empty"]);
    assert!(!repo.exists("var/db"));
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(repo.read_text("var/db"), "now\n");
}
