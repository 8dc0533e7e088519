//! What a push takes away at the remote is told, and kept here.

use super::*;

const KEPT: &str = "refs/checkpoint/discarded/";

fn kept(repo: &TestRepo) -> Vec<String> {
    repo.refs().into_iter().filter(|name| name.starts_with(KEPT)).collect()
}

/// A repository whose remote has commits on `main` that the branch here has no more.
fn rewound() -> (TestRepo, String) {
    let repo = trusted("");
    for number in 0..12 {
        commit(&repo, &format!("good {number}"));
    }
    push_ok(&repo, &["origin", "main"]);
    let old = repo.rev("HEAD");
    repo.git(&["reset", "-q", "--hard", "HEAD~12"]);
    commit(&repo, "another way");
    (repo, old)
}

#[test]
fn a_forced_push_names_what_is_lost_and_keeps_it() {
    let (repo, old) = rewound();
    let text = push_ok(&repo, &["--force", "origin", "main"]);
    assert!(text.contains("12 commits of refs/heads/main at origin will be gone there"), "{text}");
    assert!(text.contains("Make it good 11") && text.contains("and 2 more"), "{text}");
    let refs = kept(&repo);
    assert_eq!(refs.len(), 1, "{refs:?}");
    let (name, tip) = refs[0].split_once(' ').expect("a name and an object");
    assert!(name.ends_with("/heads/main") && text.contains(name), "{name}");
    assert_eq!(tip, old);
    // It outlives everything that git cleans up.
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    repo.git(&["branch", "rescued", name]);
    assert_eq!(repo.git(&["rev-list", "--count", "rescued", "^main"]), "12");
    // The same tip is kept once.
    push_ok(&repo, &["--force", "origin", "rescued:main"]);
    push_ok(&repo, &["--force", "origin", "main"]);
    assert_eq!(kept(&repo).iter().filter(|kept| kept.ends_with(&old)).count(), 1);
    repo.fsck();
}

#[test]
fn a_push_that_is_stopped_keeps_nothing_and_one_without_trust_does() {
    let (repo, old) = rewound();
    repo.write(".checkpoint.toml", good_check(""));
    repo.commit("Add a check");
    trust(&repo);
    commit(&repo, "bad");
    push_stopped(&repo, &["--force", "origin", "main"]);
    assert_eq!(kept(&repo), [""; 0]);
    repo.remove_var("GIT_CHECKPOINT_TRUST");
    push_ok(&repo, &["--force", "origin", "main"]);
    assert!(kept(&repo)[0].ends_with(&old));
}

#[test]
fn deleting_a_branch_loses_what_no_other_has() {
    let repo = trusted("");
    commit(&repo, "good");
    push_ok(&repo, &["origin", "main", "main:merged"]);
    repo.git(&["fetch", "-q"]);
    let text = push_ok(&repo, &["origin", ":merged"]);
    assert!(!text.contains("will be gone"), "main has it: {text}");
    commit(&repo, "only in the topic");
    push_ok(&repo, &["origin", "main:topic"]);
    // Moved to another name in the same push, nothing is lost.
    let text = push_ok(&repo, &["origin", "main:renamed", ":topic"]);
    assert!(!text.contains("will be gone"), "{text}");
    assert_eq!(kept(&repo), [""; 0]);
    let text = push_ok(&repo, &["origin", ":renamed"]);
    assert!(text.contains("1 commit of refs/heads/renamed at origin will be gone there"), "{text}");
    assert!(kept(&repo)[0].contains("/heads/renamed "));
}

#[test]
fn what_is_not_here_cannot_be_kept_and_that_is_said() {
    let repo = trusted("");
    let other = TestRepo::clone_of(&repo);
    other.git(&["remote", "set-url", "origin", &repo.git(&["remote", "get-url", "origin"])]);
    let theirs = commit(&other, "theirs");
    push_ok(&other, &["origin", "main"]);
    commit(&repo, "ours");
    let text = push_ok(&repo, &["--force", "origin", "main"]);
    assert!(text.contains(&theirs[..10]) && text.contains("not in this repository"), "{text}");
    assert!(text.contains("git fetch origin"), "{text}");
    assert_eq!(kept(&repo), [""; 0]);
}

#[test]
fn names_and_subjects_do_not_reach_the_screen_raw() {
    let repo = trusted("");
    let main = repo.rev("HEAD");
    repo.git(&["switch", "-q", "-c", "evil-\u{202e}desrever"]);
    repo.git(&["commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", "subject \u{1b}[31mred\u{1b}]0;t\u{7}\r"]);
    push_ok(&repo, &["origin", "HEAD"]);
    let lost = repo.rev("HEAD");
    let line = format!("(delete) {} refs/heads/evil-\u{202e}desrever {lost}\n", "0".repeat(40));
    let run = repo.checkpoint_with_input(&["hook", "pre-push", "origin", "url"], line);
    assert!(run.code == 0 && run.stderr.contains("\\u{1b}[31mred"), "{run}");
    assert!(!run.stderr.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{run}");
    assert_ne!(main, lost);
}
