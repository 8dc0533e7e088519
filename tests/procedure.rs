//! A rollback as an operation: commands before and after it, whether the state works, what follows where it does not, and
//! going on after an interruption.

mod artifacts;
mod interrupted;
mod remote;

use crate::{jobs::trust, support::TestRepo};

/// A repository with a trusted `[rollback]`, a checkpoint `works` that has the file `good`, and the state after it.
/// Each command leaves a line in `../told`.
fn with_steps(section: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", section);
    trust(&repo);
    repo.write("good", "yes\n");
    repo.commit("Good");
    repo.checkpoint_ok(&["create", "--name", "works", "--no-verify"]);
    repo.write("good", "no\n");
    repo.commit("Bad");
    repo.write("later", "untracked\n");
    repo
}

fn told(repo: &TestRepo) -> Vec<String> {
    if repo.exists("../told") { repo.read_text("../told").lines().map(str::to_owned).collect() } else { Vec::new() }
}

#[test]
fn commands_run_in_their_order_and_are_told_of_the_rollback() {
    let repo = with_steps(
        "[rollback]\n\
         before = ['echo before $CHECKPOINT_STEP $CHECKPOINT_STAGE $(cat good) >> ../told']\n\
         after = [{ name = 'start services', run = 'echo after $CHECKPOINT_STEP $(cat good) $CHECKPOINT_BACKUP >> ../told; echo started' },\n\
                  'echo $CHECKPOINT_COMMIT $CHECKPOINT_FROM \"$CHECKPOINT_REASON\" >> ../told']\n\
         on-failure = ['echo failed >> ../told']\n",
    );
    let (bad, good) = (repo.rev("HEAD"), repo.rev("works^{commit}"));
    let reason = "it's \"$(touch evil)\" broken";
    let done = repo.checkpoint_ok(&["rollback", "works", "--reason", reason, "--json"]).json();
    let branch = done["backup"]["branch"].as_str().expect("a backup").to_owned();
    let told = told(&repo);
    assert_eq!(told[0], "before before rollback no");
    assert_eq!(told[1], format!("after after yes {branch}"));
    assert_eq!(told[2], format!("{good} {bad} {reason}"));
    assert_eq!(told.len(), 3);
    assert!(!repo.exists("evil"));
    let steps: Vec<_> =
        done["steps"].as_array().expect("steps").iter().map(|step| step["name"].as_str().expect("a name")).collect();
    assert_eq!(steps[1..5], ["back up", "restore", "verify", "after: start services"]);
    assert!(steps[0].starts_with("before: echo before"), "{steps:?}");
    // The record keeps all of it, and what was printed.
    let id = done["id"].as_str().expect("an id");
    let record = repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{id}")]);
    assert!(record.contains("Checkpoint-Step: done ") && record.contains("\"after: start services\""), "{record}");
    assert!(record.contains("Checkpoint-Verification: verified"), "{record}");
    assert_eq!(repo.git(&["cat-file", "-p", &format!("refs/checkpoint/files/{id}:logs/after-1")]), "started");
    repo.fsck();
}

#[test]
fn a_command_that_fails_before_it_stops_it_and_nothing_is_changed() {
    let repo = with_steps(
        "[rollback]\nbefore = ['echo one >> ../told', 'echo reason; exit 3', 'echo three >> ../told']\n\
         on-failure = ['echo failed $CHECKPOINT_STEP >> ../told']\n",
    );
    let (before, refs) = (repo.state(), repo.refs());
    let run = repo.checkpoint(&["rollback", "works"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.contains("it exited with code 3") && run.stderr.contains("| reason"), "{run}");
    assert_eq!(told(&repo), ["one", "failed on-failure"]);
    before.assert_same(&repo.state());
    assert_eq!(repo.refs(), refs);
    // It has ended: there is nothing to go on with, and it can be tried without them.
    assert_eq!(repo.checkpoint(&["rollback", "--continue"]).code, 1);
    repo.checkpoint_ok(&["rollback", "works", "--no-steps"]);
    assert_eq!(repo.read_text("good"), "yes\n");
    assert_eq!(told(&repo).len(), 2);
}

#[test]
fn a_failure_that_may_be_passed_over_is_and_is_told() {
    let repo = with_steps(
        "[rollback]\nbefore = [{ run = 'exit 3', continue-on-error = true }]\nafter = [{ run = 'exit 4', continue-on-error = true }, 'echo after >> ../told']\n",
    );
    let run = repo.checkpoint(&["rollback", "works", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    let done = run.json();
    let of = |name: &str| {
        let steps = done["steps"].as_array().expect("steps");
        steps.iter().find(|step| step["name"] == name).map(|step| step["outcome"].clone()).expect(name)
    };
    assert_eq!((of("before: exit 3"), of("after: exit 4")), ("tolerated".into(), "tolerated".into()));
    assert_eq!(told(&repo), ["after"]);
    assert!(run.stderr.contains("it exited with code 4"), "{run}");
}

#[test]
fn a_command_that_fails_after_it_is_no_verified_rollback() {
    let repo = with_steps(
        "[rollback]\nafter = ['exit 4', 'echo not >> ../told']\non-failure = ['echo failed >> ../told']\n\
         [[check]]\nname = 'works'\nrun = 'true'\non = ['rollback']\n",
    );
    let run = repo.checkpoint(&["rollback", "works", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"failed".into()), "{run}");
    assert_eq!(repo.read_text("good"), "yes\n", "the files are back all the same");
    assert_eq!(told(&repo), ["failed"]);
    repo.checkpoint_ok(&["undo", "--no-steps"]);
    assert_eq!(repo.read_text("good"), "no\n");
}

#[test]
fn what_is_to_be_open_only_if_it_works_waits_for_the_checks() {
    let repo = with_steps(
        "[rollback]\nafter = ['echo after >> ../told']\non-verified = ['echo open >> ../told']\n\
         [[check]]\nname = 'works'\non = ['rollback']\nisolation = 'none'\nrun = 'echo check >> ../told; test -e ../fine'\n",
    );
    assert_eq!(repo.checkpoint(&["rollback", "works"]).code, 1);
    assert_eq!(told(&repo), ["after", "check"]);
    repo.checkpoint_ok(&["undo", "--no-steps"]);
    repo.write("../fine", "");
    repo.checkpoint_ok(&["rollback", "works"]);
    assert_eq!(told(&repo)[2..], ["after", "check", "open"]);
}

#[test]
fn what_before_commands_write_is_in_the_backup() {
    let repo = with_steps("[rollback]\nbefore = ['echo dumped > dump; echo more >> later']\n");
    let done = repo.checkpoint_ok(&["rollback", "works", "--json"]).json();
    assert!(!repo.exists("dump") && !repo.exists("later"));
    let branch = done["backup"]["branch"].as_str().expect("a backup");
    assert_eq!(repo.git(&["show", &format!("{branch}:dump")]), "dumped");
    assert_eq!(repo.git(&["show", &format!("{branch}:later")]), "untracked\nmore");
}

#[test]
fn an_undo_runs_the_same_commands_and_what_they_write_is_kept_too() {
    let repo = with_steps(
        "[rollback]\nbefore = ['echo before >> ../told; date +%N >> dump']\nafter = ['echo after >> ../told; echo said']\n",
    );
    repo.write("dump", "first\n");
    repo.checkpoint_ok(&["rollback", "works"]);
    assert!(!repo.exists("dump"));
    let undone = repo.checkpoint_ok(&["undo", "--json"]).json();
    assert_eq!(told(&repo), ["before", "after", "before", "after"]);
    assert_eq!(repo.read_text("good"), "no\n");
    assert!(repo.read_text("dump").starts_with("first\n"));
    let id = undone["id"].as_str().expect("an id");
    let kept = repo.git(&["ls-tree", "-r", "--name-only", &format!("refs/checkpoint/records/{id}^{{tree}}")]);
    assert!(kept.lines().any(|path| path == "dump"), "what the command wrote before the undo is in its record: {kept}");
    assert_eq!(repo.git(&["cat-file", "-p", &format!("refs/checkpoint/files/{id}:logs/after-1")]), "said");
    repo.checkpoint_ok(&["redo"]);
    assert_eq!(repo.read_text("good"), "yes\n");
    assert_eq!(told(&repo).len(), 6);
    repo.fsck();
}

#[test]
fn checks_that_cannot_be_run_are_no_verification() {
    let repo = with_steps("[[check]]\nname = 'works'\non = ['rollback']\nrun = 'no-such-program-anywhere'\n");
    let run = repo.checkpoint(&["rollback", "works", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"inconclusive".into()), "{run}");
}

#[test]
fn nothing_runs_without_consent_and_an_emergency_does_not_wait_for_it() {
    let repo = with_steps("[rollback]\nbefore = ['echo ran >> ../told']\nafter = ['echo ran >> ../told']\n");
    repo.write(".checkpoint.toml", "[rollback]\nbefore = ['echo evil >> ../told']\n");
    let before = repo.state();
    let run = repo.checkpoint(&["rollback", "works", "--yes"]);
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("--no-steps") && run.stderr.contains("checkpoint trust"), "{run}");
    before.assert_same(&repo.state());
    let run = repo.checkpoint(&["rollback", "works", "--emergency"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("nobody has agreed"), "{run}");
    assert_eq!(told(&repo), [""; 0]);
    assert_eq!(repo.read_text("good"), "yes\n");
}

#[test]
fn an_emergency_goes_on_where_a_command_before_it_fails() {
    let repo = with_steps(
        "[rollback]\nbefore = ['exit 3', 'echo second >> ../told']\nsettle = '1h'\nretries = 100\n\
        [[check]]\nname = 'works'\nrun = 'exit 1'\non = ['rollback']\nisolation = 'none'\n",
    );
    let run = repo.checkpoint(&["rollback", "works", "--emergency", "--severity", "critical", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"failed".into()), "{run}");
    assert_eq!(told(&repo), ["second"]);
    assert_eq!(repo.read_text("good"), "yes\n");
    let record = repo.git(&[
        "cat-file",
        "-p",
        &format!("refs/checkpoint/records/{}", run.json()["id"].as_str().expect("an id")),
    ]);
    assert!(record.contains("Checkpoint-Emergency: true\nCheckpoint-Severity: critical\n"), "{record}");
}

#[test]
fn the_configuration_of_the_state_gone_back_to_decides_nothing() {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", "[rollback]\nafter = ['echo then >> ../told']\n");
    trust(&repo);
    repo.commit("Then");
    repo.write(".checkpoint.toml", "[rollback]\nafter = ['echo now >> ../told']\n[[check]]\nname = 'c'\nrun = 'echo check >> ../told'\non = ['rollback']\n");
    trust(&repo);
    repo.commit("Now");
    repo.checkpoint_ok(&["rollback", "HEAD~1"]);
    assert_eq!(told(&repo), ["now", "check"]);
}

#[test]
fn checks_are_asked_again_until_the_state_has_settled() {
    let repo = with_steps(
        "[rollback]\nretries = 5\nretry-after = '1s'\n\
         [[check]]\nname = 'works'\non = ['rollback']\nisolation = 'none'\nrun = 'echo x >> ../told; test $(wc -l < ../told) -ge 3'\n",
    );
    let run = repo.checkpoint_ok(&["rollback", "works", "--json"]);
    assert_eq!(run.json()["verification"], "verified");
    assert_eq!(told(&repo).len(), 3);
}

#[test]
fn graceful_means_that_there_is_something_to_compare_with() {
    let repo = with_steps(
        "[rollback]\n[[check]]\nname = 'speed'\non = ['rollback']\nisolation = 'none'\n\
         run = 'if test \"$(cat good)\" = yes; then echo ms=5; else echo ms=900; fi'\n\
         measure = { pattern = 'ms=(?<ms>[0-9]+)', unit = 'ms', fail = 100 }\n",
    );
    let run = repo.checkpoint_ok(&["rollback", "works", "--graceful", "--json"]);
    let (before, after) = (&run.json()["checks_before"][0], &run.json()["checks"][0]);
    assert_eq!((&before["verdict"], &before["measurements"][0]["value"]), (&"fail".into(), &900.0.into()));
    assert_eq!((&after["verdict"], &after["measurements"][0]["value"]), (&"pass".into(), &5.0.into()));
    let id = run.json()["id"].as_str().expect("an id").to_owned();
    let record = repo.git(&["cat-file", "-p", &format!("refs/checkpoint/records/{id}")]);
    assert!(record.contains("Checkpoint-Measure-Before: speed ms fail 900 ms"), "{record}");
    assert_eq!(repo.checkpoint(&["rollback", "works", "--graceful", "--emergency"]).code, 2);
}

#[test]
fn a_state_that_does_not_work_is_taken_back_where_that_is_wanted() {
    let repo = with_steps(
        "[rollback]\nafter = ['echo after $(cat good) >> ../told']\non-failure = ['echo failed >> ../told']\non-verify-failure = 'undo'\n\
         [[check]]\nname = 'works'\non = ['rollback']\nrun = 'exit 1'\n",
    );
    let before = repo.state();
    let run = repo.checkpoint(&["rollback", "works", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"failed".into()), "{run}");
    assert!(run.json()["undone_by"].is_string(), "{run}");
    before.assert_same(&repo.state());
    // The services are started again on what is there now.
    assert_eq!(told(&repo), ["after yes", "failed", "after no"]);
    repo.checkpoint_ok(&["redo"]);
    assert_eq!(repo.read_text("good"), "yes\n");
    repo.fsck();
}

/// Four good checkpoints, the third of the same files as the second; then a broken state.
fn four_good(policy: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    let text = format!(
        "[rollback]\non-verify-failure = '{policy}'\nbefore = ['echo before >> ../told']\nafter = ['echo after $(cat n) >> ../told']\n\
         [[check]]\nname = 'fine'\nrun = 'true'\non = ['checkpoint']\n\
         [[check]]\nname = 'works'\non = ['rollback']\nisolation = 'none'\nrun = 'test $(cat n) -le $(cat ../limit)'\n"
    );
    repo.write(".checkpoint.toml", text);
    trust(&repo);
    for (number, name) in [(1, "one"), (2, "two"), (2, "two-again"), (3, "three")] {
        repo.write("n", format!("{number}\n"));
        repo.checkpoint_ok(&["create", "--name", name]);
    }
    repo.write("n", "4\n");
    repo
}

#[test]
fn older_good_states_are_tried_once_each_until_one_works() {
    let repo = four_good("next-older");
    repo.write("../limit", "1\n");
    let before = repo.state();
    let run = repo.checkpoint(&["rollback", "three", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (0, &"verified".into()), "{run}");
    assert_eq!(repo.read_text("n"), "1\n");
    let tried: Vec<_> = run.json()["tried"].as_array().expect("tried").iter().map(|one| one["to"].clone()).collect();
    assert_eq!(tried, ["three", "two-again"], "the same files are not tried twice");
    assert_eq!(told(&repo), ["before", "after 3", "after 2", "after 1"]);
    for _ in 0..3 {
        repo.checkpoint_ok(&["undo", "--no-steps"]);
    }
    before.assert_same(&repo.state());
    repo.fsck();
}

#[test]
fn when_none_works_it_ends() {
    let repo = four_good("next-older");
    repo.write("../limit", "0\n");
    let run = repo.checkpoint(&["rollback", "three", "--json"]);
    assert_eq!((run.code, &run.json()["verification"]), (1, &"failed".into()), "{run}");
    assert_eq!(run.json()["tried"].as_array().expect("tried").len(), 2);
    assert_eq!(repo.read_text("n"), "1\n");
    let repo = four_good("stop");
    repo.write("../limit", "0\n");
    let run = repo.checkpoint(&["rollback", "three", "--json"]);
    assert_eq!((run.code, run.json()["tried"].as_array().expect("tried").len()), (1, 0), "{run}");
    assert_eq!(repo.read_text("n"), "3\n");
}

#[test]
fn services_that_a_command_starts_go_on() {
    let repo = with_steps("[rollback]\nafter = ['nohup sleep 300 > /dev/null 2>&1 & echo $! > ../told']\n");
    repo.checkpoint_ok(&["rollback", "works"]);
    let pid = told(&repo).remove(0);
    let killed = repo.command("kill").args(["-9", &pid]).status().expect("there is a kill");
    assert!(killed.success(), "it was ended with the rollback");
}

#[test]
fn a_dry_run_runs_nothing_and_names_all() {
    let repo = with_steps(
        "[rollback]\nbefore = ['echo ran >> ../told']\nafter = [{ run = 'echo ran >> ../told', name = 'start' }]\n",
    );
    let before = repo.fingerprint();
    let run = repo.checkpoint_ok(&["rollback", "works", "--dry-run"]);
    assert!(run.stdout.contains("echo ran >> ../told") && run.stdout.contains("start"), "{run}");
    before.assert_same(&repo.fingerprint());
    let steps = repo.checkpoint_ok(&["rollback", "works", "--dry-run", "--json"]).json()["steps"].clone();
    let names: Vec<_> = steps.as_array().expect("steps").iter().map(|step| step["name"].clone()).collect();
    assert_eq!(names, ["before: echo ran >> ../told", "back up", "restore", "after: start"]);
    assert_eq!(told(&repo), [""; 0]);
}

#[test]
fn names_of_commands_steer_no_terminal() {
    let repo = with_steps(
        "[rollback]\nafter = [{ run = \"printf '\\\\033[31mred\\\\n'; exit 1\", name = \"start \\u001b[2J\\u202e now\" }]\n",
    );
    let run = repo.checkpoint(&["rollback", "works"]);
    assert_eq!(run.code, 1, "{run}");
    let shown = format!("{}{}", run.stdout, run.stderr);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
}
