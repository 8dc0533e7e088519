//! Procedures A, B and C: the matrix that says when to roll back by itself, when after a yes, and when not at all.

use serde_json::Value;

use super::*;

const MATRIX: &str = "[[policy]]\ncheck = \"data\"\naction = \"rollback\"\napproval = \"automatic\"\n\n\
                      [[policy]]\ncheck = \"flood\"\nenvironment = \"production\"\naction = \"rollback\"\napproval = \"automatic\"\n\n\
                      [[policy]]\ncheck = \"errors\"\ntime-to-fix = \"30m\"\naction = \"rollback\"\n\n\
                      [[policy]]\ncheck = [\"errors\", \"flood\"]\naction = \"fix-forward\"\n\n\
                      [rollback]\nafter = [{ name = \"restart\", run = \"python3 manage.py clear-cache, restart server\" }]\n\n";

/// Any error in the log is too many for one check; more than four for the other; and the total has to be right.
fn checks() -> String {
    let counted = |name: &str, severity: &str, limit: &str| {
        format!(
            "[[check]]\nname = \"{name}\"\nrun = \"python3 validate.py errors\"\non = [\"monitor\"]\nseverity = \"{severity}\"\n\
             isolation = \"none\"\ncache = false\nmeasure = {{ pattern = 'errors=(?<{name}>\\d+)', fail = {limit} }}\n\n"
        )
    };
    let data = "[[check]]\nname = \"data\"\nrun = \"python3 validate.py total\"\non = [\"monitor\"]\nseverity = \"critical\"\n\
                isolation = \"none\"\ncache = false\n\n";
    [&counted("errors", "high", "0.5"), &counted("flood", "critical", "4.5"), data, CODE].concat()
}

/// The shop with the matrix, and a commit since its last good checkpoint after which no mail can be listed.
fn shop() -> Option<Project> {
    let project = Project::new(&[MATRIX, &checks()].concat())?;
    project.said(0, &["create", "--name", "good-one"]);
    project.edit("shop/mail.py", "FROM mail ORDER", "FROM messages ORDER");
    project.commit("Rename a table");
    project.deploy();
    Some(project)
}

fn decided(project: &Project, code: i32, more: &[&str]) -> Value {
    project.said(code, &[&["assess"], more].concat())
}

#[test]
fn the_matrix_says_what_is_to_be_done() {
    let Some(project) = shop() else { return };
    let untouched = (project.state(), project.rev("HEAD"));
    assert_eq!(decided(&project, 0, &[])["decision"], "healthy");

    assert_eq!(project.get("/mail").status, 500);
    for (args, code, decision) in [
        (&[][..], 10, "fix-forward"),
        (&["--time-to-fix", "20m"], 10, "fix-forward"),
        (&["--time-to-fix", "45m"], 11, "rollback-with-approval"),
        (&["--environment", "production", "--time-to-fix", "20m"], 10, "fix-forward"),
    ] {
        let said = decided(&project, code, args);
        assert_eq!(said["decision"], decision, "{args:?} {said:#}");
        assert!(said["because"].to_string().contains("errors"), "{said:#}");
    }
    for _ in 0..4 {
        assert_eq!(project.get("/mail").status, 500);
    }
    assert_eq!(decided(&project, 12, &["--environment", "production"])["decision"], "rollback-now");
    assert_eq!(decided(&project, 10, &["--environment", "staging"])["decision"], "fix-forward");
    untouched.0.assert_same(&project.state());
    assert_eq!(project.rev("HEAD"), untouched.1, "it was only asked");

    // After a yes: a person rolls back, and all is well.
    project.said(0, &["rollback", "good", "--reason", "approved by Ada", "--yes"]);
    project.expect_healthy();
    assert_eq!(decided(&project, 0, &["--environment", "production"])["decision"], "healthy");
    project.fsck();
}

/// The lines that a watch prints, and how it ended.
fn watched(project: &Project, code: i32, more: &[&str]) -> Vec<Value> {
    let run = project.checkpoint(&[&["monitor", "--json", "--for", "10m", "--every", "2m"], more].concat());
    assert_eq!(run.code, code, "{run}\n{}", project.log());
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn wrong_data_are_rolled_back_by_themselves_and_errors_are_not() {
    let Some(project) = shop() else { return };
    assert_eq!(project.get("/mail").status, 500);
    let before = (project.state(), project.rev("HEAD"));
    let lines = watched(&project, 10, &["--auto"]);
    assert!(lines.iter().all(|line| line["event"] != "rollback"), "{lines:#?}");
    before.0.assert_same(&project.state());

    project.edit("shop/query.py", "SUM(amount)", "SUM(amount + 1)");
    let bad = project.commit("Round up");
    project.deploy();
    let lines = watched(&project, 0, &["--auto"]);
    let rollbacks: Vec<&Value> = lines.iter().filter(|line| line["event"] == "rollback").collect();
    assert_eq!(rollbacks.len(), 1, "{lines:#?}");
    assert_eq!(rollbacks[0]["rollback"]["verification"], "verified", "{lines:#?}");
    let backup = rollbacks[0]["rollback"]["backup"].as_str().expect("a branch");
    project.git(&["merge-base", "--is-ancestor", &bad, backup]);
    project.expect_healthy();
    let end = watched(&project, 0, &["--auto"]);
    assert_eq!(end.last().expect("an end")["decision"], "healthy");
    project.fsck();
}
