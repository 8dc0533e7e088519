//! Procedure A: timed tags of a phase, each after its validation, and the tag of its end.

use super::*;

const HOUR: i64 = 3600;

const PHASE: &str = "[phase]\nat = [\"4h\", \"8h\", \"16h\", \"24h\"]\n\n";

/// Validates, commits, tags: what was three commands by hand.
fn checkpoint(project: &Project, code: i32, what: &str) -> serde_json::Value {
    project.said(code, &["create", "--commit", "-m", &format!("stabilize(phase2): {what}")])
}

#[test]
fn timed_tags_come_after_their_validation() {
    let Some(project) = Project::new(&[PHASE, CODE, LIVE].concat()) else { return };
    let project = project.with_remote();
    let started = project.said(0, &["start", "phase2"]);
    assert_eq!(started["at_seconds"], serde_json::json!([4 * HOUR, 8 * HOUR, 16 * HOUR, 24 * HOUR]));
    assert_eq!(started["checkpoint"]["state"], "validated");

    // T+4h: everything goes well.
    project.advance(4 * HOUR);
    project.edit("shop/users.py", "\"name\": name}", "\"name\": name, \"greeting\": f\"Hello {name}\"}");
    project.deploy();
    let taken = checkpoint(&project, 0, "T+4h checkpoint - users are greeted");
    assert_eq!(
        (&taken["tag"], &taken["slot"], &taken["state"]),
        (&"phase2-checkpoint-T+4h".into(), &"4h".into(), &"validated".into())
    );
    expect_verdicts(&taken, "code=pass live=pass");
    assert_eq!(project.expect("/users")[0]["greeting"], "Hello User 1");

    // T+8h: the validation says no, so there is neither a commit nor a tag, until it is put right.
    project.advance(4 * HOUR);
    project.write("notes.md", "What is left to do\n");
    project.edit("shop/dashboard.py", "sum(amount for", "sum(abs(amount) - 1 for");
    project.deploy();
    let (head, before) = (project.rev("HEAD"), project.state());
    let refused = checkpoint(&project, 1, "T+8h checkpoint - round");
    assert_eq!((&refused["state"], project.tags().len()), (&"failed".into(), 2), "{refused:#}");
    expect_verdicts(&refused, "code=fail live=fail");
    assert_eq!(project.rev("HEAD"), head, "nothing was committed");
    project.state().assert_same(&before);
    project.edit("shop/dashboard.py", "sum(abs(amount) - 1 for", "sum(amount for");
    project.deploy();
    let taken = checkpoint(&project, 0, "T+8h checkpoint - notes");
    assert_eq!((&taken["tag"], &taken["state"]), (&"phase2-checkpoint-T+8h".into(), &"validated".into()));

    // T+16h: half an hour before it is validated without being saved, then it is saved beside the branch.
    project.advance(8 * HOUR - 1800);
    project.edit("server.py", "\"status\": \"ok\",", "\"status\": \"ok\",\n        \"version\": 2,");
    project.deploy();
    let refs = project.refs();
    assert_eq!(project.said(0, &["check"])["verdict"], "pass");
    assert!(project.refs().iter().filter(|line| !refs.contains(line)).all(|line| line.contains("refs/notes/")));
    project.advance(1800);
    let taken = project.said(0, &["create", "-m", "T+16h checkpoint - health says its version"]);
    assert_eq!(taken["tag"], "phase2-checkpoint-T+16h");
    assert!(project.git(&["status", "--porcelain"]).contains("M server.py"), "the work goes on as it was");

    // T+24h: the end of the phase is a checkpoint too.
    project.advance(8 * HOUR);
    project.commit("stabilize(phase2): complete");
    let finished = project.said(0, &["finish", "-m", "phase 2 is complete"]);
    assert_eq!(
        (&finished["checkpoint"]["tag"], &finished["checkpoint"]["state"]),
        (&"phase2-complete-T+24h".into(), &"validated".into())
    );
    project.expect_healthy();
    expect_what_is_left(&project);
}

/// What the phase has left: tags with their validations, commits with their subjects, here and at the remote.
#[track_caller]
fn expect_what_is_left(project: &Project) {
    let tags: Vec<String> =
        ["checkpoint-T+0m", "checkpoint-T+16h", "checkpoint-T+4h", "checkpoint-T+8h", "complete-T+24h"]
            .map(|name| format!("phase2-{name}"))
            .into();
    assert_eq!(project.tags(), tags);
    for tag in &tags {
        assert_eq!(project.git(&["cat-file", "-t", tag]), "tag", "{tag} is annotated");
        let shown = project.said(0, &["show", tag]);
        assert_eq!(shown["state"], "validated", "{shown:#}");
        expect_verdicts(&shown, "code=pass live=pass");
    }
    let validations: Vec<String> = ["T+0m", "T+4h", "T+8h", "T+15h30m", "T+16h", "T+24h"]
        .map(|elapsed| format!("checkpoint {elapsed}: health total"))
        .into();
    assert_eq!(project.validations(), validations, "each of them was validated while the server ran");
    assert_eq!(
        project.subjects("HEAD"),
        [
            "stabilize(phase2): complete",
            "stabilize(phase2): T+8h checkpoint - notes",
            "stabilize(phase2): T+4h checkpoint - users are greeted",
            "The shop"
        ]
    );
    assert_eq!(project.rev("phase2-checkpoint-T+4h^{commit}"), project.rev("HEAD~2"));
    assert_eq!(project.rev("phase2-complete-T+24h^{commit}"), project.rev("HEAD"));
    project.git(&["push", "-q", "origin", "HEAD"]);
    project.checkpoint_ok(&["push", "--yes", "--with-untracked"]);
    let there = project.git(&["ls-remote", "--tags", "--refs", "origin"]);
    for tag in &tags {
        assert!(there.contains(&format!("{}\trefs/tags/{tag}", project.rev(tag))), "{tag}: {there}");
    }
    project.fsck();
}
