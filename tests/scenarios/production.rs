//! Procedure B: a deployment to production goes wrong. Closed, restored, restarted, proved, opened, and watched.

use super::{services::*, *};

/// How the state is watched afterwards.
const WATCH: &str = "[monitor]\nevery = \"10m\"\nfor = \"30m\"\n\n";

/// The second release: two migrations, rows that are lost on the way, and a shop that does not notice.
fn release(project: &Project) {
    project.write(
        "migrations/005_archive.up.sql",
        "CREATE TABLE archive (id INTEGER PRIMARY KEY, user INTEGER, amount INTEGER);\n",
    );
    project.write("migrations/005_archive.down.sql", "DROP TABLE archive;\n");
    project.write("migrations/006_move.up.sql", "DELETE FROM orders WHERE id % 7 = 0;\n");
    project.write("migrations/006_move.down.sql", "DELETE FROM archive;\n");
    project.commit("Release 2");
    project.git(&["tag", "production-2"]);
    project.manage("down, stop");
    project.python("migrate.py", "up");
    project.manage("clear-cache, start server worker, up");
    assert_eq!(project.expect("/health")["migration"], 6);
}

#[test]
fn production_is_closed_restored_proved_opened_and_watched() {
    let Some(project) = Project::new(&[DATABASE, WATCH, STEPS, "documents = \"incidents\"\n\n", CODE, PROVED].concat())
    else {
        return;
    };
    project.manage("start worker");
    project.said(0, &["create", "--name", "production-1"]);
    let before = tables(&project);
    release(&project);
    assert_ne!(project.expect("/dashboard")["total"], project::TOTAL);
    let released = project.rev("HEAD");

    // The plan says every step, and changes nothing.
    let untouched = (project.state(), project.refs());
    let planned = project.said(0, &["rollback", "production-1", "--dry-run"]);
    for name in ["close", "stop", "clear caches", "start", "health", "open"] {
        assert!(steps(&planned).iter().any(|(step, _)| step.ends_with(name)), "{name}: {planned:#}");
    }
    untouched.0.assert_same(&project.state());
    assert_eq!((project.refs(), project.expect("/health")["maintenance"].clone()), (untouched.1, false.into()));

    let back = project
        .said(0, &["rollback", "production-1", "--severity", "critical", "--reason", "orders are missing", "--yes"]);
    assert_eq!(back["verification"], "verified", "{back:#}");
    expect_steps(&back, &["close", "shut", "stop", "clear caches", "start", "health", "open"]);
    for table in ["orders 240", "users 60", "migrations 4"] {
        assert!(tables(&project).contains(table) && before.contains(table), "{table}\n{}", tables(&project));
    }
    assert!(!project.exists("migrations/005_archive.up.sql"));
    project.expect_healthy();
    assert_eq!(project.manage("status"), "server running\nworker running\nopen\n");
    let backup = back["backup"]["branch"].as_str().expect("a branch");
    project.git(&["merge-base", "--is-ancestor", &released, backup]);

    // Half an hour is watched; the clock stands still here, and so nobody waits.
    let run = project.checkpoint(&["monitor", "--json"]);
    let lines: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = lines.last().expect("an end");
    assert_eq!((run.code, &end["event"], &end["decision"]), (0, &"end".into(), &"healthy".into()), "{run}");
    assert_eq!(end["samples"], 4);

    // The incident is written down, with what is known.
    let id = back["id"].as_str().expect("an id");
    let report = project.checkpoint_ok(&["report", id, "--format", "markdown"]).stdout;
    for known in ["critical", "orders are missing", "Release 2", backup, "verified", "close"] {
        assert!(report.contains(known), "{known}: {report}");
    }
    let documents = std::fs::read_dir(project.path().join("incidents")).expect("the folder is there");
    assert!(documents.count() >= 1, "a document for a person to complete");
    project.fsck();
}
