//! On any history the answer is that of `git bisect run`.

use super::*;

#[test]
fn in_a_line_it_is_the_same_commit() {
    for (total, bad) in [(1, 0), (2, 1), (10, 3), (33, 32), (40, 0)] {
        let planted = Planted::new(&no_bad(&[]), total, &[bad], &[]);
        let repo = &planted.repo;
        let expected = bisect(repo, ("main", "broken"), "! ls | grep -q '^bad'");
        for jobs in ["1", "3"] {
            let answer = culprit(repo, 0, &["main", "broken", "--jobs", jobs]);
            assert_eq!((found(&answer), &answer["commits"]), (expected.clone(), &total.into()));
            assert_eq!(expected, [planted.commits[bad].clone()]);
        }
    }
}

/// A history with branches and merges on the branch `broken`: commits that each add a file, some of them a bad one.
fn branched(seed: u64, is_bad: impl Fn(usize, &mut Dice) -> bool) -> TestRepo {
    let repo = TestRepo::with_commit();
    configure(&repo, &no_bad(&[]));
    let mut dice = Dice::of(seed);
    let who = "Somebody <some@body> 1795000000 +0000";
    let base = repo.rev("HEAD");
    let mut text = String::new();
    let total = 12 + dice.roll(20);
    for n in 1..=total {
        let name = |mark: usize| if mark == 0 { base.clone() } else { format!(":{mark}") };
        // Near enough, so that lines of history run beside each other and meet again; the last one has all in it.
        let first = if n == total { n - 1 } else { n.saturating_sub(1 + dice.roll(3)) };
        let second = n.saturating_sub(1 + dice.roll(5));
        text += &format!("commit refs/heads/broken\nmark :{n}\nauthor {who}\ncommitter {who}\ndata 1\n{}\n", n % 10);
        text += &format!("from {}\n", name(first));
        if second != first && dice.roll(3) == 0 {
            text += &format!("merge {}\n", name(second));
        }
        text += &format!("M 100644 inline file{n}\ndata 1\nx\n");
        if is_bad(n, &mut dice) {
            text += &format!("M 100644 inline bad{n}\ndata 1\nx\n");
        }
    }
    repo.git_with_input(&["fast-import", "--quiet", "--force"], &text);
    repo
}

#[test]
fn where_lines_of_history_meet_it_is_the_same_commit() {
    for seed in 1..=8 {
        // One that is bad, and is handed on or not as merges have it.
        let repo = branched(seed, |n, _| n == usize::try_from(seed).expect("small") + 2);
        let run = repo.checkpoint(&["culprit", "main", "broken", "--json", "--jobs", "3"]);
        if run.code == 1 {
            assert_eq!(run.json()["verdict"], "not-bad");
            continue;
        }
        let expected = bisect(&repo, ("main", "broken"), "! ls | grep -q '^bad'");
        assert_eq!(found(&run.json()), expected, "{seed}");
        let alone = culprit(&repo, 0, &["main", "broken", "--jobs", "1"]);
        assert_eq!((found(&alone), alone["validations"].as_u64()), (expected, Some(0)), "all of it is known");
    }
}

#[test]
fn where_there_is_more_than_one_it_is_the_one_that_git_comes_to() {
    for seed in 20..=28 {
        let repo = branched(seed, |n, dice| n > 2 && dice.roll(5) == 0);
        let run = repo.checkpoint(&["culprit", "main", "broken", "--json", "--jobs", "2"]);
        if run.code == 1 {
            continue;
        }
        assert_eq!(found(&run.json()), bisect(&repo, ("main", "broken"), "! ls | grep -q '^bad'"), "{seed}");
    }
}

#[test]
fn what_has_no_answer_is_skipped_and_the_answer_may_be_one_of_many() {
    // From this commit to that there is no answer, and then it is bad.
    for (from, to, bad) in [(8, 8, 12), (7, 9, 10), (3, 14, 15), (10, 11, 4)] {
        let command = format!("test -e file{from} && ! test -e file{} && exit 125; ! ls | grep -q '^bad'", to + 1);
        let planted = Planted::new(&check("unit", &command, &[]), 16, &[bad], &[]);
        let expected = bisect(&planted.repo, ("main", "broken"), &command);
        for jobs in ["1", "4"] {
            let answer =
                culprit(&planted.repo, if expected.len() == 1 { 0 } else { 13 }, &["main", "broken", "--jobs", jobs]);
            assert_eq!(found(&answer), expected, "{from} {to} {bad}");
            assert_eq!(answer["verdict"], if expected.len() == 1 { "found" } else { "among" });
        }
    }
}
