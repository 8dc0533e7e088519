//! The whole story in one repository: a net is spread once, work goes wrong, and everything good comes back.

use std::time::{Duration, Instant};

use crate::{
    phase::status,
    pre_push::{Pushed, push},
    support::TestRepo,
};

const HOUR: i64 = 3600;

/// A project of no known sort with a remote, and its configuration, hooks and consent as `init` and `trust` leave them.
fn ready() -> TestRepo {
    let repo = TestRepo::with_commit();
    let remote = repo.root().join("remote.git");
    repo.git(&["init", "-q", "--bare", &remote.to_string_lossy()]);
    repo.git(&["remote", "add", "origin", &remote.to_string_lossy()]);
    repo.write("Makefile", "test:\n\t@! grep -rn BROKEN src\n");
    repo.write("src/mail", "mail is sent\n");
    repo.commit("A project with a test");
    let init = repo.checkpoint_ok(&["init"]);
    assert!(init.stdout.contains("wrote .checkpoint.toml for make"), "{init}");
    repo.git(&["add", ".checkpoint.toml"]);
    repo.git(&["commit", "-q", "-m", "Configure checkpoints"]);
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
    repo.git(&["push", "-q", "-u", "origin", "main"]);
    repo
}

/// Waits for a checkpoint that is taken in the background.
#[track_caller]
fn expect_tag(repo: &TestRepo, tag: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while repo.git(&["tag", "--list", tag]).is_empty() {
        assert!(Instant::now() < deadline, "{tag} was not taken: {}", status(repo));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_phase_goes_wrong_and_nothing_good_is_lost() {
    let repo = ready();
    let started = repo.checkpoint_ok(&["start", "phase2", "--every", "4h", "--json"]).json();
    assert_eq!(started["checkpoint"]["tag"], "phase2-checkpoint-T+0m");

    // Nobody asks for a checkpoint: git's own commit brings it, by the hooks that `init` installed.
    repo.advance(4 * HOUR + 60);
    repo.write("src/good", "begun\n");
    repo.write("notes", "not in git yet\n");
    repo.git(&["add", "src/good"]);
    repo.git(&["commit", "-q", "-m", "Begin something good"]);
    expect_tag(&repo, "phase2-checkpoint-T+4h");
    let at_four = (repo.rev("HEAD"), repo.state());

    // Good and broken work, in one hour; the broken one is stopped on its way out.
    repo.advance(HOUR);
    repo.write("src/better", "good\n");
    repo.git(&["add", "src/better"]);
    repo.git(&["commit", "-q", "-m", "Make it better"]);
    repo.write("src/mail", "BROKEN\n");
    repo.git(&["commit", "-q", "-a", "-m", "Take mail away"]);
    repo.write("src/half", "half done\n");
    let broken = repo.rev("HEAD");
    let remote_before = repo.git(&["ls-remote", "origin"]);
    let Pushed { code, text } = push(&repo, &["origin", "main"]);
    assert!(code == 1 && text.contains("src/mail:1:BROKEN"), "{text}");
    assert!(text.contains("error: the push is stopped"), "{text}");
    assert_eq!(repo.git(&["ls-remote", "origin"]), remote_before);

    // Back to the checkpoint of the slot, exactly; what was there is on a branch.
    let back = repo.checkpoint_ok(&["rollback", "T+4h", "--yes", "--json"]).json();
    assert_eq!(back["verification"], "verified");
    assert_eq!(repo.rev("HEAD"), at_four.0);
    repo.state().assert_same(&at_four.1);
    let backup = back["backup"]["branch"].as_str().expect("a branch").to_owned();
    assert!(backup.starts_with("phase2-broken-"), "{backup}");
    repo.git(&["merge-base", "--is-ancestor", &broken, &backup]);
    assert_eq!(repo.git(&["show", &format!("{backup}:src/half")]), "half done");

    // The good commit comes back alone, and that passes.
    let good = repo.rev(&format!("{broken}^"));
    let recovered = repo.checkpoint_ok(&["recover", &good, "--json"]).json();
    assert_eq!(recovered["picked"].as_array().map(Vec::len), Some(1), "{recovered}");
    assert_eq!(repo.read_text("src/better"), "good\n");
    assert_eq!(repo.read_text("src/mail"), "mail is sent\n");
    let Pushed { code, text } = push(&repo, &["origin", "main"]);
    assert!(code == 0 && text.contains("make passes"), "{text}");

    let finished = repo.checkpoint_ok(&["finish", "--json"]).json();
    assert_eq!(finished["checkpoint"]["tag"], "phase2-complete-T+4h", "by the slot that has passed");
    assert_eq!(finished["checkpoint"]["elapsed_seconds"], 5 * HOUR + 60);
    assert!(status(&repo)["phase"].is_null());
    let doctor = repo.checkpoint_ok(&["doctor"]);
    assert!(doctor.stdout.ends_with("nothing is wrong\n"), "{doctor}");
    repo.fsck();
}
