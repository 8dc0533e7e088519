//! Pristine worktrees: nothing in them from before, nothing left of them after.

use super::*;

fn assert_nothing_left(repo: &TestRepo) {
    assert_kept(repo, 0);
    let left: Vec<_> = fs::read_dir(repo.root().join("tmp")).expect("it is there").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn there_is_nothing_from_before_and_nothing_stays() {
    let repo = repository();
    let user = User::of(&repo);
    for _ in 0..2 {
        let job = Job::pristine(&repo, &[CLEAN, "test ! -e built", "mkdir built && touch built/it && echo x > file"]);
        assert_eq!(job.ok(&repo).changed[2], "\"file\"");
        assert_nothing_left(&repo);
    }
    user.assert_untouched();
}

#[test]
fn whatever_a_command_does_there_nothing_stays() {
    let repo = repository();
    let user = User::of(&repo);
    for damage in [
        "rm .git",
        "rm .git && mkdir .git",
        "rm -rf \"$PWD\"",
        "git switch -qc other",
        "mkdir -p a/b && touch a/b/c && chmod 500 a/b a",
        "git worktree lock .",
        "rm -rf src && ln -s / src",
    ] {
        Job::pristine(&repo, &[damage, CLEAN, damage]).answer(&repo);
        assert_nothing_left(&repo);
        repo.git_raw(&["branch", "-q", "-D", "other"]);
    }
    user.assert_untouched();
}

#[test]
fn one_whose_owner_was_killed_is_removed_by_the_next_push_and_counted_by_doctor() {
    let repo = repository();
    let begun = repo.root().join("begun");
    let mut child = Job::pristine(&repo, &[&format!("touch '{}'; sleep 600", begun.display())]).start(&repo);
    stray::wait_for(&begun);
    child.kill().expect("it runs");
    child.wait().expect("it is ours");
    let doctor = repo.checkpoint(&["doctor"]);
    assert!(doctor.stdout.contains("a private worktree of a check that was killed"), "{doctor}");
    // A copy of the repository knows of it as well, and lets it be.
    let copy = repo.at(repo.root().join("copy"));
    let copied = repo.command("cp").arg("-a").arg(repo.path().join(".")).arg(copy.path()).status().expect("a cp");
    assert!(copied.success());
    let doctor = copy.checkpoint(&["doctor"]);
    assert!(!doctor.stdout.contains("a private worktree of a check that was killed"), "{doctor}");
}
