//! What a power cut would leave: not what was written, but what was waited for.
//!
//! A kill leaves everything that was done until then, in its order; a power cut leaves at least what was made durable, and of the
//! rest anything. So strace tells what the program does and waits for, and a model of the disk says what is certainly there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{points, repositories, repositories::Case};

const CALLS: &str = "openat,write,pwrite64,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,fsync,fdatasync";

#[test]
fn what_rollback_destroys_is_durable_elsewhere() {
    assert_in_order(&repositories::rollback());
}

#[test]
fn what_rollback_destroys_of_many_files_is_durable_elsewhere() {
    let mut case = repositories::rollback();
    case.name = "rollback of many files";
    for n in 0..40 {
        case.repo.write(format!("many/{n}.txt"), format!("never added {n}\n"));
    }
    assert_in_order(&case);
}

#[test]
fn what_recover_changes_is_durable_elsewhere() {
    assert_in_order(&repositories::recover());
}

#[test]
fn what_undo_and_redo_destroy_is_durable_elsewhere() {
    assert_in_order(&repositories::undo());
    assert_in_order(&repositories::redo());
}

#[test]
fn what_rollback_with_commands_destroys_is_durable_elsewhere() {
    assert_in_order(&repositories::rollback_with_commands());
}

#[test]
fn refs_that_git_changes_are_durable_as_well() {
    for mut case in [repositories::rollback(), repositories::undo()] {
        case.name = "with a hook";
        case.repo.write(".git/hooks/reference-transaction", "#!/bin/sh\nexit 0\n");
        case.repo.chmod(".git/hooks/reference-transaction", 0o755);
        assert_in_order(&case);
    }
    for mut case in [repositories::rollback(), repositories::undo()] {
        case.name = "with packed refs";
        case.repo.git(&["pack-refs", "--all"]);
        assert_in_order(&case);
    }
}

/// Runs the operation, and looks at what the disk has for sure at each moment that matters.
fn assert_in_order(case: &Case) {
    if !points::can_trace(&case.repo) {
        return;
    }
    let log = case.repo.root().join("calls");
    let mut command = case.repo.command("strace");
    command.args(["-f", "-y", "-s", "4096", "-o"]).arg(&log).arg("-e").arg(format!("trace={CALLS}"));
    command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(&case.args);
    let output = command.output().expect("strace was found");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = std::fs::read(&log).expect("strace has written it");
    let mut disk = Disk::new(case.repo.path());
    for call in calls(&String::from_utf8_lossy(&log)) {
        disk.apply(&call);
    }
    assert!(disk.harmed > 0 && disk.ended, "{}: it is not known what it did", case.name);
}

/// A call that was made; for what is waited for, the moment in which it was done, else the one in which it was begun.
struct Call {
    name: String,
    args: String,
}

fn calls(log: &str) -> Vec<Call> {
    let mut waiting: BTreeMap<&str, (usize, Call)> = BTreeMap::new();
    let mut calls: BTreeMap<usize, Call> = BTreeMap::new();
    for (at, line) in log.lines().enumerate() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            let Some((begun, call)) = waiting.remove(pid) else { continue };
            if !rest.contains(" = -1 ") {
                calls.insert(if call.name.contains("sync") { at } else { begun }, call);
            }
            continue;
        }
        let Some((name, args)) = rest.split_once('(') else { continue };
        let call = Call { name: name.to_owned(), args: args.to_owned() };
        if args.ends_with("<unfinished ...>") {
            waiting.insert(pid, (at, call));
        } else if !args.contains(" = -1 ") {
            calls.insert(at, call);
        }
    }
    calls.into_values().collect()
}

impl Call {
    /// The paths among the arguments: those of open files, and those that are written out, from the folder before them.
    fn paths(&self) -> Vec<PathBuf> {
        let (mut paths, mut folder) = (Vec::new(), PathBuf::new());
        for part in self.args.split(", ").take(4) {
            if let Some(text) = part.strip_prefix('"').and_then(|part| part.split('"').next()) {
                paths.push(folder.join(text));
            } else if let Some((_, open)) = part.split_once('<')
                && let Some((open, _)) = open.rsplit_once('>')
            {
                folder = PathBuf::from(open);
            }
        }
        paths
    }

    /// The file that is open as the first argument.
    fn open(&self) -> PathBuf {
        let open = self.args.split_once('<').and_then(|(_, open)| open.split_once('>'));
        open.map(|(open, _)| PathBuf::from(open)).unwrap_or_default()
    }
}

/// What is certainly on a disk that promises nothing without being asked.
struct Disk {
    worktree: PathBuf,
    git: PathBuf,
    /// Files that were made, and whether what is in them is durable.
    files: BTreeMap<PathBuf, bool>,
    /// Names that were made and are not durable.
    names: BTreeSet<PathBuf>,
    /// How often something in the worktree was changed.
    harmed: usize,
    /// Whether the journal was removed.
    ended: bool,
}

impl Disk {
    fn new(worktree: &Path) -> Self {
        let worktree = worktree.canonicalize().expect("it is there");
        let git = worktree.join(".git");
        let (files, names) = Default::default();
        Disk { worktree, git, files, names, harmed: 0, ended: false }
    }

    fn apply(&mut self, call: &Call) {
        let paths = call.paths();
        match (call.name.as_str(), paths.as_slice()) {
            ("fsync" | "fdatasync", _) => {
                let open = call.open();
                self.names.retain(|name| name.parent() != Some(&open));
                self.files.entry(open).and_modify(|synced| *synced = true);
            }
            ("write" | "pwrite64" | "ftruncate", _) => {
                self.files.entry(call.open()).and_modify(|synced| *synced = false);
            }
            ("openat", [path]) if call.args.contains("O_CREAT") => {
                self.before(path);
                if !self.files.contains_key(path) {
                    self.files.insert(path.clone(), false);
                    self.names.insert(path.clone());
                }
            }
            ("mkdir" | "mkdirat", [path]) => {
                self.before(path);
                self.names.insert(path.clone());
            }
            ("rename" | "renameat" | "renameat2" | "link" | "linkat", [from, to]) => {
                self.before(from);
                self.before(to);
                if let Some(synced) = self.files.remove(from) {
                    self.show(to, synced);
                    self.files.insert(to.clone(), synced);
                }
                self.names.insert(to.clone());
            }
            ("unlink" | "unlinkat", [path]) => {
                self.before(path);
                if path.starts_with(self.git.join("checkpoint/journal")) && path.extension().is_some() {
                    let all = ["index", "HEAD", "refs/heads", "packed-refs"];
                    self.assert_durable(&all, "the journal is removed");
                    self.ended = true;
                }
                self.files.remove(path);
                self.names.remove(path);
            }
            _ => {}
        }
    }

    /// Before the worktree is touched, all that leads to the backup is there.
    fn before(&mut self, path: &Path) {
        if path.starts_with(&self.worktree) && !path.starts_with(&self.git) {
            self.harmed += 1;
            let all = ["objects", "refs", "packed-refs", "checkpoint/journal"];
            self.assert_durable(&all, &format!("`{}` is touched", path.display()));
        }
    }

    /// What gets the name of something that is relied on is complete; the objects are, before a ref shows them. Until the worktree
    /// is touched, their names are durable too; then what is destroyed is safe, and the final form of its record may be lost.
    fn show(&self, to: &Path, synced: bool) {
        let Ok(place) = to.strip_prefix(&self.git) else { return };
        if place.starts_with("objects") || place.starts_with("refs") || place == Path::new("index") {
            assert!(synced, "`{}` gets its name before it is complete", to.display());
        }
        if place.starts_with("refs") && self.harmed == 0 {
            self.assert_durable(&["objects"], &format!("`{}` is to be seen", to.display()));
        }
    }

    fn assert_durable(&self, places: &[&str], when: &str) {
        let is_there = |path: &Path| {
            let place = path.strip_prefix(&self.git).unwrap_or(path);
            let is_passing = path.extension().is_some_and(|extension| extension == "lock" || extension == "new")
                || path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"tmp_"));
            places.iter().any(|wanted| place.starts_with(wanted)) && !is_passing
        };
        if let Some((path, _)) = self.files.iter().find(|(path, synced)| is_there(path) && !**synced) {
            panic!("`{}` may be empty after a power cut, but {when}", path.display());
        }
        if let Some(path) = self.names.iter().find(|path| is_there(path)) {
            panic!("`{}` may be gone after a power cut, but {when}", path.display());
        }
    }
}

#[test]
fn the_model_tells_what_is_not_durable() {
    let dir = Path::new("/");
    let git = |calls: &[(&str, &str)]| {
        let mut disk = Disk::new(dir);
        calls.iter().for_each(|(name, args)| disk.apply(&Call { name: (*name).into(), args: (*args).into() }));
    };
    let fails = |calls: &[(&str, &str)]| std::panic::catch_unwind(|| git(calls)).is_err();
    let make = ("openat", "AT_FDCWD</>, \"/.git/objects/tmp_1\", O_RDWR|O_CREAT, 0444) = 4</.git/objects/tmp_1>");
    let (write, sync) = (("write", "4</.git/objects/tmp_1>, \"x\", 1) = 1"), ("fsync", "4</.git/objects/tmp_1>) = 0"));
    let name = ("renameat", "AT_FDCWD</>, \"/.git/objects/tmp_1\", AT_FDCWD</>, \"/.git/objects/aa\") = 0");
    let (named, harm) = (("fsync", "5</.git/objects>) = 0"), ("unlink", "\"/file\") = 0"));
    assert!(!fails(&[make, write, sync, name, named, harm]));
    assert!(fails(&[make, write, name]), "content");
    assert!(fails(&[make, sync, write, name]), "content, written after it was waited for");
    assert!(fails(&[make, write, sync, name, harm]), "name");
    assert!(fails(&[make, write, sync, named, name, harm]), "name, made after the folder was waited for");
}
