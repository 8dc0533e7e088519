//! Conflicts, told before anything is done.

use super::{broken, json, refused};

#[test]
fn each_conflict_is_told_with_what_would_resolve_it() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    let (head, refs) = (repo.rev("HEAD"), repo.refs());
    // `two` needs `one`; `one` itself conflicts in one file, which no other commit settles.
    let told = json(&repo, &["recover", "two", "--dry-run"]);
    let expected = serde_json::json!([{"commit": repo.rev("two"), "paths": ["src/a"], "resolved_by": null}]);
    assert_eq!(told["conflicts"], expected, "{told}");
    repo.git(&["reset", "-q", "--hard", "saved"]);
    let told = json(&repo, &["recover", "two", "--dry-run"]);
    let expected =
        serde_json::json!([{"commit": repo.rev("two"), "paths": ["src/a"], "resolved_by": [repo.rev("one")]}]);
    assert_eq!(told["conflicts"], expected, "{told}");
    let text = repo.checkpoint(&["recover", "two", "--dry-run"]);
    assert_eq!(text.code, 3, "{text}");
    let one = &repo.rev("one")[..10];
    assert!(text.stderr.contains(&format!("it applies together with {one}")), "{text}");
    assert!(text.stdout.contains("would recover 0 commits") && !text.stdout.contains("recovered"), "{text}");
    assert_eq!(json(&repo, &["recover", "one", "two", "--dry-run"])["conflicts"], serde_json::json!([]));
    repo.git(&["reset", "-q", "--hard", &head]);
    assert_eq!(refs, repo.refs());
}

#[test]
fn those_after_the_first_are_told_as_well() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.write("keep", "1\n2\n3\n4\n5\n6\n7\n8\nours\n");
    repo.commit("ours");
    let told = json(&repo, &["recover", "--all", "--dry-run"]);
    let commits: Vec<_> =
        told["conflicts"].as_array().expect("a list").iter().map(|one| one["commit"].clone()).collect();
    assert_eq!(commits, [repo.rev("one"), repo.rev("two")], "{told}");
}

#[test]
fn a_dry_run_tells_what_would_stop_it() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    repo.write("keep", "staged\n");
    repo.git(&["add", "keep"]);
    let run = refused(&repo, 3, (&["recover", "one", "--dry-run"], "it would not be begun: "));
    assert!(run.stderr.contains("would conflict:"), "{run}");
    refused(&repo, 3, (&["recover", "one"], "there are staged changes"));
}

#[test]
fn rerere_records_and_replays() {
    let settle = |repo: &crate::support::TestRepo| {
        repo.write("doc/c", "ours\n");
        repo.commit("ours");
    };
    for autoupdate in ["false", "true"] {
        let repo = broken();
        repo.git(&["config", "rerere.enabled", "true"]);
        repo.git(&["config", "rerere.autoupdate", autoupdate]);
        settle(&repo);
        let before = repo.rev("HEAD");
        assert_eq!(repo.checkpoint(&["recover", "one"]).code, 3);
        repo.write("doc/c", "settled\n");
        repo.git(&["add", "doc/c"]);
        repo.checkpoint_ok(&["recover", "--continue"]);
        repo.git(&["reset", "-q", "--hard", &before]);

        // As git does: what was settled before is in the file again, and it stops for somebody to look at it.
        let run = repo.checkpoint(&["recover", "one"]);
        assert_eq!(run.code, 3, "{run}");
        assert_eq!(repo.read_text("doc/c"), "settled\n", "{run}");
        if autoupdate == "false" {
            assert!(run.stdout.contains("  doc/c"), "{run}");
            repo.git(&["add", "doc/c"]);
        } else {
            assert!(run.stderr.contains("with no file in conflict"), "{run}");
        }
        repo.checkpoint_ok(&["recover", "--continue"]);
        assert_eq!(repo.git(&["show", "HEAD:doc/c"]), "settled");
        assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "one");
    }
}
