//! Where to kill: the system calls that change files, of the program itself and of the git processes it starts.

use std::{
    ffi::OsString,
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::TestRepo;

/// The calls that change something, or that others wait for.
const CALLS: &str = "openat,write,pwrite64,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,link,linkat,\
symlink,symlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,ftruncate,flock,utimensat,copy_file_range,sendfile";

/// Stands for `git`: those calls of it that write are run under strace.
const WRAPPER: &str = r#"#!/bin/sh
git=$(PATH=$REAL_PATH command -v git)
PATH=$REAL_PATH
case " $* " in
*" read-tree "* | *" checkout-index "* | *" update-index "* | *" cherry-pick "* | *" update-ref "* | *" symbolic-ref "*) ;;
*) exec "$git" "$@" ;;
esac
n=$(cat "$KILL_DIR/count" 2>/dev/null || echo 0)
n=$((n + 1))
echo $n >"$KILL_DIR/count"
if [ -z "$KILL_CALL" ]; then
    exec strace -o "$KILL_DIR/log.$n" -e trace="$KILL_CALLS" "$git" "$@"
elif [ "$n" != "$KILL_NUMBER" ]; then
    exec "$git" "$@"
fi
strace -o /dev/null -e trace="$KILL_CALL" -e inject="$KILL_CALL:signal=SIGKILL:when=$KILL_WHEN" "$git" "$@"
code=$?
if [ $code -gt 128 ] && [ -n "$KILL_BOTH" ]; then kill -9 $PPID; fi
exit $code
"#;

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    /// The program.
    Program,
    /// The git process of this number.
    Git { number: usize },
    /// That one, and then the program.
    GitAndProgram { number: usize },
}

/// A system call of a run.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) whom: Whom,
    call: String,
    /// How many such calls of that process there were before it, and itself.
    nth: usize,
    line: String,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} number {}: {}", self.whom, self.call, self.nth, self.line)
    }
}

/// Whether processes can be traced here; says so where not.
pub(super) fn can_trace(repo: &TestRepo) -> bool {
    let log = repo.root().join("traced");
    let mut command = repo.command("strace");
    command.arg("-o").arg(&log).args(["-e", "trace=openat", "true"]).stderr(Stdio::piped());
    let can = command.output().is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: no process was killed, for strace is missing or may not trace; `apt-get install strace`");
    }
    can
}

/// Runs the operation cleanly, and gives the points at which it changes something.
pub(super) fn of(repo: &TestRepo, args: &[&str]) -> Vec<Point> {
    let dir = fresh_dir(repo);
    let log = dir.join("log");
    let mut command = repo.command("strace");
    command.arg("-o").arg(&log).arg("-e").arg(format!("trace={CALLS}"));
    command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(args).env("KILL_CALL", "");
    wrapped(&mut command, repo, &dir);
    let output = command.output().expect("strace was found");
    let code = output.status.code().expect("nobody kills it");
    assert!([0, 3].contains(&code), "{}", String::from_utf8_lossy(&output.stderr));
    let mut points = read(&log, Whom::Program);
    for number in 1.. {
        let log = dir.join(format!("log.{number}"));
        if !log.exists() {
            break;
        }
        points.extend(read(&log, Whom::Git { number }));
        points.extend(read(&log, Whom::GitAndProgram { number }));
    }
    points
}

fn fresh_dir(repo: &TestRepo) -> PathBuf {
    let dir = repo.root().join("wrapper");
    let _may_be_missing = fs::remove_dir_all(&dir);
    fs::create_dir(&dir).expect("it is gone");
    fs::write(dir.join("git"), WRAPPER).expect("the folder is writable");
    fs::set_permissions(dir.join("git"), fs::Permissions::from_mode(0o755)).expect("it was written");
    dir
}

fn wrapped(command: &mut Command, repo: &TestRepo, dir: &Path) {
    let path =
        repo.command("git").get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path.map(OsString::from));
    let path = path.expect("every command has it");
    let mut first = dir.as_os_str().to_owned();
    first.push(":");
    first.push(&path);
    command.env("PATH", first).env("REAL_PATH", path).env("KILL_DIR", dir).env("KILL_CALLS", CALLS);
}

/// The calls in a log that changed something.
fn read(log: &Path, whom: Whom) -> Vec<Point> {
    let log = fs::read(log).expect("strace has written it");
    let mut counts = std::collections::HashMap::new();
    let mut points = Vec::new();
    for line in String::from_utf8_lossy(&log).lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let nth = counts.entry(call.to_owned()).or_insert(0_usize);
        *nth += 1;
        let failed = line.contains(" = -1 ");
        let reads = call == "openat" && !["O_CREAT", "O_TRUNC"].iter().any(|flag| rest.contains(flag));
        let speaks = call == "write" && ["1, ", "2, "].iter().any(|stream| rest.starts_with(stream));
        if !(failed || reads || speaks) {
            points.push(Point { whom, call: call.to_owned(), nth: *nth, line: line.to_owned() });
        }
    }
    points
}

/// Where a kill did harm once: tried always.
const ONCE_HARMFUL: [&str; 2] = ["/sequencer/head.lock\", O_RDWR", "/.git/HEAD.lock\") = 0"];

/// Some of the points, evenly spread over the whole run; all of them with `KILL_ALL`.
pub(super) fn spread(points: &[Point], (of_program, of_git): (usize, usize)) -> Vec<&Point> {
    if std::env::var_os("KILL_ALL").is_some() {
        return points.iter().collect();
    }
    let mut chosen = Vec::new();
    let kinds: [(fn(&Whom) -> bool, usize); 3] = [
        (|whom| *whom == Whom::Program, of_program),
        (|whom| matches!(whom, Whom::Git { .. }), of_git),
        (|whom| matches!(whom, Whom::GitAndProgram { .. }), of_git),
    ];
    for (is_kind, wanted) in kinds {
        let of_kind: Vec<&Point> = points.iter().filter(|point| is_kind(&point.whom)).collect();
        let step = of_kind.len().div_ceil(wanted).max(1);
        chosen.extend(of_kind.iter().skip(step / 2).step_by(step));
    }
    let was_harmful = |point: &&Point| ONCE_HARMFUL.iter().any(|part| point.line.contains(part));
    chosen.extend(points.iter().filter(was_harmful));
    chosen
}

impl Point {
    /// Runs the operation and kills it there.
    pub(super) fn kill(&self, repo: &TestRepo, args: &[&str]) {
        let dir = fresh_dir(repo);
        let inject = format!("inject={}:signal=SIGKILL:when={}", self.call, self.nth);
        let binary = env!("CARGO_BIN_EXE_git-checkpoint");
        let mut command = match self.whom {
            Whom::Program => {
                let mut command = repo.command("strace");
                let trace = format!("trace={}", self.call);
                command.args(["-o", "/dev/null", "-e", &trace, "-e", &inject, binary]);
                command
            }
            _ => repo.command(binary),
        };
        command.args(args).env("KILL_CALL", &self.call).env("KILL_WHEN", self.nth.to_string());
        if let Whom::Git { number } | Whom::GitAndProgram { number } = self.whom {
            command.env("KILL_NUMBER", number.to_string());
        }
        if matches!(self.whom, Whom::GitAndProgram { .. }) {
            command.env("KILL_BOTH", "1");
        }
        wrapped(&mut command, repo, &dir);
        let output = command.output().expect("strace was found");
        let is_dead = output.status.code().is_none();
        assert!(is_dead || matches!(self.whom, Whom::Git { .. }), "it was not killed at {self}: {output:?}");
    }
}
