//! What is found, by how many validations, and what is brought back.

use super::*;

#[test]
fn culprits_are_left_out_with_what_does_not_apply_without_them() {
    let planted = Planted::new(&no_bad(&[]), 24, &[5, 17], &[(9, 5), (12, 9), (20, 18)]);
    let (repo, before) = (&planted.repo, planted.repo.rev("HEAD"));
    let answer = planted.recover(0, &["--jobs", "1"]);
    planted.assert_found(&answer, true);
    assert_eq!(answer["validations"], runs(repo));
    assert_eq!(answer["picked"].as_array().expect("commits").len(), 20);
    assert_eq!((&answer["checks"][0]["verdict"], &answer["flaky"]), (&"pass".into(), &Value::Array(vec![])));
    assert_eq!(answer["fates"][5]["why"], "it exited with code 1");
    assert_eq!(answer["fates"][9]["paths"], serde_json::json!(["file5"]));
    assert_eq!(answer["fates"][9]["without"], serde_json::json!([planted.commits[5]]));
    assert_eq!(repo.git(&["rev-list", "--count", &format!("{before}..HEAD")]), "20");
    assert!(repo.exists("file23") && repo.exists("file4") && !repo.exists("bad5") && !repo.exists("file5"));
    assert_eq!(repo.read_text("file18"), "changed by 20\n");
    let message =
        repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{}", answer["id"].as_str().expect("an id"))]);
    let tree = repo.rev("HEAD^{tree}");
    assert!(message.contains(&format!("Checkpoint-Validated: {tree}\n")), "{message}");
    assert!(message.contains("Checkpoint-Check: pass unit "), "{message}");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.checkpoint_ok(&["undo"]);
    assert_eq!(repo.rev("HEAD"), before);
    repo.fsck();
}

#[test]
fn what_was_planted_is_found_in_any_history() {
    for seed in 1..=4 {
        let mut dice = Dice::of(seed);
        let total = 10 + dice.roll(40);
        let culprits: Vec<usize> = (0..=dice.roll(4)).map(|_| dice.roll(total)).collect();
        let needs: Vec<(usize, usize)> = (0..dice.roll(8))
            .map(|_| (dice.roll(total), dice.roll(total)))
            .filter(|(one, other)| one > other)
            .collect();
        let planted = Planted::new(&no_bad(&[]), total, &culprits, &needs);
        let jobs = if seed % 2 == 0 { "1" } else { "3" };
        let code = i32::from(planted.expected().iter().all(|fate| *fate != "picked"));
        planted.assert_found(&planted.recover(code, &["--jobs", jobs]), jobs == "1");
        planted.repo.fsck();
    }
}

#[test]
fn hundreds_of_commits_take_a_few_validations() {
    let planted = Planted::new(&no_bad(&[]), 400, &[133, 360], &[(380, 133)]);
    planted.assert_found(&planted.recover(0, &["--jobs", "1"]), true);
    assert!(runs(&planted.repo) <= 30, "{}", runs(&planted.repo));
}

#[test]
fn many_at_once_find_the_same() {
    let answers: Vec<Vec<String>> = ["1", "2", "7"]
        .iter()
        .map(|jobs| {
            let planted = Planted::new(&no_bad(&[]), 30, &[3, 11, 29], &[(12, 11), (13, 2)]);
            let answer = planted.recover(0, &["--jobs", jobs]);
            planted.assert_found(&answer, false);
            fates(&answer).into_iter().map(str::to_owned).collect()
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn without_culprits_all_comes_back_by_two_validations() {
    let planted = Planted::new(&no_bad(&[]), 40, &[], &[]);
    let answer = planted.recover(0, &["--jobs", "1"]);
    planted.assert_found(&answer, true);
    assert_eq!(answer["validations"], 2);
}

#[test]
fn the_plan_is_shown_and_nothing_more_with_dry_run() {
    let planted = Planted::new(&no_bad(&[]), 12, &[4], &[(8, 4)]);
    let repo = &planted.repo;
    let (state, refs) = (repo.state(), repo.git(&["for-each-ref", "refs/heads", "refs/tags", "refs/checkpoint"]));
    let run = repo.checkpoint(&["recover", "main..broken", "--good", "--dry-run", "--jobs", "1"]);
    assert_eq!(run.code, 0, "{run}");
    let short = |n: usize| planted.commits[n][..10].to_owned();
    for line in [
        format!("  {}  change 3   comes back", short(3)),
        format!("  {}  change 4   breaks unit: it exited with code 1", short(4)),
        format!("  {}  change 8   conflicts without {}", short(8), short(4)),
    ] {
        assert!(run.stdout.contains(&line), "{line}\n{run}");
    }
    let count = runs(repo);
    assert!(
        run.stdout.contains(&format!("10 of 12 commits from main..broken; {count} validations for 12 commits")),
        "{run}"
    );
    state.assert_same(&repo.state());
    assert_eq!(refs, repo.git(&["for-each-ref", "refs/heads", "refs/tags", "refs/checkpoint"]));
    // What was found out once is known; only the failure of the one that is blamed is looked at again.
    let answer = planted.recover(0, &["--jobs", "1"]);
    planted.assert_found(&answer, true);
    assert_eq!((answer["validations"].as_u64(), runs(repo)), (Some(1), count + 1));
}

#[test]
fn what_is_here_already_and_what_is_no_change_is_told_apart() {
    let planted = Planted::new(&no_bad(&[]), 6, &[3], &[]);
    let repo = &planted.repo;
    repo.git(&["switch", "-q", "broken"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "empty"]);
    repo.git(&["switch", "-q", "-c", "side", "HEAD~2"]);
    repo.write("side", "x\n");
    repo.commit("on the side");
    repo.git(&["switch", "-q", "broken"]);
    repo.git(&["merge", "-q", "--no-edit", "side"]);
    repo.git(&["switch", "-q", "main"]);
    repo.git(&["cherry-pick", &planted.commits[1]]);
    repo.write("file2", "made by 2\n");
    repo.write("more", "of the same commit\n");
    repo.commit("2 and more");
    let answer = planted.recover(0, &["--jobs", "1"]);
    let mut fates = fates(&answer);
    fates.sort_unstable();
    let expected = ["already-applied", "breaks", "empty", "merge", "picked", "picked", "picked", "picked", "redundant"];
    assert_eq!(fates, expected, "{answer}");
    let left_out = answer["left_out"].as_array().expect("commits");
    assert_eq!(left_out.len(), 4);
    let applied = left_out.iter().find(|one| one["reason"] == "already-applied").expect("there is one");
    let back_as = applied["back_as"].as_str().expect("it is known");
    assert_eq!(applied["because"], format!("it is here as {}", &back_as[..10]));
    assert!(repo.exists("side") && repo.exists("file5") && !repo.exists("bad3"));
}

#[test]
fn checks_for_recover_decide_where_there_are_some() {
    let config = format!("{}{}", no_bad(&[]), check("mild", "! test -e file7", &["on = ['recover']"]));
    let planted = Planted::new(&config, 10, &[2], &[]);
    let answer = planted.recover(0, &["--jobs", "1"]);
    let fates = fates(&answer);
    assert_eq!((fates[2], fates[7], runs(&planted.repo)), ("picked", "breaks", 0));
    assert_eq!(answer["fates"][7]["check"], "mild");
}

#[test]
fn a_backup_is_recovered_by_its_name_or_without_one() {
    let planted = Planted::new(&no_bad(&[]), 8, &[6], &[]);
    let repo = &planted.repo;
    let good = repo.rev("HEAD");
    repo.git(&["reset", "-q", "--hard", "broken"]);
    let rolled = repo.checkpoint_ok(&["rollback", &good, "--no-verify", "--json"]).json();
    let backup = rolled["backup"]["branch"].as_str().expect("a backup");
    for args in [&["recover", "--good", "--json"][..], &["recover", backup, "--good", "--json"]] {
        let answer = repo.checkpoint_ok(args).json();
        assert_eq!((fates(&answer)[6], answer["source"].as_str()), ("breaks", Some(backup)));
        repo.checkpoint_ok(&["undo"]);
    }
    // Nothing is left to be found out, and nothing to be brought back.
    repo.git(&["reset", "-q", "--hard", "broken"]);
    let answer = repo.checkpoint_ok(&["recover", backup, "--good", "--json"]).json();
    assert_eq!((fates(&answer).len(), answer["validations"].as_u64()), (0, Some(0)));
}

#[test]
fn another_branch_may_get_them() {
    let planted = Planted::new(&no_bad(&[]), 8, &[6], &[]);
    let repo = &planted.repo;
    repo.git(&["branch", "other"]);
    repo.write("file", "changed here\n");
    let state = repo.state();
    let answer = planted.recover(0, &["--onto", "other"]);
    planted.assert_found(&answer, false);
    state.assert_same(&repo.state());
    assert_eq!(repo.git(&["rev-list", "--count", "main..other"]), "7");
}

#[test]
fn what_the_user_has_changed_stays_and_has_no_part_in_it() {
    let planted = Planted::new(&no_bad(&[]), 8, &[6], &[]);
    let repo = &planted.repo;
    repo.write("file", "changed here\n");
    repo.write("bad-of-mine", "which the check would not like\n");
    planted.assert_found(&planted.recover(0, &[]), false);
    assert_eq!(repo.read_text("file"), "changed here\n");
    assert!(repo.exists("bad-of-mine") && repo.exists("file7"));
}
