//! What was found out once is not found out again, and nothing else counts as found out.

use std::fs;

use super::*;

#[test]
fn a_pass_is_known_for_the_tree_wherever_it_is() {
    let repo = configured(&check("unit", RAN, &[]));
    assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass");
    assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass*");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "another commit of the tree"]);
    assert_eq!(verdicts(&answer(&repo, 0, &["HEAD"])), "unit=pass*");
    assert_eq!(verdicts(&answer(&repo.linked_worktree("linked"), 0, &[])), "unit=pass*");
    repo.write("file", "other\n");
    assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass");
    repo.write("file", "first\n");
    assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass*");
    assert_eq!(runs(&repo), 2);
    assert_eq!(verdicts(&answer(&repo, 0, &["--no-cache"])), "unit=pass");
    assert_eq!(runs(&repo), 3);
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    assert_eq!((verdicts(&taken), &taken["state"]), ("unit=pass*".into(), &"validated".into()));
    assert_eq!(runs(&repo), 3);
    repo.fsck();
}

#[test]
fn a_check_that_is_another_one_is_run_again() {
    let repo = TestRepo::with_commit();
    // Not in the tree, so that the tree stays.
    repo.write(".git/info/exclude", ".checkpoint.toml\n");
    let set = |config: &str| {
        repo.write(".checkpoint.toml", config);
        trust(&repo);
    };
    let mut expected = 0;
    for config in [
        check("unit", RAN, &[]),
        check("unit", &format!("{RAN}; true"), &[]),
        check("unit", RAN, &["salt = '2'"]),
        check("unit", RAN, &["setup = 'true'"]),
        check("unit", RAN, &["clean = true"]),
    ] {
        set(&config);
        answer(&repo, 0, &[]);
        expected += 1;
        assert_eq!(runs(&repo), expected, "{config}");
        answer(&repo, 0, &[]);
        assert_eq!(runs(&repo), expected, "{config}");
    }
    // What has no part in the answer.
    for config in [
        check("renamed", RAN, &[]),
        check("unit", RAN, &["timeout = '1m'", "severity = 'low'", "exclusive = true", "on = ['checkpoint', 'push']"]),
    ] {
        set(&config);
        answer(&repo, 0, &[]);
        assert_eq!(runs(&repo), expected, "{config}");
    }
    for config in [check("unit", RAN, &["cache = false"]), check("unit", RAN, &["isolation = 'none'"])] {
        set(&config);
        for _ in 0..2 {
            answer(&repo, 0, &[]);
            expected += 1;
            assert_eq!(runs(&repo), expected, "{config}");
        }
    }
}

#[test]
fn what_is_no_pass_is_found_out_again() {
    for (command, verdict, is_kept) in [
        ("exit 1", "fail", true),
        ("exit 125", "inconclusive", false),
        ("exit 126", "inconclusive", false),
        ("exit 127", "inconclusive", false),
        ("/no/such/command", "inconclusive", false),
        ("kill -TERM $$", "inconclusive", false),
        ("kill -SEGV $$", "inconclusive", false),
        ("sleep 60", "inconclusive", false),
    ] {
        let repo = configured(&check("unit", &format!("{RAN}; {command}"), &["timeout = '1s'"]));
        for number in 1..3 {
            let said = answer(&repo, 1, &[]);
            assert_eq!(verdicts(&said), format!("unit={verdict}"), "{command}: {said}");
            assert_eq!(runs(&repo), number, "{command}");
        }
        let notes = repo.git_raw(&["rev-parse", "-q", "--verify", "refs/notes/checkpoint"]).status.success();
        assert_eq!(notes, is_kept, "{command}");
    }
}

#[test]
fn others_know_what_was_pushed_if_they_are_trusted() {
    let repo = configured(&check("unit", RAN, &[]));
    let remote = beside(&repo, "remote.git");
    repo.git(&["clone", "-q", "--bare", &repo.path().to_string_lossy(), &remote.to_string_lossy()]);
    repo.git(&["remote", "add", "origin", &remote.to_string_lossy()]);
    repo.checkpoint_ok(&["create"]);
    repo.checkpoint_ok(&["push", "origin", "--yes"]);
    let clone = TestRepo::clone_of(&repo.at(&remote));
    assert_eq!(runs(&repo), 1);
    clone.checkpoint_ok(&["fetch", "origin"]);
    assert_eq!(verdicts(&answer(&clone, 0, &[])), "unit=pass*");
    clone.git(&["config", "checkpoint.trustVerdicts", "false"]);
    assert_eq!(verdicts(&answer(&clone, 0, &["HEAD"])), "unit=pass");
    assert_eq!(runs(&repo), 2);
}

#[test]
fn many_at_once_lose_nothing() {
    let repo = configured(&check("unit", &format!("{RAN}; sleep 0.05"), &[]));
    let mut commits: Vec<String> = (0..10)
        .map(|n| {
            repo.write("file", format!("{n}\n"));
            repo.commit("another")
        })
        .collect();
    // Of the same tree as well.
    commits.extend(vec![commits[9].clone(); 10]);
    let start = |commit: &String| {
        let mut command = repo.checkpoint_command(&["check", commit, "--json"]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it can be run")
    };
    let started: Vec<_> = commits.iter().map(start).collect();
    for child in started {
        let output = child.wait_with_output().expect("it ends");
        let run = Run::of(&repo, &["check"], &output);
        assert!(run.code == 0 && !run.stderr.contains("could not be kept"), "{run}");
    }
    let before = runs(&repo);
    for commit in &commits {
        assert_eq!(verdicts(&answer(&repo, 0, &[commit])), "unit=pass*", "a verdict is lost");
    }
    assert_eq!(runs(&repo), before);
    repo.fsck();
}

#[test]
fn a_note_that_is_none_of_ours_does_no_harm() {
    let repo = configured(&check("unit", RAN, &[]));
    let tree = repo.rev("HEAD^{tree}");
    let notes = beside(&repo, "note");
    let large = vec![b'x'; 3 << 20];
    let lines = "pass\npass \npass x y z\nfail\n\u{1b}[31m\npass unit\n".repeat(1000);
    for (number, content) in [&large[..], b"\0\xff\xfe\0\n\n\n", lines.as_bytes(), b""].into_iter().enumerate() {
        fs::write(&notes, content).expect("it can be written");
        let file = notes.to_string_lossy();
        repo.git(&["notes", "--ref=checkpoint", "add", "--allow-empty", "-f", "-F", &file, &tree]);
        assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass");
        assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass*", "what was found out is kept");
        assert_eq!(runs(&repo), number + 1);
        repo.fsck();
    }
    // A ref that points to no notes at all.
    for object in [repo.rev("HEAD:file"), repo.rev("HEAD^{tree}")] {
        repo.git(&["update-ref", "-d", "refs/notes/checkpoint"]);
        fs::write(repo.git_dir().join("refs/notes/checkpoint"), format!("{object}\n")).expect("it can be written");
        let run = repo.checkpoint(&["check"]);
        assert!(run.code == 0 && run.stderr.contains("could not be kept"), "{run}");
    }
}
