//! Procedure A: a migration of the database fails half-way; database and code go back together.

use super::{services::*, *};

/// Amounts get a table of their own. It is no transaction, and its last statement is wrong.
const BROKEN: &str = "-- no transaction\nCREATE TABLE payments (id INTEGER PRIMARY KEY, user INTEGER, cents INTEGER);\n\
                      INSERT INTO payments SELECT id, user, amount * 100 FROM orders;\nDROP TABLE orders;\n\
                      CREATE INDEX payments_user ON payment (user);\n";

/// The next version of the shop, whose migration has failed.
fn fail(project: &Project) {
    project.write("migrations/005_payments.up.sql", BROKEN);
    project.write("migrations/005_payments.down.sql", "DROP TABLE payments;\n");
    project.edit(
        "shop/query.py",
        "SELECT user, SUM(amount) FROM orders",
        "SELECT user, SUM(cents) / 100 FROM payments",
    );
    project.edit("shop/query.py", "COUNT(*) FROM orders", "COUNT(*) FROM payments");
    project.commit("Payments in cents");
    let migrated = project.command("python3").args(["migrate.py", "up"]).output().expect("it can be run");
    assert!(!migrated.status.success(), "the migration must fail");
    assert!(project.python("migrate.py", "status").contains("pending 005_payments"));
    assert!(!tables(project).contains("orders"), "the rows are gone from where they were");
    project.post("/mail?to=somebody@example.com");
}

#[test]
fn database_and_code_go_back_together() {
    let Some(project) = Project::new(&[DATABASE, STEPS, CODE, PROVED].concat()) else { return };
    project.manage("start worker");
    let taken = project.said(0, &["create", "--name", "before-migration"]);
    assert_eq!(taken["state"], "validated", "{taken:#}");
    let (head, before) = (project.rev("HEAD"), tables(&project));
    fail(&project);
    let broken = tables(&project);

    let back = project.said(0, &["rollback", "before-migration", "--reason", "the migration failed", "--yes"]);
    assert_eq!((&back["verification"], project.rev("HEAD")), (&"verified".into(), head), "{back:#}");
    expect_steps(&back, &["close", "stop", "clear caches", "start", "health", "open"]);
    expect_verdicts(&back, "code=pass proved=pass");
    let after = tables(&project);
    let data =
        |text: &str| text.lines().filter(|line| !line.starts_with("jobs ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(data(&after), data(&before), "every row is back; only the job of the check is new");
    assert!(!project.python("migrate.py", "status").contains("pending"));
    assert_eq!(project.expect("/health")["migration"], 4);
    project.expect_healthy();
    taken_back(&project, &broken);
}

/// What was there before the rollback, the broken database included, is kept, and comes back if it is wanted.
fn taken_back(project: &Project, broken: &str) {
    project.manage("stop server worker");
    let good = tables(project);
    project.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(tables(project), broken);
    assert_eq!(project.subjects("HEAD")[0], "Payments in cents");
    project.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!((tables(project), project.subjects("HEAD")[0].as_str()), (good, "The shop"));
    project.fsck();
}

#[test]
fn one_of_the_two_alone() {
    let Some(project) = Project::new(&[DATABASE, STEPS, CODE, PROVED].concat()) else { return };
    project.manage("start worker");
    project.said(0, &["create", "--name", "known"]);
    let before = tables(&project);

    // The data are wrong and the code is not.
    project.write("notes.md", "kept\n");
    let head = project.commit("Notes");
    project.python("migrate.py", "down 3");
    assert!(!tables(&project).contains("mail"));
    let back = project.said(0, &["rollback", "known", "--artifacts-only", "--yes"]);
    assert_eq!((&back["verification"], project.rev("HEAD")), (&"verified".into(), head), "{back:#}");
    assert_eq!(tables(&project).lines().count(), before.lines().count());
    assert!(project.exists("notes.md"));

    // The code is wrong and the data are not.
    project.post("/mail?to=somebody@example.com");
    project.until("it is sent", || project.expect("/mail").as_array().map(Vec::len) == Some(1));
    let back = project.said(0, &["rollback", "known", "--code-only", "--yes"]);
    assert_eq!(back["verification"], "verified", "{back:#}");
    assert!(!project.exists("notes.md"));
    assert_eq!(project.expect("/mail")[0]["recipient"], "somebody@example.com", "no mail is forgotten");
    project.fsck();
}
