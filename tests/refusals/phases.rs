//! Phases that cannot begin, go on or end.

use super::*;

#[test]
fn what_cannot_begin_or_end_changes_nothing() {
    let repo = busy_repo();
    let mut runs = vec![
        refuse(&repo, USAGE, &["start", "phase2", "--every", "0h"]),
        refuse(&repo, USAGE, &["start", "phase2", "--every", "soon"]),
        refuse(&repo, USAGE, &["start", "two words"]),
        refuse(&repo, USAGE, &["start", ""]),
        refuse(&repo, USAGE, &["start", "wild\u{1b}[31m"]),
        refuse(&repo, USAGE, &["start", "../x"]),
        refuse(&repo, USAGE, &["start", "phase2", "--at", "some time"]),
        refuse(&repo, USAGE, &["start", "phase2", "--at", "1999-01-01"]),
        refuse(&repo, REFUSED, &["finish"]),
    ];
    repo.git(&["update-ref", "refs/checkpoint/phases/team", "HEAD"]);
    runs.push(refuse(&repo, USAGE, &["start", "team/phase2"]));
    let odd = busy_repo();
    odd.write(".checkpoint.toml", "[phase]\nevery = '4h'\nat = ['4h']\n");
    runs.push(refuse(&odd, USAGE, &["start", "phase2"]));
    odd.write(".checkpoint.toml", "[phase]\nevery = '0m'\n");
    runs.push(refuse(&odd, USAGE, &["start", "phase2"]));
    odd.write(".checkpoint.toml", "[phase]\nat = ['4h', '240m']\n");
    runs.push(refuse(&odd, USAGE, &["start", "phase2"]));
    for repo in [&repo, &odd] {
        assert!(!repo.read_text(".git/config").contains("checkpointPhase"));
    }
    assert_said("phases_that_cannot_begin", &runs);
}

#[test]
fn a_branch_has_one_phase_and_a_phase_one_branch() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["start", "phase2"]);
    let mut runs = vec![
        refuse(&repo, REFUSED, &["start", "phase3"]),
        refuse(&repo, REFUSED, &["start", "phase2"]),
        refuse(&repo, USAGE, &["show", "T+8h"]),
    ];
    repo.git(&["switch", "-q", "-c", "topic"]);
    runs.push(refuse(&repo, REFUSED, &["start", "phase2"]));
    runs.push(refuse(&repo, REFUSED, &["finish"]));
    repo.git(&["switch", "-q", "--detach"]);
    runs.push(refuse(&repo, REFUSED, &["start", "phase4"]));
    repo.git(&["switch", "-q", "main"]);
    repo.checkpoint_ok(&["finish"]);
    runs.push(refuse(&repo, REFUSED, &["start", "phase2"]));
    // A configuration that was made by hand, or that came from a clone.
    repo.git(&["config", "branch.main.checkpointPhase", "phase9"]);
    runs.push(refuse(&repo, REFUSED, &["start", "phase4"]));
    runs.push(refuse(&repo, REFUSED, &["finish"]));
    repo.checkpoint_ok(&["create"]);
    runs.push(repo.checkpoint_ok(&["status"]));
    repo.checkpoint_ok(&["start", "phase9"]);
    assert_said("phases_in_the_way", &runs);
}

#[test]
fn a_start_that_cannot_write_the_configuration_leaves_nothing() {
    let repo = busy_repo();
    repo.write(".git/config.lock", "");
    let run = refuse(&repo, ENVIRONMENT, &["start", "phase2"]);
    assert!(run.stderr.contains("nothing was changed"), "{run}");
    assert!(repo.refs().iter().all(|line| !line.contains("checkpoint")), "{:?}", repo.refs());
    repo.remove(".git/config.lock");
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.write(".git/config.lock", "");
    let run = fail(&repo, ENVIRONMENT, &["finish"]);
    assert!(run.stderr.contains("the phase has ended"), "{run}");
    repo.remove(".git/config.lock");
    let finished = repo.checkpoint_ok(&["finish", "--json"]).json();
    assert!(finished["checkpoint"].is_null(), "it has its last checkpoint already: {finished}");
}
