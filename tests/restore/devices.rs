//! Where files cannot be exchanged, for they are on another file system than `.git`.

use std::{os::unix::fs::MetadataExt, path::Path};

use super::{restore, restore_after, save};
use crate::support::TestRepo;

/// A folder on another file system than `repo`, gone when it is dropped.
#[allow(clippy::print_stderr, reason = "a test that is skipped has to say so")]
fn elsewhere(repo: &TestRepo) -> Option<tempfile::TempDir> {
    let device = |path: &Path| path.metadata().map(|data| data.dev()).ok();
    let here = device(repo.path());
    let places = [Path::new("/dev/shm"), Path::new("/tmp"), Path::new(env!("CARGO_TARGET_TMPDIR"))];
    let other = places.into_iter().filter(|place| device(place).is_some_and(|there| Some(there) != here));
    let found = other.filter_map(|place| tempfile::tempdir_in(place).ok()).next();
    if found.is_none() {
        eprintln!("SKIPPED: there is no second file system that can be written to");
    }
    found
}

/// As [`TestRepo::state`], which looks for `.git` as a folder.
fn picture(repo: &TestRepo) -> (String, Vec<String>) {
    let files = repo.git(&["ls-files", "-z", "-co"]);
    let content =
        files.split_terminator('\0').map(|path| format!("{path}: {:?}", std::fs::read(repo.path().join(path))));
    (repo.git(&["status", "--porcelain"]), content.collect())
}

#[test]
fn a_repository_beside_its_files_on_another_file_system() {
    let repo = TestRepo::new();
    let Some(other) = elsewhere(&repo) else { return };
    let git_dir = other.path().join("git");
    repo.remove(".git");
    repo.git(&["init", "-q", "--separate-git-dir", &git_dir.to_string_lossy()]);
    for path in ["a", "dir/b", "dir/gone", "was-folder/x"] {
        repo.write(path, "first\n");
    }
    repo.commit("first");
    repo.write("a", "changed\n");
    repo.write("untracked", "first\n");
    let (first, at_first) = (save(&repo), picture(&repo));
    for path in ["a", "dir/b", "more/c"] {
        repo.write(path, "second\n");
    }
    repo.remove("dir/gone");
    repo.remove("was-folder");
    repo.write("was-folder", "second\n");
    repo.commit("second");
    let (second, at_second) = (save(&repo), picture(&repo));
    restore(&repo, &first);
    assert_eq!(picture(&repo), at_first);
    restore(&repo, &second);
    assert_eq!(picture(&repo), at_second);
    let error = restore_after(&repo, &first, "echo saved > dir/b").expect_err("somebody saved a file");
    assert!(error[0].contains("`dir/b` changed"), "{error:?}");
    assert_eq!(repo.read_text("dir/b"), "saved\n");
    assert_eq!(repo.read_text("a"), "second\n");
    assert!(!git_dir.join("checkpoint-files").exists());
}
