//! Procedure E: a rollback with its result as JSON and as a report: steps, status before and after, what is left to answer.

use super::{services::*, *};

/// What the health check says before and after.
const HEALTH: &str = "[[check]]\nname = \"health\"\nrun = \"python3 validate.py health performance\"\non = [\"rollback\"]\n\
                      isolation = \"none\"\ncache = false\nmeasure = { pattern = 'queries=(?<queries>\\d+)', fail = 10 }\n";

#[test]
fn the_result_is_json_and_a_report() {
    let Some(project) = Project::new(&[DATABASE, STEPS, "log = \"ROLLBACK_LOG.md\"\n\n", CODE, HEALTH].concat()) else {
        return;
    };
    project.manage("start worker");
    project.said(0, &["create", "--name", "phase-21"]);
    project.edit(
        "shop/query.py",
        "return database.rows(\"SELECT user",
        "database.rows(\"SELECT 1\")\n    return database.rows(\"SELECT user",
    );
    project.commit("Phase 22: handlers in the background");
    project.deploy();

    let back = project.said(0, &["rollback", "phase-21", "--severity", "high", "--reason", "race conditions", "--yes"]);
    assert_eq!(back["verification"], "verified", "{back:#}");
    expect_steps(&back, &["close", "stop", "clear caches", "start", "health", "open"]);
    for step in back["steps"].as_array().expect("a list") {
        assert!(step["seconds"].is_number() && step["detail"].is_string() && step["outcome"].is_string(), "{step:#}");
    }
    project.expect_healthy();

    let id = back["id"].as_str().expect("an id");
    let report = project.said(0, &["report", id]);
    assert!(report.to_string().contains("race conditions"), "{report:#}");
    for format in ["text", "markdown", "html"] {
        let text = project.checkpoint_ok(&["report", id, "--format", format]).stdout;
        for known in ["race conditions", "clear caches", "Phase 22"] {
            assert!(text.contains(known), "{format}: {known}: {text}");
        }
    }
    let log = project.read_text("ROLLBACK_LOG.md");
    assert!(log.contains("race conditions") && log.contains("phase-21") && log.contains("high"), "{log}");
    let listed = project.said(0, &["log"]);
    assert_eq!(
        (&listed[0]["kind"], &listed[0]["reason"]),
        (&"rollback".into(), &"race conditions".into()),
        "{listed:#}"
    );
    project.fsck();
}
