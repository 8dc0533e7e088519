//! Procedure A: what is dangerous to remove goes one file at a time, with a test after each; the first break is undone.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::*;

/// A mail system of old: of its files the shop still needs one, and nobody remembers which.
fn with_legacy(configuration: &str) -> Option<Project> {
    let project = Project::new(configuration)?;
    project.write("shop/legacy/__init__.py", "\"\"\"The mail system of old.\"\"\"\n");
    for (name, text) in [
        ("archive", "KEPT = 90\n"),
        ("footer", "TEXT = 'Bye'\n"),
        ("greeting", "def of(name):\n    return f\"Dear {name}\"\n"),
        ("templates", "HTML = '<p>'\n"),
    ] {
        project.write(format!("shop/legacy/{name}.py"), format!("\"\"\"Of the mail system of old.\"\"\"\n\n{text}"));
    }
    project.edit("shop/users.py", "from shop import store", "from shop import store\nfrom shop.legacy import greeting");
    project.edit("shop/users.py", "\"name\": name}", "\"name\": greeting.of(name)}");
    project.commit("The mail system of old");
    project.deploy();
    Some(project)
}

/// What became of each file.
fn outcomes(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let each = answer["each"].as_array().expect("a list");
    each.iter().map(|one| (text(&one["path"]), text(&one["outcome"]))).collect()
}

fn of(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, outcome)| (format!("shop/legacy/{name}.py"), (*outcome).to_owned())).collect()
}

const ALL: [&str; 4] = ["try", "--each", "shop/legacy/[a-z]*.py", "--commit"];

#[test]
fn a_removal_stops_at_the_first_break_and_that_is_undone() {
    let Some(project) = with_legacy(CODE) else { return };
    let before = project.subjects("HEAD").len();
    let command = ["-m", "remove(mail): {}", "--", "git", "rm", "-q", "{}"];
    let run = project.checkpoint(&[&ALL[..], &["--json"], &command].concat());
    assert_eq!(run.code, 1, "{run}");
    let stopped = run.json();
    assert_eq!(
        outcomes(&stopped),
        of(&[("archive", "kept"), ("footer", "kept"), ("greeting", "left-out")]),
        "it stops at the first that breaks: {stopped:#}"
    );
    assert!(stopped["each"][2]["reason"].as_str().is_some_and(|why| why.contains("code")), "{stopped:#}");
    assert_eq!(
        project.subjects("HEAD")[..project.subjects("HEAD").len() - before],
        ["remove(mail): shop/legacy/footer.py", "remove(mail): shop/legacy/archive.py"]
    );
    for (name, is_there) in [("archive", false), ("footer", false), ("greeting", true), ("templates", true)] {
        assert_eq!(project.exists(format!("shop/legacy/{name}.py")), is_there, "{name}");
    }
    assert_eq!(project.git(&["status", "--porcelain"]), "", "the break is undone exactly");
    works(&project);

    // What breaks is left out, and the rest goes.
    let run = project.checkpoint(&[&ALL[..], &["--keep-going", "--json"], &command].concat());
    assert_eq!((run.code, outcomes(&run.json())), (1, of(&[("greeting", "left-out"), ("templates", "kept")])), "{run}");
    assert!(project.exists("shop/legacy/greeting.py") && !project.exists("shop/legacy/templates.py"));
    assert_eq!(project.subjects("HEAD").len(), before + 3);
    works(&project);
    project.fsck();
}

/// In service, with a mail that is sent and listed.
fn works(project: &Project) {
    project.deploy();
    project.expect_healthy();
    assert_eq!(project.expect("/users")[0]["name"], "Dear User 1");
    assert!(project.manage("send somebody@example.com").ends_with("somebody@example.com\n"));
}

/// Only what runs is looked at after an emergency: nothing before it, and no question.
const EMERGENCY: &str =
    "[rollback]\nafter = [{ name = \"restart\", run = \"python3 manage.py clear-cache, restart server\" }]\n\n";

#[test]
fn in_an_emergency_the_state_before_the_removal_is_back_at_once() {
    let Some(project) = with_legacy(&[EMERGENCY, CODE, LIVE].concat()) else { return };
    let good = (project.rev("HEAD"), project.state());
    project.git(&["rm", "-q", "shop/legacy/greeting.py"]);
    project.git(&["commit", "-q", "-m", "Remove the mail system"]);
    project.write("notes.md", "later\n");
    project.commit("Notes");
    project.write("draft.md", "not committed\n");
    let stopped = project.command("python3").args(["manage.py", "restart", "server"]).output().expect("it can be run");
    assert!(!stopped.status.success(), "the server must not start");

    let begun = Instant::now();
    let back = project.said(
        0,
        &[
            "rollback",
            "before:Remove the mail",
            "--emergency",
            "--severity",
            "critical",
            "--reason",
            "nobody gets mail",
        ],
    );
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    assert_eq!(project.rev("HEAD"), good.0);
    project.state().assert_same(&good.1);
    let backup = back["backup"]["branch"].as_str().expect("a branch");
    assert_eq!(project.git(&["show", &format!("{backup}:draft.md")]), "not committed");
    assert_eq!(project.subjects(&format!("HEAD..{backup}"))[1..], ["Notes", "Remove the mail system"]);
    assert_eq!(
        back["steps"].as_array().expect("a list").iter().filter(|step| step["ok"] != true).count(),
        0,
        "{back:#}"
    );
    project.expect_healthy();
    assert!(project.manage("send somebody@example.com").ends_with("somebody@example.com\n"));
    project.fsck();
}
