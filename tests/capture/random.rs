//! Random edits, one after the other, with git as the oracle after each round.

use std::path::Path;

use proptest::{collection, prelude::*, test_runner::Config};

use super::oracle::check;
use crate::support::TestRepo;

/// Few names, so that edits meet: files where folders were, and the reverse.
pub(crate) const NAMES: [&str; 12] =
    ["a", "a/b", "a/b/c", "a-b", "a.b/x", "d", "d/e.log", "d/f", "new line\n", "z/y/x/w", "z/y", ".gitignore"];

#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Write(usize, u8),
    Remove(usize),
    Rename(usize, usize),
    Executable(usize, bool),
    Link(usize, usize),
    Stage(usize),
    StageAll,
    Unstage(usize),
    Plan(usize),
    Ignore(u8),
    Commit,
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let name = || 0..NAMES.len();
    let edit = prop_oneof![
        6 => (name(), any::<u8>()).prop_map(|(name, content)| Edit::Write(name, content % 4)),
        3 => name().prop_map(Edit::Remove),
        2 => (name(), name()).prop_map(|(from, to)| Edit::Rename(from, to)),
        1 => (name(), any::<bool>()).prop_map(|(name, on)| Edit::Executable(name, on)),
        1 => (name(), name()).prop_map(|(name, to)| Edit::Link(name, to)),
        3 => name().prop_map(Edit::Stage),
        1 => Just(Edit::StageAll),
        1 => name().prop_map(Edit::Unstage),
        1 => name().prop_map(Edit::Plan),
        1 => any::<u8>().prop_map(|rule| Edit::Ignore(rule % 5)),
        1 => Just(Edit::Commit),
    ];
    collection::vec(edit, 1..16)
}

/// Does it, if it can be done.
pub(crate) fn apply(repo: &TestRepo, edit: &Edit) {
    let path = |name: &usize| repo.path().join(NAMES[*name]);
    let clear = |path: &Path| {
        for above in path.ancestors().skip(1).take_while(|above| *above != repo.path()) {
            if above.symlink_metadata().is_ok_and(|data| !data.is_dir()) {
                repo.remove(above);
            }
        }
        if path.symlink_metadata().is_ok() {
            repo.remove(path);
        }
    };
    match edit {
        Edit::Write(name, content) => {
            clear(&path(name));
            let rules = NAMES[*name] == ".gitignore";
            // Of the same size, so that only time or content tells them apart.
            repo.write(path(name), if rules { "*.nothing\n".to_owned() } else { format!("{content}\n") });
        }
        Edit::Remove(name) => {
            if path(name).symlink_metadata().is_ok() {
                repo.remove(path(name));
            }
        }
        Edit::Rename(from, to) => {
            let (from, to) = (path(from), path(to));
            if from.symlink_metadata().is_ok() && !to.starts_with(&from) && !from.starts_with(&to) {
                clear(&to);
                std::fs::create_dir_all(to.parent().expect("it is in the worktree")).expect("the way is clear");
                let _may_be_gone = std::fs::rename(from, to);
            }
        }
        Edit::Executable(name, on) => {
            if path(name).symlink_metadata().is_ok_and(|data| data.is_file()) {
                repo.chmod(path(name), if *on { 0o755 } else { 0o644 });
            }
        }
        Edit::Link(name, to) => {
            if NAMES[*name] != ".gitignore" {
                clear(&path(name));
                repo.symlink(NAMES[*to], path(name));
                // git cannot say whether a tracked file below a link to itself is gone, and counts it as unchanged.
                let is_loop =
                    |error: std::io::Error| error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
                if path(name).metadata().is_err_and(is_loop) {
                    repo.remove(path(name));
                }
            }
        }
        Edit::Stage(name) => drop(repo.git_raw(&["add", "-A", "--", NAMES[*name]])),
        Edit::StageAll => drop(repo.git(&["add", "-A"])),
        Edit::Unstage(name) => drop(repo.git_raw(&["rm", "-rfq", "--cached", "--", NAMES[*name]])),
        Edit::Plan(name) => drop(repo.git_raw(&["add", "-N", "--", NAMES[*name]])),
        Edit::Ignore(rule) => {
            clear(&repo.path().join(".gitignore"));
            repo.write(".gitignore", ["*.log\n", "/a/\n!/a\n", "d/*\n!d/f\n", "x\n", "*\n!a*\n"][usize::from(*rule)]);
        }
        Edit::Commit => drop(repo.git_raw(&["commit", "-q", "-m", "some"])),
    }
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, ..Config::default() })]

    #[test]
    fn random_edits(first in edits(), second in edits()) {
        let repo = TestRepo::new();
        for round in [first, second] {
            round.iter().for_each(|edit| apply(&repo, edit));
            check(&repo);
        }
    }
}
