//! Two who push at once, as real processes, again and again.

use std::process::Stdio;

use super::{below, clone, remote_path, remote_refs, save, with_remote};
use crate::support::TestRepo;

#[test]
fn two_who_push_at_once_lose_nothing() {
    let ada = with_remote();
    let bea = clone(&ada);
    let tree = ada.rev("HEAD^{tree}");
    ada.checkpoint_ok(&["start", "p"]);
    ada.checkpoint_ok(&["push"]);
    bea.checkpoint_ok(&["fetch"]);
    assert_eq!(bea.checkpoint_ok(&["start", "p", "--json"]).json()["joined"], true);
    let mut ids = below(&ada, "refs/checkpoint/records/");
    for round in 0..6 {
        for (who, repo) in [("ada", &ada), ("bea", &bea)] {
            ids.push(save(repo, &format!("{who}-{round}")));
            let line = format!("pass {who}{round} unit 2026-11-21T14:00:00Z");
            repo.git(&["notes", "--ref", "checkpoint", "append", "-m", &line, &tree]);
        }
        let start = |repo: &TestRepo| {
            let mut command = repo.checkpoint_command(&["push"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be run")
        };
        // Two of each: a person and a timer, say.
        let all = [start(&ada), start(&bea), start(&ada), start(&bea)];
        for child in all {
            let output = child.wait_with_output().expect("it ends");
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "round {round}: {text}");
        }
    }
    ids.sort();
    assert_eq!(remote_refs(&ada, "refs/checkpoint/records/"), ids);
    assert_eq!(remote_refs(&ada, "refs/tags/").len(), 13);
    let remote = ada.at(remote_path(&ada));
    let newest = ids.last().expect("there are some");
    assert_eq!(remote.rev("refs/checkpoint/phases/p"), remote.rev(&format!("refs/checkpoint/records/{newest}")));
    let notes = remote.git(&["notes", "--ref", "checkpoint", "show", &tree]);
    for round in 0..6 {
        for who in ["ada", "bea"] {
            assert_eq!(notes.matches(&format!("pass {who}{round} ")).count(), 1, "{notes}");
        }
    }
    remote.fsck();
    for repo in [&ada, &bea] {
        repo.checkpoint_ok(&["fetch"]);
        assert_eq!(below(repo, "refs/checkpoint/records/"), ids);
        assert_eq!(repo.rev("refs/checkpoint/phases/p"), remote.rev("refs/checkpoint/phases/p"));
        assert_eq!(below(repo, "refs/checkpoint/incoming/"), [""; 0]);
        repo.fsck();
    }
}

#[test]
fn two_who_fetch_at_once_get_it_all() {
    let ada = with_remote();
    for n in 0..5 {
        save(&ada, &format!("saved-{n}"));
    }
    ada.checkpoint_ok(&["push"]);
    let bea = clone(&ada);
    for _ in 0..3 {
        let start = || {
            let mut command = bea.checkpoint_command(&["fetch"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be run")
        };
        let both = [start(), start()];
        let ended = both.map(|child| child.wait_with_output().expect("it ends").status.success());
        assert!(ended.contains(&true));
    }
    assert_eq!(below(&bea, "refs/checkpoint/records/").len(), 5);
    assert_eq!(below(&bea, "refs/checkpoint/incoming/"), [""; 0]);
}
