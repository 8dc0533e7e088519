//! Where artifacts are: nothing leads out of the worktree, and nothing is taken away that is not saved.

use super::{engine::Engine, *};

/// Puts something in the place of an artifact.
type Make = fn(&TestRepo);

#[test]
fn only_plain_files_of_the_worktree_are_saved() {
    let make: [(&str, Make, &str); 7] = [
        ("data/db", |repo| repo.symlink("/etc/passwd", "data/db"), "is a symbolic link"),
        ("data/db", |repo| repo.symlink("other", "data/db"), "is a symbolic link"),
        (
            "data/out/db",
            |repo| {
                repo.write(repo.root().join("elsewhere/db"), "outside\n");
                repo.symlink(repo.root().join("elsewhere"), "data/out");
            },
            "goes through a symbolic link",
        ),
        ("data/db", |repo| drop(repo.dir("data/db")), "is a folder"),
        ("data/file/db", |repo| repo.write("data/file", "x"), "goes through a symbolic link, or through a file"),
        (
            "data/db",
            |repo| assert!(repo.command("mkfifo").arg("data/db").status().expect("there is mkfifo").success()),
            "is a socket, pipe or device",
        ),
        ("data/db", |_| {}, "is not there"),
    ];
    for (path, make, words) in make {
        let repo = with(&copied(path));
        make(&repo);
        let run = refused(&repo, &[words]);
        assert!(run.stderr.contains(path), "{run}");
    }
}

#[test]
fn what_git_tracks_is_no_artifact() {
    let repo = with(&copied("file"));
    refused(&repo, &["`file` cannot be an artifact", "git tracks it"]);
    repo.write("data/db", "x");
    repo.git(&["add", "-f", "data/db"]);
    let folder = copied("data");
    configure(&repo, &folder);
    refused(&repo, &["`data` cannot be an artifact"]);
}

#[test]
fn a_path_that_a_record_made_up_leads_nowhere() {
    let repo = with_file("content\n");
    repo.git(&["init", "-q", "--separate-git-dir", "data/git"]);
    let engine = Engine::of(&repo);
    repo.symlink("/tmp", "data/tmp");
    for path in [
        "../outside",
        "/outside",
        "data/../../outside",
        ".git/config",
        ".GIT/config",
        "sub/.git/config",
        "git~1/config",
        "data/git/config",
        "data//x",
        "./x",
        "data/tmp/x",
    ] {
        let answers = engine.ask(&[format!("put {path}"), format!("keep {path}")]);
        assert!(answers.iter().all(|answer| answer.starts_with("error: `")), "{path}: {answers:?}");
        assert!(answers.iter().all(|answer| answer.contains("cannot be an artifact")), "{path}: {answers:?}");
    }
    assert!(!repo.root().join("outside").exists());
    assert_eq!(engine.ask(&["put data/new/file"]), ["Done"]);
    assert_eq!(repo.read_text("data/new/file"), "content\n");
}

#[test]
fn a_file_that_was_not_there_goes_and_comes_back() {
    let repo = with(&(copied("data/db") + "optional = true\n"));
    let absent = saved(&repo);
    repo.write("data/db", "made since\n");
    let there = saved(&repo);
    let engine = Engine::of(&repo);
    let answers =
        engine.ask(&[format!("differing {absent}"), format!("restore {absent}"), format!("restore {absent}")]);
    assert_eq!(answers, ["db Yes", "db Removed", "db Already"]);
    assert!(!repo.exists("data/db"));
    assert_eq!(engine.ask(&[format!("restore {there}"), "undo".into()]), ["db Put", "db Removed"]);
    repo.write("data/db", "never saved with a checkpoint\n");
    assert_eq!(engine.ask(&[format!("restore {absent}"), "undo".into()]), ["db Removed", "db Put"]);
    assert_eq!(repo.read_text("data/db"), "never saved with a checkpoint\n");
    assert_nothing_left(&repo);
}

#[test]
fn one_that_the_configuration_names_no_more_comes_back_as_a_file_if_it_is_ours() {
    let repo = with_file("first\n");
    let first = saved(&repo);
    configure(&repo, "[[artifact]]\nname = 'other'\npath = 'data/other'\n");
    repo.write("data/db", "second\n");
    assert_eq!(Engine::of(&repo).ask(&[format!("restore {first}")]), ["db Put"]);
    assert_eq!(repo.read_text("data/db"), "first\n");
    // Somebody else's record decides nothing here.
    let mark = format!("refs/checkpoint/fetched/origin/{first}");
    repo.git(&["update-ref", &mark, &format!("refs/checkpoint/records/{first}")]);
    repo.write("data/db", "third\n");
    let answer = Engine::of(&repo).ask(&[format!("restore {first}")]).remove(0);
    assert!(answer.contains("the record is from elsewhere"), "{answer}");
    assert_eq!(repo.read_text("data/db"), "third\n");
}

#[test]
fn mode_and_times_of_others_stay() {
    let repo = with_file("first\n");
    repo.chmod("data/db", 0o600);
    repo.write("data/beside", "not ours\n");
    let first = saved(&repo);
    repo.write("data/db", "second\n");
    repo.chmod("data/db", 0o664);
    assert_eq!(Engine::of(&repo).ask(&[format!("restore {first}")]), ["db Put"]);
    let mode =
        |path: &str| std::os::unix::fs::MetadataExt::mode(&repo.path().join(path).metadata().expect("there")) & 0o777;
    assert_eq!((repo.read_text("data/db"), mode("data/db")), ("first\n".into(), 0o664));
    assert_eq!(repo.read_text("data/beside"), "not ours\n");
}
