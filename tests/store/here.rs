//! A test's body in a process of its own, whose whole environment is the test's world.
//!
//! The library reads git's configuration from the process it runs in, so a call in the test's own process would see
//! the machine's.

#![allow(clippy::disallowed_methods, reason = "a test makes processes and reads what it is given")]

use std::{
    any::type_name_of_val,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use git_checkpoint::{config::Env, git::Repo, git::capture::Identity, model::Oid};
use gix::bstr::{BString, ByteSlice};

use crate::support::TestRepo;

const INSIDE: &str = "STORE_TEST_INSIDE";

/// The inside of the world.
pub(super) struct Here {
    pub(super) path: PathBuf,
}

/// Runs `body` in the repository that `outside` makes.
pub(super) fn within(outside: impl FnOnce() -> TestRepo, body: impl FnOnce(&Here)) {
    within_by(outside, &[], body);
}

/// As [`within`], with a program and arguments before the call of the process; `{}` in none of them means anything.
pub(super) fn within_by(outside: impl FnOnce() -> TestRepo, before: &[&str], body: impl FnOnce(&Here)) {
    if std::env::var_os(INSIDE).is_some() {
        let path = std::env::current_dir().expect("there is one");
        return body(&Here { path });
    }
    let mut command = inside(&outside(), before, test_name(&body));
    let output = command.1.output().expect("the process can be made");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("1 passed"), "no test was run: {stdout}\n{stderr}");
}

/// A call of the test of this name inside the world of `repo`, and the repository to keep it alive.
pub(super) fn inside(repo: &TestRepo, before: &[&str], name: &str) -> (TestRepo, Command) {
    let this = std::env::current_exe().expect("a test is a program");
    let mut command = match before {
        [] => repo.command(&this),
        [first, rest @ ..] => {
            let mut command = repo.command(first);
            command.args(rest).arg(&this);
            command
        }
    };
    command.args(["--exact", name, "--nocapture", "--include-ignored"]).env(INSIDE, "1");
    (repo.clone(), command)
}

/// `store::refs::some_test` of its closure `it::store::refs::some_test::{{closure}}`.
fn test_name<T>(body: &T) -> &'static str {
    let name = type_name_of_val(body).split("::{{closure}}").next().expect("there is a first part");
    name.split_once("::").expect("it is in a crate").1
}

impl Here {
    /// The repository, opened afresh.
    pub(super) fn repo(&self) -> Repo {
        self.repo_at(Path::new("."))
    }

    /// The repository of another folder.
    pub(super) fn repo_at(&self, dir: &Path) -> Repo {
        Repo::open(&Env::from_process().in_dir(&self.path.join(dir))).expect("it can be opened")
    }

    /// Runs git and gives whatever came out.
    pub(super) fn git_raw(&self, args: &[&str]) -> Output {
        Command::new("git").args(args).current_dir(&self.path).output().expect("git can be run")
    }

    /// Runs git; what it said, without the last line end.
    #[track_caller]
    pub(super) fn git(&self, args: &[&str]) -> String {
        let output = self.git_raw(args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {}: {stderr}", args.join(" "));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The object a revision names.
    #[track_caller]
    pub(super) fn oid(&self, revision: &str) -> Oid {
        self.git(&["rev-parse", "--verify", revision]).parse().expect("git prints names of objects")
    }

    /// A new commit on HEAD's branch.
    pub(super) fn commit(&self, message: &str) -> Oid {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.oid("HEAD")
    }

    /// Panics if git finds anything wrong, or a file is left that was on its way.
    #[track_caller]
    pub(super) fn assert_sound(&self) {
        let output = self.git_raw(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.trim().is_empty(), "{said}");
        assert_eq!(self.leftovers(), Vec::<PathBuf>::new());
    }

    /// Temporary files and locks below `.git`.
    pub(super) fn leftovers(&self) -> Vec<PathBuf> {
        let is_left = |path: &PathBuf| {
            let name = path.file_name().expect("it has a name").as_encoded_bytes().as_bstr();
            name.starts_with(b"tmp_") || name.starts_with(b".tmp") || name.ends_with(b".lock")
        };
        files_below(&self.path.join(".git")).into_iter().filter(is_left).collect()
    }
}

/// Every file below a folder.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// The identity of the tests.
pub(super) fn identity() -> Identity {
    let time = gix::date::Time::new(1_795_269_600, 3600);
    let signature =
        gix::actor::Signature { name: BString::from("Tess Tagger"), email: BString::from("tess@example.com"), time };
    Identity { signature, is_fallback: false }
}
