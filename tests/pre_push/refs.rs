//! What git can push beside one branch that goes forward.

use super::*;

/// What the hook makes of each ref.
fn states(value: &Value) -> Vec<(&str, &str)> {
    let text = |value: &'_ Value, key: &str| value[key].as_str().map(str::to_owned).expect("text");
    let refs = value["refs"].as_array().expect("refs");
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    refs.iter().map(|one| (leak(text(one, "ref")), leak(text(one, "state")))).collect()
}

#[test]
fn each_ref_is_taken_for_what_it_is() {
    let repo = trusted(&good_check(""));
    let (zero, old) = ("0".repeat(40), repo.rev("HEAD"));
    let tag = repo.checkpoint_ok(&["create", "--json"]).json();
    let saved = tag["tag"].as_str().expect("a tag").to_owned();
    let bad = commit(&repo, "bad");
    repo.git(&["tag", "-a", "-m", "v1", "v1"]);
    let v1 = repo.rev("v1");
    repo.git(&["tag", "-a", "-m", "of a tag", "v1-too", "v1"]);
    let blob = repo.git_with_input(&["hash-object", "-w", "--stdin"], "blob\n");
    let record = repo.rev(&saved);
    let lines = [
        format!("refs/heads/main {bad} refs/heads/main {old}"),
        format!("refs/heads/main {bad} refs/heads/new {zero}"),
        format!("refs/heads/main {old} refs/heads/old {zero}"),
        format!("(delete) {zero} refs/heads/gone {old}"),
        format!("refs/tags/v1 {v1} refs/tags/v1 {zero}"),
        format!("refs/tags/v1-too {} refs/tags/v1-too {zero}", repo.rev("v1-too")),
        format!("refs/tags/blob {blob} refs/tags/blob {zero}"),
        format!("refs/tags/{saved} {record} refs/tags/{saved} {zero}"),
        format!("refs/checkpoint/records/x {bad} refs/checkpoint/records/x {zero}"),
        format!("refs/notes/checkpoint {bad} refs/notes/checkpoint {zero}"),
        format!("HEAD@{{2 hours ago}} {bad} refs/heads/dated {}", "0".repeat(64)),
    ];
    let value = hook_json(&repo, 1, &(lines.join("\n") + "\n"));
    let expected = [
        ("refs/heads/main", "validated"),
        ("refs/heads/new", "validated"),
        ("refs/heads/old", "nothing-new"),
        ("refs/heads/gone", "deleted"),
        ("refs/tags/v1", "validated"),
        ("refs/tags/v1-too", "validated"),
        ("refs/tags/blob", "no-commit"),
        (&format!("refs/tags/{saved}"), "checkpoint"),
        ("refs/checkpoint/records/x", "own"),
        ("refs/notes/checkpoint", "own"),
        ("refs/heads/dated", "validated"),
    ];
    assert_eq!(states(&value), expected);
    assert_eq!(calls(&repo), [bad.as_str()], "one tree is looked at once");
    assert_eq!(value["commits"][0]["checks"][0]["verdict"], "fail");
    assert_eq!(hook_json(&repo, 0, "")["refs"], Value::Array(vec![]));
}

#[test]
fn longer_object_names_are_fine() {
    let repo = TestRepo::sha256();
    repo.write(".checkpoint.toml", good_check(""));
    repo.commit("Configure");
    trust(&repo);
    let remote = repo.root().join("remote.git");
    repo.git(&["init", "-q", "--bare", "--object-format=sha256", &remote.to_string_lossy()]);
    repo.git(&["remote", "add", "origin", &remote.to_string_lossy()]);
    install_hook(&repo);
    commit(&repo, "bad");
    push_stopped(&repo, &["origin", "main"]);
    commit(&repo, "good");
    push_ok(&repo, &["origin", "main"]);
    push_ok(&repo, &["origin", "main:again"]);
    assert_eq!(calls(&repo).len(), 2);
    assert_nothing_left(&repo);
}

#[test]
fn one_bad_ref_of_several_stops_them_all() {
    let repo = trusted(&good_check(""));
    commit(&repo, "good");
    repo.git(&["switch", "-q", "-c", "broken"]);
    commit(&repo, "bad");
    let text = push_stopped(&repo, &["origin", "main", "broken"]);
    assert!(text.contains("good passes on") && text.contains("good fails on"), "{text}");
    push_ok(&repo, &["origin", "main"]);
    push_stopped(&repo, &["--all", "origin"]);
}

#[test]
fn deletions_tags_and_what_the_remote_has_run_nothing() {
    let repo = trusted(&good_check(""));
    push_ok(&repo, &["origin", "main:topic"]);
    push_ok(&repo, &["origin", ":topic"]);
    repo.git(&["tag", "light"]);
    repo.git(&["tag", "-a", "-m", "heavy", "heavy"]);
    push_ok(&repo, &["--tags", "origin"]);
    push_ok(&repo, &["--delete", "origin", "light", "heavy"]);
    assert!(calls(&repo).is_empty(), "{:?}", calls(&repo));
    // A tag of a commit that the remote does not have is as good as a branch.
    commit(&repo, "bad");
    repo.git(&["tag", "-a", "-m", "release", "v2"]);
    push_stopped(&repo, &["origin", "v2"]);
}

#[test]
fn what_is_saved_need_not_be_good() {
    let repo = trusted(&good_check(""));
    repo.checkpoint_ok(&["create", "--name", "before"]);
    commit(&repo, "bad");
    repo.checkpoint_ok(&["create", "--name", "broken-state"]);
    push_ok(&repo, &["origin", "broken-state", "refs/checkpoint/*:refs/checkpoint/*"]);
    repo.write("file", "uncommitted\n");
    let done = repo.checkpoint_ok(&["rollback", "before", "--yes", "--json"]).json();
    let backup = done["backup"]["branch"].as_str().expect("a backup").to_owned();
    push_ok(&repo, &["origin", &backup]);
    assert!(calls(&repo).is_empty(), "{:?}", calls(&repo));
    // Once somebody goes on working there, it is a branch like others.
    repo.git(&["switch", "-q", &backup]);
    commit(&repo, "bad too");
    push_stopped(&repo, &["origin", &backup]);
}

#[test]
fn lines_that_git_never_writes_are_refused_and_places_without_files_let_pass() {
    let repo = trusted(&good_check(""));
    let run = repo.checkpoint_with_input(&["hook", "pre-push", "origin", "url"], "nonsense\n");
    assert!(run.code == 2 && run.stderr.contains("pre-push"), "{run}");
    let remote = repo.at(repo.root().join("remote.git"));
    let other = repo.root().join("other.git");
    repo.git(&["init", "-q", "--bare", &other.to_string_lossy()]);
    remote.write("hooks/pre-push", "#!/bin/sh\nexec git-checkpoint hook pre-push \"$@\"\n");
    remote.chmod("hooks/pre-push", 0o755);
    let text = push_ok(&remote, &[&other.to_string_lossy(), "main"]);
    assert!(text.contains("bare repository") && text.contains("the push goes on"), "{text}");
}
