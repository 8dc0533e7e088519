//! Random repositories and random messes: a rollback gives back exactly what was saved, an undo exactly the mess.

#![allow(clippy::disallowed_methods, reason = "proptest's own variable says how many cases")]

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError},
};

use crate::{
    capture::random::{Edit, NAMES, apply, edits},
    support::{Picture, TestRepo},
};

/// What a checkpoint promises to hold: all but ignored files.
fn visible(repo: &TestRepo) -> Picture {
    let mut picture = repo.state();
    let output = repo.git_raw(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let seen: BTreeSet<String> =
        output.stdout.split(|byte| *byte == 0).map(|path| path.escape_ascii().to_string()).collect();
    picture.files.retain(|path, _| seen.contains(path));
    picture.status.retain(|entry| !entry.starts_with("! "));
    // A path that is only intended to be added comes back with the type that it has on disk, if it is there.
    let empty = repo.git(&["hash-object", "-t", "blob", "/dev/null"]);
    for entry in picture.index.iter_mut().chain(&mut picture.status).filter(|entry| entry.contains(&empty)) {
        *entry = entry.replace("120000 ", "100644 ").replace("100755 ", "100644 ");
    }
    picture
}

/// Without what the mess had ignored, which stays and is untracked where the saved state does not ignore it.
fn without_bared(mut now: Picture, saved: &Picture, mess: &Picture) -> Picture {
    let known = |path: &str| saved.files.contains_key(path) || mess.files.contains_key(path);
    now.files.retain(|path, _| known(path));
    now.status.retain(|entry| entry.strip_prefix("? ").is_none_or(known));
    now
}

/// Rules that ignore the file that they stand in are not saved themselves; git warns of a link to rules.
fn hides_its_rules(repo: &TestRepo) -> bool {
    let is_link = repo.path().join(".gitignore").is_symlink();
    is_link || repo.git_raw(&["check-ignore", "-q", ".gitignore"]).status.success()
}

fn repository(variant: u8) -> TestRepo {
    match variant % 4 {
        0 => TestRepo::sha256(),
        1 => TestRepo::with_commit().linked_worktree("linked"),
        _ => TestRepo::new(),
    }
}

fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Takes one path back from the newest checkpoint, and looks at all others.
fn one_path(repo: &TestRepo, name: &str, saved: &Picture) {
    let (mess, on_disk, refs) = (visible(repo), repo.state(), repo.refs());
    let run = repo.checkpoint(&["rollback", "latest", "--yes", "--path", name]);
    assert!([0, 1, 2].contains(&run.code), "{run}");
    let now = visible(repo);
    if run.code != 0 {
        now.assert_same(&mess);
        return;
    }
    // On disk: what is not staged any more may be ignored now, and what the mess ignores was there before as well.
    let now = repo.state();
    let escaped = name.as_bytes().escape_ascii().to_string();
    for path in saved.files.keys().chain(mess.files.keys()) {
        let wanted = if is_under(path, &escaped) { &saved.files } else { &on_disk.files };
        // A file that is now in the way of what was taken back, or rules that were, are another matter.
        if !is_under(&escaped, path) && name != ".gitignore" && saved.files.contains_key(path) {
            assert_eq!(now.files.get(path), wanted.get(path), "{path} after taking back {name}: {run}");
        }
    }
    // Where there was nothing to do, nothing was recorded.
    if repo.refs() != refs {
        let undone = repo.checkpoint(&["undo", "--yes"]);
        if undone.code != 0 {
            // What was taken back is ignored by the rules that stayed, and so it is for the user to remove.
            assert!(undone.stderr.contains("is ignored and not part of the backup"), "{undone}");
            repo.remove(name);
            repo.checkpoint_ok(&["undo", "--yes"]);
        }
    }
    visible(repo).assert_same(&mess);
}

/// Saves what the first edits make, takes it back after the others, and undoes and redoes that.
fn round_trip((first, mess): (&[Edit], &[Edit]), variant: u8, name: usize) -> Result<(), TestCaseError> {
    let repo = repository(variant);
    first.iter().for_each(|edit| apply(&repo, edit));
    prop_assume!(!hides_its_rules(&repo));
    let saved = visible(&repo);
    repo.checkpoint_ok(&["create"]);
    mess.iter().for_each(|edit| apply(&repo, edit));
    prop_assume!(!hides_its_rules(&repo));
    let broken = visible(&repo);
    one_path(&repo, NAMES[name], &saved);

    let run = repo.checkpoint(&["rollback", "latest", "--yes"]);
    if run.code == 1 {
        // Something that is ignored is in the way, and nothing else stops it.
        prop_assert!(run.stderr.contains("not part of the backup"), "{run}");
        visible(&repo).assert_same(&broken);
        return Ok(());
    }
    prop_assert_eq!(run.code, 0, "{}", run);
    without_bared(visible(&repo), &saved, &broken).assert_same(&saved);
    if saved != broken {
        repo.checkpoint_ok(&["undo", "--yes"]);
        visible(&repo).assert_same(&broken);
        repo.checkpoint_ok(&["redo", "--yes"]);
        without_bared(visible(&repo), &saved, &broken).assert_same(&saved);
    }
    repo.fsck();
    Ok(())
}

/// An ignored file is no part of the saved state that the mess has, and stays where it is.
#[test]
fn what_the_mess_ignores_stays_when_one_path_is_taken_back() {
    let first = [Edit::Write(4, 0), Edit::Write(9, 0)];
    round_trip((&first, &[Edit::Ignore(3)]), 0, 9).expect("nothing is lost");
}

/// What was planned to be added is no more where the folder it is in is taken back.
#[test]
fn what_is_only_intended_to_be_added_goes_with_its_folder() {
    round_trip((&[Edit::Write(2, 0)], &[Edit::Plan(0), Edit::Executable(2, true)]), 0, 0).expect("nothing is lost");
}

proptest! {
    #![proptest_config(Config {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(16),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    })]

    #[test]
    fn there_and_back(first in edits(), mess in edits(), variant in any::<u8>(), name in 0..NAMES.len()) {
        round_trip((&first, &mess), variant, name)?;
    }
}
