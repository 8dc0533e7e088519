//! Which states it looks between, what it says of these, and what it leaves alone.

use super::*;

#[test]
fn the_newest_good_checkpoint_and_head_are_the_ends() {
    let planted = Planted::new(&no_bad(&[]), 9, &[4], &[]);
    let repo = &planted.repo;
    let run = repo.checkpoint(&["culprit"]);
    assert!(run.code == 2 && run.stderr.contains("git checkpoint culprit <good>"), "{run}");
    repo.checkpoint_ok(&["create"]);
    let good = repo.rev("HEAD");
    repo.git(&["reset", "-q", "--hard", "broken"]);
    let answer = culprit(repo, 0, &[]);
    assert_eq!((answer["commit"].as_str(), answer["good"].as_str()), (Some(&*planted.commits[4]), Some(&*good)));
    assert_eq!((answer["subject"].as_str(), answer["checks"][0]["verdict"].as_str()), (Some("change 4"), Some("fail")));
    let run = repo.checkpoint_ok(&["culprit"]);
    assert!(run.stdout.contains(&format!("{} is the first bad commit: change 4", &planted.commits[4][..10])), "{run}");
    assert!(run.stdout.contains("0 validations for 9 commits"), "{run}");
}

#[test]
fn the_users_checkout_is_not_touched() {
    let planted = Planted::new(&no_bad(&[]), 12, &[7], &[]);
    let repo = &planted.repo;
    repo.write("file", "changed here\n");
    repo.write("bad-of-mine", "x\n");
    let (state, seen) = (repo.state(), repo.fingerprint());
    let refs = repo.git(&["for-each-ref", "refs/heads", "refs/tags", "refs/checkpoint"]);
    culprit(repo, 0, &["main", "broken", "--jobs", "3"]);
    assert_eq!(refs, repo.git(&["for-each-ref", "refs/heads", "refs/tags", "refs/checkpoint"]));
    assert_eq!(repo.fingerprint(), seen);
    state.assert_same(&repo.state());
}

#[test]
fn a_bisection_of_the_users_says_nothing_here() {
    let planted = Planted::new(&no_bad(&[]), 12, &[2], &[]);
    let repo = &planted.repo;
    repo.git(&["bisect", "start", "broken", "main"]);
    repo.git(&["bisect", "good", "broken~2"]);
    let refs = repo.git(&["for-each-ref", "refs/bisect"]);
    let answer = culprit(repo, 0, &["main", "broken", "--jobs", "1"]);
    assert_eq!(answer["commit"].as_str(), Some(&*planted.commits[2]), "{answer}");
    assert_eq!(repo.git(&["for-each-ref", "refs/bisect"]), refs);
}

#[test]
fn ends_that_are_not_what_they_should_be_are_named() {
    let planted = Planted::new(&no_bad(&[]), 9, &[4], &[]);
    let repo = &planted.repo;
    for (good, bad, verdict) in [("main", "broken~6", "not-bad"), ("broken~2", "broken", "not-good")] {
        assert_eq!(culprit(repo, 1, &[good, bad])["verdict"], verdict);
    }
    let run = repo.checkpoint(&["culprit", "main", "main"]);
    assert!(run.code == 2 && run.stderr.contains("are the same commit"), "{run}");
    let run = repo.checkpoint(&["culprit", "nonesuch"]);
    assert_eq!(run.code, 2, "{run}");
}

#[test]
fn an_end_without_an_answer_is_no_answer() {
    for (command, bad, hangs_on_it) in [
        ("test -e file8 && exit 125", 8, true),
        ("test ! -e file0 && exit 127", 0, true),
        ("test -e file8 && exit 125", 4, false),
        ("test ! -e file0 && exit 127", 4, false),
    ] {
        let planted = Planted::new(&check("unit", &format!("{command}; ! ls | grep -q '^bad'"), &[]), 9, &[bad], &[]);
        let answer = culprit(&planted.repo, if hangs_on_it { 13 } else { 0 }, &["main", "broken"]);
        assert_eq!(answer["verdict"], if hangs_on_it { "no-answer" } else { "found" }, "{answer}");
    }
}

/// Where the answer does not hang on them, nobody waits for the ends.
#[test]
fn an_end_is_validated_where_the_answer_hangs_on_it() {
    for (bad, validations) in [(0, 4), (4, 3), (7, 4)] {
        let planted = Planted::new(&no_bad(&[]), 8, &[bad], &[]);
        let answer = culprit(&planted.repo, 0, &["main", "broken", "--jobs", "1"]);
        assert_eq!(found(&answer), [planted.commits[bad].clone()]);
        assert_eq!(answer["validations"].as_u64(), Some(validations), "{bad}: {answer}");
    }
}

#[test]
fn what_was_mended_on_the_way_to_the_good_state_is_told() {
    let planted = Planted::new(&no_bad(&[]), 9, &[1], &[]);
    let repo = &planted.repo;
    repo.git(&["switch", "-q", "-c", "mended", &planted.commits[3]]);
    repo.git(&["rm", "-q", "bad1"]);
    repo.commit("mend");
    let answer = culprit(repo, 1, &["mended", "broken"]);
    assert_eq!((answer["verdict"].as_str(), answer["commit"].as_str()), (Some("mended"), Some(&*planted.commits[3])));
    // Where they part before it broke, it is found.
    repo.git(&["switch", "-q", "-c", "aside", &planted.commits[0]]);
    repo.write("aside", "x\n");
    repo.commit("aside");
    assert_eq!(found(&culprit(repo, 0, &["aside", "broken"])), [planted.commits[1].clone()]);
}

#[test]
fn only_some_checks_may_decide() {
    let config =
        format!("{}{}", no_bad(&[]), check("other", &format!("{RAN}; ! test -e file6"), &["on = ['monitor']"]));
    let planted = Planted::new(&config, 9, &[4], &[]);
    let answer = culprit(&planted.repo, 0, &["main", "broken", "--only", "other"]);
    assert_eq!(found(&answer), [planted.commits[6].clone()]);
    let run = planted.repo.checkpoint(&["culprit", "main", "broken", "--only", "nonesuch"]);
    assert!(run.code == 2 && run.stderr.contains("there are: unit, other"), "{run}");
}

#[test]
fn nothing_runs_without_consent() {
    let planted = Planted::new(&no_bad(&[]), 4, &[1], &[]);
    planted.repo.remove_var("GIT_CHECKPOINT_TRUST");
    let run = planted.repo.checkpoint(&["culprit", "main", "broken"]);
    assert!(run.code == 2 && run.stderr.contains("is not trusted"), "{run}");
    assert_eq!(runs(&planted.repo), 0);
}

#[test]
fn a_budget_ends_with_what_is_left() {
    let planted = Planted::new(&no_bad(&[]), 32, &[20], &[]);
    let answer = culprit(&planted.repo, 13, &["main", "broken", "--jobs", "1", "--max-checks", "4"]);
    assert_eq!((answer["verdict"].as_str(), answer["validations"].as_u64()), (Some("among"), Some(4)));
    let left = found(&answer);
    assert!(left.len() == 2 && left.contains(&planted.commits[20]), "{answer}");
}
