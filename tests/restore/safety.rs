//! What changes while a state is restored is noticed, and nobody else's lock is touched.

use super::{Request, Stop, ask, restore, restore_after, save};
use crate::support::TestRepo;

fn two_states() -> (TestRepo, super::Saved) {
    let repo = TestRepo::new();
    for path in ["a", "b", "dir/c", "dir/d"] {
        repo.write(path, "first\n");
    }
    repo.commit("first");
    let first = save(&repo);
    for path in ["a", "b", "dir/c", "dir/new"] {
        repo.write(path, "second\n");
    }
    repo.remove("dir/d");
    (repo, first)
}

#[test]
fn a_file_that_changed_after_the_capture_is_named_and_nothing_is_written() {
    for (change, path) in [
        ("echo other > b", "b"),
        // The same size, in the same moment as the capture: only the content tells.
        ("printf 'SECOND\\n' > dir/c", "dir/c"),
        ("echo other > dir/new", "dir/new"),
        ("rm dir/new; mkdir dir/new; echo other > dir/new/x", "dir/new"),
        ("echo other > dir/d", "dir/d"),
    ] {
        let (repo, first) = two_states();
        let others = |repo: &TestRepo| {
            let mut files = repo.state().files;
            files.retain(|name, _| !name.starts_with(path));
            files
        };
        let (index, before) = (repo.read(".git/index"), others(&repo));
        let error = restore_after(&repo, &first, change).expect_err("it changed");
        assert!(error[0].contains(&format!("`{path}")), "{change}: {error:?}");
        assert_eq!(others(&repo), before, "{change}");
        assert_eq!(repo.read(".git/index"), index);
        assert!(!repo.exists(".git/index.lock") && !repo.exists(".git/checkpoint-index"));
    }
}

/// Where there are many, several threads exchange them.
#[test]
fn all_of_many_files_are_taken_back_where_one_changed() {
    for (change, path) in [
        ("printf 'OTHERS\\n' > d00/f0", "d00/f0"),
        ("printf 'OTHERS\\n' > d10/f4", "d10/f4"),
        ("printf 'OTHERS\\n' > d19/f9", "d19/f9"),
        ("rm d19/f9; mkdir d19/f9; echo other > d19/f9/x", "d19/f9"),
        ("mkdir -p made/d; echo other > made/d/10", "made/d/10"),
        ("mkdir -p made/e; echo other > made/e/59", "made/e/59"),
    ] {
        let repo = TestRepo::new();
        for n in 0..200 {
            repo.write(format!("d{:02}/f{}", n / 10, n % 10), "first\n");
        }
        for n in 0..60 {
            repo.write(format!("made/{}/{n:02}", if n < 30 { "d" } else { "e" }), "made\n");
        }
        repo.commit("first");
        let first = save(&repo);
        for n in 0..200 {
            repo.write(format!("d{:02}/f{}", n / 10, n % 10), "second\n");
        }
        repo.remove("made");
        let others = |repo: &TestRepo| {
            let mut files = repo.state().files;
            files.retain(|name, _| !name.starts_with(path));
            files
        };
        let (index, before) = (repo.read(".git/index"), others(&repo));
        let error = restore_after(&repo, &first, change).expect_err(change);
        assert!(error[0].contains(&format!("`{path}")), "{change}: {error:?}");
        assert_eq!(others(&repo), before, "{change}");
        assert_eq!(repo.read(".git/index"), index);
        assert!(repo.exists("made") == path.starts_with("made"), "{change}");
        assert!(!repo.exists(".git/index.lock") && !repo.exists(".git/checkpoint-files"));
    }
}

#[test]
fn a_file_of_the_same_size_that_changed_in_the_same_second_is_noticed() {
    for _ in 0..5 {
        let (repo, first) = two_states();
        let error = restore_after(&repo, &first, "printf 'SECOND\\n' > a").expect_err("it changed");
        assert!(error[0].contains("`a` changed after"), "{error:?}");
        assert_eq!(repo.read_text("a"), "SECOND\n");
    }
}

#[test]
fn a_held_index_lock_is_waited_for() {
    let (repo, first) = two_states();
    repo.write(".git/index.lock", "");
    let lock = repo.path().join(".git/index.lock");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(600));
            std::fs::remove_file(&lock).expect("it is there");
        });
        restore(&repo, &first);
    });
    assert!(!repo.exists(".git/index.lock"));
}

#[test]
fn a_lock_of_someone_else_is_named_and_kept() {
    let (repo, first) = two_states();
    for content in ["", "DIRC", "git-check", "git-checkpoint"] {
        repo.write(".git/index.lock", content);
        assert_eq!(ask(&repo, &Request::RemoveStaleLock), Ok(None));
        assert_eq!(repo.read_text(".git/index.lock"), content);
    }
    let before = repo.fingerprint();
    let error = restore_after(&repo, &first, "").expect_err("it is locked");
    assert!(error[0].contains("index.lock") && error[0].contains("seconds old"), "{error:?}");
    assert!(error.last().expect("a hint").contains("remove `"), "{error:?}");
    before.assert_same(&repo.fingerprint());
    assert!(repo.exists(".git/index.lock"));
}

#[test]
fn what_is_dropped_leaves_nothing_behind() {
    let (repo, first) = two_states();
    let (state, before) = (repo.state(), repo.fingerprint());
    let dropped = Request::Restore { to: first, meanwhile: String::new(), stop: Stop::Begun };
    assert_eq!(ask(&repo, &dropped), Ok(None));
    before.assert_same(&repo.fingerprint());
    state.assert_same(&repo.state());
    let left: Vec<String> = std::fs::read_dir(repo.git_dir())
        .expect("it is a folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("lock") || name.contains("checkpoint"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn hooks_are_not_run() {
    let (repo, first) = two_states();
    for hook in ["post-index-change", "post-checkout"] {
        repo.write(format!(".git/hooks/{hook}"), "#!/bin/sh\ntouch ran\n");
        repo.chmod(format!(".git/hooks/{hook}"), 0o755);
    }
    restore(&repo, &first);
    assert!(!repo.exists("ran"));
}

#[test]
fn a_hostile_record_writes_nothing_elsewhere() {
    let (repo, mut first) = two_states();
    let blob = repo.git_with_input(&["hash-object", "-w", "--stdin"], "evil\n");
    let tree = |lines: &str| repo.git_with_input(&["mktree"], lines);
    let sequencer = tree(&format!("100644 blob {blob}\ttodo\n100644 blob {blob}\t..x\n120000 blob {blob}\tlink\n"));
    let hooks = tree(&format!("100755 blob {blob}\tpost-commit\n"));
    let git_dir = tree(&format!(
        "100644 blob {blob}\tconfig\n100644 blob {blob}\tHEAD\n100644 blob {blob}\tMERGE_MSG\n\
         120000 blob {blob}\tMERGE_HEAD\n040000 tree {hooks}\thooks\n040000 tree {sequencer}\tsequencer\n"
    ));
    first.extras = Some(tree(&format!("040000 tree {git_dir}\tgit-dir\n")));
    let (config, head) = (repo.read(".git/config"), repo.read(".git/HEAD"));
    restore(&repo, &first);
    assert_eq!((repo.read(".git/config"), repo.read(".git/HEAD")), (config, head));
    assert!(!repo.exists(".git/hooks/post-commit") && !repo.exists(".git/MERGE_HEAD"));
    assert_eq!(repo.read_text(".git/MERGE_MSG"), "evil\n");
    let names: Vec<_> = std::fs::read_dir(repo.path().join(".git/sequencer")).expect("made").flatten().collect();
    assert_eq!(names.len(), 1);
}
