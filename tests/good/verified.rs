//! A plain `recover` asks the checks for it, once everything is back.

use super::*;

fn recovered(planted: &Planted, code: i32, args: &[&str]) -> Value {
    let run = planted.repo.checkpoint(&[&["recover", "--json"], args].concat());
    assert_eq!(run.code, code, "{run}");
    assert_is(&run.json(), "recover");
    run.json()
}

#[test]
fn the_checks_say_whether_the_result_works() {
    for (command, verification, code) in
        [("true", "verified", 0), ("! test -e bad1", "failed", 1), ("! test -e bad1 || exit 125", "inconclusive", 1)]
    {
        let config = check("unit", &format!("{RAN}; {command}"), &["on = ['recover']"]);
        let planted = Planted::new(&config, 3, &[1], &[]);
        let repo = &planted.repo;
        let before = repo.rev("HEAD");
        let answer = recovered(&planted, code, &["main..broken"]);
        assert_eq!((answer["verification"].as_str(), runs(repo)), (Some(verification), 1));
        assert_eq!(answer["checks"].as_array().map(Vec::len), Some(1));
        let name = format!("refs/checkpoint/records/{}", answer["id"].as_str().expect("an id"));
        let message = repo.git(&["cat-file", "-p", &name]);
        assert!(message.contains(&format!("Checkpoint-Verification: {verification}\n")), "{message}");
        assert!(repo.exists("bad1"), "what was wanted is done");
        repo.checkpoint_ok(&["undo"]);
        assert_eq!(repo.rev("HEAD"), before);
    }
}

#[test]
fn nobody_is_asked_who_is_not_for_it() {
    let planted = Planted::new(&no_bad(&[]), 3, &[1], &[]);
    let answer = recovered(&planted, 0, &["main..broken"]);
    assert!(answer["verification"].is_null() && runs(&planted.repo) == 0, "{answer}");
    let planted = Planted::new(&no_bad(&["on = ['recover']"]), 3, &[1], &[]);
    let answer = recovered(&planted, 0, &["main..broken", "--no-verify"]);
    assert!(answer["verification"].is_null() && runs(&planted.repo) == 0, "{answer}");
    let planted = Planted::new(&no_bad(&["on = ['recover']"]), 3, &[1], &[]);
    let answer = recovered(&planted, 0, &["main..broken", "--dry-run"]);
    assert!(answer["verification"].is_null() && runs(&planted.repo) == 0, "{answer}");
}

#[test]
fn without_consent_the_commits_come_back_and_nothing_runs() {
    let planted = Planted::new(&no_bad(&["on = ['recover']"]), 3, &[1], &[]);
    planted.repo.remove_var("GIT_CHECKPOINT_TRUST");
    let run = planted.repo.checkpoint(&["recover", "main..broken"]);
    assert!(run.code == 0 && run.stderr.contains("is not trusted"), "{run}");
    assert_eq!(runs(&planted.repo), 0);
}

#[test]
fn a_failure_names_the_ways_on() {
    let planted = Planted::new(&no_bad(&["on = ['recover']"]), 3, &[1], &[]);
    let run = planted.repo.checkpoint(&["recover", "main..broken"]);
    assert!(
        run.code == 1 && run.stderr.contains("`git checkpoint undo`") && run.stderr.contains("recover --good"),
        "{run}"
    );
}

#[test]
fn on_another_branch_its_own_files_are_asked_about() {
    let planted = Planted::new(&no_bad(&["on = ['recover']"]), 3, &[1], &[]);
    planted.repo.git(&["branch", "other"]);
    let answer = recovered(&planted, 1, &["main..broken", "--onto", "other"]);
    assert_eq!(answer["verification"], "failed");
}

#[test]
fn after_a_conflict_that_was_settled_they_are_asked_too() {
    let planted = Planted::new(&no_bad(&["on = ['recover']"]), 3, &[1], &[]);
    let repo = &planted.repo;
    repo.write("file2", "mine\n");
    repo.commit("in the way");
    recovered(&planted, 3, &["main..broken"]);
    assert_eq!(runs(repo), 0);
    repo.write("file2", "settled\n");
    repo.git(&["add", "file2"]);
    let answer = recovered(&planted, 1, &["--continue"]);
    assert_eq!((answer["verification"].as_str(), runs(repo)), (Some("failed"), 1));
}
