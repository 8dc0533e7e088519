//! Procedure B: the event system goes back with its workers stopped; a leak is closed first and opened when it is proved shut.

use super::{services::*, *};

#[test]
fn workers_stop_first_and_nothing_refers_to_what_is_gone() {
    let Some(project) = Project::new(&[STEPS, "\n", CODE, PROVED].concat()) else { return };
    project.manage("start worker");
    project.said(0, &["create", "--name", "day_2_complete"]);
    project.edit("shop/queue.py", "HANDLERS = {", "def _newsletter(_database, _data, _attempts):\n    raise RuntimeError(\"no list\")\n\n\nHANDLERS = {\"newsletter\": _newsletter, ");
    project.edit("shop/events/listeners.py", "[\"mail\"]", "[\"mail\", \"newsletter\"]");
    project.commit("Send newsletters");
    project.manage("restart server worker");
    let published = project.post("/events?name=registered&to=somebody@example.com").body;
    let job = format!("/jobs?id={}", published[1]["id"]);
    project.until("the newsletter is given up", || project.expect(&job)["state"] == "failed");
    let worker = project.read_text("var/worker.pid");

    let back = project.said(0, &["rollback", "day_2_complete", "--reason", "newsletters fail", "--yes"]);
    assert_eq!(back["verification"], "verified", "{back:#}");
    expect_steps(&back, &["stop", "clear caches", "start", "health", "open"]);
    let order: Vec<&str> = steps(&back).into_iter().map(|(name, _)| name).collect();
    let at =
        |name: &str| order.iter().position(|step| step.ends_with(name)).unwrap_or_else(|| panic!("{name}: {back:#}"));
    assert!(
        at("stop") < at("restore") && at("restore") < at("start"),
        "the workers are stopped while files change: {order:?}"
    );
    assert_ne!(project.read_text("var/worker.pid"), worker, "it is another worker, with the code of then");
    let published = project.post("/events?name=registered&to=somebody@example.com").body;
    assert_eq!(published.as_array().map(Vec::len), Some(1), "{published}");
    let job = format!("/jobs?id={}", published[0]["id"]);
    project.until("the mail is sent", || project.expect(&job)["state"] == "done");
    project.fsck();
}

#[test]
fn a_step_before_that_fails_stops_it_with_nothing_changed() {
    let steps = "[rollback]\nbefore = [{ name = \"stop\", run = \"python3 manage.py stop-everything\" }]\n\
                 on-failure = [{ name = \"told\", run = \"touch var/told\" }]\n\n";
    let Some(project) = Project::new(&[steps, CODE].concat()) else { return };
    project.said(0, &["create", "--name", "known"]);
    project.write("notes.md", "later\n");
    project.commit("Notes");
    let (before, branches) = (project.state(), project.git(&["branch"]));
    let run = project.checkpoint(&["rollback", "known", "--yes"]);
    assert!(run.code != 0 && run.stderr.contains("stop"), "{run}");
    before.assert_same(&project.state());
    assert_eq!(project.git(&["branch"]), branches);
    assert!(project.exists("var/told"), "{run}");
    project.expect_healthy();
    project.checkpoint_ok(&["rollback", "known", "--no-steps", "--yes"]);
    assert!(!project.exists("notes.md"));
    project.fsck();
}

/// Closed at once, and opened only when the checks have said that nothing leaks.
const CLOSE: &str = "[rollback]\nbefore = [{ name = \"close\", run = \"python3 manage.py down\" }]\n\
                     after = [{ name = \"restart\", run = \"python3 manage.py clear-cache, restart server\" }]\n\
                     on-verified = [{ name = \"open\", run = \"python3 manage.py up\" }]\n\n";

const PRIVATE: &str = "[[check]]\nname = \"private\"\nrun = \"python3 validate.py health private\"\n\
                       on = [\"checkpoint\", \"rollback\"]\nseverity = \"critical\"\nisolation = \"none\"\ncache = false\n";

#[test]
fn a_leak_is_closed_at_once_and_opened_only_when_it_is_proved_shut() {
    let Some(project) = Project::new(&[CLOSE, CODE, PRIVATE].concat()) else { return };
    project.said(0, &["create", "--name", "private"]);
    project.edit(
        "shop/users.py",
        "\"name\": name} for id, name",
        "\"name\": name, \"address\": address} for id, name, address",
    );
    project.edit("shop/users.py", "SELECT id, name FROM", "SELECT id, name, address FROM");
    let leak = project.commit("Show addresses");
    project.write("notes.md", "later\n");
    project.commit("Notes");
    project.deploy();
    assert!(project.expect("/users").to_string().contains("user1@example.com"));

    // Not far enough back: it still leaks, says so, and stays closed.
    let back = project.said(1, &["rollback", &leak, "--yes"]);
    assert_eq!(back["verification"], "failed", "{back:#}");
    expect_verdicts(&back, "code=pass private=fail");
    assert!(!steps(&back).iter().any(|(name, ok)| *ok && name.ends_with("open")), "{back:#}");
    assert_eq!((project.get("/users").status, project.get("/health").status), (503, 200));

    // Far enough: it is proved shut before anybody gets in.
    let back =
        project.said(0, &["rollback", "private", "--severity", "critical", "--reason", "addresses leak", "--yes"]);
    assert_eq!(back["verification"], "verified", "{back:#}");
    expect_steps(&back, &["close", "restart", "checks", "open"]);
    project.expect_healthy();
    assert!(!project.expect("/users").to_string().contains('@'));
    project.fsck();
}
