//! What becomes of a checkpoint, by what its checks say.

use super::*;

#[test]
fn what_passes_gets_its_tag() {
    let repo = repository();
    repo.write("new", "not tracked\n");
    let before = (repo.state(), repo.fingerprint());
    let taken = taken(&repo, 0, &["--name", "wanted"]);
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
    assert_eq!((&taken["state"], &taken["tag"]), (&"validated".into(), &"wanted".into()));
    assert_eq!(verdicts(&taken), "unit=pass");
    assert_eq!(repo.rev("refs/tags/wanted"), repo.rev(&format!("refs/checkpoint/records/{}", id(&taken))));
    let text = record(&repo, &id(&taken));
    assert!(text.contains("Checkpoint-State: validated") && !text.contains("Wanted-Tag"), "{text}");
    assert_eq!(repo.git(&["show", "wanted:new"]), "not tracked");
    assert!(!repo.exists(".git/checkpoint/jobs/due"), "nobody has to look after anything");
    repo.fsck();
}

#[test]
fn what_fails_is_saved_without_a_tag() {
    let repo = repository();
    repo.checkpoint_ok(&["create", "--name", "fine"]);
    repo.write("file", "bad\n");
    repo.write("new", "not tracked\n");
    let before = (repo.state(), repo.fingerprint());
    let run = repo.checkpoint(&["create", "--name", "wanted", "-m", "before the storm"]);
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
    assert_eq!(tags(&repo), ["fine"]);
    insta::assert_snapshot!(run);
    assert_eq!(listed(&repo, &[]), "validated");
    assert_eq!(listed(&repo, &["--all"]), "failed validated");
    assert_eq!(listed(&repo, &["--all", "-n", "1"]), "failed");
    assert_eq!(listed(&repo, &["-n", "1"]), "validated");
    let all = repo.checkpoint_ok(&["list", "--all"]);
    assert!(all.stdout.contains("failed (unit: it exited with code 1)"), "{all}");
    let failed = repo.checkpoint_ok(&["list", "--all", "--json"]).json()[0].clone();
    let text = record(&repo, &id(&failed));
    assert!(text.contains("Checkpoint-State: failed") && text.contains("Checkpoint-Wanted-Tag: wanted"), "{text}");
    insta::assert_snapshot!(repo.checkpoint(&["show", &id(&failed)]));
    let log = crate::schema::answers(&repo, 0, "show", &["show", &id(&failed)])["checks"][0]["log"].clone();
    assert_eq!(repo.git(&["show", log.as_str().expect("a log is kept")]), "bad");
    assert_eq!(repo.git(&["show", &format!("{}:new", failed["commit"].as_str().expect("a commit"))]), "not tracked");
    repo.fsck();
}

#[test]
fn a_state_that_failed_can_be_gone_back_to_by_its_id() {
    let repo = repository();
    repo.write("file", "bad\n");
    let failed = taken(&repo, 1, &[]);
    let saved = repo.state();
    repo.write("file", "worse\n");
    repo.write("new", "x\n");
    let went = repo.checkpoint(&["rollback", &id(&failed), "--yes"]);
    assert!(went.code == 1 && went.stdout.contains("verify   ok"), "it is there, and does not work: {went}");
    saved.assert_same(&repo.state());
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.read_text("file"), "worse\n");
    // And taken back.
    repo.checkpoint_ok(&["undo", &id(&failed), "--yes"]);
    let all = repo.checkpoint_ok(&["list", "--all", "--json"]).json();
    assert_eq!((&all[0]["undone"], &all[0]["state"]), (&true.into(), &"failed".into()));
    let said = repo.checkpoint_ok(&["list", "--all"]);
    assert!(said.stdout.contains("undone, failed (unit: "), "{said}");
    repo.fsck();
}

#[test]
fn where_nothing_stands_the_list_says_how_to_see_the_rest() {
    let repo = repository();
    assert!(repo.checkpoint_ok(&["list"]).stderr.contains("takes one"));
    repo.write("file", "bad\n");
    taken(&repo, 1, &[]);
    let none = repo.checkpoint_ok(&["list"]);
    assert!(none.stdout.is_empty() && none.stderr.contains("list --all"), "{none}");
}

#[test]
fn a_backup_branch_is_made_of_it_where_that_is_wanted() {
    let repo = TestRepo::with_commit();
    configure(&repo, &("[checkpoint]\non-fail = 'backup-branch'\n".to_owned() + &good()));
    let failed = taken(&repo, 1, &[]);
    let branches = repo.git(&["branch", "--list", "--format=%(refname:short)", "*broken*"]);
    assert_eq!(branches.lines().count(), 1, "{branches}");
    assert_eq!(repo.rev(&branches), failed["commit"].as_str().expect("a commit"));
    let text = record(&repo, &id(&failed));
    assert!(text.contains(&format!("refs/heads/{branches}")), "{text}");
    let undone = repo.checkpoint_ok(&["undo", &id(&failed), "--yes"]);
    assert_eq!(repo.git(&["branch", "--list", "*broken*"]), "", "{undone}");
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(repo.git(&["branch", "--list", "--format=%(refname:short)", "*broken*"]), branches);
    // A second one beside it, and none of what passes.
    repo.write("new", "x\n");
    taken(&repo, 1, &[]);
    repo.write("file", "good\n");
    taken(&repo, 0, &[]);
    assert_eq!(repo.git(&["branch", "--list", "*broken*"]).lines().count(), 2);
    // What no check has looked at is not broken.
    repo.write("file", "bad\n");
    taken(&repo, 0, &["--no-verify"]);
    assert_eq!(repo.git(&["branch", "--list", "*broken*"]).lines().count(), 2);
    repo.fsck();
}

#[test]
fn no_answer_is_no_pass() {
    for (command, more) in
        [("exit 125", ""), ("kill -9 $$", ""), ("sleep 30", "timeout = '1s'"), ("echo x > file", ""), ("/no/such", "")]
    {
        let repo = configured(&check("unit", command, &[more]));
        let said = taken(&repo, 1, &["--name", "wanted"]);
        assert_eq!((&said["state"], &said["tag"]), (&"inconclusive".into(), &Value::Null), "{command}");
        assert_eq!((tags(&repo), listed(&repo, &[])), (vec![], String::new()), "{command}");
        assert_eq!(listed(&repo, &["--all"]), "inconclusive");
        // It can be asked again, and then its tag appears.
        if command == "exit 125" {
            configure(&repo, &check("unit", "true", &[]));
            repo.git(&["config", "checkpoint.background", "false"]);
            repo.checkpoint_ok(&["jobs", "retry", &id(&said)]);
            assert_eq!((tags(&repo), listed(&repo, &[])), (vec!["wanted".to_owned()], "validated".into()));
        }
        repo.fsck();
    }
}

#[test]
fn a_check_of_low_severity_is_told_and_not_in_the_way() {
    let repo = configured(&(check("lint", "exit 1", &["severity = 'low'"]) + &check("unit", "true", &[])));
    let run = repo.checkpoint(&["create"]);
    assert!(run.code == 0 && run.stderr.contains("lint fails"), "{run}");
    assert_eq!((tags(&repo).len(), listed(&repo, &[])), (1, "validated".into()));
}

#[test]
fn what_nobody_has_looked_at_says_so() {
    let repo = repository();
    repo.write("file", "bad\n");
    let said = taken(&repo, 0, &["--no-verify", "--name", "unseen"]);
    assert_eq!((&said["state"], &said["checks"]), (&"unvalidated".into(), &serde_json::json!([])));
    assert_eq!(tags(&repo), ["unseen"]);
    // Checks of another moment are not asked.
    let repo = configured(&check("unit", RAN, &["on = ['push']"]));
    assert_eq!(taken(&repo, 0, &[])["state"], "unvalidated");
    assert_eq!((tags(&repo).len(), runs(&repo)), (1, 0));
}

#[test]
fn without_trust_it_is_saved_and_nothing_is_run() {
    let repo = configured(&check("unit", RAN, &[]));
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    repo.write("new", "not tracked\n");
    let run = repo.checkpoint(&["create", "--name", "wanted", "--json"]);
    assert!(run.code == 2 && run.stderr.contains("git checkpoint trust"), "{run}");
    assert_eq!((run.json()["state"].as_str(), tags(&repo).len(), runs(&repo)), (Some("unvalidated"), 0, 0));
    assert!(record(&repo, &id(&run.json())).contains("Checkpoint-Wanted-Tag: wanted"));
    let commit = run.json()["commit"].as_str().expect("a commit").to_owned();
    assert_eq!(repo.git(&["show", &format!("{commit}:new")]), "not tracked");
    // It can be gone back to, as what is newest.
    repo.write("new", "changed\n");
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    assert_eq!(repo.read_text("new"), "not tracked\n");
    repo.fsck();
}

#[test]
fn a_check_that_cannot_be_run_holds_the_tag_and_not_the_state() {
    let repo = configured(&(check("unit", RAN, &[]) + &check("other", "no-such-command --x", &[])));
    let run = repo.checkpoint(&["create", "--json"]);
    assert!(run.code == 2 && run.stderr.contains("no-such-command") && run.stderr.contains("line 6"), "{run}");
    assert_eq!((run.json()["state"].as_str(), tags(&repo).len(), runs(&repo)), (Some("unvalidated"), 0, 0));
}

#[test]
fn a_name_that_is_taken_is_refused_before_and_counted_up_meanwhile() {
    let repo = repository();
    repo.git(&["tag", "wanted"]);
    let refs = repo.refs();
    let run = repo.checkpoint(&["create", "--name", "wanted"]);
    assert!(run.code == 1 && run.stderr.contains("`wanted` is taken"), "{run}");
    assert_eq!(refs, repo.refs(), "nothing is saved under another name");
    repo.git(&["tag", "-d", "wanted"]);
    let meanwhile = format!("git -C '{}' tag wanted", repo.path().display());
    configure(&repo, &check("unit", &meanwhile, &[]));
    let said = taken(&repo, 0, &["--name", "wanted"]);
    assert_eq!((&said["state"], &said["tag"]), (&"validated".into(), &"wanted.2".into()));
    repo.fsck();
}

#[test]
fn the_kinds_of_tags_are_as_configured() {
    for (kind, kept) in [("annotated", true), ("lightweight", true), ("none", false)] {
        let repo = TestRepo::with_commit();
        configure(&repo, &(format!("[tag]\nkind = '{kind}'\n") + &good()));
        let failed = taken(&repo, 1, &[]);
        assert!(tags(&repo).is_empty(), "{kind}");
        repo.write("file", "good\n");
        let passed = taken(&repo, 0, &[]);
        assert_eq!((&passed["state"], tags(&repo).len()), (&"validated".into(), usize::from(kept)), "{kind}");
        if kind == "lightweight" {
            assert_eq!(repo.git(&["cat-file", "-t", &tags(&repo)[0]]), "commit");
        }
        assert_eq!(repo.checkpoint_ok(&["show", "good", "--json"]).json()["id"], passed["id"]);
        repo.checkpoint_ok(&["show", &id(&failed)]);
        repo.fsck();
    }
}

#[test]
fn a_tag_that_cannot_be_signed_is_left_out_and_told() {
    let repo = repository();
    repo.git(&["config", "tag.gpgSign", "true"]);
    repo.git(&["config", "gpg.program", "false"]);
    let run = repo.checkpoint(&["create", "--json"]);
    assert!(run.code == 0 && run.stderr.contains("could not be signed"), "{run}");
    assert_eq!((run.json()["state"].as_str(), tags(&repo).len()), (Some("validated"), 0));
    let signer = beside(&repo, "signer");
    let script = "#!/bin/sh\ncat > /dev/null; echo '[GNUPG:] SIG_CREATED ' >&2; \
                  echo '-----BEGIN PGP SIGNATURE-----'; echo; echo x; echo '-----END PGP SIGNATURE-----'\n";
    repo.write(&signer, script);
    repo.chmod(&signer, 0o755);
    repo.git(&["config", "gpg.program", &signer.to_string_lossy()]);
    // One of the checks has to run, so that the record is replaced.
    repo.write("file", "good again\n");
    let said = taken(&repo, 0, &["--name", "signed"]);
    assert_eq!(said["state"], "validated");
    assert!(repo.git(&["cat-file", "tag", "signed"]).contains("BEGIN PGP SIGNATURE"));
    assert_eq!(repo.rev("refs/tags/signed"), repo.rev(&format!("refs/checkpoint/records/{}", id(&said))));
}

#[test]
fn what_was_taken_back_while_its_checks_ran_gets_no_tag() {
    let repo = TestRepo::with_commit();
    let undo = format!("cd '{}' && GIT_CHECKPOINT= git-checkpoint undo --yes", repo.path().display());
    configure(&repo, &check("unit", &undo, &["isolation = 'worktree'"]));
    let run = repo.checkpoint(&["create", "--json"]);
    assert!(tags(&repo).is_empty(), "{run}");
    assert_eq!(listed(&repo, &[]), "", "{run}");
    let redone = repo.checkpoint_ok(&["redo", "--yes"]);
    assert!(listed(&repo, &[]).contains("validated"), "{redone}");
    repo.fsck();
}

#[test]
fn a_linked_worktree_and_a_detached_head_have_the_same_gate() {
    let repo = repository();
    let linked = repo.linked_worktree("linked");
    for place in [&linked, &repo] {
        if place.path() == repo.path() {
            repo.git(&["checkout", "-q", "--detach"]);
        }
        place.write("file", "bad\n");
        let failed = taken(place, 1, &["-m", "bad"]);
        assert_eq!((&failed["state"], &failed["tag"]), (&"failed".into(), &Value::Null));
        place.write("file", "good\n");
        assert_eq!(taken(place, 0, &[])["state"], "validated");
        assert_eq!(place.git(&["status", "--porcelain"]), "");
    }
    assert_eq!((tags(&repo).len(), listed(&repo, &["--all"])), (2, "validated failed validated failed".into()));
    repo.fsck();
}

#[test]
fn undo_takes_the_tag_of_one_that_passed() {
    let repo = repository();
    let said = taken(&repo, 0, &[]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!((tags(&repo).len(), listed(&repo, &[])), (0, String::new()));
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(tags(&repo), [said["tag"].as_str().expect("a tag")]);
    assert_eq!(listed(&repo, &[]), "validated");
}
