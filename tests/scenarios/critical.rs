//! Procedure A: a critical issue after a checkpoint. Back, prove it, and bring the good work back.

use super::*;

const HOUR: i64 = 3600;

/// The commits after the checkpoint: two that are good, and one between them after which no mail can be listed.
fn work(project: &Project) -> [String; 3] {
    project.advance(HOUR);
    project.edit("shop/users.py", "\"name\": name}", "\"name\": name, \"greeting\": f\"Hello {name}\"}");
    let greeting = project.commit("Greet users");
    project.advance(HOUR);
    project.edit("shop/mail.py", "FROM mail ORDER", "FROM messages ORDER");
    project.remove("migrations/004_mail.down.sql");
    project.write("migrations/004_mail.down.sql", "DROP TABLE IF EXISTS mail;\n");
    let broken = project.commit("Take the mail system away");
    project.advance(HOUR);
    project.edit("server.py", "\"status\": \"ok\",", "\"status\": \"ok\",\n        \"version\": 2,");
    let version = project.commit("Say the version");
    project.write("shop/half.py", "\"\"\"Half done.\"\"\"\n");
    project.git(&["push", "-q", "origin", "HEAD"]);
    [greeting, broken, version]
}

/// What the server says once the broken commits are in service.
#[track_caller]
fn expect_broken(project: &Project) {
    project.deploy();
    let mail = project.get("/mail");
    assert_eq!((mail.status, &mail.body), (500, &serde_json::json!({ "error": "internal" })));
    let failed = project.said(1, &["create"]);
    assert_eq!((&failed["state"], &failed["tag"]), (&"failed".into(), &serde_json::Value::Null), "{failed:#}");
    expect_verdicts(&failed, "code=pass live=fail");
    assert!(check(&failed, "live")["why"].is_string(), "{failed:#}");
}

#[test]
fn a_critical_issue_is_gone_back_from_and_the_good_work_comes_back() {
    let Some(project) = Project::new(&[CODE, LIVE].concat()) else { return };
    let project = project.with_remote();
    project.said(0, &["start", "phase2", "--every", "4h"]);
    project.advance(4 * HOUR);
    project.write("notes.md", "What is left to do\n");
    project.commit("Notes");
    assert_eq!(project.said(0, &["create"])["tag"], "phase2-checkpoint-T+4h");
    project.git(&["push", "-q", "origin", "HEAD"]);
    let (good_head, good) = (project.rev("HEAD"), project.state());
    let [greeting, broken, version] = work(&project);
    expect_broken(&project);

    // Which tags there are, and what came since.
    assert_eq!(project.tags(), ["phase2-checkpoint-T+0m", "phase2-checkpoint-T+4h"]);
    assert_eq!(
        project.subjects("phase2-checkpoint-T+4h..HEAD"),
        ["Say the version", "Take the mail system away", "Greet users"]
    );

    let back = project.said(0, &["rollback", "T+4h", "--reason", "nobody gets mail", "--yes"]);
    assert_eq!((&back["verification"], &back["to"]), (&"verified".into(), &good_head.as_str().into()), "{back:#}");
    let backup = back["backup"]["branch"].as_str().expect("a branch").to_owned();
    let now = project.now().format("%Y%m%d-%H%M%S");
    assert_eq!(backup, format!("phase2-broken-{now}"));
    project.state().assert_same(&good);
    project.deploy();
    project.expect_healthy();
    assert_eq!(project.manage("send somebody@example.com"), "somebody@example.com\n");
    assert_eq!(project.expect("/mail")[0]["recipient"], "somebody@example.com");

    // The remote moves along only if it still has what was pushed from here.
    project.git(&["push", "-q", "origin", &backup]);
    let lease = format!("--force-with-lease=main:{version}");
    project.git(&["push", "-q", &lease, "origin", "main"]);
    assert_eq!(project.git(&["ls-remote", "origin", "refs/heads/main"]), format!("{good_head}\trefs/heads/main"));

    // On the broken branch is all there was, to be looked into: which commit, and what it did.
    assert_eq!(project.git(&["show", &format!("{backup}:shop/half.py")]), "\"\"\"Half done.\"\"\"");
    let guilty = project.git(&["log", "--format=%H", "-S", "FROM messages", &backup, "--", "shop/mail.py"]);
    assert_eq!(guilty, broken);
    recover(&project, &backup, [&greeting, &version]);
}

/// Brings the good commits back, and the work that was never committed, and proves that all of it works.
fn recover(project: &Project, backup: &str, good: [&String; 2]) {
    let listed = project.said(0, &["recover"]);
    let subjects: Vec<&str> =
        listed["candidates"].as_array().expect("a list").iter().filter_map(|one| one["subject"].as_str()).collect();
    assert_eq!(subjects, ["Greet users", "Take the mail system away", "Say the version"], "{listed:#}");
    assert_eq!((&listed["source"], &listed["has_uncommitted"]), (&backup.into(), &true.into()), "{listed:#}");
    let recovered = project.said(0, &["recover", good[0], good[1]]);
    let picked = recovered["picked"].as_array().expect("a list");
    assert_eq!(picked.len(), 2, "{recovered:#}");
    for (pick, commit) in picked.iter().zip(good) {
        let new = pick["to"].as_str().expect("a commit");
        assert_eq!(pick["from"], commit.as_str(), "in their order");
        for what in ["--format=%an <%ae> %at %B", "--format="] {
            let show = |commit: &str| project.git(&["show", "--patch", "-U0", "--no-notes", what, commit]);
            let without_ids = |text: String| -> Vec<String> {
                text.lines()
                    .filter(|line| !line.starts_with("index ") && !line.starts_with("@@"))
                    .map(Into::into)
                    .collect()
            };
            assert_eq!(without_ids(show(new)), without_ids(show(commit)), "the same change by the same author");
        }
    }
    assert_eq!(
        project.subjects("T..HEAD".replace('T', "phase2-checkpoint-T+4h").as_str()),
        ["Say the version", "Greet users"]
    );
    let differs = project.git(&["diff", "--name-only", "HEAD", good[1]]);
    assert_eq!(differs, "migrations/004_mail.down.sql\nshop/mail.py", "all but what the broken commit did");
    assert!(!project.exists("shop/half.py"));
    project.checkpoint_ok(&["recover", backup, "--uncommitted"]);
    assert_eq!(project.read_text("shop/half.py"), "\"\"\"Half done.\"\"\"\n");
    project.deploy();
    project.expect_healthy();
    assert_eq!(
        (&project.expect("/health")["version"], &project.expect("/users")[0]["greeting"]),
        (&2.into(), &"Hello User 1".into())
    );
    let taken = project.said(0, &["create"]);
    assert_eq!(
        (&taken["state"], &taken["tag"]),
        (&"validated".into(), &"phase2-checkpoint-T+4h.2".into()),
        "{taken:#}"
    );
    project.fsck();
}
