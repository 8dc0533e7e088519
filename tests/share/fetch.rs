//! What comes from a remote, and what of it counts here.

use super::{below, clone, left_out, remote_path, save, with_remote};
use crate::{pre_push, support::TestRepo};

#[test]
fn no_tag_and_no_branch_of_the_user_is_changed() {
    let ada = with_remote();
    save(&ada, "ours");
    save(&ada, "theirs");
    ada.write("file", "broken\n");
    let back = ada.checkpoint_ok(&["rollback", "theirs", "--yes", "--json"]).json();
    let backup = back["backup"]["branch"].as_str().expect("a branch").to_owned();
    ada.checkpoint_ok(&["push"]);
    let bea = TestRepo::clone_of(&ada.at(remote_path(&ada)));
    bea.git(&["tag", "-f", "ours", "HEAD"]);
    bea.git(&["branch", &backup, "main"]);
    // What the user's own fetch would get is for that one.
    ada.commit("More");
    ada.git(&["tag", "v1"]);
    ada.git(&["push", "-q", "--tags", "origin", "main"]);
    bea.git(&["config", "fetch.prune", "true"]);
    bea.git(&["update-ref", "refs/remotes/origin/gone", "HEAD"]);
    let (tracked, head) = (below(&bea, "refs/remotes/"), bea.rev("origin/main"));
    let (tag, branch) = (bea.rev("refs/tags/ours"), bea.rev(&format!("refs/heads/{backup}")));
    let fetched = bea.checkpoint_ok(&["fetch", "--json"]).json();
    let mut left = left_out(&fetched);
    left.sort();
    assert_eq!(
        left,
        [(format!("refs/heads/{backup}"), "name-taken".into()), ("refs/tags/ours".into(), "name-taken".into())]
    );
    assert_eq!((bea.rev("refs/tags/ours"), bea.rev(&format!("refs/heads/{backup}"))), (tag, branch));
    assert_eq!(below(&bea, "refs/checkpoint/records/").len(), 3);
    assert_eq!((below(&bea, "refs/remotes/"), bea.rev("origin/main")), (tracked, head));
    assert!(!below(&bea, "refs/tags/").contains(&"v1".to_owned()) && !bea.git_dir().join("FETCH_HEAD").exists());
}

#[test]
fn a_dry_run_gets_nothing() {
    let ada = with_remote();
    save(&ada, "saved");
    ada.checkpoint_ok(&["push"]);
    let bea = clone(&ada);
    let before = bea.git_dir_fingerprint();
    let planned = bea.checkpoint_ok(&["fetch", "--dry-run", "--json"]).json();
    before.assert_same(&bea.git_dir_fingerprint());
    assert_eq!(planned["refs"][0]["state"], "planned");
}

#[test]
fn what_others_did_was_not_done_here() {
    let ada = with_remote();
    save(&ada, "theirs");
    ada.checkpoint_ok(&["push"]);
    let bea = clone(&ada);
    save(&bea, "own");
    bea.advance(60);
    save(&ada, "newer");
    ada.checkpoint_ok(&["undo", "--yes"]);
    ada.checkpoint_ok(&["push"]);
    bea.checkpoint_ok(&["fetch"]);
    let latest = bea.checkpoint_ok(&["show", "latest", "--json"]).json();
    assert_eq!(latest["name"], "own", "the newest of all is somebody else's");
    assert_eq!(bea.checkpoint_ok(&["status", "--json"]).json()["last"]["tag"], "own");
    // Hidden by its own undo, as it is for Ada.
    assert!(!bea.checkpoint_ok(&["list"]).stdout.contains("newer"));
    let undone = bea.checkpoint_ok(&["undo", "--yes", "--json"]).json();
    assert!(undone["undone"].as_str().is_some_and(|id| id.contains("create")), "{undone}");
    assert!(!below(&bea, "refs/tags/").contains(&"own".to_owned()));
    let run = bea.checkpoint(&["undo", "--yes"]);
    assert!(run.code == 1 && run.stderr.contains("no operation to undo"), "{run}");
    let theirs = bea.checkpoint_ok(&["show", "theirs", "--json"]).json();
    let run = bea.checkpoint(&["undo", theirs["id"].as_str().expect("an id")]);
    assert!(run.code == 1 && run.stderr.contains("another clone"), "{run}");
}

#[test]
fn verdicts_of_others_are_believed_only_where_the_user_wants_it() {
    let config =
        "[[check]]\nname = \"unit\"\non = [\"push\"]\nrun = '''echo run >> \"$(dirname \"$HOME\")/calls\"'''\n";
    let ada = TestRepo::with_commit();
    ada.write(".checkpoint.toml", config);
    ada.commit("Configure");
    pre_push::with_remote(&ada);
    let shown = ada.checkpoint_ok(&["trust", "--show", "--json"]).json();
    ada.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
    let runs = || std::fs::read_to_string(ada.root().join("calls")).unwrap_or_default().lines().count();
    ada.write("file", "new\n");
    ada.commit("New");
    assert_eq!(pre_push::push(&ada, &["origin", "main"]).code, 0);
    assert_eq!(runs(), 1);
    ada.checkpoint_ok(&["push"]);
    let url = ada.git(&["remote", "get-url", "origin"]);
    // The same tree, in other clones, on a new commit.
    let mut number = 0;
    let mut asked = |fetch: bool, trust: Option<&str>| {
        let bea = TestRepo::clone_of(&ada.at(&url));
        if fetch {
            bea.checkpoint_ok(&["fetch"]);
        }
        if let Some(trust) = trust {
            bea.git(&["config", "checkpoint.trustVerdicts", trust]);
        }
        number += 1;
        bea.git(&["commit", "-q", "--allow-empty", "-m", "Same tree"]);
        pre_push::install_hook(&bea);
        let before = runs();
        let pushed = pre_push::push(&bea, &["origin", &format!("HEAD:refs/heads/topic-{number}")]);
        assert_eq!(pushed.code, 0, "{}", pushed.text);
        runs() - before
    };
    assert_eq!(asked(false, None), 1, "nobody asked for the verdicts of others");
    assert_eq!(asked(true, None), 0);
    assert_eq!(asked(true, Some("origin")), 0);
    assert_eq!(asked(true, Some("false")), 1);
    assert_eq!(asked(true, Some("another")), 1);
}

#[test]
fn a_fetch_that_was_killed_leaves_nothing_for_long() {
    let ada = with_remote();
    save(&ada, "saved");
    ada.checkpoint_ok(&["push"]);
    let bea = clone(&ada);
    bea.git(&["update-ref", "refs/checkpoint/incoming/20261101T000000.77/origin/notes/checkpoint", "HEAD"]);
    bea.git(&["update-ref", "refs/checkpoint/incoming/20261121T140000.77/origin/notes/checkpoint", "HEAD"]);
    bea.checkpoint_ok(&["fetch"]);
    // The old one is nobody's; the young one may be somebody's who is at it.
    assert_eq!(below(&bea, "refs/checkpoint/incoming/"), ["20261121T140000.77/origin/notes/checkpoint"]);
}
