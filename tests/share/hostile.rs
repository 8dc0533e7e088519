//! Whoever can push to a remote can put anything there. A fetch stays harmless, and says what it left out.

use std::collections::BTreeMap;

use super::{below, clone, forge, left_out, remote_path, save, with_remote};
use crate::support::TestRepo;

const ID: &str = "20261121T135900.000Z-create-";

/// Puts an object into the remote by this name.
fn plant(repo: &TestRepo, object: &str, name: &str) {
    repo.git(&["push", "-q", "-f", "origin", &format!("{object}:{name}")]);
}

/// A record made of `id` by `edit`, with the id that ends with `end`, planted by that name.
fn plant_record(repo: &TestRepo, id: &str, end: &str, edit: impl Fn(String) -> String) -> String {
    let own = format!("{ID}{end}");
    let object = forge(repo, id, |text| edit(text.replace(id, &own)));
    plant(repo, &object, &format!("refs/checkpoint/records/{own}"));
    object
}

#[test]
fn records_that_lie_are_left_out_and_named() {
    let ada = with_remote();
    let id = save(&ada, "sound");
    ada.checkpoint_ok(&["push"]);
    let other = ada.rev("HEAD^{tree}");
    let line = |text: &str, name: &str, value: &str| -> String {
        let edit = |line: &str| {
            if line.starts_with(&format!("{name}: ")) { format!("{name}: {value}") } else { line.to_owned() }
        };
        text.lines().map(edit).collect::<Vec<_>>().join("\n") + "\n"
    };
    let zero = "1".repeat(40);
    plant_record(&ada, &id, "000001", |text| line(&text, "Checkpoint-Format", "99"));
    plant_record(&ada, &id, "000002", |text| line(&text, "Checkpoint-Worktree", &other));
    plant_record(&ada, &id, "000003", |text| line(&text, "Checkpoint-Index", &zero));
    plant_record(&ada, &id, "000004", |text| line(&text, "Checkpoint-Head", &zero));
    plant_record(&ada, &id, "000005", |text| {
        text.replace("Checkpoint-State", &format!("Checkpoint-Files: {other}\nCheckpoint-State"))
    });
    plant_record(&ada, &id, "000006", |text| text.replace("Checkpoint-", "Nothing-"));
    plant_record(&ada, &id, "000007", |text| line(&text, "Checkpoint-Branch", "\"refs/heads/\\q\""));
    // Another record's ref, a commit, a tree and a blob by the names of records.
    plant(&ada, &ada.rev("refs/tags/sound"), &format!("refs/checkpoint/records/{ID}000008"));
    plant(&ada, "HEAD", &format!("refs/checkpoint/records/{ID}000009"));
    plant(&ada, "HEAD^{tree}", &format!("refs/checkpoint/records/{ID}00000a"));
    plant(&ada, "HEAD:file", &format!("refs/checkpoint/records/{ID}00000b"));
    plant(&ada, "HEAD", "refs/checkpoint/records/not-an-id");
    plant(&ada, "HEAD", "refs/checkpoint/records/20261121T135900.000Z-create-1/deeper");
    plant(&ada, "HEAD", "refs/checkpoint/records/99991231T235959.000Z-create-ffffff");
    plant(&ada, "HEAD", "refs/checkpoint/phases/p");
    plant(&ada, "HEAD:file", "refs/checkpoint/files/20261121T135900.000Z-create-aaaaaa");
    plant(&ada, "HEAD:file", "refs/notes/checkpoint");
    let bea = clone(&ada);
    let (state, refs) = (bea.state(), bea.refs());
    let run = bea.checkpoint_ok(&["fetch", "--json"]);
    let left: BTreeMap<String, String> = left_out(&run.json()).into_iter().collect();
    for end in 1..=11 {
        assert_eq!(left.get(&format!("{ID}{end:06x}")).map(String::as_str), Some("unusable"), "{end}: {run}");
    }
    assert_eq!(left["refs/checkpoint/records/not-an-id"], "bad-name");
    assert_eq!(left["refs/checkpoint/records/20261121T135900.000Z-create-1/deeper"], "bad-name");
    assert_eq!(left["99991231T235959.000Z-create-ffffff"], "future");
    assert_eq!(left["refs/checkpoint/phases/p"], "phase");
    assert_eq!(left["refs/notes/checkpoint"], "unusable");
    assert_eq!(left.len(), 16, "{left:#?}");
    assert!(run.stdout.contains("is of format 99"), "{run}");
    state.assert_same(&bea.state());
    // The good one came, and nothing else.
    let new: Vec<String> = bea.refs().into_iter().filter(|line| !refs.contains(line)).collect();
    assert!(new.len() == 2 && new.iter().all(|line| line.contains(&id)), "{new:?}");
    bea.fsck();
}

#[test]
fn names_that_could_be_taken_for_others_make_no_ref() {
    let ada = with_remote();
    let id = save(&ada, "sound");
    ada.checkpoint_ok(&["push"]);
    for (end, name) in [
        ("000001", "main"),
        ("000002", "origin/main"),
        ("000003", "HEAD"),
        ("000004", "deadbeef"),
        ("000005", "refs/heads/x"),
        ("000006", "FETCH_HEAD"),
    ] {
        let object = plant_record(&ada, &id, end, |text| {
            text.replace("Checkpoint-Tag: sound", &format!("Checkpoint-Tag: {name}"))
        });
        ada.at(remote_path(&ada)).git(&["update-ref", &format!("refs/tags/{name}"), &object]);
    }
    plant_record(&ada, &id, "000007", |text| {
        text.replace("Checkpoint-Tag: sound", "Checkpoint-Tag: \"../../evil\\033[31m\"")
    });
    let bea = TestRepo::clone_of(&ada);
    bea.git(&["remote", "set-url", "origin", &remote_path(&ada).to_string_lossy()]);
    bea.git(&["tag", "-d", "sound"]);
    let before = below(&bea, "refs/tags/");
    let fetched = bea.checkpoint_ok(&["fetch", "--json"]).json();
    let odd: Vec<_> = left_out(&fetched).into_iter().filter(|(_, reason)| reason == "odd-name").collect();
    assert_eq!(odd.len(), 6, "{fetched}");
    let after = below(&bea, "refs/tags/");
    assert_eq!(after.iter().filter(|name| !before.contains(name)).collect::<Vec<_>>(), ["sound"]);
    assert!(!bea.checkpoint_ok(&["list", "--all"]).stdout.contains('\u{1b}'));
    // Only text came of it: no escape reaches the screen.
    let text = bea.checkpoint_ok(&["fetch"]);
    assert!(!text.stdout.contains('\u{1b}') && !text.stderr.contains('\u{1b}'), "{text}");
}

#[test]
fn text_with_escapes_does_not_reach_the_screen() {
    let ada = with_remote();
    let id = save(&ada, "sound");
    plant_record(&ada, &id, "000001", |text| {
        text.replace("checkpoint of main", "evil \u{1b}]0;title\u{7} \u{202e}words")
    });
    plant_record(&ada, &id, "000002", |text| {
        text.replace("Checkpoint-State: unvalidated", "Checkpoint-State: \u{1b}[2J")
    });
    let bea = clone(&ada);
    for args in [&["fetch"][..], &["list"], &["log"], &["prune", "--dry-run"], &["push", "--dry-run"]] {
        let run = bea.checkpoint_ok(args);
        let shown = format!("{}{}", run.stdout, run.stderr);
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown}");
    }
}

#[test]
fn an_undo_of_others_takes_nothing_of_ours_back() {
    let ada = with_remote();
    let bea = clone(&ada);
    let own = save(&bea, "own");
    let id = save(&ada, "sound");
    let end = "20261121T135901.000Z-undo-000001";
    let object = forge(&ada, &id, |text| {
        let text = text.replace(&id, end).replace("Checkpoint-Kind: create", "Checkpoint-Kind: undo");
        let text = text
            .replace("Checkpoint-Tag: sound\n", "")
            .replace("Checkpoint-State: unvalidated", &format!("Checkpoint-Undoes: {own}"));
        text.replace(
            "Checkpoint-Undoes",
            &format!("Checkpoint-Ref: {} - refs/heads/main\nCheckpoint-Undoes", ada.rev("HEAD")),
        )
    });
    plant(&ada, &object, &format!("refs/checkpoint/records/{end}"));
    let fetched = bea.checkpoint_ok(&["fetch", "--json"]).json();
    assert_eq!(fetched["refs"].as_array().map(Vec::len), Some(1), "{fetched}");
    assert!(bea.checkpoint_ok(&["list"]).stdout.contains("own"), "it is hidden by somebody's word");
    for args in [&["redo", "--yes"][..], &["undo", end, "--yes"], &["redo", end, "--yes"]] {
        assert_eq!(bea.checkpoint(args).code, 1, "{args:?}");
    }
    assert_eq!(bea.checkpoint_ok(&["undo", "--yes", "--json"]).json()["undone"], own.as_str());
}

#[test]
fn huge_notes_are_passed_over() {
    let ada = with_remote();
    let tree = ada.rev("HEAD^{tree}");
    let blob = ada.git_with_input(&["hash-object", "-w", "--stdin"], vec![b'x'; 3 << 20]);
    ada.git(&["notes", "--ref", "checkpoint", "add", "-C", &blob, &tree]);
    plant(&ada, "refs/notes/checkpoint", "refs/notes/checkpoint");
    let bea = clone(&ada);
    bea.checkpoint_ok(&["fetch"]);
    bea.git(&["notes", "--ref", "checkpoint", "add", "-m", "pass aaaa unit 2026-11-21T14:00:00Z", &tree]);
    bea.checkpoint_ok(&["push"]);
    let merged = bea.at(remote_path(&ada)).git(&["notes", "--ref", "checkpoint", "show", &tree]);
    assert_eq!(merged, "pass aaaa unit 2026-11-21T14:00:00Z");
}

#[test]
fn what_the_remote_cannot_give_costs_no_other() {
    let ada = with_remote();
    let (first, second) = (save(&ada, "one"), save(&ada, "two"));
    ada.checkpoint_ok(&["push"]);
    let remote = ada.at(remote_path(&ada));
    let blob = ada.rev("one:file");
    let bea = clone(&ada);
    bea.git(&["tag", "-d", "one", "two"]);
    bea.git(&["gc", "-q", "--prune=now"]);
    let loose = remote_path(&ada).join("objects").join(&blob[..2]).join(&blob[2..]);
    assert!(loose.exists(), "a small push is unpacked");
    remote.chmod(&loose, 0o644);
    remote.remove(&loose);
    let fetched = bea.checkpoint_ok(&["fetch", "--json"]).json();
    let left = left_out(&fetched);
    assert!(left.len() == 1 && left[0].0.contains(&first) && left[0].1 == "withheld", "{fetched}");
    assert_eq!(below(&bea, "refs/checkpoint/records/"), [second]);
}
