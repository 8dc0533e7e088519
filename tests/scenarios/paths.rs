//! Procedure C: two files go back, at once, and the total is right again.

use std::time::{Duration, Instant};

use super::*;

/// The optimised dashboard: fewer queries, another file changed with it, and one user forgotten.
fn optimise(project: &Project) {
    project.edit("shop/query.py", "GROUP BY user ORDER BY user", "WHERE user < 60 GROUP BY user");
    project.edit("shop/dashboard.py", "\"orders\": query.orders(database),", "\"orders\": 240,");
    project.edit("server.py", "\"status\": \"ok\",", "\"status\": \"ok\",\n        \"version\": 2,");
    project.commit("Optimise the dashboard");
    project.write("notes.md", "not committed\n");
    project.deploy();
}

#[test]
fn two_files_go_back_and_the_total_is_right_again() {
    let Some(project) = Project::new(&[CODE, LIVE].concat()) else { return };
    project.said(0, &["create", "--name", "known"]);
    let files = ["shop/query.py", "shop/dashboard.py"];
    let good = files.map(|file| project.read(file));
    optimise(&project);
    let failed = files.map(|file| project.read(file));
    let wrong = project.expect("/dashboard")["total"].as_u64().expect("a number");
    assert_ne!(wrong, project::TOTAL, "the total deviates");
    expect_verdicts(&project.said(1, &["create"]), "code=fail live=fail");

    let (head, notes) = (project.rev("HEAD"), project.read("notes.md"));
    let begun = Instant::now();
    let args =
        ["rollback", "HEAD~1", "--path", files[0], "--path", files[1], "--reason", "the total deviates", "--yes"];
    let done = project.said(0, &args);
    project.deploy();
    project.expect_healthy();
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());

    assert_eq!(
        (&done["files"], &done["verification"], &done["backup"]),
        (&2.into(), &"verified".into(), &serde_json::Value::Null)
    );
    assert_eq!(files.map(|file| project.read(file)), good);
    assert_eq!((project.rev("HEAD"), project.read("notes.md")), (head, notes), "nothing else moved");
    assert_eq!(project.expect("/health")["version"], 2, "the rest of that commit is in service");
    let figures = project.expect("/dashboard");
    let keys: Vec<&str> = figures.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["orders", "queries", "seconds", "total"], "the shape of the answer is the known one");

    // The versions that failed are kept: to be read, and to be had again.
    let record = format!("refs/checkpoint/records/{}", done["id"].as_str().expect("an id"));
    for (file, bytes) in files.iter().zip(&failed) {
        assert_eq!(project.git(&["show", &format!("{record}^{{commit}}:{file}")]).as_bytes(), bytes.trim_ascii_end());
    }
    let text = project.git(&["cat-file", "-p", &record]);
    assert!(files.iter().all(|file| text.contains(&format!("Checkpoint-Path: {file}"))), "{text}");
    assert!(text.contains("the total deviates"), "{text}");
    project.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(files.map(|file| project.read(file)), failed);
    project.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!(files.map(|file| project.read(file)), good);
    expect_verdicts(&project.said(0, &["create"]), "code=pass live=pass");
    project.fsck();
}
