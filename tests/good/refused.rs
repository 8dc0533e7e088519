//! What cannot be judged is not judged, and changes nothing.

use super::*;

/// Asserts that a call is refused with this code and these words, runs nothing and changes nothing.
#[track_caller]
fn refused(planted: &Planted, code: i32, words: &str, ran: usize) {
    let repo = &planted.repo;
    let (state, refs) = (repo.state(), repo.git(&["for-each-ref", "refs/heads", "refs/checkpoint"]));
    let run = repo.checkpoint(&["recover", "main..broken", "--good"]);
    assert!(run.code == code && run.stderr.contains(words), "{run}");
    assert_eq!(runs(repo), ran);
    state.assert_same(&repo.state());
    assert_eq!(refs, repo.git(&["for-each-ref", "refs/heads", "refs/checkpoint"]));
}

#[test]
fn nothing_runs_without_consent() {
    let planted = Planted::new(&no_bad(&[]), 4, &[1], &[]);
    planted.repo.remove_var("GIT_CHECKPOINT_TRUST");
    refused(&planted, 2, "`.checkpoint.toml` is not trusted", 0);
}

#[test]
fn without_a_check_there_is_nothing_to_judge_by() {
    let repo = TestRepo::with_commit();
    repo.git(&["switch", "-q", "-c", "broken"]);
    repo.commit("change");
    repo.git(&["switch", "-q", "main"]);
    let run = repo.checkpoint(&["recover", "main..broken", "--good"]);
    assert!(run.code == 2 && run.stderr.contains("there is no `.checkpoint.toml`"), "{run}");
    for config in [no_bad(&["on = ['monitor']"]), no_bad(&["isolation = 'none'"])] {
        let planted = Planted::new(&config, 4, &[1], &[]);
        refused(&planted, 2, "no check can say whether a commit is good", 0);
    }
}

#[test]
fn nothing_is_judged_against_a_base_that_is_broken() {
    let planted = Planted::new(&no_bad(&[]), 6, &[1], &[]);
    planted.repo.write("bad", "here\n");
    planted.repo.commit("break the base");
    refused(&planted, 1, "the check `unit` fails on", 1);
    let run = planted.repo.checkpoint(&["recover", "main..broken", "--good"]);
    assert!(run.stderr.contains("nothing can be judged against a base that is broken"), "{run}");
    for command in ["exit 125", "exit 127", "kill -9 $$", "echo x >> file"] {
        let planted = Planted::new(&check("unit", &format!("{RAN}; {command}"), &[]), 6, &[1], &[]);
        refused(&planted, 1, "the check `unit` has no answer on", 1);
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let planted = Planted::new(&no_bad(&[]), 2, &[1], &[]);
    for (args, words) in [
        (&["--good", "--uncommitted"][..], "cannot be used with"),
        (&["--good", "--keep-redundant"], "cannot be used with"),
        (&["--good", "--skip"], "cannot be used with"),
        (&["--max-checks", "3"], "are for `--good`"),
        (&["--good", "--max-checks", "0"], "invalid value"),
        (&["--good", "--max-time", "soon"], "is not a time limit"),
    ] {
        let run = planted.repo.checkpoint(&[&["recover", "main..broken"], args].concat());
        assert!(run.code == 2 && run.stderr.contains(words), "{run}");
    }
    assert_eq!(runs(&planted.repo), 0);
}

#[test]
fn a_budget_ends_with_the_best_that_is_known() {
    let planted = Planted::new(&no_bad(&[]), 32, &[20], &[]);
    let repo = &planted.repo;
    // The base, all, half of it.
    let run = repo.checkpoint(&["recover", "main..broken", "--good", "--jobs", "1", "--max-checks", "3", "--dry-run"]);
    assert!(run.code == 0 && run.stderr.contains("only what was found out until then"), "{run}");
    let answer = planted.recover(0, &["--jobs", "1", "--max-checks", "1"]);
    let fates = fates(&answer);
    assert_eq!(answer["validations"], 1);
    // What was known, and one that is not good.
    assert_eq!(fates, [["picked"; 16], ["not-tried"; 16]].concat());
    assert!(repo.exists("file15") && !repo.exists("file16"));
    assert_eq!(runs(repo), 4);
}

#[test]
fn where_time_is_up_what_runs_counts_for_nothing() {
    let slow = check("unit", "ls | grep -q '^file1$' || exit 0; sleep 30", &[]);
    let planted = Planted::new(&slow, 8, &[], &[]);
    let answer = planted.recover(1, &["--jobs", "1", "--max-time", "2s"]);
    assert_eq!(fates(&answer), ["not-tried"; 8]);
    assert_eq!(answer["picked"].as_array().map(Vec::len), Some(0));
}

#[test]
fn who_has_changed_the_same_files_is_told_before_anything_runs() {
    let planted = Planted::new(&no_bad(&[]), 6, &[2], &[]);
    let repo = &planted.repo;
    // What the commit that breaks would write is in nobody's way once that is known.
    repo.write("file2", "mine\n");
    let run = repo.checkpoint_ok(&["recover", "main..broken", "--good"]);
    assert!(run.stderr.starts_with("warning: changed here, and by commits that may come back: `file2`\n"), "{run}");
    assert!(repo.read_text("file2") == "mine\n" && repo.exists("file5"), "{run}");
    repo.checkpoint_ok(&["undo"]);
    repo.write("file3", "mine\n");
    let run = repo.checkpoint(&["recover", "main..broken", "--good"]);
    assert!(run.stderr.contains("may come back: `file2`, `file3`\n"), "{run}");
    // What passed is known when they try again; what broke is asked once more.
    let ran = runs(repo) + 1;
    refused(&planted, 1, "error: `file3` is changed here, and by the commits to be picked", ran);
}
