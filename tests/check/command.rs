//! What `check` prints, how it exits, and which state and which checks it means.

use serde_json::json;

use super::*;

/// Two checks of a checkpoint, one of a push.
fn three(first: &str) -> String {
    let on = "on = ['checkpoint']";
    check("unit", first, &[on])
        + &check("lint", "true", &[on, "severity = 'low'"])
        + &check("load", "exit 3", &["on = ['push']"])
}

#[test]
fn each_answer_has_its_line_and_its_exit_code() {
    let repo = configured(&three("echo checked"));
    insta::assert_snapshot!(repo.checkpoint(&["check", "--jobs", "1"]));
    insta::assert_snapshot!(repo.checkpoint(&["check", "--jobs", "1"]));
    insta::assert_snapshot!(repo.checkpoint(&["check", "--on", "push"]));
    configure(&repo, &(check("unit", "sleep 60", &["timeout = '1s'"]) + &check("hurt", "kill -9 $$", &[])));
    insta::assert_snapshot!(repo.checkpoint(&["check", "--jobs", "1"]));
    configure(&repo, &check("lint", "exit 1", &["severity = 'low'"]));
    insta::assert_snapshot!(repo.checkpoint(&["check"]));
}

#[test]
fn the_json_answer_is_as_documented() {
    let repo = configured(&three("exit 7"));
    let answer = crate::schema::answers(&repo, 1, "validation", &["check"]);
    assert_eq!(answer["commit"], repo.rev("HEAD"));
    assert_eq!(answer["tree"], repo.rev("HEAD^{tree}"));
    assert_eq!(answer["verdict"], "fail");
    assert_eq!(verdicts(&answer), "unit=fail lint=pass");
    let unit = &answer["checks"][0];
    assert_eq!(
        (&unit["severity"], &unit["why"], &unit["measurements"]),
        (&json!("high"), &json!("it exited with code 7"), &json!([]))
    );
    repo.write("file", "changed\n");
    let answer = crate::schema::answers(&repo, 1, "validation", &["check"]);
    assert_eq!(answer["commit"], json!(null), "the working state is no commit");
    assert_ne!(answer["tree"], repo.rev("HEAD^{tree}"));
}

#[test]
fn only_the_checks_that_are_meant_are_run() {
    let more = check("deep", "true", &["needs = ['unit']", "on = ['monitor']"]);
    let repo = configured(&(three("true") + &more));
    let of = |code: i32, args: &[&str]| verdicts(&answer(&repo, code, args));
    assert_eq!(of(0, &["--no-cache"]), "unit=pass lint=pass");
    assert_eq!(of(1, &["--on", "push"]), "load=fail");
    assert_eq!(of(0, &["--on", "monitor", "--no-cache"]), "unit=pass deep=pass", "with what it needs");
    assert_eq!(of(1, &["--only", "load"]), "load=fail", "a name is meant whenever the check runs otherwise");
    assert_eq!(of(1, &["--only", "load", "--only", "lint", "--no-cache"]), "lint=pass load=fail");
    let none = repo.checkpoint(&["check", "--on", "assess"]);
    assert!(none.code == 2 && none.stderr.contains("no check is for `assess`"), "{none}");
    let none = repo.checkpoint(&["check", "--only", "unti"]);
    assert!(none.code == 2 && none.stderr.contains("did you mean `unit`?"), "{none}");
    let none = repo.checkpoint(&["check", "--only", "something-else"]);
    assert!(none.code == 2 && none.stderr.contains("there are: unit, lint, load, deep"), "{none}");
    let none = repo.checkpoint(&["check", "--on", "nothing"]);
    assert!(none.code == 2 && none.stderr.contains("checkpoint"), "{none}");
}

#[test]
fn a_report_can_be_read_back() {
    let run = "printf 'a <b> & \\033[31mred\\000 ]]> \\377\\n'; exit 1";
    let repo = configured(&(check("unit", run, &[]) + &check("lint", "true", &[]) + &check("slow", "exit 125", &[])));
    let file = beside(&repo, "report.xml");
    let run = repo.checkpoint(&["check", "--jobs", "1", "--junit", &file.to_string_lossy()]);
    assert_eq!(run.code, 1, "{run}");
    let text = std::fs::read_to_string(&file).expect("a report in UTF-8");
    let report = quick_junit::Report::deserialize_from_str(&text).expect("a report");
    let cases: Vec<_> = report.test_suites[0].test_cases.iter().collect();
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["unit", "lint", "slow"]);
    assert_eq!((report.tests, report.failures, report.errors), (3, 1, 1), "{text}");
    let out = cases[0].system_out.as_ref().expect("there is output").as_str().to_owned();
    assert!(out.contains("a <b> & ") && !out.contains('\u{1b}') && !out.contains('\0'), "{out:?}");
    let gone = repo.checkpoint(&["check", "--junit", "/no/such/folder/report.xml"]);
    assert!(gone.code == 4 && gone.stderr.contains("/no/such/folder/report.xml"), "{gone}");
}

#[test]
fn any_state_can_be_named() {
    let repo = configured(&check("unit", "cat file; grep -q good file", &["on = ['checkpoint']"]));
    repo.write("file", "good\n");
    let good = repo.commit("good");
    repo.write("file", "bad\n");
    repo.commit("bad");
    repo.write("file", "good again\n");
    let tag = repo.checkpoint_ok(&["create", "--name", "saved", "--json"]).json();
    repo.write("file", "bad on disk\n");
    let before = (repo.state(), repo.fingerprint());
    for (selector, code, commit) in [
        ("HEAD", 1, repo.rev("HEAD")),
        ("HEAD~1", 0, good.clone()),
        (&good[..8], 0, good.clone()),
        ("main", 1, repo.rev("main")),
        ("saved", 0, tag["commit"].as_str().expect("a commit").to_owned()),
        ("latest", 0, tag["commit"].as_str().expect("a commit").to_owned()),
    ] {
        assert_eq!(answer(&repo, code, &[selector])["commit"], commit, "{selector}");
    }
    assert_eq!(answer(&repo, 1, &[])["verdict"], "fail", "what is on disk");
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
    let unknown = repo.checkpoint(&["check", "savd"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("did you mean `saved`?"), "{unknown}");
    repo.fsck();
}

#[test]
fn it_is_the_same_in_every_kind_of_place() {
    let config = check("unit", "test -f .checkpoint.toml && test -f file && pwd", &["cache = false"]);
    let repo = configured(&config);
    repo.write("sub/deep/file", "x\n");
    repo.commit("Add a folder");
    assert_eq!(verdicts(&answer(&repo.at("sub/deep"), 0, &[])), "unit=pass");
    let linked = repo.linked_worktree("linked");
    linked.write("file", "changed\n");
    assert_eq!(verdicts(&answer(&linked, 0, &[])), "unit=pass");
    assert_eq!(verdicts(&answer(&linked, 0, &["HEAD"])), "unit=pass");
    let sha256 = TestRepo::sha256();
    configure(&sha256, &config);
    for args in [&[][..], &["HEAD"]] {
        let answer = answer(&sha256, 0, args);
        assert_eq!((answer["tree"].as_str().map(str::len), verdicts(&answer)), (Some(64), "unit=pass".into()));
    }
    sha256.write("new", "x\n");
    assert_eq!(verdicts(&answer(&sha256, 0, &[])), "unit=pass");
    sha256.fsck();
    repo.fsck();
}

#[test]
fn a_branch_without_commits_and_a_conflict_have_states_as_well() {
    let repo = TestRepo::new();
    repo.write(".checkpoint.toml", check("unit", "test -f new && test -z \"$GIT_DIR\"", &["cache = false"]));
    repo.write("new", "x\n");
    trust(&repo);
    for isolation in ["auto", "worktree"] {
        repo.write(".checkpoint.toml", check("unit", "test -f new", &[&format!("isolation = '{isolation}'")]));
        trust(&repo);
        let before = repo.state();
        let answer = answer(&repo, 0, &[]);
        assert_eq!((&answer["commit"], verdicts(&answer)), (&json!(null), "unit=pass".into()), "{isolation}");
        before.assert_same(&repo.state());
    }
    let unborn = repo.checkpoint(&["check", "HEAD"]);
    assert_eq!(unborn.code, 2, "{unborn}");

    let repo = configured(&check("unit", "grep -q '<<<<' file", &[]));
    repo.git(&["switch", "-qc", "other"]);
    repo.write("file", "theirs\n");
    repo.commit("theirs");
    repo.git(&["switch", "-q", "main"]);
    repo.write("file", "ours\n");
    repo.commit("ours");
    assert!(!repo.git_raw(&["merge", "other"]).status.success());
    let before = repo.state();
    assert_eq!(verdicts(&answer(&repo, 0, &[])), "unit=pass", "what is on disk is looked at");
    before.assert_same(&repo.state());
    assert!(repo.exists(".git/MERGE_HEAD"));
}

#[test]
fn a_check_is_told_what_it_is_about() {
    let told = "echo \"$CHECKPOINT_STAGE|$CHECKPOINT_PHASE|$CHECKPOINT_COMMIT|$CHECKPOINT_TREE|$GIT_CHECKPOINT\"; \
                test -d \"$CHECKPOINT_CACHE\" && ! test -t 0 && read x; test $? = 1";
    let repo = configured(&check("unit", told, &["on = ['checkpoint', 'push']", "cache = false"]));
    repo.checkpoint_ok(&["start", "phase2"]);
    for stage in ["checkpoint", "push"] {
        let answer = answer(&repo, 0, &["--on", stage]);
        let log = std::fs::read_to_string(answer["checks"][0]["log"].as_str().expect("a log")).expect("it is there");
        let (commit, tree) = (repo.rev("HEAD"), repo.rev("HEAD^{tree}"));
        assert_eq!(log, format!("{stage}|phase2|{commit}|{tree}|0\n"));
    }
}
