//! What came of drills: kept, shown, and told where it is missing.

use super::*;

fn rows(repo: &TestRepo) -> Vec<String> {
    let value = repo.checkpoint_ok(&["drill", "--list", "--json"]).json();
    let rows = value["drills"].as_array().expect("rows").iter();
    rows.map(|row| format!("{} {}", row["scenario"].as_str().expect("a name"), row["state"].as_str().expect("a word")))
        .collect()
}

fn line(repo: &TestRepo) -> Option<String> {
    let status = repo.checkpoint_ok(&["status"]).stdout;
    status.lines().find(|line| line.starts_with("drills: ")).map(str::to_owned)
}

fn findings(repo: &TestRepo) -> Vec<Value> {
    let found = repo.checkpoint(&["doctor", "--json"]).json();
    let found = found["findings"].as_array().expect("findings").iter();
    found.filter(|finding| finding["check"] == "drills").cloned().collect()
}

const AFTER: &str = "[rollback]\nafter = ['true']\n";

#[test]
fn what_is_proven_is_shown_and_so_is_what_is_not_tested() {
    let repo = with(AFTER);
    let names = "bad-commit, deleted-files, failing-step";
    assert_eq!(line(&repo), Some(format!("drills: 0 of 3 proven; not tested: {names}")));
    let found = findings(&repo);
    assert_eq!(found.len(), 3);
    let says =
        |found: &Value| found["fix"] == "`git checkpoint drill --scenario bad-commit`" && found["level"] == "note";
    assert!(found.iter().any(says), "{found:#?}");
    assert!(!repo.git_dir().join("checkpoint/drills.json").exists(), "looking writes nothing");

    repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    repo.advance(12 * 86_400);
    repo.checkpoint_ok(&["drill", "--scenario", "deleted-files"]);
    assert_eq!(line(&repo).as_deref(), Some("drills: 2 of 3 proven, oldest 12 days ago; not tested: failing-step"));
    assert_eq!(
        rows(&repo),
        [
            "bad-commit proven",
            "deleted-files proven",
            "corrupt-artifact not-applicable",
            "failing-check not-applicable",
            "failing-step not-tested"
        ]
    );
    let listed = repo.checkpoint_ok(&["drill", "--list"]).stdout;
    let of = |name: &str| listed.lines().find(|line| line.starts_with(name)).expect("a line").to_owned();
    assert!(of("bad-commit").contains("12 days ago") && of("bad-commit").contains("back up 0."), "{listed}");
    assert!(of("failing-step").contains("not tested") && of("failing-step").contains("never"), "{listed}");
    let status = repo.checkpoint_ok(&["status", "--json"]).json();
    assert_eq!(
        (&status["drills"][0]["state"], &status["drills"][0]["commands"]),
        (&"proven".into(), &"stood-in".into())
    );

    repo.advance(85 * 86_400);
    assert_eq!(rows(&repo)[..2], ["bad-commit old", "deleted-files proven"]);
    let found = findings(&repo);
    assert!(found.iter().any(|found| found["what"].to_string().contains("bad-commit: it was proven more than 90")));
}

#[test]
fn a_result_is_for_one_configuration_and_a_failure_is_a_problem() {
    let repo = with(AFTER);
    repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    repo.write(".checkpoint.toml", "[rollback]\ndrill = 'run'\nafter = [{ name = 'start', run = 'exit 7' }]\n");
    trust(&repo);
    assert_eq!(rows(&repo)[0], "bad-commit other-configuration");
    assert!(line(&repo).is_some_and(|line| line.contains("of another configuration: bad-commit")));
    assert_eq!(repo.checkpoint(&["drill", "--scenario", "bad-commit"]).code, 1);
    assert_eq!(rows(&repo)[0], "bad-commit failed");
    let found = findings(&repo);
    let failed = found.iter().find(|found| found["level"] == "problem").expect("a problem");
    assert!(failed["what"].to_string().contains("start") && failed["fix"].is_string(), "{failed}");
    let row = repo.checkpoint_ok(&["drill", "--list", "--json"]).json()["drills"][0].clone();
    assert!(row["proven_at"].is_string() && row["reason"].to_string().contains("code 7"), "{row:#}");
    // Back to what was proven.
    repo.write(".checkpoint.toml", AFTER);
    assert_eq!(rows(&repo)[0], "bad-commit proven");
}

#[test]
fn a_file_that_is_damaged_or_cannot_be_written_stops_nothing() {
    let repo = with("");
    let file = repo.git_dir().join("checkpoint/drills.json");
    repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    assert_eq!(rows(&repo)[0], "bad-commit proven");
    let whole = repo.read_text(&file);
    for text in ["", "{", "[]", "{\"version\":2,\"results\":[]}", &whole.replace("\"version\": 1", "\"version\": 9")] {
        repo.write(&file, text);
        assert_eq!(rows(&repo)[0], "bad-commit not-tested", "{text}");
        repo.checkpoint_ok(&["status"]);
    }
    repo.write(&file, vec![b' '; 2 << 20]);
    assert_eq!(rows(&repo)[0], "bad-commit not-tested");
    repo.write(&file, whole.replace("\"commands\": \"none\"", "\"commands\": \"\\u001b[31mred\\nline\""));
    let listed = repo.checkpoint_ok(&["drill", "--list"]);
    assert!(!listed.stdout.contains('\u{1b}'), "{listed}");
    repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    assert_eq!(rows(&repo)[0], "bad-commit proven");
    repo.remove(&file);
    repo.dir(&file);
    let run = repo.checkpoint_ok(&["drill", "--scenario", "bad-commit"]);
    assert!(run.stderr.contains("not in the table"), "{run}");
    repo.checkpoint_ok(&["doctor"]);
}
