//! Procedure C: two files go back within seconds in an emergency, and gracefully with the numbers before and after.

use std::time::{Duration, Instant};

use super::*;

const RESTART: &str =
    "[rollback]\nafter = [{ name = \"restart\", run = \"python3 manage.py clear-cache, restart server\" }]\n\n";

/// How many queries the dashboard makes, and that it says what it has to.
const NUMBERS: &str = "[[check]]\nname = \"dashboard\"\nrun = \"python3 validate.py total performance\"\n\
                       on = [\"checkpoint\", \"rollback\"]\nisolation = \"none\"\ncache = false\nmeasure = [\n  \
                       { pattern = 'p95=(?<p95>\\S+)', unit = \"s\", fail = 2.0 },\n  \
                       { pattern = 'queries=(?<queries>\\d+)', fail = 10 },\n]\n";

const FILES: [&str; 2] = ["shop/query.py", "shop/dashboard.py"];

/// The optimisation: right numbers with six times the queries, in two files, and a third file beside them.
fn optimise(project: &Project) {
    project.edit(
        FILES[0],
        "def orders",
        "def probe(database):\n    return [database.rows(\"SELECT 1\") for _ in range(10)]\n\n\ndef orders",
    );
    project.edit(FILES[1], "    return {", "    query.probe(database)\n    return {");
    project.edit("server.py", "\"status\": \"ok\",", "\"status\": \"ok\",\n        \"version\": 2,");
    project.commit("Optimise the dashboard");
    project.deploy();
    assert_eq!(project.expect("/dashboard")["queries"], 12);
}

fn args<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["rollback", "HEAD~1", "--path", FILES[0], "--path", FILES[1]], more].concat()
}

#[test]
fn two_files_are_back_within_seconds() {
    let Some(project) = Project::new(&[RESTART, CODE, NUMBERS].concat()) else { return };
    let good = FILES.map(|file| project.read(file));
    optimise(&project);
    let (head, failed) = (project.rev("HEAD"), FILES.map(|file| project.read(file)));
    let begun = Instant::now();
    let done = project.said(0, &args(&["--emergency", "--reason", "the dashboard is slow"]));
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    assert!(done["steps"].as_array().is_some_and(|steps| steps.len() <= 8), "{done:#}");
    assert_eq!((FILES.map(|file| project.read(file)), project.rev("HEAD")), (good, head));
    project.expect_healthy();
    let health = project.expect("/health");
    assert_eq!((&project.expect("/dashboard")["queries"], &health["version"]), (&2.into(), &2.into()));
    let record = format!("refs/checkpoint/records/{}^{{commit}}", done["id"].as_str().expect("an id"));
    for (file, bytes) in FILES.iter().zip(failed) {
        assert_eq!(project.git(&["show", &format!("{record}:{file}")]).as_bytes(), bytes.trim_ascii_end());
    }
    project.fsck();
}

#[test]
fn gracefully_the_numbers_before_and_after_are_compared() {
    let Some(project) = Project::new(&[RESTART, CODE, NUMBERS].concat()) else { return };
    optimise(&project);
    let done = project.said(0, &args(&["--graceful", "--reason", "the dashboard is slow", "--yes"]));
    assert_eq!(done["verification"], "verified", "{done:#}");
    let number = |checks: &serde_json::Value| {
        let numbers = check(&serde_json::json!({ "checks": checks }), "dashboard")["measurements"].clone();
        let queries = numbers.as_array().expect("a list").iter().find(|one| one["name"] == "queries").cloned();
        queries.and_then(|one| one["value"].as_f64())
    };
    assert_eq!((number(&done["checks_before"]), number(&done["checks"])), (Some(12.0), Some(2.0)), "{done:#}");
    let id = done["id"].as_str().expect("an id");
    let report = project.checkpoint_ok(&["report", id, "--format", "markdown"]).stdout;
    let row = report.lines().find(|line| line.contains("queries")).unwrap_or_else(|| panic!("{report}"));
    assert!(row.contains("12") && row.contains('2'), "{row}");
    project.fsck();
}
