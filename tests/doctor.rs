//! `git checkpoint doctor`: each thing that can be wrong is found, with its fix, and a healthy repository has none.

use std::fs;

use serde_json::Value;

use crate::support::TestRepo;

/// What is found about `check`, with the exit code.
#[track_caller]
fn found(repo: &TestRepo, check: &str) -> (i32, Vec<Value>) {
    let run = repo.checkpoint(&["doctor", "--json"]);
    let value = run.json();
    assert_eq!(value["ok"], run.code == 0, "{run}");
    let findings = value["findings"].as_array().expect("a list").iter();
    (run.code, findings.filter(|finding| finding["check"] == check).cloned().collect())
}

/// That `check` finds a problem that says `words`, with a fix.
#[track_caller]
fn problem(repo: &TestRepo, check: &str, words: &str) {
    let (code, findings) = found(repo, check);
    let is_it = |finding: &&Value| finding["level"] == "problem" && finding["what"].to_string().contains(words);
    let finding = findings.iter().find(is_it).unwrap_or_else(|| panic!("{words}: {findings:#?}"));
    assert!(finding["fix"].is_string(), "{finding}");
    assert_eq!(code, 1);
}

/// That `check` finds nothing but what is `level`.
#[track_caller]
fn only(repo: &TestRepo, check: &str, level: &str) {
    let (_, findings) = found(repo, check);
    assert!(!findings.is_empty() && findings.iter().all(|finding| finding["level"] == level), "{findings:#?}");
}

#[test]
fn a_healthy_repository_has_nothing_wrong_and_is_not_changed() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create"]);
    repo.checkpoint_ok(&["hooks", "install"]);
    let before = (repo.fingerprint(), repo.git_dir_fingerprint());
    let run = repo.checkpoint_ok(&["doctor"]);
    assert!(run.stdout.ends_with("nothing is wrong\n"), "{run}");
    assert!(
        run.stdout.contains("post-commit, post-merge, post-checkout, post-rewrite, post-applypatch, pre-push"),
        "{run}"
    );
    before.0.assert_same(&repo.fingerprint());
    before.1.assert_same(&repo.git_dir_fingerprint());
    assert_eq!(fs::read_dir(repo.root().join("tmp")).expect("it is there").count(), 0, "the throw-away is gone");
}

#[test]
fn hooks_are_fired_and_what_does_not_arrive_is_told() {
    let repo = TestRepo::with_commit();
    only(&repo, "hooks", "note");
    // The user's own hooks are not called for it.
    repo.write(".git/hooks/post-commit", "#!/bin/sh\ntouch ../fired-the-users-hook\n");
    repo.chmod(".git/hooks/post-commit", 0o755);
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(found(&repo, "hooks").0, 0);
    assert!(!repo.root().join("fired-the-users-hook").exists());
    // Text and mode are as they should be, but what is called never says anything.
    let files = repo.path().join(".git/hooks/pre-push");
    let shim = if files.exists() { files } else { repo.path().join(".git/checkpoint/hooks/pre-push") };
    let text = fs::read_to_string(&shim).expect("it was installed");
    fs::write(&shim, text.replace("event=pre-push", "exit 0")).expect("it is writable");
    problem(&repo, "hooks", "pre-push: it was fired and did not call git-checkpoint");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(found(&repo, "hooks").0, 0);
    fs::remove_file(&shim).expect("it was installed");
    problem(&repo, "hooks", "pre-push");
}

#[test]
fn what_was_interrupted_or_left_over_is_told() {
    let repo = TestRepo::with_commit();
    for check in ["operation", "locks", "leftovers", "records", "tags", "coverage", "configuration", "identity", "git"]
    {
        only(&repo, check, "ok");
    }
    repo.write(".git/refs/heads/x.lock", "");
    repo.write(".git/index.lock", "");
    only(&repo, "locks", "note");
    for path in [".git/index.lock", ".git/refs/heads/x.lock"] {
        let touched = repo.command("touch").args(["-d", "2020-01-01", path]).status().expect("there is one");
        assert!(touched.success());
        problem(&repo, "locks", path);
    }
    repo.remove(".git/index.lock");
    repo.write(".git/checkpoint/tmp_left", "");
    only(&repo, "leftovers", "note");
    let mut gone = repo.command("true").spawn().expect("there is one");
    gone.wait().expect("it ends");
    repo.write(".git/checkpoint/lock", format!("{}\ngit checkpoint rollback\n2026\n", gone.id()));
    let (_, locks) = found(&repo, "locks");
    assert!(locks[0]["what"].as_str().is_some_and(|what| what.contains("was killed")), "{locks:?}");
    repo.write(".git/checkpoint/journal/main.json", "garbage");
    problem(&repo, "operation", "cannot be read");
}

#[test]
fn a_stopped_operation_is_told() {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("file", "theirs\n");
    repo.commit("theirs");
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    repo.write("file", "ours\n");
    repo.commit("ours");
    assert_eq!(repo.checkpoint(&["recover", "--all"]).code, 3);
    problem(&repo, "operation", "a recover was begun and has not ended");
}

#[test]
fn objects_of_records_that_are_missing_are_told() {
    let repo = TestRepo::with_commit();
    repo.write("new", "only the checkpoint has it\n");
    repo.checkpoint_ok(&["create"]);
    only(&repo, "records", "ok");
    let tag = repo.git(&["tag", "--list"]);
    let blob = repo.rev(&format!("{tag}:new"));
    let tree = repo.rev(&format!("{tag}^{{tree}}"));
    for object in [blob, tree] {
        let path = format!(".git/objects/{}/{}", &object[..2], &object[2..]);
        repo.remove(&path);
        problem(&repo, "records", &object);
    }
    let record = repo.rev(&tag);
    repo.remove(format!(".git/objects/{}/{}", &record[..2], &record[2..]));
    problem(&repo, "records", &record);
}

#[test]
fn configuration_tools_and_what_is_not_covered() {
    let repo = TestRepo::with_commit();
    repo.write("pyproject.toml", "[build-system]\nrequires = ['setuptools-scm>=8']\n");
    problem(&repo, "tags", "setuptools-scm (pyproject.toml)");
    repo.write(".checkpoint.toml", "[tag]\nkind = 'none'\n");
    only(&repo, "tags", "ok");
    repo.write(".checkpoint.toml", "[tag]\nknd = 'none'\n");
    problem(&repo, "configuration", "not valid");
    repo.remove(".checkpoint.toml");
    repo.dir("nested");
    repo.at("nested").git(&["init", "-q", "."]);
    only(&repo, "coverage", "note");
    repo.remove_identity();
    only(&repo, "identity", "note");
    repo.write("assets/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    repo.git(&["add", "assets"]);
    problem(&repo, "lfs", "Git LFS");
}

#[test]
fn a_repository_that_cannot_be_worked_on_is_a_finding() {
    let repo = TestRepo::with_commit();
    let bare = repo.at("../bare.git");
    bare.git(&["init", "-q", "--bare", "."]);
    problem(&bare, "repository", "is a bare repository");
    problem(&repo.at("../outside"), "repository", "is not in a usable git repository");
    let reftable = repo.at("../reftable");
    if reftable.git_raw(&["init", "-q", "--ref-format=reftable", "."]).status.success() {
        problem(&reftable, "repository", "reftable");
    }
}
