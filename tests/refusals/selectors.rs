//! What was typed names no state, or more than one.

use super::*;

#[test]
fn unknown_names_come_with_the_nearest() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "phase2-checkpoint-T+4h"]);
    repo.git(&["branch", "feature/mail"]);
    assert_said(
        "unknown_names",
        &[
            refuse(&repo, USAGE, &["show", "phase2-chekpoint-T+4h"]),
            refuse(&repo, USAGE, &["rollback", "feature/mial", "--yes"]),
            refuse(&repo, USAGE, &["diff", "zzz"]),
            refuse(&repo, USAGE, &["diff", "latest", "zzz"]),
            refuse(&repo, USAGE, &["show", ""]),
            refuse(&repo, USAGE, &["show", "HEAD:file"]),
            refuse(&repo, USAGE, &["show", "HEAD~99"]),
            refuse(&repo, USAGE, &["show", "HEAD..feature/mail"]),
            refuse(&repo, USAGE, &["show", "bad\u{1b}[31mname\nand \u{202e}more"]),
        ],
    );
}

#[test]
fn ids_and_their_beginnings() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create"]);
    repo.checkpoint_ok(&["create"]);
    assert_said(
        "ids",
        &[
            refuse(&repo, USAGE, &["show", "20261121"]),
            refuse(&repo, USAGE, &["rollback", "2026", "--yes"]),
            refuse(&repo, USAGE, &["show", "20271121T1400"]),
            refuse(&repo, USAGE, &["undo", "2026", "--yes"]),
            refuse(&repo, USAGE, &["undo", "nothing-like-it", "--yes"]),
        ],
    );
}

#[test]
fn there_is_no_checkpoint_yet() {
    let repo = busy_repo();
    assert_said(
        "no_checkpoint",
        &[
            refuse(&repo, USAGE, &["show"]),
            refuse(&repo, USAGE, &["rollback", "latest", "--yes"]),
            refuse(&repo, USAGE, &["diff"]),
            refuse(&repo, REFUSED, &["undo", "--yes"]),
            refuse(&repo, REFUSED, &["redo", "--yes"]),
            repo.checkpoint_ok(&["list"]),
            repo.checkpoint_ok(&["log"]),
        ],
    );
}

#[test]
fn not_so_many_and_not_such() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create"]);
    assert_said(
        "not_such_checkpoints",
        &[
            refuse(&repo, USAGE, &["rollback", "latest~9", "--yes"]),
            refuse(&repo, USAGE, &["show", "latest~x"]),
            refuse(&repo, USAGE, &["show", "latest~99999999999999999999"]),
            refuse(&repo, USAGE, &["rollback", "good", "--yes"]),
            refuse(&repo, USAGE, &["show", "good~2"]),
            refuse(&repo, USAGE, &["rollback", "T+4h", "--yes"]),
            refuse(&repo, USAGE, &["show", "T+soon"]),
        ],
    );
}

#[test]
fn a_name_that_means_another_checkpoint() {
    let repo = busy_repo();
    repo.git(&["tag", "latest"]);
    repo.git(&["branch", "good"]);
    assert_said(
        "a_name_that_means_another_checkpoint",
        &[
            refuse(&repo, USAGE, &["create", "--name", "latest"]),
            refuse(&repo, USAGE, &["create", "--name", "good"]),
            refuse(&repo, USAGE, &["create", "--name", "T+4h"]),
            refuse(&repo, USAGE, &["show", "latest"]),
            refuse(&repo, USAGE, &["rollback", "good", "--yes"]),
        ],
    );
    repo.checkpoint_ok(&["create", "--name", "before"]);
    repo.git(&["tag", "-f", "good", "before"]);
    let id_of = |name| repo.checkpoint_ok(&["show", name]).stdout.lines().nth(2).map(str::to_owned);
    assert!(id_of("before").is_some_and(|line| line.contains("-create-")));
    assert_eq!(id_of("refs/tags/good"), id_of("before"));
}

#[test]
fn times_that_are_none_or_too_early() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create"]);
    assert_said(
        "times",
        &[
            refuse(&repo, USAGE, &["show", "@{garbage}"]),
            refuse(&repo, USAGE, &["show", "@{some time ago}"]),
            refuse(&repo, USAGE, &["show", "@{2 hours ago"]),
            refuse(&repo, USAGE, &["show", "@{2 fortnights ago}"]),
            refuse(&repo, USAGE, &["show", "@{2026-13-45}"]),
            refuse(&repo, USAGE, &["rollback", "@{2 hours ago}", "--yes"]),
            refuse(&repo, USAGE, &["show", "@{9223372036854775807 weeks ago}"]),
        ],
    );
}

#[test]
fn before_what_is_not_there() {
    let repo = busy_repo();
    let unborn = TestRepo::new();
    unborn.write("a", "a\n");
    assert_said(
        "before",
        &[
            refuse(&repo, USAGE, &["rollback", "before:(", "--yes"]),
            refuse(&repo, USAGE, &["rollback", "before:e-mail", "--yes"]),
            refuse(&repo, USAGE, &["rollback", "before:^first", "--yes"]),
            refuse(&repo, USAGE, &["rollback", "before:", "--yes", "--path", "nothing"]),
            refuse(&unborn, USAGE, &["rollback", "before:x", "--yes"]),
        ],
    );
}

#[test]
fn paths_that_are_nowhere() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create"]);
    assert_said(
        "paths",
        &[
            refuse(&repo, USAGE, &["rollback", "latest", "--yes", "--path", "nothing"]),
            refuse(&repo, USAGE, &["rollback", "latest", "--yes", "--path", "../elsewhere"]),
            refuse(&repo, USAGE, &["rollback", "latest", "--yes", "--path", "/etc/passwd"]),
            refuse(&repo, USAGE, &["rollback", "latest", "--yes", "--path", ".git/config"]),
        ],
    );
}
