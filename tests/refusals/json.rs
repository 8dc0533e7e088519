//! A failure as JSON: one object on standard output, beside the text for people.

use super::*;

#[test]
fn failures_are_one_json_object() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "taken"]);
    let outside = repo.at("../outside");
    let runs = [
        refuse(&repo, USAGE, &["show", "nonesuch", "--json"]),
        refuse(&repo, REFUSED, &["create", "--name", "taken", "--json"]),
        refuse(&repo, REFUSED, &["--json", "rollback", "--continue"]),
        refuse_blind(&outside, ENVIRONMENT, &["list", "--json"]),
        refuse(&repo, USAGE, &["--json", "rollback", "before:(", "--yes"]),
    ];
    for run in &runs {
        let (value, lines) = (run.json(), run.stdout.lines().count());
        let error = &value["error"];
        assert_eq!((lines, error["exit_code"].as_i64()), (1, Some(run.code.into())), "{run}");
        assert!(error["message"].is_string() && error["causes"].is_array(), "{run}");
        assert!(!error["hints"].as_array().expect("a list").is_empty(), "{run}");
    }
    assert_said("json_failures", &runs);
}
