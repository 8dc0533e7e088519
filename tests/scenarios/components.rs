//! Procedure B: tags of days, and a component that goes back alone.

use super::*;

const DAY: i64 = 24 * 3600;

const DAYS: &str = "[phase]\nevery = \"24h\"\ntag = \"day_{day}_complete\"\n\n";

/// The third day: the event system breaks, in files that were there and in new ones, while work on users goes on.
fn break_events(project: &Project) {
    project.edit("shop/events/listeners.py", "{\"registered\": [\"mail\"]}", "{\"registered\": [\"newsletter\"]}");
    project.write("shop/events/newsletter.py", "from shop import newsletters\n");
    project.commit("Send newsletters");
    project.write("shop/events/drafts/one.txt", "not committed\n");
    project.edit("shop/users.py", "\"name\": name}", "\"name\": name, \"greeting\": f\"Hello {name}\"}");
    project.git(&["add", "shop/users.py"]);
    project.write("notes.md", "day three\n");
}

#[test]
fn a_component_goes_back_to_its_day_and_nothing_else_does() {
    let Some(project) = Project::new(&[DAYS, CODE].concat()) else { return };
    project.said(0, &["start", "shop", "--no-verify"]);
    for (day, what) in [(1, "first"), (2, "second")] {
        project.write("notes.md", format!("day {what}\n"));
        project.commit(&format!("Notes of the {what} day"));
        let taken = project.said(0, &["create"]);
        let tag = if day == 1 { "day_1_complete.2".to_owned() } else { format!("day_{day}_complete") };
        assert_eq!((&taken["tag"], &taken["state"]), (&tag.as_str().into(), &"validated".into()));
        project.advance(DAY);
    }
    break_events(&project);
    let failed = project.said(1, &["create"]);
    expect_verdicts(&failed, "code=fail");
    assert!(project.tags().iter().all(|tag| !tag.contains("day_3")), "only a validated day is complete");

    // Which day is good: the newest whose checks passed; and the one before it, if that is in doubt.
    assert_eq!(project.said(0, &["show", "good"])["tag"], "day_2_complete");
    assert_eq!(project.said(0, &["show", "latest~1"])["tag"], "day_1_complete.2");

    // Which files differ, and what would be done: nothing is changed by asking.
    let differs = project.said(0, &["diff", "day_2_complete"]);
    let paths: Vec<&str> =
        differs["files"].as_array().expect("a list").iter().filter_map(|file| file["path"].as_str()).collect();
    let of_events = ["shop/events/drafts/one.txt", "shop/events/listeners.py", "shop/events/newsletter.py"];
    assert_eq!(paths, [&["notes.md"], &of_events[..], &["shop/users.py"]].concat(), "{differs:#}");
    let before = (project.state(), project.refs(), project.fingerprint());
    let wish = ["rollback", "day_2_complete", "--path", "shop/events", "--reason", "events refer to what is not there"];
    let simulated = project.said(0, &[&wish[..], &["--dry-run"]].concat());
    assert_eq!((&simulated["files"], &simulated["backup"]), (&3.into(), &serde_json::Value::Null), "{simulated:#}");
    before.2.assert_same(&project.fingerprint());
    assert_eq!(project.refs(), before.1);

    let head = project.rev("HEAD");
    let done = project.said(0, &[&wish[..], &["--yes"]].concat());
    assert_eq!((&done["files"], &done["verification"]), (&3.into(), &"verified".into()), "{done:#}");
    expect_verdicts(&done, "code=pass");
    assert_eq!(project.rev("HEAD"), head, "the branch stays");
    assert_eq!(project.git(&["diff", "--name-only", "day_2_complete^{commit}", "--", "shop/events"]), "");
    assert!(!project.exists("shop/events/newsletter.py") && !project.exists("shop/events/drafts"));
    assert_eq!(project.git(&["diff", "--cached", "--name-only", "--", "shop/users.py"]), "shop/users.py");
    assert_eq!(project.read_text("notes.md"), "day three\n");
    works_and_can_be_taken_back(&project, done["id"].as_str().expect("an id"), &before.0);
}

/// The shop with the component of yesterday; and the component as it was, which is not lost.
fn works_and_can_be_taken_back(project: &Project, id: &str, broken: &crate::support::Picture) {
    project.deploy();
    project.expect_healthy();
    assert_eq!(project.expect("/users")[0]["greeting"], "Hello User 1", "the other work is in service");
    let published = project.post("/events?name=registered&to=somebody@example.com");
    assert_eq!((published.status, &published.body[0]["state"]), (200, &"done".into()), "{published}");
    let record = format!("refs/checkpoint/records/{id}^{{commit}}");
    assert_eq!(project.git(&["show", &format!("{record}:shop/events/drafts/one.txt")]), "not committed");
    let good = project.state();
    project.checkpoint_ok(&["undo", "--yes"]);
    project.state().assert_same(broken);
    project.checkpoint_ok(&["redo", "--yes"]);
    project.state().assert_same(&good);
    let taken = project.said(0, &["create"]);
    assert_eq!((&taken["tag"], &taken["state"]), (&"day_3_complete".into(), &"validated".into()));
    project.fsck();
}
