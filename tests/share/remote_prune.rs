//! `prune --remote`.

use super::{below, clone, remote_hook, remote_path, remote_refs, save, with_remote};

#[test]
fn a_remote_is_pruned_and_what_was_there_is_kept_here() {
    let ada = with_remote();
    for n in 0..4 {
        ada.advance(86_400);
        save(&ada, &format!("c{n}"));
    }
    ada.checkpoint_ok(&["push"]);
    let remote = ada.at(remote_path(&ada));
    remote.git(&["tag", "theirs", "c0"]);
    let before = remote.refs();
    // Bea has none of it, and is the one who prunes.
    let bea = clone(&ada);
    bea.git(&["tag", "-d", "c0", "c1", "c2", "c3"]);
    bea.git(&["gc", "-q", "--prune=now"]);
    let planned = bea.checkpoint_ok(&["prune", "--remote", "origin", "--last", "1", "--dry-run"]);
    assert!(planned.stdout.contains("remove") && planned.stdout.contains("c0"), "{planned}");
    assert_eq!(remote.refs(), before);
    let pruned = bea.checkpoint_ok(&["prune", "--remote", "origin", "--last", "1", "--json"]).json();
    assert_eq!(remote_refs(&ada, "refs/tags/"), ["c3", "theirs"]);
    assert_eq!(remote_refs(&ada, "refs/checkpoint/records/").len(), 1);
    remote.git(&["gc", "-q", "--prune=now"]);
    // Undo says how to put it back, and that works.
    let id = pruned["id"].as_str().expect("an id");
    let run = bea.checkpoint(&["undo", "--yes"]);
    let command = format!("git push origin 'refs/checkpoint/pruned/{id}/*:refs/*'");
    assert!(run.code == 1 && run.stderr.contains(&command), "{run}");
    bea.git(&["push", "-q", "origin", &format!("refs/checkpoint/pruned/{id}/*:refs/*")]);
    assert_eq!(remote.refs(), before);
    // Ada's own are hers.
    assert_eq!(below(&ada, "refs/tags/"), ["c0", "c1", "c2", "c3"]);
    assert_eq!(below(&bea, "refs/checkpoint/incoming/"), [""; 0]);
}

#[test]
fn what_was_pruned_at_a_remote_does_not_go_there_again_by_itself() {
    let ada = with_remote();
    save(&ada, "old");
    save(&ada, "new");
    ada.checkpoint_ok(&["push"]);
    ada.checkpoint_ok(&["prune", "--remote", "origin", "--last", "1"]);
    let run = ada.checkpoint_ok(&["push"]);
    assert!(run.stderr.contains("old was pruned there"), "{run}");
    assert_eq!(remote_refs(&ada, "refs/tags/"), ["new"]);
}

#[test]
fn what_was_pruned_here_is_not_fetched_again_by_itself() {
    let ada = with_remote();
    save(&ada, "old");
    save(&ada, "new");
    ada.checkpoint_ok(&["push"]);
    ada.checkpoint_ok(&["prune", "--last", "1"]);
    let run = ada.checkpoint_ok(&["fetch"]);
    assert!(run.stderr.contains("1 record pruned here before"), "{run}");
    assert_eq!(below(&ada, "refs/tags/"), ["new"]);
    ada.checkpoint_ok(&["fetch", "--pruned"]);
    assert_eq!(below(&ada, "refs/tags/"), ["new", "old"]);
}

#[test]
fn pins_and_phases_at_the_remote_stay_and_refusals_are_told() {
    let ada = with_remote();
    for name in ["pinned", "phase", "refused", "goes", "last"] {
        ada.advance(3600);
        save(&ada, name);
    }
    ada.checkpoint_ok(&["pin", "pinned"]);
    ada.checkpoint_ok(&["push"]);
    let remote = ada.at(remote_path(&ada));
    remote.git(&["update-ref", "refs/checkpoint/phases/p", "refs/tags/phase"]);
    remote.git(&["update-ref", "refs/checkpoint/records/20261121T135900.000Z-create-000001", "main"]);
    remote_hook(&ada, "update", "case $1 in refs/tags/refused) exit 1;; esac");
    let bea = clone(&ada);
    let run = bea.checkpoint(&["prune", "--remote", "origin", "--last", "1"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("refs/tags/refused stays at the remote"), "{run}");
    assert!(run.stderr.contains("000001: it is no record"), "{run}");
    assert_eq!(remote_refs(&ada, "refs/tags/"), ["last", "phase", "pinned", "refused"]);
}
