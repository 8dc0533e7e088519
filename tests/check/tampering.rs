//! A check that changes what it looks at has said nothing of it, wherever it runs.

use std::fs;

use super::*;

/// Commands that leave other files than they found.
const BAD: [(&str, &str); 6] = [
    ("changes a file", "echo x > file"),
    ("removes a file", "rm file"),
    ("moves a file", "mv file other"),
    ("makes it executable", "chmod +x file"),
    ("makes a link of it", "ln -sf nowhere file"),
    ("adds and commits it", "echo x > file; git add -A; git commit -qm theirs"),
];

#[test]
fn a_check_that_changes_files_has_no_answer() {
    for (what, command) in BAD {
        let repo = configured(&check("unit", &format!("{command}; {RAN}"), &["isolation = 'worktree'"]));
        let before = (repo.state(), repo.rev("HEAD"));
        for number in 1..3 {
            let said = answer(&repo, 1, &[]);
            assert!(verdicts(&said) == "unit=inconclusive" && why(&said).contains("file"), "{what}: {said}");
            assert_eq!(runs(&repo), number, "{what}: nothing is known of the tree");
        }
        before.0.assert_same(&repo.state());
        assert_eq!(before.1, repo.rev("HEAD"), "{what}");
        repo.fsck();
    }
}

#[test]
fn what_it_does_to_the_private_worktrees_git_is_mended() {
    for command in [
        "rm -rf .git",
        "echo broken > .git",
        "git checkout -q --orphan theirs",
        "git rm -rfq --cached .",
        "git add -A && git commit -qm empty --allow-empty",
        "rm -f \"$(git rev-parse --git-dir)/index\"",
        "touch \"$(git rev-parse --git-dir)/index.lock\"",
        "rm -f \"$(git rev-parse --git-dir)/index.lock\"",
        "rm -rf \"$(git rev-parse --git-dir)\"",
        "touch ignored.o; chmod 0 ignored.o",
        "mkdir -p deep/er && chmod 555 deep",
        "git init -q sub",
    ] {
        let repo = configured(&check("unit", command, &["isolation = 'worktree'", "cache = false"]));
        let before = (repo.state(), repo.fingerprint(), heads(&repo));
        let first = repo.checkpoint(&["check", "--json"]);
        assert!([0, 1].contains(&first.code), "{command}: {first}");
        configure(
            &repo,
            &check("unit", "test -z \"$(git status --porcelain)\" && grep -q first file", &["isolation = 'worktree'"]),
        );
        let said = answer(&repo, 0, &["HEAD"]);
        assert_eq!(verdicts(&said), "unit=pass", "after {command}");
        assert_eq!(before.2.len(), heads(&repo).len(), "{command}");
        assert_eq!(repo.read_text("file"), "first\n");
        let listed = repo.git(&["worktree", "list"]);
        assert!(!listed.contains("prunable"), "{command}: {listed}");
        repo.fsck();
    }
}

/// The branches and tags.
fn heads(repo: &TestRepo) -> Vec<String> {
    repo.git(&["for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"]).lines().map(str::to_owned).collect()
}

#[test]
fn an_edit_while_it_runs_in_place_leaves_no_answer() {
    let edits = [
        ("file", "echo edited > file"),
        ("new", "echo x > new"),
        (".checkpoint.toml", "echo >> .checkpoint.toml"),
        ("file", "git rm -q --cached file; rm file"),
    ];
    for (name, edit) in edits {
        let repo = configured(&check("unit", &format!("{RAN}; {edit}"), &[]));
        let said = answer(&repo, 1, &[]);
        assert_eq!(verdicts(&said), "unit=inconclusive", "{said}");
        assert!(why(&said).contains(name), "{said}");
        let notes = repo.git_raw(&["rev-parse", "-q", "--verify", "refs/notes/checkpoint"]);
        assert!(!notes.status.success(), "something was kept of {edit}");
        // What the user did stays.
        assert!(!repo.git(&["status", "--porcelain"]).is_empty());
    }
    // Staging alone changes no file.
    let repo = configured(&check("unit", "git rm -q --cached file", &[]));
    assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass");
}

#[test]
fn of_several_checks_in_a_private_worktree_only_the_guilty_one_is_void() {
    let more = &["isolation = 'worktree'"][..];
    let config = check("a", &format!("sleep 0.1; {RAN}"), more)
        + &check("guilty", "sleep 0.1; echo x > file", more)
        + &check("b", "sleep 0.3; exit 1", more);
    let repo = configured(&config);
    let run = repo.checkpoint(&["check", "--json", "--jobs", "3"]);
    assert_eq!(run.code, 1, "{run}");
    assert_eq!(verdicts(&run.json()), "a=pass guilty=inconclusive b=fail");
    assert!(run.stderr.contains("each is run again, alone"), "{run}");
    assert_eq!(runs(&repo), 2);
    let again = answer(&repo, 1, &["--jobs", "3"]);
    assert_eq!(verdicts(&again), "a=pass* guilty=inconclusive b=fail", "only what stands is known");
    // In place it cannot be told which one it was, nor whether it was a check at all.
    let config = check("a", "true", &[]) + &check("guilty", "echo x > file", &[]);
    let repo = configured(&config);
    assert_eq!(verdicts(&answer(&repo, 1, &["--jobs", "2"])), "a=inconclusive guilty=inconclusive");
}

/// Was: what a check had said among others was kept, when the run was stopped before it was asked again alone.
#[test]
fn what_is_not_asked_again_alone_is_not_known() {
    let stop = "if test -e \"$CHECKPOINT_CACHE/again\"; then kill -INT $PPID; sleep 0.5; fi; touch \"$CHECKPOINT_CACHE/again\"";
    let more = &["isolation = 'worktree'"][..];
    let config = check("a", stop, more) + &check("guilty", &format!("{RAN}; echo x > file"), more);
    let repo = configured(&config);
    let run = repo.checkpoint(&["check", "--jobs", "2"]);
    assert_ne!(run.code, 0, "{run}");
    assert_eq!(runs(&repo), 1, "{run}");
    let said = answer(&repo, 1, &["--only", "guilty"]);
    assert_eq!(verdicts(&said), "guilty=inconclusive");
    assert_eq!(runs(&repo), 2, "it was taken to be known");
}

#[test]
fn what_is_void_says_nothing_of_numbers_either() {
    let measure = "measure = { pattern = 'n=(\\d+)', drift = '10%' }";
    let repo = configured(&check("load", "echo n=7; echo x > file", &[measure, "isolation = 'worktree'"]));
    let said = answer(&repo, 1, &[]);
    assert_eq!(
        (verdicts(&said).as_str(), &said["checks"][0]["measurements"]),
        ("load=inconclusive", &serde_json::json!([]))
    );
    let taken = repo.checkpoint(&["create", "--json"]);
    assert_eq!((taken.code, &taken.json()["checks"][0]["measurements"]), (1, &serde_json::json!([])), "{taken}");
    assert!(fs::read_dir(repo.root().join("tmp")).expect("it is there").next().is_none());
}
