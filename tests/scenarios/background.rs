//! Procedure D: what is critical is waited for, what is heavy runs in the background, with status, retry and cancel.

use serde_json::Value;

use super::*;
use crate::jobs::expect_state;

/// Puts a job into the shop's queue and waits for it; without a server it cannot say anything.
const HEAVY: &str = "[[check]]\nname = \"work\"\nbackground = true\nisolation = \"none\"\ncache = false\non = [\"checkpoint\"]\n\
                     run = \"test -e var/port || exit 125; test ! -e var/slow || sleep 60; python3 validate.py work\"\n";

fn id(taken: &Value) -> &str {
    taken["id"].as_str().expect("an id")
}

#[test]
fn the_tag_waits_for_what_is_heavy_and_nobody_else_does() {
    let Some(project) = Project::new(&[CODE, HEAVY].concat()) else { return };
    project.git(&["config", "checkpoint.jobRetries", "1"]);
    project.manage("start worker");

    // Critical and quick: said at once, and then nothing heavy is begun.
    project.edit("shop/query.py", "SUM(amount)", "MAX(amount)");
    let refused = project.said(1, &["create", "--name", "wrong"]);
    assert_eq!(refused["state"], "failed");
    assert_eq!(project.said(0, &["jobs"]), serde_json::json!([]));
    project.edit("shop/query.py", "MAX(amount)", "SUM(amount)");

    // Heavy: pending until the job has ended, with a status that says how far it is.
    let taken = project.said(0, &["create", "--name", "worked"]);
    assert_eq!((&taken["state"], project.tags().len()), (&"pending".into(), 0), "{taken:#}");
    let done = expect_state(&project, id(&taken), "passed");
    assert_eq!(
        (&done["tag"], &done["attempts"], &check(&done, "work")["verdict"]),
        (&"worked".into(), &1.into(), &"pass".into())
    );
    assert_eq!(project.tags(), ["worked"]);
    assert_eq!(project.checkpoint_ok(&["jobs", "logs", id(&taken), "--check", "work"]).stdout, "work: ok\n");

    // No answer: it has none, says so, and is tried again when what was missing is there.
    project.manage("stop server");
    project.write("notes.md", "no server\n");
    let taken = project.said(0, &["create", "--name", "later"]);
    let without = expect_state(&project, id(&taken), "inconclusive");
    assert!(check(&without, "work")["why"].is_string(), "{without:#}");
    assert!(project.said(0, &["status"])["jobs"].to_string().contains("inconclusive"));
    project.manage("start server");
    let stats = cancelled(&project);
    assert_eq!((&stats["states"]["passed"], &stats["states"]["inconclusive"]), (&1.into(), &1.into()), "{stats:#}");
    at_once_without_a_background(&project);
}

/// One that is given up: its command is ended, its state stays saved, and it can be taken up again.
fn cancelled(project: &Project) -> Value {
    project.write("var/slow", "");
    project.write("notes.md", "slow\n");
    let taken = project.said(0, &["create", "--name", "given-up"]);
    expect_state(project, id(&taken), "running");
    let said = project.said(0, &["jobs", "cancel", id(&taken)]);
    assert_eq!(said[0]["done"], true, "{said:#}");
    expect_state(project, id(&taken), "cancelled");
    assert_eq!(project.said(0, &["show", id(&taken)])["state"], "pending");
    let stats = project.said(0, &["jobs", "stats"]);
    project.remove("var/slow");
    project.checkpoint_ok(&["jobs", "retry", id(&taken)]);
    expect_state(project, id(&taken), "passed");
    assert_eq!(project.tags(), ["given-up", "worked"]);
    stats
}

/// Where there is no background, the same is done at once: by the tool and by the shop.
fn at_once_without_a_background(project: &Project) {
    project.git(&["config", "checkpoint.background", "false"]);
    project.write("notes.md", "at once\n");
    let jobs = project.said(0, &["jobs"]).as_array().map(Vec::len);
    let taken = project.said(0, &["create", "--name", "at-once"]);
    assert_eq!(taken["state"], "validated", "{taken:#}");
    expect_verdicts(&taken, "code=pass work=pass");
    assert_eq!(project.said(0, &["jobs"]).as_array().map(Vec::len), jobs);
    project.fsck();
}

#[test]
fn the_shops_own_queue_retries_and_works_without_a_worker() {
    let Some(project) = Project::new(CODE) else { return };
    let now = project.post("/mail?to=first@example.com");
    assert_eq!((now.status, &now.body["state"]), (200, &"done".into()), "there is no worker, so it is sent at once");
    project.manage("start worker");
    let later = project.post("/jobs?kind=fragile&fails=2");
    let job = format!("/jobs?id={}", later.body["id"]);
    project.until("the job is done", || project.expect(&job)["state"] == "done");
    assert_eq!(project.expect(&job)["attempts"], 3, "two attempts failed");
    let never = project.post("/jobs?kind=fragile&fails=9");
    let job = format!("/jobs?id={}", never.body["id"]);
    project.until("the job is given up", || project.expect(&job)["state"] == "failed");
    assert_eq!(project.expect(&job)["error"], "RuntimeError: not yet");
    let sent = project.post("/mail?to=second@example.com");
    assert_ne!(sent.body["state"], "failed");
    project.until("it is sent", || project.expect("/mail").as_array().map(Vec::len) == Some(2));
}
