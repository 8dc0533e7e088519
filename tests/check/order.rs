//! What runs beside what, and what is not run.

use super::*;

/// Notes in the file `course` that it begins and ends.
fn noted(name: &str, seconds: &str) -> String {
    format!("echo +{name} >> \"$HOME/../course\"; sleep {seconds}; echo -{name} >> \"$HOME/../course\"")
}

fn course(repo: &TestRepo) -> Vec<String> {
    let text = std::fs::read_to_string(beside(repo, "course")).expect("something ran");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn checks_run_side_by_side() {
    let repo =
        configured(&(check("a", "sleep 1.5", &["cache = false"]) + &check("b", "sleep 1.5", &["cache = false"])));
    let beside = seconds(|| drop(answer(&repo, 0, &["--jobs", "2"])));
    let after = seconds(|| drop(answer(&repo, 0, &["--jobs", "1"])));
    assert!(beside < 2.9, "{beside} s");
    assert!(after >= 3.0, "{after} s");
    repo.git(&["config", "checkpoint.jobs", "2"]);
    assert!(seconds(|| drop(answer(&repo, 0, &[]))) < 2.9, "the machine's own setting");
}

#[test]
fn one_that_has_to_be_alone_is_alone() {
    let alone = check("alone", &noted("alone", "0.3"), &["exclusive = true", "cache = false"]);
    let config = check("a", &noted("a", "0.3"), &["cache = false"])
        + &alone
        + &check("b", &noted("b", "0.3"), &["cache = false"]);
    let repo = configured(&config);
    answer(&repo, 0, &["--jobs", "4"]);
    let course = course(&repo);
    let begin = course.iter().position(|line| line == "+alone").expect("it ran");
    assert_eq!(course[begin + 1], "-alone", "something ran beside it: {course:?}");
    let running = course[..begin].iter().map(|line| if line.starts_with('+') { 1 } else { -1 }).sum::<i32>();
    assert_eq!(running, 0, "something was running when it began: {course:?}");
    assert_eq!(course.len(), 6);
}

#[test]
fn one_that_needs_another_waits_for_it_and_is_not_run_without_its_pass() {
    let config = |first: &str| {
        check("last", &noted("last", "0"), &["needs = ['middle']", "cache = false"])
            + &check("middle", &noted("middle", "0"), &["needs = ['first']", "cache = false"])
            + &check("first", &format!("{}; {first}", noted("first", "0.3")), &["cache = false"])
    };
    let repo = configured(&config("true"));
    answer(&repo, 0, &["--jobs", "4"]);
    assert_eq!(course(&repo), ["+first", "-first", "+middle", "-middle", "+last", "-last"]);
    std::fs::remove_file(beside(&repo, "course")).expect("it is there");
    configure(&repo, &config("exit 1"));
    let said = answer(&repo, 1, &["--only", "last"]);
    assert_eq!(verdicts(&said), "last=inconclusive middle=inconclusive first=fail");
    assert!(why(&said).contains("`middle` did not pass"), "{said}");
    assert_eq!(course(&repo), ["+first", "-first"]);
    // A check of low severity stops what needs it all the same.
    configure(&repo, &(check("a", "exit 1", &["severity = 'low'"]) + &check("b", RAN, &["needs = ['a']"])));
    assert_eq!(verdicts(&answer(&repo, 1, &[])), "a=fail b=inconclusive");
    assert_eq!(runs(&repo), 0);
}

/// Was: the logs of a run were removed while it went on, once twenty others had begun.
#[test]
fn a_long_run_keeps_its_logs_however_many_others_there_are() {
    let wait = "echo n=5; touch \"$HOME/../begun\"; while ! test -e \"$HOME/../go\"; do sleep 0.02; done";
    let measure = "measure = { pattern = 'n=(\\d+)' }";
    let config = check("slow", wait, &[measure, "cache = false"])
        + &check("after", "true", &["needs = ['slow']", "cache = false"])
        + &check("other", "true", &["cache = false"]);
    let repo = configured(&config);
    let mut command = repo.checkpoint_command(&["check", "--json", "--only", "after"]);
    let child = command.stdout(std::process::Stdio::piped()).spawn().expect("it can be run");
    while !beside(&repo, "begun").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for _ in 0..25 {
        answer(&repo, 0, &["--only", "other"]);
    }
    std::fs::write(beside(&repo, "go"), "").expect("writable");
    let run = Run::of(&repo, &["check"], &child.wait_with_output().expect("it ends"));
    assert_eq!(verdicts(&run.json()), "slow=pass after=pass", "{run}");
    let kept = std::fs::read_dir(repo.git_dir().join("checkpoint/logs")).expect("it is there").count();
    assert!(kept <= 21, "{kept} runs are kept");
}
