//! Others at work in the same repository at the same time, and a disk that is full.

use std::{
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use crate::support::{Run, TestRepo};

/// Files of some size, so that a limit on the size of files stops git half-way through them.
fn with_files() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("a.txt", "a\n");
    repo.write("large.txt", "first line\n".repeat(20_000));
    repo.commit("Begin");
    repo
}

#[test]
fn checkpoints_are_right_while_git_works_beside_them() {
    let repo = with_files();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0_u32.. {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                repo.write("a.txt", format!("round {round}\n"));
                // Another git may hold a lock of its own at that moment.
                drop(repo.git_raw(&["add", "a.txt"]));
                drop(repo.git_raw(&["status"]));
                drop(repo.git_raw(&["commit", "-q", "-m", &format!("round {round}")]));
            }
        });
        for _ in 0..15 {
            let taken = repo.checkpoint(&["create", "--json"]);
            assert!([0, 1, 4].contains(&taken.code), "{taken}");
            if taken.code != 0 {
                continue;
            }
            let tag = taken.json()["tag"].as_str().expect("a tag").to_owned();
            let content = repo.git(&["show", &format!("{tag}:a.txt")]);
            assert!(content == "a" || content.is_empty() || content.starts_with("round "), "{content}");
            assert_eq!(repo.git(&["show", &format!("{tag}:large.txt")]).len(), 20_000 * 11 - 1);
        }
        stop.store(true, Ordering::SeqCst);
    });
    repo.fsck();
}

#[test]
fn an_index_lock_of_another_process_is_waited_for_and_named() {
    let repo = with_files();
    repo.checkpoint_ok(&["create"]);
    repo.write("a.txt", "changed\n");
    let (state, refs) = (repo.state(), repo.refs());
    repo.write(".git/index.lock", "");
    let started = Instant::now();
    let refused = repo.checkpoint(&["rollback", "latest", "--yes"]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("index.lock"), "{refused}");
    assert!(started.elapsed().as_secs() >= 2, "it waits");
    repo.state().assert_same(&state);
    assert_eq!(repo.refs(), refs);
    // It is no hindrance to saving.
    repo.checkpoint_ok(&["create"]);
    repo.remove(".git/index.lock");
    repo.checkpoint_ok(&["rollback", "latest~1", "--yes"]);
    assert_eq!(repo.read_text("a.txt"), "a\n");
}

/// Runs the program with no file allowed to grow beyond so many blocks of 512 bytes.
fn limited(repo: &TestRepo, blocks: u32, args: &[&str]) -> Run {
    let line = format!("ulimit -f {blocks}; trap '' XFSZ; exec \"$0\" \"$@\"");
    let mut command = repo.command("sh");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_git-checkpoint")]).args(args);
    let output = command.output().expect("there is a shell");
    Run::of(repo, args, &output)
}

#[test]
fn a_full_disk_stops_a_checkpoint_and_nothing_is_changed() {
    let repo = with_files();
    let noise: Vec<u8> = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    repo.write("noise.bin", &noise);
    let (state, refs, fingerprint) = (repo.state(), repo.refs(), repo.fingerprint());
    let failed = limited(&repo, 200, &["create"]);
    assert_eq!(failed.code, 4, "{failed}");
    assert!(failed.stderr.contains("nothing was changed"), "{failed}");
    repo.state().assert_same(&state);
    fingerprint.assert_same(&repo.fingerprint());
    assert_eq!(repo.refs(), refs);
    repo.fsck();
    repo.checkpoint_ok(&["create"]);
}

#[test]
fn a_full_disk_stops_a_rollback_and_it_goes_on_or_back() {
    for ending in ["--continue", "--abort"] {
        let repo = with_files();
        repo.write("z.txt", "last\n");
        let saved = repo.state();
        repo.checkpoint_ok(&["create"]);
        repo.write("a.txt", "never committed\n");
        repo.write("large.txt", "small now, and never committed\n");
        repo.remove("z.txt");
        let mess = repo.state();
        // Enough for everything but the large file.
        let failed = limited(&repo, 100, &["rollback", "latest", "--yes"]);
        assert_eq!(failed.code, 4, "{failed}");
        let reachable = repo.git(&["rev-list", "--objects", "--no-object-names", "--all"]);
        for content in ["never committed\n", "small now, and never committed\n"] {
            let id = repo.git_with_input(&["hash-object", "--stdin"], content);
            assert!(repo.state() == mess || reachable.contains(&id), "{content} is lost: {failed}");
        }
        if repo.state() == mess {
            continue;
        }
        assert!(!failed.stderr.contains("nothing was changed"), "{failed}");
        repo.checkpoint_ok(&["rollback", ending]);
        repo.state().assert_same(if ending == "--continue" { &saved } else { &mess });
        repo.fsck();
    }
}

#[test]
fn an_object_store_that_cannot_be_written_is_named() {
    let repo = with_files();
    repo.write("a.txt", "changed\n");
    let (state, refs) = (repo.state(), repo.refs());
    // Not even the administrator can make a folder there.
    let objects = repo.git_dir().join("objects");
    let moved = repo.git_dir().join("objects.away");
    std::fs::rename(&objects, &moved).expect("it is there");
    std::fs::write(&objects, "").expect("the place is free");
    let failed = repo.checkpoint(&["create"]);
    std::fs::remove_file(&objects).expect("it was made here");
    std::fs::rename(&moved, &objects).expect("the place is free");
    assert_eq!(failed.code, 4, "{failed}");
    repo.state().assert_same(&state);
    assert_eq!(repo.refs(), refs);
    repo.checkpoint_ok(&["create"]);
}

#[test]
fn a_file_that_changes_while_git_is_about_to_write_is_kept() {
    let repo = with_files();
    repo.write("b.txt", "saved\n");
    // A link is for git to write.
    repo.symlink("a.txt", "link");
    repo.checkpoint_ok(&["create"]);
    repo.write("a.txt", "mess\n");
    repo.write("b.txt", "mess\n");
    repo.remove("link");
    // Stands for `git`: just before the files are written, somebody saves one of them.
    let dir = repo.root().join("bin");
    std::fs::create_dir(&dir).expect("it is new");
    let path = repo
        .command("git")
        .get_envs()
        .find(|(name, _)| *name == "PATH")
        .and_then(|(_, path)| path.map(ToOwned::to_owned));
    let path = path.expect("every command has it").into_string().expect("PATH is UTF-8");
    let script = format!(
        "#!/bin/sh\nPATH='{path}'\ncase \" $* \" in *\" checkout-index \"*) echo 'saved meanwhile' >a.txt ;; esac\nexec git \"$@\"\n"
    );
    std::fs::write(dir.join("git"), script).expect("the folder is writable");
    repo.chmod(dir.join("git"), 0o755);
    let mut command = repo.checkpoint_command(&["rollback", "latest", "--yes"]);
    let output = command.env("PATH", format!("{}:{path}", dir.display())).output().expect("the program can be run");
    let refused = Run::of(&repo, &["rollback"], &output);
    assert_eq!(refused.code, 1, "{refused}");
    assert!(refused.stderr.contains("a.txt"), "{refused}");
    assert_eq!(repo.read_text("a.txt"), "saved meanwhile\n");
    assert_eq!(repo.read_text("b.txt"), "mess\n");
    assert!(!repo.git_dir().join("index.lock").exists());
    repo.checkpoint_ok(&["rollback", "latest", "--yes"]);
    assert_eq!(repo.read_text("b.txt"), "saved\n");
    repo.fsck();
}

/// Killed at moments spread over the whole of it, a rollback that several threads make goes on, or back.
#[test]
fn a_rollback_of_many_files_that_is_killed_goes_on_or_back() {
    const ROUNDS: u32 = 24;
    let repo = TestRepo::with_commit();
    for n in 0..240 {
        repo.write(format!("d{}/f{n}", n / 20), format!("{n}, saved\n").repeat(50));
    }
    repo.commit("many");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    let saved = repo.state();
    for n in 0..160 {
        repo.write(format!("d{}/f{n}", n / 20), format!("{n}, mess\n"));
    }
    for n in 160..200 {
        repo.remove(format!("d{}/f{n}", n / 20));
        repo.write(format!("new/{n}"), format!("{n}\n"));
    }
    repo.git(&["add", "d0", "new"]);
    repo.write("d0/f0", "unstaged as well\n");
    let mess = repo.state();
    let begin = Instant::now();
    repo.checkpoint_ok(&["rollback", "saved", "--yes"]);
    // How long it takes, which changes with what else the machine does.
    let mut takes = begin.elapsed();
    repo.checkpoint_ok(&["undo", "--yes"]);
    let mut ends = [0, 0, 0];
    for round in 0..ROUNDS {
        let mut command = repo.checkpoint_command(&["rollback", "saved", "--yes"]);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be run");
        std::thread::sleep(takes * (round % 8 + 1) / 8);
        running.kill().expect("it is ours");
        running.wait().expect("it is ours");
        let ending = if round % 2 == 0 { "--continue" } else { "--abort" };
        let ended = repo.checkpoint(&["rollback", ending]);
        if ended.code != 0 {
            // It had changed nothing yet, or was over.
            let nothing = ["no operation of this worktree was interrupted", "had not changed anything yet"];
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(nothing.iter().any(|nothing| said.contains(nothing)), "{round}: {ended}");
            let was_over = repo.state().files == saved.files;
            repo.state().assert_same(if was_over { &saved } else { &mess });
            takes = if was_over { takes * 4 / 5 } else { takes * 3 / 2 };
            ends[usize::from(was_over) * 2] += 1;
        } else {
            repo.state().assert_same(if ending == "--continue" { &saved } else { &mess });
            ends[1] += 1;
        }
        if repo.state().files == saved.files {
            repo.checkpoint_ok(&["undo", "--yes"]);
        }
        repo.state().assert_same(&mess);
        assert!(!repo.git_dir().join("checkpoint-rescued").exists(), "{round}: nothing was saved meanwhile");
    }
    assert!(ends[1] > 0, "none of them was killed in the middle: {ends:?}");
    repo.fsck();
}
