//! What goes and what stays, and what is said of it.

use super::{clone, forge, left_out, remote_hook, remote_path, remote_refs, save, with_remote};
use crate::{support::TestRepo, terminal::Session};

#[test]
fn what_git_did_not_track_stays_unless_it_is_let_go() {
    let repo = with_remote();
    save(&repo, "tracked");
    repo.write("new.txt", "new\n");
    save(&repo, "untracked");
    let pushed = repo.checkpoint_ok(&["push", "--json"]).json();
    assert_eq!(left_out(&pushed), [("untracked".into(), "untracked".into())]);
    assert_eq!(pushed["left_out"][0]["paths"][0], "new.txt");
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["tracked"]);
    // Neither the tag nor the record nor any object of it is there.
    let blob = repo.rev("untracked:new.txt");
    assert!(!repo.at(remote_path(&repo)).git_raw(&["cat-file", "-e", &blob]).status.success());
    let said = repo.checkpoint_ok(&["push"]);
    assert!(said.stderr.contains("new.txt") && said.stderr.contains("--with-untracked"), "{said}");
    repo.checkpoint_ok(&["push", "--with-untracked"]);
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["tracked", "untracked"]);
    assert_eq!(remote_refs(&repo, "refs/checkpoint/records/").len(), 2);
    repo.at(remote_path(&repo)).git(&["cat-file", "-e", &blob]);
}

#[test]
fn a_backup_with_untracked_files_stays_as_well() {
    let repo = with_remote();
    save(&repo, "saved");
    repo.write("secret plans.txt", "plans\n");
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    let pushed = repo.checkpoint_ok(&["push", "--json"]).json();
    assert_eq!(left_out(&pushed).len(), 1, "{pushed}");
    assert_eq!(remote_refs(&repo, "refs/heads/"), ["main"]);
}

#[test]
fn the_bytes_that_a_filter_keeps_from_git_stay() {
    let repo = with_remote();
    // What is on disk is the clear text; git has another.
    repo.git(&["config", "filter.hide.clean", "tr a-z n-za-m"]);
    repo.write(".gitattributes", "hidden filter=hide\n");
    repo.write("hidden", "in the clear\n");
    repo.commit("Hide");
    repo.git(&["push", "-q"]);
    repo.write("hidden", "still in the clear\n");
    save(&repo, "filtered");
    let pushed = repo.checkpoint_ok(&["push", "--json"]).json();
    assert_eq!(left_out(&pushed), [("filtered".into(), "untracked".into())], "{pushed}");
    assert_eq!(pushed["left_out"][0]["paths"][0], "hidden");
    assert_eq!(remote_refs(&repo, "refs/checkpoint/"), [""; 0]);
    repo.checkpoint_ok(&["push", "--with-untracked"]);
    assert_eq!(remote_refs(&repo, "refs/checkpoint/files/").len(), 1);
    let other = clone(&repo);
    other.checkpoint_ok(&["fetch"]);
    other.git(&["config", "filter.hide.clean", "tr a-z n-za-m"]);
    other.checkpoint_ok(&["rollback", "filtered", "--yes"]);
    assert_eq!(other.read("hidden"), b"still in the clear\n");
}

#[test]
fn names_of_secrets_are_asked_about() {
    let repo = with_remote();
    repo.write("deploy/.env", "KEY=1\n");
    save(&repo, "with-env");
    for args in [
        &["push", "--with-untracked"][..],
        &["push", "--with-untracked", "--yes"],
        &["push", "--with-untracked", "--with-secrets"],
    ] {
        let run = repo.checkpoint(args);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("deploy/.env") && run.stderr.contains("nothing was pushed"), "{run}");
    }
    assert_eq!(remote_refs(&repo, "refs/tags/"), [""; 0]);
    // One that was staged is no untracked file, and is no less a secret.
    let staged = with_remote();
    staged.write("id_rsa", "key\n");
    staged.git(&["add", "id_rsa"]);
    save(&staged, "staged");
    let pushed = staged.checkpoint_ok(&["push", "--json"]).json();
    assert_eq!(left_out(&pushed), [("staged".into(), "secrets".into())]);
    let run = repo.checkpoint_ok(&["push", "--with-untracked", "--with-secrets", "--yes"]);
    assert!(run.stderr.contains("deploy/.env"), "{run}");
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["with-env"]);
}

#[test]
fn a_person_sees_the_size_and_is_asked() {
    let repo = with_remote();
    repo.write(".env", "KEY=1\n");
    save(&repo, "with-env");
    repo.remove(".env");
    save(&repo, "plain");
    let mut session = Session::start(&repo, &["push", "--with-untracked"]);
    session.expect("Let these leave this machine?");
    session.send("n");
    session.expect("Push?");
    session.send("n");
    let (code, text) = session.end();
    assert!(code == 1 && text.contains("objects (") && text.contains("tags/plain"), "{code}: {text}");
    assert_eq!(remote_refs(&repo, "refs/tags/"), [""; 0]);
    let mut session = Session::start(&repo, &["push"]);
    session.expect("Push?");
    session.send("y");
    let (code, text) = session.end();
    assert_eq!(code, 0, "{text}");
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["plain"]);
}

#[test]
fn a_dry_run_sends_and_changes_nothing() {
    let repo = with_remote();
    save(&repo, "saved");
    let before = repo.git_dir_fingerprint();
    let planned = repo.checkpoint_ok(&["push", "--dry-run", "--json"]).json();
    before.assert_same(&repo.git_dir_fingerprint());
    assert!(planned["objects"].as_u64() >= Some(4) && planned["bytes"].as_u64() > Some(100), "{planned}");
    assert!(
        planned["refs"]
            .as_array()
            .is_some_and(|refs| refs.len() == 2 && refs.iter().all(|one| one["state"] == "planned"))
    );
    assert_eq!(remote_refs(&repo, "refs/"), ["heads/main"]);
}

#[test]
fn only_our_refs_go_whatever_is_configured() {
    let repo = with_remote();
    save(&repo, "saved");
    repo.commit("Not pushed by the user");
    repo.git(&["tag", "-a", "-m", "v1", "v1"]);
    repo.git(&["branch", "private"]);
    for (key, value) in [
        ("remote.origin.push", "+refs/heads/*:refs/heads/*"),
        ("push.followTags", "true"),
        ("push.default", "matching"),
        ("remote.origin.mirror", "true"),
        ("push.recurseSubmodules", "check"),
    ] {
        repo.git(&["config", key, value]);
    }
    let main = repo.at(remote_path(&repo)).rev("main");
    save(&repo, "later");
    repo.checkpoint_ok(&["push"]);
    assert_eq!(repo.at(remote_path(&repo)).rev("main"), main);
    let refs = remote_refs(&repo, "refs/");
    let own = |name: &String| {
        name.starts_with("checkpoint/records/") || ["heads/main", "tags/saved", "tags/later"].contains(&name.as_str())
    };
    assert!(refs.iter().all(own) && refs.len() == 5, "{refs:?}");
}

#[test]
fn another_tag_of_the_name_is_not_overwritten_and_the_record_goes() {
    let repo = with_remote();
    save(&repo, "taken");
    let remote = repo.at(remote_path(&repo));
    remote.git(&["tag", "taken", "main"]);
    let pushed = repo.checkpoint_ok(&["push", "--json"]).json();
    assert_eq!(left_out(&pushed), [("refs/tags/taken".into(), "name-taken".into())]);
    assert_eq!(remote.rev("taken"), remote.rev("main"));
    assert_eq!(remote_refs(&repo, "refs/checkpoint/records/").len(), 1);
    // The user's own tag of that name is none of our business either.
    repo.git(&["tag", "-f", "taken", "HEAD"]);
    assert_eq!(left_out(&repo.checkpoint_ok(&["push", "--json"]).json()), []);
}

#[test]
fn a_hook_that_refuses_one_ref_costs_no_other() {
    let repo = with_remote();
    save(&repo, "sound");
    save(&repo, "bad");
    remote_hook(&repo, "update", "case $1 in refs/tags/bad) echo 'no bad tags' >&2; exit 1;; esac");
    let run = repo.checkpoint(&["push"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("refs/tags/bad did not go") && run.stderr.contains("no bad tags"), "{run}");
    assert!(run.stdout.contains("2 records, 1 tag"), "{run}");
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["sound"]);
    assert_eq!(remote_refs(&repo, "refs/checkpoint/records/").len(), 2);
    remote_hook(&repo, "update", "exit 0");
    repo.checkpoint_ok(&["push"]);
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["bad", "sound"]);
}

#[test]
fn a_remote_that_takes_no_refs_of_ours_is_told_from_others() {
    let repo = with_remote();
    save(&repo, "saved");
    remote_hook(&repo, "update", "case $1 in refs/checkpoint/*) exit 1;; esac");
    let run = repo.checkpoint(&["push"]);
    assert!(run.code == 1 && run.stderr.contains("takes no refs below refs/checkpoint/"), "{run}");
    // The tag alone is a whole checkpoint.
    assert_eq!(remote_refs(&repo, "refs/"), ["heads/main", "tags/saved"]);
}

#[test]
fn a_server_that_knows_no_atomic_push_gets_them_one_by_one() {
    let repo = with_remote();
    repo.at(remote_path(&repo)).git(&["config", "receive.advertiseAtomic", "false"]);
    save(&repo, "saved");
    repo.checkpoint_ok(&["push"]);
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["saved"]);
}

#[test]
fn a_remote_that_is_killed_is_told_and_the_next_push_completes() {
    let repo = with_remote();
    for name in ["one", "two", "three"] {
        save(&repo, name);
    }
    // The second ref kills the server, after the first one of a push that is not atomic was made.
    repo.at(remote_path(&repo)).git(&["config", "receive.advertiseAtomic", "false"]);
    remote_hook(&repo, "update", "case $1 in refs/tags/two) kill -9 $PPID;; esac");
    let run = repo.checkpoint(&["push", "--json"]);
    assert!(run.code == 1 || run.code == 4, "{run}");
    let arrived = remote_refs(&repo, "refs/");
    let told: Vec<String> = run.json()["refs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["state"] == "pushed")
        .map(|one| one["ref"].as_str().expect("text").trim_start_matches("refs/").to_owned())
        .collect();
    let mut expected: Vec<String> = arrived.into_iter().filter(|name| name != "heads/main").collect();
    expected.sort();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "it says exactly what went");
    remote_hook(&repo, "update", "exit 0");
    repo.checkpoint_ok(&["push"]);
    assert_eq!(remote_refs(&repo, "refs/tags/"), ["one", "three", "two"]);
    assert_eq!(remote_refs(&repo, "refs/checkpoint/records/").len(), 3);
    repo.at(remote_path(&repo)).fsck();
}

#[test]
fn a_remote_that_is_not_there_is_an_error_and_nobody_is_asked() {
    let repo = with_remote();
    save(&repo, "saved");
    for url in ["http://127.0.0.1:9/x.git", "/nowhere/at/all.git"] {
        let run = repo.checkpoint(&["push", url]);
        assert!(run.code == 4 && run.stderr.contains("git ls-remote"), "{run}");
    }
    for name in ["nonesuch", "--upload-pack=x", ""] {
        let run = repo.checkpoint(&["push", "--", name]);
        assert_eq!(run.code, 2, "{run}");
    }
    // ssh is told to ask nothing.
    repo.write("../bin/ssh", "#!/bin/sh\nprintf '%s\\n' \"$@\" \"$GIT_ASKPASS\" > \"$HOME/ssh-args\"\nexit 255\n");
    repo.chmod("../bin/ssh", 0o755);
    repo.set_var("GIT_SSH_COMMAND", repo.root().join("bin/ssh"));
    assert_eq!(repo.checkpoint(&["fetch", "ssh://host/x.git"]).code, 4);
    let args = String::from_utf8(repo.read("../home/ssh-args")).expect("text");
    assert!(args.contains("-oBatchMode=yes\n") && args.ends_with("\nfalse\n"), "{args}");
}

#[test]
fn verdicts_are_merged_and_none_is_lost() {
    let ada = with_remote();
    let bea = clone(&ada);
    let tree = ada.rev("HEAD^{tree}");
    let note =
        |repo: &TestRepo, line: &str| drop(repo.git(&["notes", "--ref", "checkpoint", "append", "-m", line, &tree]));
    note(&ada, "pass aaaa unit 2026-11-21T14:00:00Z");
    note(&bea, "fail bbbb lint 2026-11-21T14:00:00Z");
    ada.checkpoint_ok(&["push"]);
    let own = bea.rev("refs/notes/checkpoint");
    bea.checkpoint_ok(&["push"]);
    let remote = ada.at(remote_path(&ada));
    let merged = remote.git(&["notes", "--ref", "checkpoint", "show", &tree]);
    assert!(merged.contains("pass aaaa unit") && merged.contains("fail bbbb lint"), "{merged}");
    // What Ada says is not what Bea found.
    assert_eq!(bea.rev("refs/notes/checkpoint"), own);
    note(&ada, "pass cccc slow 2026-11-21T14:00:00Z");
    ada.checkpoint_ok(&["push"]);
    let merged = remote.git(&["notes", "--ref", "checkpoint", "show", &tree]);
    for line in ["aaaa", "bbbb", "cccc"] {
        assert_eq!(merged.matches(line).count(), 1, "{merged}");
    }
    // Nothing to do is nothing done.
    let (before, pushed) = (remote.rev("refs/notes/checkpoint"), bea.checkpoint_ok(&["push", "--json"]).json());
    assert_eq!((remote.rev("refs/notes/checkpoint"), pushed["refs"].as_array().map(Vec::len)), (before, Some(0)));
}

#[test]
fn our_own_hook_is_not_in_the_way_and_the_users_is_run() {
    let repo = with_remote();
    repo.write(".checkpoint.toml", "[[check]]\nname = \"bad\"\nrun = \"exit 1\"\non = [\"push\"]\n");
    repo.commit("Configure");
    crate::pre_push::install_hook(&repo);
    let shown = repo.checkpoint_ok(&["trust", "--show", "--json"]).json();
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
    save(&repo, "saved");
    repo.checkpoint_ok(&["push"]);
    repo.write(repo.git_dir().join("hooks/pre-push"), "#!/bin/sh\ncat > \"$HOME/lines\"\nexit 1\n");
    save(&repo, "second");
    let run = repo.checkpoint(&["push"]);
    assert_ne!(run.code, 0, "{run}");
    assert!(String::from_utf8_lossy(&repo.read("../home/lines")).contains("refs/tags/second"));
    repo.checkpoint_ok(&["push", "--no-verify"]);
}

#[test]
fn a_record_is_replaced_there_only_by_its_final_form() {
    let repo = with_remote();
    let id = save(&repo, "saved");
    let (name, last) = (format!("refs/checkpoint/records/{id}"), repo.rev("refs/tags/saved"));
    let pending = forge(&repo, &id, |text| text.replace("Checkpoint-State: unvalidated", "Checkpoint-State: pending"));
    repo.git(&["push", "-q", "origin", &format!("{pending}:{name}"), &format!("{pending}:refs/tags/saved")]);
    repo.checkpoint_ok(&["push"]);
    assert_eq!(repo.at(remote_path(&repo)).rev(&name), last);
    assert_eq!(repo.at(remote_path(&repo)).rev("refs/tags/saved"), last);
    // Another content is not replaced, whoever is right.
    let other = forge(&repo, &id, |text| text.replace("checkpoint of main", "somebody else's words"));
    repo.git(&["push", "-q", "-f", "origin", &format!("{other}:{name}")]);
    let pushed = repo.checkpoint_ok(&["push", "--json"]).json();
    assert_eq!(left_out(&pushed), [("saved".into(), "record-differs".into())]);
    assert_eq!(repo.at(remote_path(&repo)).rev(&name), other);
}
