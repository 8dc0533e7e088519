//! What cannot be brought back.

use super::*;

/// A repository that was rolled back once; the commits of the backup: root, ordinary, empty, merge.
fn rolled_back() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("a.txt", "a\n");
    repo.commit("Ordinary");
    repo.git(&["tag", "ordinary"]);
    repo.commit("Empty");
    repo.git(&["tag", "empty"]);
    repo.git(&["switch", "-q", "-c", "side", "saved"]);
    repo.write("side.txt", "side\n");
    repo.commit("Side");
    repo.git(&["switch", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "Merge side", "side"]);
    repo.git(&["tag", "merge"]);
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    repo
}

#[test]
fn there_is_no_backup() {
    let repo = busy_repo();
    assert_said(
        "no_backup",
        &[
            refuse(&repo, USAGE, &["recover"]),
            refuse(&repo, USAGE, &["recover", "--all"]),
            refuse(&repo, USAGE, &["recover", "--uncommitted"]),
            refuse(&repo, USAGE, &["recover", "broken-20261121-000000"]),
            refuse(&repo, USAGE, &["recover", "nothing..HEAD"]),
            refuse(&repo, USAGE, &["recover", "--", "-x"]),
        ],
    );
}

#[test]
fn commits_that_are_special() {
    let repo = rolled_back();
    let runs = [
        refuse(&repo, USAGE, &["recover", "merge"]),
        refuse(&repo, USAGE, &["recover", "merge", "--mainline", "3"]),
        refuse(&repo, USAGE, &["recover", "merge", "--mainline", "0"]),
        refuse(&repo, USAGE, &["recover", "ordinary", "--onto", "nowhere"]),
        refuse(&repo, USAGE, &["recover", "ordinary", "--onto", "side", "--uncommitted"]),
        repo.checkpoint_ok(&["recover", "empty"]),
        repo.checkpoint_ok(&["recover", "saved"]),
        repo.checkpoint_ok(&["recover", "saved^0..saved"]),
        // As in git: the only parent of an ordinary commit is its first.
        repo.checkpoint_ok(&["recover", "ordinary", "--mainline", "1"]),
    ];
    runs.iter().for_each(assert_harmless);
    assert_said("special_commits", &runs);
}

#[test]
fn uncommitted_work_is_in_the_way() {
    let repo = rolled_back();
    repo.write("a.txt", "mine, not committed\n");
    let untracked = refuse(&repo, REFUSED, &["recover", "ordinary"]);
    repo.write(".git/info/exclude", "a.txt\n");
    let ignored = refuse(&repo, REFUSED, &["recover", "ordinary"]);
    repo.write(".git/info/exclude", "");
    repo.git(&["add", "a.txt"]);
    let staged = refuse(&repo, REFUSED, &["recover", "ordinary"]);
    assert_said("dirty_overlap", &[untracked, ignored, staged]);
}

#[test]
fn conflicts_that_have_no_place_to_be_settled() {
    let repo = rolled_back();
    repo.git(&["branch", "release"]);
    repo.write("a.txt", "ours\n");
    repo.commit("Ours");
    repo.git(&["branch", "-f", "release"]);
    repo.write("staged.txt", "staged\n");
    repo.git(&["add", "staged.txt"]);
    let runs = [
        refuse(&repo, NEEDS_YOU, &["recover", "ordinary"]),
        {
            repo.git(&["restore", "--staged", "staged.txt"]);
            repo.write("a.txt", "changed where the conflict is\n");
            refuse(&repo, REFUSED, &["recover", "ordinary"])
        },
        {
            repo.git(&["restore", "a.txt"]);
            repo.git(&["switch", "-q", "side"]);
            refuse(&repo, NEEDS_YOU, &["recover", "ordinary", "--onto", "release"])
        },
    ];
    assert_said("conflicts_without_a_place", &runs);
}

#[test]
fn without_a_commit_to_pick_onto() {
    let repo = rolled_back();
    repo.git(&["switch", "-q", "--orphan", "fresh"]);
    assert_said("unborn", &[refuse(&repo, REFUSED, &["recover", "ordinary"]), refuse(&repo, USAGE, &["recover"])]);
}
