//! `kill -9` while a worktree is made or taken, at the system calls of this program and of the git that it starts.

#![allow(clippy::print_stderr, reason = "it says what could not be tried")]

use std::collections::BTreeMap;

use super::*;

/// The calls that change something, or that others wait for.
const CALLS: &str = "openat,write,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,\
rmdir,chmod,fchmod,fchmodat,ftruncate,flock,fcntl";

/// So many calls are tried of each run, unless `KILL_ALL` is set.
const SPREAD: usize = 14;

/// A call, and its number among such calls of its process.
type Point = (String, usize);

fn traced(repo: &TestRepo, job: &Job, options: &[&str]) -> Option<std::process::ExitStatus> {
    let mut command = repo.command("strace");
    command.arg("-f").args(options).arg(std::env::current_exe().expect("this is a program"));
    command.args(["--ignored", "--exact", "place::answers", "--nocapture", "--test-threads=1"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let mut input = child.stdin.take().expect("it is piped");
    let _killed = std::io::Write::write_all(&mut input, format!("{}\n", job.line()).as_bytes());
    drop(input);
    child.wait().ok()
}

/// Where the job changes something in the places or in git's folders for them.
fn points(repo: &TestRepo, job: &Job) -> Vec<Point> {
    let dir = repo.dir(repo.root().join("trace"));
    let log = dir.join("log").to_string_lossy().into_owned();
    let trace = format!("trace={CALLS}");
    let status = traced(repo, job, &["-ff", "-y", "-o", &log, "-e", &trace]);
    if !status.is_some_and(|status| status.success()) {
        return Vec::new();
    }
    let mut points = Vec::new();
    for file in fs::read_dir(&dir).expect("it is there").flatten() {
        let mut counts = BTreeMap::new();
        for line in String::from_utf8_lossy(&fs::read(file.path()).expect("it is there")).lines() {
            let Some((call, rest)) = line.split_once('(') else { continue };
            let nth = counts.entry(call.to_owned()).or_insert(0_usize);
            *nth += 1;
            let changes = call != "openat" || rest.contains("O_CREAT") || rest.contains("O_TRUNC");
            if changes && rest.contains("/worktrees/") && !line.contains(" = -1 ") {
                points.push((call.to_owned(), *nth));
            }
        }
    }
    fs::remove_dir_all(dir).expect("it is there");
    points.sort();
    points.dedup();
    points
}

fn attack(prepare: impl Fn(&TestRepo), job: impl Fn(&TestRepo) -> Job) {
    let repo = repository();
    prepare(&repo);
    let clean = copy(&repo, "clean");
    let points = points(&clean, &job(&clean));
    if points.is_empty() {
        eprintln!("SKIPPED: no process was killed, for strace is missing or may not trace; `apt-get install strace`");
        return;
    }
    assert!(points.len() > 20, "{points:?}");
    let step = if std::env::var_os("KILL_ALL").is_some() { 1 } else { points.len().div_ceil(SPREAD) };
    for (call, nth) in points.iter().skip(step / 2).step_by(step) {
        let killed = copy(&repo, "killed");
        let user = User::of(&killed);
        let inject = format!("inject={call}:signal=SIGKILL:when={nth}");
        let _ended =
            traced(&killed, &job(&killed), &["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
        let at = format!("killed at {call} number {nth}");
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let next =
                Job::kept(&killed, &[CLEAN]).setup("mkdir -p built; touch built/ready", &["file"]).answer(&killed);
            assert!(next["results"][0]["ended"] == "Code(0)", "{at}: {next}");
            // What was killed may have left a git that still works there, and has the place as long as that.
            if next["path"].as_str().is_some_and(|path| path.contains("/worktrees/1/")) {
                break;
            }
            assert!(Instant::now() < deadline, "{at}: the first place is not free");
        }
        Job::kept(&killed, &["test -f built/ready"]).ok(&killed);
        user.assert_untouched();
        let listed = killed.git(&["worktree", "list", "--porcelain"]);
        assert!(!listed.contains("prunable"), "{at}: {listed}");
        fs::remove_dir_all(killed.path()).expect("it is a copy");
    }
}

/// The same repository in a new folder of the same world.
fn copy(repo: &TestRepo, name: &str) -> TestRepo {
    let copy = repo.at(repo.root().join(name));
    let copied = repo.command("cp").arg("-a").arg(repo.path().join(".")).arg(copy.path()).status().expect("a cp");
    assert!(copied.success());
    copy
}

#[test]
fn while_one_is_made() {
    attack(|_| {}, |repo| Job::kept(repo, &["echo x > file"]).setup("mkdir -p built; touch built/ready", &["file"]));
}

#[test]
fn while_one_is_taken() {
    attack(
        |repo| {
            Job::kept(repo, &["mkdir built; rm .git; echo x > file; touch left"]).ok(repo);
            repo.write("file", "second\n");
            repo.commit("second");
        },
        |repo| Job::kept(repo, &["echo x > file"]).setup("mkdir -p built; touch built/ready", &["file"]),
    );
}
