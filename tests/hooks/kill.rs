//! `kill -9` at every system call that changes a file: the user's hook is never without a name, and the next install or
//! uninstall completes. And an error at each of them: nothing is half installed.

#![allow(clippy::print_stderr, reason = "it says that it is skipped")]

use std::process::Stdio;

use super::*;

const CALLS: &str = "openat,write,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,fsync,chmod,fchmod";

const HOOK: &str = "#!/bin/sh\necho \"the user's own\"\n";

/// A repository with hooks of several sorts.
fn repo(installed: bool) -> TestRepo {
    let repo = TestRepo::with_commit();
    hook(&repo, ".git/hooks/post-commit", HOOK);
    hook(&repo, ".git/hooks/pre-push", HOOK);
    hook(&repo, ".git/hooks/lib.sh", "x=1\n");
    repo.symlink("lib.sh", ".git/hooks/post-merge");
    if installed {
        repo.checkpoint_ok(&["hooks", "install"]);
    }
    repo
}

fn can_trace(repo: &TestRepo) -> bool {
    let traced = repo.command("strace").args(["-o", "/dev/null", "-e", "trace=openat", "true"]).output();
    let can = traced.is_ok_and(|output| output.status.success());
    if !can {
        eprintln!("SKIPPED: strace is missing or may not trace; `apt-get install strace`");
    }
    can
}

/// The calls that change something, each with its number among those of its name.
fn points(args: &[&str], installed: bool) -> Vec<(String, usize, String)> {
    let repo = repo(installed);
    let log = repo.root().join("log");
    let mut command = repo.command("strace");
    command.arg("-o").arg(&log).arg("-e").arg(format!("trace={CALLS}"));
    command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(args).stderr(Stdio::piped());
    let output = command.output().expect("strace was found");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut counts = BTreeMap::new();
    let mut points = Vec::new();
    for line in fs::read_to_string(log).expect("it was written").lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let nth = counts.entry(call.to_owned()).or_insert(0_usize);
        *nth += 1;
        let reads = call == "openat" && !rest.contains("O_CREAT");
        let speaks = call == "write" && (rest.starts_with("1, ") || rest.starts_with("2, "));
        // Pipes to and from git, and the lock, are not what is attacked here.
        if !reads && !speaks && !line.contains(" = -1 ") {
            points.push((call.to_owned(), *nth, line.to_owned()));
        }
    }
    points
}

fn run_with(
    repo: &TestRepo,
    args: &[&str],
    (call, nth, _): &(String, usize, String),
    what: &str,
) -> std::process::Output {
    let mut command = repo.command("strace");
    command.args([
        "-o",
        "/dev/null",
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:{what}:when={nth}"),
    ]);
    command.arg(env!("CARGO_BIN_EXE_git-checkpoint")).args(args);
    command.output().expect("strace was found")
}

/// The hook is in its place, or kept; git's way to it is whole.
#[track_caller]
fn assert_not_lost(repo: &TestRepo, point: &str) {
    for event in ["post-commit", "pre-push"] {
        let places = [format!(".git/hooks/{event}"), format!(".git/hooks.checkpoint/{event}")];
        let has = |path: &String| repo.exists(path) && repo.read(path) == HOOK.as_bytes();
        assert!(places.iter().any(has), "{event} is lost after {point}");
        // Whatever stands in the place runs it.
        let run = repo.command(format!(".git/hooks/{event}")).env("GIT_CHECKPOINT", "0").output();
        let said = run.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        assert_eq!(said, "the user's own\n", "{event} does not run after {point}");
    }
    let link = [".git/hooks/post-merge", ".git/hooks.checkpoint/post-merge"];
    assert!(link.iter().any(|path| fs::read_link(repo.path().join(path)).is_ok_and(|to| to == Path::new("lib.sh"))));
}

fn attack(args: &[&str], installed: bool) {
    let probe = TestRepo::with_commit();
    if skip_unless(&probe, false) || !can_trace(&probe) {
        return;
    }
    let untouched = |repo: &TestRepo| -> Vec<String> {
        let hooks = everything(&repo.path().join(".git")).into_iter();
        let ours = hooks.filter(|(path, _)| path.to_string_lossy().contains("hooks"));
        let short = |path: PathBuf| path.strip_prefix(repo.path()).expect("below it").display().to_string();
        // Times differ from repository to repository.
        ours.map(|(path, what)| format!("{} {}", short(path), what.rsplit(' ').next().unwrap_or_default())).collect()
    };
    let expected = untouched(&repo(false));
    let points = points(args, installed);
    assert!(points.len() > 15, "{points:#?}");
    let step = if std::env::var_os("KILL_ALL").is_some() { 1 } else { points.len().div_ceil(24) };
    for (number, point) in points.iter().enumerate().filter(|(number, _)| number % step == 0) {
        let about = format!("{} of {}: {}", number + 1, points.len(), point.2);
        let killed = repo(installed);
        let output = run_with(&killed, args, point, "signal=SIGKILL");
        assert!(output.status.code().is_none(), "it was not killed at {about}");
        assert_not_lost(&killed, &about);
        if number % (2 * step) == 0 {
            killed.checkpoint_ok(&["hooks", "install"]);
            assert_not_lost(&killed, &about);
            assert_eq!(state(&killed, "post-commit"), "chained", "{about}");
            let again = killed.checkpoint_ok(&["hooks", "install", "--dry-run"]).stdout;
            assert_eq!(again, "nothing would be changed\n", "{about}");
        }
        killed.checkpoint_ok(&["hooks", "uninstall"]);
        assert_eq!(untouched(&killed), expected, "{about}");
        assert!(!killed.exists(".git/checkpoint/hooks"), "{about}");
    }
}

#[test]
fn an_install_is_killed() {
    attack(&["hooks", "install"], false);
}

#[test]
fn an_uninstall_is_killed() {
    attack(&["hooks", "uninstall"], true);
}

#[test]
fn an_error_in_the_middle_leaves_nothing_half_installed() {
    let probe = TestRepo::with_commit();
    if skip_unless(&probe, false) || !can_trace(&probe) {
        return;
    }
    for (args, installed) in [(["hooks", "install"], false), (["hooks", "uninstall"], true)] {
        let points = points(&args, installed);
        let changes = ["rename", "link", "linkat", "symlink", "symlinkat", "mkdir"];
        let chosen: Vec<_> = points.iter().filter(|(call, ..)| changes.contains(&call.as_str())).collect();
        assert!(chosen.len() > 2, "{points:#?}");
        for point in chosen {
            let repo = repo(installed);
            let before = everything(&repo.path().join(".git"));
            let output = run_with(&repo, &args, point, "error=EIO");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_not_lost(&repo, &point.2);
            if output.status.success() {
                // Without second names a hook is moved instead; that is as good.
                assert!(point.0.starts_with("link"), "{}: {said}", point.2);
                continue;
            }
            let after = everything(&repo.path().join(".git"));
            let names = |all: &BTreeMap<PathBuf, String>| all.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&after), names(&before), "{}: {said}", point.2);
        }
    }
}
