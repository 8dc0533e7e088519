//! What stays and what goes here, and that nothing is lost by it.

use std::process::Stdio;

use serde_json::Value;

use super::{below, save, with_remote};
use crate::{support::TestRepo, terminal::Session};

/// Checkpoints `c0` (the oldest) to `c<n-1>`, a day apart.
fn days(repo: &TestRepo, number: usize) -> Vec<String> {
    let save_one = |n| {
        repo.advance(86_400);
        save(repo, &format!("c{n}"))
    };
    (0..number).map(save_one).collect()
}

/// The names that stay, newest first, with why.
fn kept(value: &Value) -> Vec<String> {
    let rows = value["records"].as_array().expect("a list").iter().filter(|row| row["keep"] == true);
    let reasons = |row: &Value| {
        let each = row["reasons"].as_array().expect("a list").iter();
        each.map(|reason| reason.as_str().expect("text").to_owned()).collect::<Vec<_>>().join("+")
    };
    rows.map(|row| format!("{} {}", row["name"].as_str().expect("text"), reasons(row))).collect()
}

/// The refs that people and this program have, but for where a prune keeps things.
fn visible(repo: &TestRepo) -> Vec<String> {
    let own = |line: &String| {
        !line.contains("refs/checkpoint/pruned/")
            && !line.contains("-prune-")
            && !line.contains("-undo-")
            && !line.contains("-redo-")
    };
    repo.refs().into_iter().filter(own).collect()
}

#[test]
fn a_dry_run_gives_a_reason_for_each() {
    let repo = TestRepo::with_commit();
    days(&repo, 4);
    repo.checkpoint_ok(&["pin", "c0"]);
    let before = repo.git_dir_fingerprint();
    insta::assert_snapshot!(repo.checkpoint(&["prune", "--last", "1", "--weekly", "1", "--dry-run"]));
    before.assert_same(&repo.git_dir_fingerprint());
    let value = repo.checkpoint_ok(&["prune", "--last", "1", "--dry-run", "--json"]).json();
    assert_eq!(kept(&value), ["c3 undo+last", "c0 pinned"]);
    before.assert_same(&repo.git_dir_fingerprint());
}

#[test]
fn what_was_pruned_comes_back_by_undo_and_goes_by_redo() {
    let repo = TestRepo::with_commit();
    repo.git(&["tag", "mine"]);
    days(&repo, 5);
    repo.write("extra", "untracked\n");
    save(&repo, "last");
    let (before, state) = (visible(&repo), repo.state());
    let pruned = repo.checkpoint_ok(&["prune", "--last", "2", "--json"]).json();
    assert_eq!(kept(&pruned), ["last undo+last", "c4 last"]);
    assert_eq!(below(&repo, "refs/tags/"), ["c4", "last", "mine"]);
    let after = visible(&repo);
    // Housekeeping takes nothing of it.
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    let run = repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(visible(&repo), before, "{run}");
    repo.fsck();
    assert_eq!(repo.checkpoint_ok(&["show", "c0", "--json"]).json()["tag"], "c0");
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(visible(&repo), after);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(visible(&repo), before);
    state.assert_same(&repo.state());
    repo.checkpoint_ok(&["rollback", "c1", "--yes"]);
}

#[test]
fn twice_is_once_and_after_the_grace_period_it_is_over() {
    let repo = TestRepo::with_commit();
    days(&repo, 4);
    let first = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    let id = first["id"].as_str().expect("an id").to_owned();
    let refs = repo.refs();
    let second = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    assert_eq!((second["id"].is_null(), repo.refs()), (true, refs));
    repo.advance(6 * 86_400);
    assert_eq!(repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json()["id"], Value::Null);
    assert!(repo.checkpoint_ok(&["undo", &id, "--dry-run"]).stdout.contains("would undo"));
    repo.advance(2 * 86_400);
    let last = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    assert_eq!(last["freed"][0], id.as_str());
    let run = repo.checkpoint(&["undo", &id, "--yes"]);
    assert!(run.code == 1 && run.stderr.contains("not kept any more"), "{run}");
    // It is not in the way of taking back what was done before.
    assert!(repo.checkpoint_ok(&["undo", "--dry-run"]).stdout.contains("checkpoint of main"));
}

#[test]
fn the_configuration_says_what_is_kept_and_options_say_it_instead() {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", "[retention]\nlast = 2\npinned = [\"c1\"]\n");
    repo.commit("Configure");
    days(&repo, 5);
    let value = repo.checkpoint_ok(&["prune", "--dry-run", "--json"]).json();
    assert_eq!(kept(&value), ["c4 undo+last", "c3 last", "c1 pinned"]);
    let value = repo.checkpoint_ok(&["prune", "--within", "49h", "--pinned", "c[0]", "--dry-run", "--json"]).json();
    assert_eq!(kept(&value), ["c4 undo+within", "c3 within", "c2 within", "c1 pinned", "c0 pinned"]);
    for args in [&["prune", "--last", "0"][..], &["prune", "--pinned", ""], &["prune", "--within", "soon"]] {
        assert_eq!(repo.checkpoint(args).code, 2, "{args:?}");
    }
    assert_eq!(below(&repo, "refs/tags/").len(), 5);
}

#[test]
fn what_is_in_use_stays() {
    let repo = TestRepo::with_commit();
    repo.advance(-10 * 86_400);
    days(&repo, 3);
    // A clock that was wrong: this one is dated in the future.
    repo.advance(20 * 86_400);
    save(&repo, "future");
    repo.advance(-15 * 86_400);
    // The newest of a phase.
    repo.git(&["update-ref", "refs/checkpoint/phases/p", "refs/tags/c0"]);
    let value = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    let kept = kept(&value);
    assert!(kept.iter().any(|row| row.starts_with("future ") && row.contains("future")), "{kept:?}");
    assert!(kept.iter().any(|row| row == "c0 phase"), "{kept:?}");
    assert!(kept.iter().any(|row| row.starts_with("c2 last")), "{kept:?}");
    assert_eq!(below(&repo, "refs/tags/"), ["c0", "c2", "future"]);
}

#[test]
fn an_operation_that_has_not_ended_keeps_everything() {
    let repo = TestRepo::with_commit();
    days(&repo, 3);
    repo.write("file", "theirs\n");
    repo.commit("Theirs");
    repo.checkpoint_ok(&["rollback", "c2", "--yes"]);
    repo.write("file", "ours\n");
    repo.commit("Ours");
    assert_eq!(repo.checkpoint(&["recover", "--all"]).code, 3);
    let other = repo.linked_worktree("other");
    for place in [&repo, &other] {
        let run = place.checkpoint(&["prune", "--last", "1"]);
        assert!(run.code == 3 && run.stderr.contains("has not ended"), "{run}");
    }
    assert_eq!(below(&repo, "refs/tags/").len(), 3);
    repo.checkpoint_ok(&["recover", "--abort"]);
    repo.checkpoint_ok(&["prune", "--last", "1"]);
}

#[test]
fn an_undo_and_what_it_took_back_go_or_stay_together() {
    let repo = TestRepo::with_commit();
    save(&repo, "first");
    repo.checkpoint_ok(&["undo", "--yes"]);
    for n in 0..4 {
        repo.advance(3600);
        save(&repo, &format!("c{n}"));
    }
    repo.checkpoint_ok(&["prune", "--last", "1"]);
    // Were the undo gone alone, the checkpoint would be back in the list.
    let listed = repo.checkpoint_ok(&["list", "--json"]).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

#[test]
fn backup_branches_go_only_as_they_were_made() {
    let repo = TestRepo::with_commit();
    save(&repo, "saved");
    let mut branches = Vec::new();
    for n in 0..4 {
        repo.advance(86_400);
        repo.write("file", format!("broken {n}\n"));
        repo.commit("Broken");
        let value = repo.checkpoint_ok(&["rollback", "saved", "--yes", "--json"]).json();
        branches.push(value["backup"]["branch"].as_str().expect("a branch").to_owned());
    }
    let [changed, used, old, newest] = branches.as_slice() else { panic!("four were made") };
    repo.git(&["update-ref", &format!("refs/heads/{changed}"), "HEAD"]);
    let linked = repo.root().join("linked");
    repo.git(&["worktree", "add", "-q", &linked.to_string_lossy(), used]);
    let value = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    let stays: Vec<&str> =
        value["stays"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(stays, [format!("refs/heads/{changed}"), format!("refs/heads/{used}")]);
    let left = below(&repo, "refs/heads/");
    assert!(left.contains(changed) && left.contains(used) && left.contains(newest) && !left.contains(old), "{left:?}");
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert!(below(&repo, "refs/heads/").contains(old));
}

#[test]
fn a_backup_that_is_on_another_branch_goes_and_its_record_stays() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("file", "broken\n");
    repo.commit("Broken");
    let value = repo.checkpoint_ok(&["rollback", "saved", "--yes", "--json"]).json();
    let branch = value["backup"]["branch"].as_str().expect("a branch");
    repo.git(&["branch", "fixed", branch]);
    // The next undo wants it.
    repo.checkpoint_ok(&["prune"]);
    assert!(below(&repo, "refs/heads/").contains(&branch.to_owned()));
    save(&repo, "later");
    let run = repo.checkpoint_ok(&["prune"]);
    assert!(run.stdout.contains("on another branch"), "{run}");
    assert_eq!(below(&repo, "refs/heads/"), ["fixed", "main"]);
    assert!(below(&repo, "refs/checkpoint/records/").iter().any(|id| id.contains("rollback")));
}

#[test]
fn what_the_user_moved_or_made_is_left_alone() {
    let repo = TestRepo::with_commit();
    days(&repo, 3);
    repo.git(&["tag", "-f", "c0", "HEAD"]);
    repo.git(&["tag", "v1", "c1"]);
    let value = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    assert_eq!(value["stays"][0]["name"], "refs/tags/c0");
    assert_eq!(below(&repo, "refs/tags/"), ["c0", "c2", "v1"]);
    repo.git(&["update-ref", "refs/checkpoint/records/20261121T135900.000Z-create-000001", "HEAD"]);
    let value = repo.checkpoint_ok(&["prune", "--last", "1", "--json"]).json();
    assert!(value["stays"][0]["because"].as_str().is_some_and(|why| why.contains("cannot be read")), "{value}");
}

#[test]
fn discarded_histories_are_counted_by_their_branch() {
    let repo = TestRepo::with_commit();
    for (day, branch) in [(1, "main"), (2, "main"), (3, "main"), (1, "topic")] {
        let name = format!("refs/checkpoint/discarded/2026110{day}-120000-1a2b3c4d5e/heads/{branch}");
        repo.git(&["update-ref", &name, "HEAD"]);
    }
    repo.git(&["update-ref", "refs/checkpoint/discarded/odd/heads/main", "HEAD"]);
    repo.checkpoint_ok(&["prune", "--last", "1"]);
    assert_eq!(
        below(&repo, "refs/checkpoint/discarded/"),
        ["20261101-120000-1a2b3c4d5e/heads/topic", "20261103-120000-1a2b3c4d5e/heads/main", "odd/heads/main"]
    );
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(below(&repo, "refs/checkpoint/discarded/").len(), 5);
}

#[test]
fn a_person_is_asked() {
    let repo = TestRepo::with_commit();
    days(&repo, 3);
    for (key, code, left) in [("n", 1, 3), ("y", 0, 1)] {
        let mut session = Session::start(&repo, &["prune", "--last", "1"]);
        session.expect("Prune?");
        session.send(key);
        let (ended, text) = session.end();
        assert_eq!(ended, code, "{text}");
        assert_eq!(below(&repo, "refs/tags/").len(), left, "{text}");
    }
}

#[test]
fn a_kill_loses_nothing() {
    let repo = TestRepo::with_commit();
    let ids = days(&repo, 12);
    repo.git(&["pack-refs", "--all"]);
    for number in 0..12_u64 {
        let mut child = repo
            .checkpoint_command(&["prune", "--last", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it can be run");
        std::thread::sleep(std::time::Duration::from_millis(3 + number * 9));
        let _ = child.kill();
        child.wait().expect("it ends");
        let refs = repo.refs().join("\n");
        for id in &ids {
            assert!(refs.contains(&format!("records/{id}")), "{id} is nowhere:\n{refs}");
        }
        repo.fsck();
        // What was removed comes back by its prune, if it got that far.
        if repo.checkpoint_ok(&["log"]).stdout.contains("prune ") {
            let pruned = repo.checkpoint_ok(&["log", "--json"]).json();
            let last = pruned
                .as_array()
                .and_then(|all| all.iter().find(|entry| entry["kind"] == "prune" && entry["undone"] == false));
            if let Some(id) = last.and_then(|entry| entry["id"].as_str()) {
                repo.checkpoint_ok(&["undo", id, "--yes"]);
            }
        }
        assert_eq!(below(&repo, "refs/tags/").len(), 12, "after kill {number}");
    }
}

#[test]
fn pins_are_set_and_taken_away() {
    let repo = with_remote();
    save(&repo, "saved");
    for (args, said) in [
        (&["pin", "saved", "--dry-run"][..], "saved would be pinned"),
        (&["pin", "saved"], "saved is pinned"),
        (&["pin", "saved"], "saved was pinned already"),
        (&["unpin", "saved"], "saved is not pinned"),
        (&["unpin"], "saved was not pinned already"),
    ] {
        let run = repo.checkpoint_ok(args);
        assert!(run.stdout.contains(said), "{run}");
    }
    assert_eq!(repo.checkpoint(&["pin", "HEAD"]).code, 2);
}
