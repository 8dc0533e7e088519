//! Names that git does not take, or that are taken.

use super::*;

#[test]
fn names_that_are_none() {
    let repo = busy_repo();
    let bad = ["a..b", "-x", "HEAD", "", "a b", "x.lock", "refs//x", "\u{1b}[31mred", "a\nb", "@{x"];
    let runs: Vec<Run> = bad.iter().map(|name| refuse(&repo, USAGE, &["create", &format!("--name={name}")])).collect();
    assert_said("invalid_names", &runs);
}

#[test]
fn names_that_are_taken_or_in_the_way() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "taken"]);
    repo.checkpoint_ok(&["create", "--name", "folder/inside"]);
    repo.git(&["tag", "packed/inside"]);
    repo.git(&["tag", "packed-too"]);
    repo.git(&["pack-refs", "--all"]);
    assert_said(
        "taken_names",
        &[
            refuse(&repo, REFUSED, &["create", "--name", "taken"]),
            refuse(&repo, REFUSED, &["create", "--name", "taken/below"]),
            refuse(&repo, REFUSED, &["create", "--name", "folder"]),
            refuse(&repo, REFUSED, &["create", "--name", "packed"]),
            refuse(&repo, REFUSED, &["create", "--name", "packed-too/below"]),
        ],
    );
}

#[test]
fn templates_that_can_make_no_name_that_is_free() {
    let repo = busy_repo();
    repo.git(&["tag", "release"]);
    repo.write(".checkpoint.toml", "[phase]\ntag = 'release/x'\nbackup = 'main/broken'\n");
    // With a limit on the time: a name that can never be free was looked for without end.
    let hasty = repo.command("timeout").args(["30", "git", "checkpoint", "create"]).output().expect("it can be run");
    assert_ne!(hasty.status.code(), Some(124), "it looks for a free name for ever");
    let blocked = refuse(&repo, REFUSED, &["create"]);
    repo.checkpoint_ok(&["create", "--name", "fine"]);
    repo.write("file", "changed\n");
    assert_said("blocked_templates", &[blocked, refuse(&repo, REFUSED, &["rollback", "latest", "--yes"])]);
}
