//! What cannot be run is told before anything is run.

use super::*;

/// `check` must end with 2 and say this, in a new repository with this configuration, and nothing of it may have been run.
#[track_caller]
fn refused(config: &str, is_trusted: bool, words: &[&str]) {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", config.replace("MARK", &beside(&repo, "marker").to_string_lossy()));
    repo.commit("Configure");
    if is_trusted {
        trust(&repo);
    }
    let before = (repo.refs(), repo.fingerprint());
    let runs = [repo.checkpoint(&["check"]), repo.checkpoint(&["check", "--json", "HEAD", "--no-cache"])];
    for run in runs {
        let said = words.iter().all(|words| run.stderr.contains(words));
        assert!(run.code == 2 && said, "{words:?}: {run}");
    }
    assert!(!beside(&repo, "marker").exists(), "something was run: {config}");
    assert_eq!(before.0, repo.refs());
    before.1.assert_same(&repo.fingerprint());
}

#[test]
fn without_trust_nothing_is_run() {
    let mark = check("unit", "touch MARK", &["setup = 'touch MARK'"]);
    refused(&mark, false, &["git checkpoint trust"]);
    let repo = configured(&check("unit", RAN, &["cache = false"]));
    answer(&repo, 0, &[]);
    repo.write(".checkpoint.toml", check("unit", RAN, &["cache = false"]) + "# changed\n");
    let changed = repo.checkpoint(&["check"]);
    assert!(changed.code == 2 && changed.stderr.contains("git checkpoint trust"), "{changed}");
    // Of a revision as well: what counts is the configuration that is there now.
    let changed = repo.checkpoint(&["check", "HEAD"]);
    assert_eq!((changed.code, runs(&repo)), (2, 1), "{changed}");
}

#[test]
fn where_there_is_nothing_to_run_it_says_so() {
    let repo = TestRepo::with_commit();
    let none = repo.checkpoint(&["check"]);
    assert!(none.code == 2 && none.stderr.contains(".checkpoint.toml"), "{none}");
    repo.write(".checkpoint.toml", "[capture]\nuntracked = true\n");
    let none = repo.checkpoint(&["check"]);
    assert!(none.code == 2 && none.stderr.contains("check"), "{none}");
}

#[test]
fn a_mistake_in_any_check_is_named_with_its_line() {
    let mark = check("first", "touch MARK", &[]);
    let with = |more: &str| format!("{mark}{more}");
    for (config, words) in [
        (with("[[check]]\nname = 'b'\nrun = 'true'\non = ['deploy']\n"), &["line 8", "deploy"][..]),
        (with("[[check]]\nname = 'b'\nrun = 'no-such-command --x'\n"), &["line 6", "no-such-command", "`b`"]),
        (with("[[check]]\nname = 'b'\nrun = 'true'\nsetup = 'no-such-setup'\n"), &["line 6", "no-such-setup"]),
        (
            with(
                "[[check]]\nname = 'b'\nrun = 'true'\nneeds = ['c']\n[[check]]\nname = 'c'\nrun = 'true'\nneeds = ['b']\n",
            ),
            &["line ", "b", "c"],
        ),
        (with("[[check]]\nname = 'b'\nrun = 'true'\nneeds = ['frist']\n"), &["line 8", "frist"]),
        (with("[[check]]\nname = 'b'\nrun = 'true'\ntimeout = '0s'\n"), &["line 8", "timeout"]),
        (with("[[check]]\nname = 'b'\nrun = 'true'\nmeasure = { pattern = '(' }\n"), &["line 8"]),
        (with("[[check]]\nname = 'b'\nrun = ''\n"), &["line 7"]),
        (with("[[check]]\nname = 'first'\nrun = 'true'\n"), &["line 6", "first"]),
        (with("[[check]]\nname = 'b'\nruns = 'true'\n"), &["line 7", "run"]),
        (with("[[check]]\nname = '../b'\nrun = 'true'\n"), &["line 6"]),
    ] {
        let repo = TestRepo::with_commit();
        repo.write(".checkpoint.toml", config.replace("MARK", &beside(&repo, "marker").to_string_lossy()));
        repo.commit("Configure");
        if repo.checkpoint(&["trust", "--show", "--json"]).code == 0 {
            trust(&repo);
        }
        let run = repo.checkpoint(&["check"]);
        let said = words.iter().all(|words| run.stderr.contains(words));
        assert!(run.code == 2 && said, "{words:?} {config}\n{run}");
        assert!(!beside(&repo, "marker").exists(), "something was run: {config}");
    }
}
