//! Procedures A and B: rehearsed before it is needed, on a copy and on a branch of its own.

use super::*;

#[test]
fn a_drill_on_a_copy_leaves_the_shop_alone() {
    let Some(project) = Project::new(&[CODE, LIVE].concat()) else { return };
    project.write("notes.md", "not committed\n");
    let before = (project.state(), project.refs(), project.fingerprint());
    let drilled = project.said(0, &["drill"]);
    assert_eq!((&drilled["ok"], &drilled["kept"]), (&true.into(), &serde_json::Value::Null), "{drilled:#}");
    let steps = drilled["steps"].as_array().expect("a list");
    assert!(steps.len() >= 5 && steps.iter().all(|step| step["ok"] == true), "{drilled:#}");
    before.2.assert_same(&project.fingerprint());
    project.state().assert_same(&before.0);
    assert_eq!(project.refs(), before.1);
    project.expect_healthy();
}

#[test]
fn a_break_on_a_branch_is_gone_back_from_and_cleaned_up() {
    let Some(project) = Project::new(&[CODE, LIVE].concat()) else { return };
    let (head, main) = (project.rev("HEAD"), project.state());
    project.git(&["switch", "-q", "-c", "practice"]);
    project.said(0, &["create", "--name", "before-practice"]);
    let before = project.state();
    project.remove("shop/mail.py");
    project.commit("A deliberate break");
    project.manage("stop server");
    let start = project.command("python3").args(["manage.py", "start", "server"]).output().expect("it can be run");
    assert!(!start.status.success(), "the server must not start");
    assert_eq!(project.get("/health").status, 0);
    expect_verdicts(&project.said(1, &["create"]), "code=fail live=fail");

    let back = project.said(0, &["rollback", "before-practice", "--yes"]);
    assert_eq!(back["verification"], "verified");
    project.state().assert_same(&before);
    project.manage("start server");
    project.expect_healthy();

    let backup = back["backup"]["branch"].as_str().expect("a branch");
    project.git(&["switch", "-q", "main"]);
    project.git(&["branch", "-q", "-D", "practice", backup]);
    assert_eq!(project.git(&["branch", "--format=%(refname:short)"]), "main");
    assert_eq!(project.rev("HEAD"), head);
    project.state().assert_same(&main);
    // Cleaned up as it is, the break is in the record, and can be had again.
    let record = format!("refs/checkpoint/records/{}", back["id"].as_str().expect("an id"));
    assert_eq!(project.git(&["log", "-1", "--format=%s", &format!("{record}^{{commit}}")]), "A deliberate break");
    project.fsck();
}
