//! Files that are not saved, or that cannot be read or written.

use std::os::unix::{fs::lchown, net::UnixListener, process::CommandExt};

use super::*;
use crate::support::filtered;

#[test]
fn what_is_not_saved_is_named_and_stays() {
    let repo = busy_repo();
    repo.write(".checkpoint.toml", "[capture]\nmax-file-size = '1KiB'\nexclude = ['*.tmp']\n");
    repo.write("large.bin", vec![b'x'; 5000]);
    repo.write("scratch.tmp", "scratch\n");
    repo.at("nested").git(&["init", "-q", "."]);
    repo.write("nested/inside.txt", "inside\n");
    repo.command("mkfifo").arg("pipe").status().expect("mkfifo can be run");
    let _socket = UnixListener::bind(repo.path().join("socket")).expect("a socket");
    let before = repo.state();
    let taken = repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("file", "changed\n");
    let back = repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    repo.state().assert_same(&before);
    assert_harmless(&back);
    assert_said("not_saved", &[taken, repo.checkpoint_ok(&["show"]), back, repo.checkpoint_ok(&["status"])]);
}

#[test]
fn what_is_not_saved_and_in_the_way_stops_it() {
    let repo = busy_repo();
    repo.write(".gitignore", "*.log\nbuild/\n");
    repo.commit("Ignore");
    repo.write("notes", "a file\n");
    repo.write("build.txt/inside", "in a folder\n");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.remove("notes");
    repo.write("notes/today.log", "ignored, and in no backup\n");
    repo.remove("build.txt");
    repo.command("mkfifo").arg("build.txt").status().expect("mkfifo can be run");
    assert_said("in_the_way", &[refuse(&repo, REFUSED, &["rollback", "saved", "--yes"])]);
}

#[test]
fn a_submodule_with_changes_of_its_own_keeps_them() {
    let repo = TestRepo::with_commit();
    let library = repo.at("../library");
    library.git(&["init", "-q", "-b", "main", "."]);
    library.write("lib.txt", "one\n");
    library.commit("One");
    repo.git(&["submodule", "--quiet", "add", "../library", "library"]);
    repo.commit("Add the library");
    repo.write("library/lib.txt", "changed inside\n");
    repo.write("library/new.txt", "new inside\n");
    let taken = repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("file", "changed\n");
    let before = (repo.read("library/lib.txt"), repo.read("library/new.txt"));
    let back = repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    assert_eq!(before, (repo.read("library/lib.txt"), repo.read("library/new.txt")));
    // The commit it is at moves as well.
    repo.at("library").commit("Two, inside");
    let moved = repo.checkpoint(&["rollback", "saved", "--yes"]);
    assert_eq!(repo.read_text("library/lib.txt"), "changed inside\n");
    assert_harmless(&moved);
    assert_said("submodule", &[taken, back, moved, repo.checkpoint_ok(&["status"])]);
}

/// Runs the program as a user without privileges, for whom permissions count; the world becomes that user's.
fn unprivileged(repo: &TestRepo, args: &[&str]) -> std::process::Output {
    let mut command = repo.checkpoint_command(args);
    if is_root() {
        command.uid(65534).gid(65534);
    }
    command.output().expect("the program can be run")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives everything in the world of `repo` away, so that the program can work on it without privileges.
/// `false` where the program cannot be run that way.
fn give_away(repo: &TestRepo) -> bool {
    fn all(path: &std::path::Path) {
        lchown(path, Some(65534), Some(65534)).expect("root may");
        if path.symlink_metadata().expect("it is there").is_dir() {
            std::fs::read_dir(path).expect("root may").for_each(|entry| all(&entry.expect("it stays").path()));
        }
    }
    if is_root() {
        repo.git(&["config", "--global", "safe.directory", "*"]);
        all(repo.root());
    }
    let mut probe = repo.checkpoint_command(&["--version"]);
    if is_root() {
        probe.uid(65534).gid(65534);
    }
    let works = probe.output().is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: another user cannot run the program in its folder");
    }
    works
}

fn text(repo: &TestRepo, output: &std::process::Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stderr = stderr.replace(&*repo.path().to_string_lossy(), "<repo>");
    let stderr = regex::Regex::new("tmp_obj_[A-Za-z0-9]+").expect("valid").replace_all(&stderr, "<temporary>");
    format!("exit code: {}\n{}", output.status.code().unwrap_or(-1), filtered(&stderr))
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_stops_it() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("secret.txt", "nobody may read this\n");
    repo.write("closed/inside.txt", "nor this\n");
    if !give_away(&repo) {
        return;
    }
    let mut said = String::new();
    repo.chmod("secret.txt", 0o000);
    let refs = repo.refs();
    let files = repo.fingerprint();
    for args in [&["create"][..], &["rollback", "saved", "--yes"], &["status"]] {
        said.push_str(&format!("$ {}\n{}\n", args.join(" "), text(&repo, &unprivileged(&repo, args))));
    }
    files.assert_same(&repo.fingerprint());
    repo.chmod("secret.txt", 0o644);
    let files = repo.fingerprint();
    repo.chmod("closed", 0o000);
    for args in [&["create"][..], &["rollback", "saved", "--yes"]] {
        said.push_str(&format!("$ {} (a folder)\n{}\n", args.join(" "), text(&repo, &unprivileged(&repo, args))));
    }
    repo.chmod("closed", 0o755);
    files.assert_same(&repo.fingerprint());
    assert_eq!(refs, repo.refs());
    assert_said_text("unreadable", &said);
}

#[test]
fn a_repository_that_cannot_be_written_to() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("file", "changed again\n");
    if !give_away(&repo) {
        return;
    }
    let (refs, files) = (repo.refs(), repo.fingerprint());
    let mut said = String::new();
    let close = |path: &str, mode: u32| {
        let status = repo.command("chmod").args(["-R", &format!("{mode:o}"), path]).status().expect("chmod can be run");
        assert!(status.success());
    };
    for part in [".git/objects", ".git/refs", ".git"] {
        close(part, 0o555);
        for args in [&["create"][..], &["rollback", "saved", "--yes"]] {
            let output = unprivileged(&repo, args);
            said.push_str(&format!("$ {} ({part} is read-only)\n{}\n", args.join(" "), text(&repo, &output)));
        }
        close(part, 0o755);
    }
    files.assert_same(&repo.fingerprint());
    assert_eq!(refs, repo.refs());
    assert_said_text("read_only", &said);
}

#[test]
fn a_folder_of_files_that_cannot_be_written_to() {
    let repo = busy_repo();
    repo.write("folder/inside.txt", "first\n");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    repo.write("folder/inside.txt", "second\n");
    repo.write("file", "changed again\n");
    if !give_away(&repo) {
        return;
    }
    repo.chmod("folder", 0o555);
    let mess = repo.state();
    let output = unprivileged(&repo, &["rollback", "saved", "--yes"]);
    let mut said = text(&repo, &output);
    repo.chmod("folder", 0o755);
    mess.assert_same(&repo.state());
    let again = unprivileged(&repo, &["rollback", "saved", "--yes"]);
    said.push_str(&format!("$ rollback, with the folder writable\n{}", text(&repo, &again)));
    assert_eq!(repo.read_text("folder/inside.txt"), "first\n", "{said}");
    assert_said_text("read_only_folder", &said);
}
