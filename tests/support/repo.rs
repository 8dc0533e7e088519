//! [`TestRepo`]: a repository in a world of its own.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{self, fs::PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::{Fingerprint, Picture, Run, world::World};

/// A repository, or a folder in one, in a temporary world that lives as long as any of its repositories.
///
/// Paths are relative to [`TestRepo::path`] unless absolute. What cannot be done panics with what was said.
#[derive(Clone)]
pub(crate) struct TestRepo {
    world: Arc<World>,
    path: PathBuf,
}

impl TestRepo {
    /// A new repository without commits, on branch `main`.
    pub(crate) fn new() -> Self {
        Self::init(&[])
    }

    /// As [`TestRepo::new`], with one commit, `first`, that has `file` with `first\n`.
    pub(crate) fn with_commit() -> Self {
        Self::new().and_commit()
    }

    /// As [`TestRepo::with_commit`], with SHA-256 object names.
    pub(crate) fn sha256() -> Self {
        Self::init(&["--object-format=sha256"]).and_commit()
    }

    /// The same world from another folder, which is made if it is missing.
    pub(crate) fn at(&self, path: impl AsRef<Path>) -> Self {
        let path = self.path.join(path);
        fs::create_dir_all(&path).expect("the folder can be made");
        TestRepo { world: Arc::clone(&self.world), path }
    }

    /// A clone of `origin`, beside it in the same world.
    pub(crate) fn clone_of(origin: &TestRepo) -> Self {
        let path = origin.free_path("clone");
        origin.git(&["clone", "-q", "--", origin.str_path(), &path.to_string_lossy()]);
        TestRepo { world: Arc::clone(&origin.world), path }
    }

    /// A linked worktree of this repository on a new branch `name`, beside it in the same world.
    pub(crate) fn linked_worktree(&self, name: &str) -> Self {
        let path = self.free_path(name);
        self.git(&["worktree", "add", "-q", "-b", name, &path.to_string_lossy()]);
        TestRepo { world: Arc::clone(&self.world), path }
    }

    /// Where it is: absolute, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The temporary folder that everything is in; `home` is in it.
    pub(crate) fn root(&self) -> &Path {
        self.world.root()
    }

    /// The moment of the last command.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.world.now()
    }

    /// Moves the clock; back, if negative.
    pub(crate) fn advance(&self, seconds: i64) {
        self.world.advance(seconds);
    }

    /// Sets a variable for every later command in this world, over what is fixed there.
    pub(crate) fn set_var(&self, name: &str, value: impl AsRef<OsStr>) {
        self.world.set_var(name.as_ref(), Some(value.as_ref()));
    }

    /// Removes a variable from every later command in this world.
    pub(crate) fn remove_var(&self, name: &str) {
        self.world.set_var(name.as_ref(), None);
    }

    /// Takes the fixed identity away and forbids git to guess one.
    pub(crate) fn remove_identity(&self) {
        for who in ["AUTHOR", "COMMITTER"] {
            self.remove_var(&format!("GIT_{who}_NAME"));
            self.remove_var(&format!("GIT_{who}_EMAIL"));
        }
        self.git(&["config", "user.useConfigOnly", "true"]);
    }

    /// Makes a folder, with those above it.
    pub(crate) fn dir(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = self.path.join(path);
        fs::create_dir_all(&path).expect("the folder can be made");
        path
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder can be made");
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// A file's bytes.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path.join(path);
        fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// A file's text.
    pub(crate) fn read_text(&self, path: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(path)).expect("the file is UTF-8")
    }

    /// Whether anything is there; a broken symbolic link is.
    pub(crate) fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.path.join(path).symlink_metadata().is_ok()
    }

    /// Removes a file, a symbolic link, or a folder with all in it.
    pub(crate) fn remove(&self, path: impl AsRef<Path>) {
        let path = self.path.join(path);
        let is_dir = path.symlink_metadata().is_ok_and(|data| data.is_dir());
        let removed = if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.unwrap_or_else(|error| panic!("cannot remove {}: {error}", path.display()));
    }

    /// Sets permissions, such as `0o755`.
    pub(crate) fn chmod(&self, path: impl AsRef<Path>, mode: u32) {
        fs::set_permissions(self.path.join(path), fs::Permissions::from_mode(mode)).expect("the file exists");
    }

    /// Makes a symbolic link at `path`, with the folders above it, that holds `target` as it is given.
    pub(crate) fn symlink(&self, target: impl AsRef<Path>, path: impl AsRef<Path>) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().expect("a link is in a folder")).expect("the folder can be made");
        unix::fs::symlink(target, path).expect("the path is free");
    }

    /// Any program, ready to be run here, one tick later; standard input is empty.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.world.advance(1);
        self.world.command(program.as_ref(), &self.path)
    }

    /// Runs `git`; its standard output without the last line end. Any exit code but 0 panics with both streams.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        expect_text(args, &self.git_raw(args))
    }

    /// As [`TestRepo::git`], with `input` as standard input.
    #[track_caller]
    pub(crate) fn git_with_input(&self, args: &[&str], input: impl AsRef<[u8]>) -> String {
        let mut command = self.command("git");
        let output = with_input(command.args(args), input.as_ref());
        expect_text(args, &output)
    }

    /// Runs `git` and gives whatever came out.
    pub(crate) fn git_raw(&self, args: &[&str]) -> Output {
        self.command("git").args(args).output().expect("git can be run")
    }

    /// Commits everything that is not ignored, even if nothing changed; the new commit's name.
    #[track_caller]
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.rev("HEAD")
    }

    /// The object that a revision names.
    #[track_caller]
    pub(crate) fn rev(&self, revision: &str) -> String {
        self.git(&["rev-parse", "--verify", revision])
    }

    /// Every ref, as `<name> <object>`, in order.
    #[track_caller]
    pub(crate) fn refs(&self) -> Vec<String> {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)"]).lines().map(str::to_owned).collect()
    }

    /// The program, ready to be run here, one tick later: to kill it, or to talk to it.
    pub(crate) fn checkpoint_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_git-checkpoint"));
        command.args(args);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn checkpoint(&self, args: &[&str]) -> Run {
        let output = self.checkpoint_command(args).output().expect("the program can be run");
        Run::new(args, &output, self.root(), &self.path)
    }

    /// As [`TestRepo::checkpoint`], with `input` as standard input.
    pub(crate) fn checkpoint_with_input(&self, args: &[&str], input: impl AsRef<[u8]>) -> Run {
        let output = with_input(&mut self.checkpoint_command(args), input.as_ref());
        Run::new(args, &output, self.root(), &self.path)
    }

    /// As [`TestRepo::checkpoint`]; any exit code but 0 panics with both streams.
    #[track_caller]
    pub(crate) fn checkpoint_ok(&self, args: &[&str]) -> Run {
        let run = self.checkpoint(args);
        assert_eq!(run.code, 0, "`git checkpoint {}` failed\n{run}", args.join(" "));
        run
    }

    /// Everything that a user has here: where HEAD is, what is staged, and every file on disk.
    #[track_caller]
    pub(crate) fn state(&self) -> Picture {
        Picture::take(&self.path, |args| {
            let output = self.world.command("git".as_ref(), &self.path).args(args).output().expect("git can be run");
            (output.status.success(), output.stdout, String::from_utf8_lossy(&output.stderr).into_owned())
        })
    }

    /// What shows whether HEAD, the index or a file was so much as written again.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_worktree(&self.path, &self.git_dir())
    }

    /// What shows whether anything at all under `.git` was written.
    pub(crate) fn git_dir_fingerprint(&self) -> Fingerprint {
        Fingerprint::of_folder(&self.git_dir())
    }

    /// The `.git` folder of this worktree.
    pub(crate) fn git_dir(&self) -> PathBuf {
        let mut command = self.world.command("git".as_ref(), &self.path);
        let output = command.args(["rev-parse", "--absolute-git-dir"]).output().expect("git can be run");
        PathBuf::from(expect_text(&["rev-parse"], &output))
    }

    /// Asserts that `git fsck` finds the repository whole.
    #[track_caller]
    pub(crate) fn fsck(&self) {
        let output = self.git_raw(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let clean = said.lines().all(|line| line.starts_with("notice:"));
        assert!(output.status.success() && clean, "the repository is damaged:\n{said}");
    }

    fn init(options: &[&str]) -> Self {
        let world = Arc::new(World::new());
        let path = world.root().join("repo");
        fs::create_dir(&path).expect("the folder is new");
        let repo = TestRepo { world, path };
        repo.git(&[&["init", "-q", "-b", "main"], options].concat());
        repo
    }

    fn and_commit(self) -> Self {
        self.write("file", "first\n");
        self.commit("first");
        self
    }

    fn free_path(&self, name: &str) -> PathBuf {
        let root = self.root();
        let numbered = (2..).map(|n| root.join(format!("{name}.{n}")));
        std::iter::once(root.join(name)).chain(numbered).find(|path| !path.exists()).expect("numbers do not end")
    }

    fn str_path(&self) -> &str {
        self.path.to_str().expect("the tests' own folders are UTF-8")
    }
}

#[track_caller]
fn expect_text(args: &[&str], output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = args.join(" ");
    assert!(output.status.success(), "`git {line}` failed, {}\nstdout: {stdout}\nstderr: {stderr}", output.status);
    if stdout.ends_with('\n') {
        stdout.pop();
    }
    stdout
}

/// Runs a program to its end, with `input` as its standard input.
pub(crate) fn with_input(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be run");
    let mut stdin = child.stdin.take().expect("it is piped");
    std::thread::scope(|scope| {
        // A program may end without reading its input.
        scope.spawn(move || drop(std::io::Write::write_all(&mut stdin, input)));
        child.wait_with_output().expect("the program can be waited for")
    })
}
