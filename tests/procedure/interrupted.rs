//! Whoever stops a rollback in one of its steps can go on with it, or go back.

use std::time::{Duration, Instant};

use super::{told, with_steps};
use crate::support::TestRepo;

/// Runs a rollback and kills it with all it started when the file `../gate-begun` is there.
fn killed(repo: &TestRepo, args: &[&str]) {
    let mut child = repo.checkpoint_command(args).spawn().expect("it can be run");
    let until = Instant::now() + Duration::from_secs(60);
    while !repo.exists("../gate-begun") {
        assert!(Instant::now() < until, "the step did not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    repo.remove("../gate-begun");
}

/// A command that waits the first time.
const WAITS: &str = "if test -e ../gate-open; then echo NAME >> ../told; else touch ../gate-begun; sleep 600; fi";

fn waits(name: &str) -> String {
    WAITS.replace("NAME", name)
}

#[test]
fn in_a_command_before_it() {
    for ending in ["--continue", "--abort"] {
        let repo = with_steps(&format!(
            "[rollback]\nbefore = ['echo one >> ../told', '{}', 'echo three >> ../told']\nafter = ['echo after >> ../told']\non-failure = ['echo failed >> ../told']\n",
            waits("two")
        ));
        let (before, refs) = (repo.state(), repo.refs());
        killed(&repo, &["rollback", "works", "--reason", "because"]);
        before.assert_same(&repo.state());
        assert_eq!(repo.refs(), refs);
        let run = repo.checkpoint(&["rollback", "works"]);
        assert_eq!(run.code, 3, "{run}");
        assert!(run.stderr.contains("--continue"), "{run}");
        repo.write("../gate-open", "");
        repo.checkpoint_ok(&["rollback", ending]);
        if ending == "--continue" {
            assert_eq!(told(&repo), ["one", "two", "three", "after"]);
            assert_eq!(repo.read_text("good"), "yes\n");
            let log = repo.checkpoint_ok(&["log", "--json"]).json();
            assert_eq!(log[0]["kind"], "rollback");
            repo.checkpoint_ok(&["undo", "--no-steps"]);
        } else {
            assert_eq!(told(&repo), ["one", "failed"]);
            assert_eq!(repo.refs(), refs);
        }
        before.assert_same(&repo.state());
        repo.fsck();
    }
}

#[test]
fn in_a_command_after_it() {
    for ending in ["--continue", "--abort"] {
        let repo = with_steps(&format!(
            "[rollback]\nbefore = ['echo before >> ../told']\nafter = ['echo one >> ../told', '{}', 'echo three >> ../told']\non-failure = ['echo failed >> ../told']\n",
            waits("two")
        ));
        let before = repo.state();
        killed(&repo, &["rollback", "works"]);
        assert_eq!(repo.read_text("good"), "yes\n", "the files are back");
        assert_eq!(repo.checkpoint(&["rollback", "works"]).code, 3);
        assert_eq!(repo.checkpoint(&["undo"]).code, 3);
        repo.write("../gate-open", "");
        let run = repo.checkpoint_ok(&["rollback", ending, "--json"]);
        if ending == "--continue" {
            assert_eq!(told(&repo), ["before", "one", "two", "three"]);
            assert_eq!(run.json()["verification"], "verified");
            let names: Vec<_> =
                run.json()["steps"].as_array().expect("steps").iter().map(|one| one["name"].clone()).collect();
            assert_eq!(names.len(), 7, "{names:?}");
            repo.checkpoint_ok(&["undo", "--no-steps"]);
        } else {
            assert_eq!(told(&repo), ["before", "one", "failed"]);
        }
        before.assert_same(&repo.state());
        repo.fsck();
    }
}

#[test]
fn while_the_checks_run() {
    let check = waits("check");
    for ending in ["--continue", "--abort"] {
        let repo = with_steps(&format!(
            "[rollback]\nafter = ['echo after >> ../told']\n[[check]]\nname = 'works'\non = ['rollback']\nisolation = 'none'\nrun = '{check}'\n"
        ));
        let before = repo.state();
        killed(&repo, &["rollback", "works"]);
        repo.write("../gate-open", "");
        let run = repo.checkpoint_ok(&["rollback", ending, "--json"]);
        if ending == "--continue" {
            assert_eq!(run.json()["verification"], "verified");
            assert_eq!(told(&repo), ["after", "check"], "what has ended does not run again");
            repo.checkpoint_ok(&["undo", "--no-steps"]);
        }
        before.assert_same(&repo.state());
    }
}

#[test]
fn the_configuration_that_decided_goes_on_deciding() {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", "this is [not toml\n");
    repo.commit("Broken configuration");
    repo.write(".checkpoint.toml", format!("[rollback]\nafter = ['{}']\n", waits("after")));
    crate::jobs::trust(&repo);
    repo.commit("Whole configuration");
    killed(&repo, &["rollback", "HEAD~1"]);
    assert_eq!(repo.read_text(".checkpoint.toml"), "this is [not toml\n");
    repo.write("../gate-open", "");
    repo.checkpoint_ok(&["rollback", "--continue"]);
    assert_eq!(told(&repo), ["after"]);
}

#[test]
fn ctrl_c_stops_in_the_step_and_it_can_be_gone_on_with() {
    let repo = with_steps(&format!("[rollback]\nafter = ['{}', 'echo last >> ../told']\n", waits("after")));
    let child =
        repo.checkpoint_command(&["rollback", "works"]).stderr(std::process::Stdio::piped()).spawn().expect("runs");
    let until = Instant::now() + Duration::from_secs(60);
    while !repo.exists("../gate-begun") && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    assert!(repo.command("kill").args(["-INT", &pid]).status().expect("there is a kill").success());
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("--continue") && said.contains("--abort"), "{said}");
    repo.write("../gate-open", "");
    repo.checkpoint_ok(&["rollback", "--continue"]);
    assert_eq!(told(&repo), ["after", "last"]);
}
