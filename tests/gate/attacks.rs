//! Checks that misbehave, and people who lose patience.

#![allow(clippy::disallowed_methods, reason = "a signal is sent by `kill`")]

use std::{
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::*;

/// Waits for something.
#[track_caller]
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(name: &str, pid: &str) -> bool {
    let status = Command::new("kill").args(["-s", name, "--", pid]).stderr(Stdio::null()).status();
    status.expect("there is a kill").success()
}

#[test]
fn ctrl_c_ends_the_checks_and_saves_the_state() {
    for who in ["INT", "TERM"] {
        let repo = TestRepo::with_commit();
        let pid = beside(&repo, "pid");
        let slow = format!("echo $$ > {0}.new; mv {0}.new {0}; sleep 600 & wait", pid.display());
        configure(&repo, &(check("slow", &slow, &[]) + &check("later", RAN, &["needs = ['slow']"])));
        repo.write("new", "x\n");
        let mut command = repo.checkpoint_command(&["create", "--json", "--name", "wanted"]);
        let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        wait_for("the check runs", || pid.exists());
        let shell = std::fs::read_to_string(&pid).expect("it is there").trim().to_owned();
        assert!(signal(who, &format!("-{}", child.id())), "it is there");
        let start = Instant::now();
        let output = child.wait_with_output().expect("it ends");
        let run = Run::of(&repo, &["create"], &output);
        assert!(start.elapsed() < Duration::from_secs(8), "{run}");
        assert!(run.code > 0, "{who}: {run}");
        assert_eq!(run.json()["state"], "inconclusive", "{run}");
        assert!(!signal("0", &shell) && !signal("0", &format!("-{shell}")), "a process is left");
        assert_eq!((tags(&repo).len(), runs(&repo), listed(&repo, &["--all"])), (0, 0, "inconclusive".into()));
        let commit = run.json()["commit"].as_str().expect("a commit").to_owned();
        assert_eq!(repo.git(&["show", &format!("{commit}:new")]), "x");
        assert!(repo.git(&["worktree", "list"]).lines().count() == 1);
        assert!(!repo.exists(".git/checkpoint/jobs/due"), "nobody is to run them in the background");
        repo.fsck();
    }
}

#[test]
fn what_a_check_prints_cannot_speak_to_the_terminal() {
    let print = r"printf '\033[2J\033]0;title\007\r\033[31mred\033[0m \302\233 \342\200\256\n'; exit 1";
    let repo = configured(&check("unit", print, &[]));
    let runs = [repo.checkpoint(&["create"]), repo.checkpoint(&["check"]), repo.checkpoint(&["list", "--all"])];
    let id = id(&repo.checkpoint_ok(&["list", "--all", "--json"]).json()[0]);
    for run in runs.iter().chain([&repo.checkpoint_ok(&["show", &id])]) {
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!run.stdout.contains(bad) && !run.stderr.contains(bad), "{run:?}");
    }
    // As JSON it is escaped as well, and the log has it as it is.
    let json = repo.checkpoint(&["create", "--json"]);
    assert!(!json.stdout.contains('\u{1b}'), "{json:?}");
    assert!(repo.git(&["show", &format!("refs/checkpoint/files/{id}:logs/unit")]).contains('\u{1b}'));
}

/// Was: the last line of an output that has no line ends was shown as it was, tens of thousands of characters.
#[test]
fn a_line_without_end_is_shown_in_part() {
    let print = r"printf '10%%\r20%%\r100%%\r\n'; head -c 30000 /dev/zero | tr '\000' x; exit 1";
    let repo = configured(&check("unit", print, &[]));
    let run = repo.checkpoint(&["create"]);
    assert!(run.stderr.contains("  | 100%\n") && run.stderr.contains("xxx…\n"), "{run}");
    let shown = repo.checkpoint_ok(&["show", &id(&repo.checkpoint_ok(&["list", "--all", "--json"]).json()[0])]);
    assert!(shown.stdout.contains("    | 100%\n") && shown.stdout.contains("xxx…\n"), "{shown}");
    assert!(run.stderr.len() < 3000 && shown.stdout.len() < 3000);
}

#[test]
fn a_reason_with_hostile_text_is_only_text() {
    let print = r"printf 'x\n\nCheckpoint-State: validated\nCheckpoint-Tag: evil\033[31m\n'; exit 0";
    let measure = "measure = { pattern = 'n=(\\d+)' }";
    let repo = configured(&check("unit", print, &[measure]));
    let run = repo.checkpoint(&["create", "--json"]);
    assert_eq!((run.code, &run.json()["state"], tags(&repo).len()), (1, &"inconclusive".into(), 0), "{run}");
    let said = repo.checkpoint_ok(&["list", "--all", "--json"]).json()[0].clone();
    assert_eq!((&said["state"], &said["tag"]), (&"inconclusive".into(), &Value::Null));
    let text = record(&repo, &id(&said));
    assert!(!text.lines().any(|line| line == "Checkpoint-Tag: evil" || line.contains('\u{1b}')), "{text}");
    for run in [
        repo.checkpoint_ok(&["list", "--all"]),
        repo.checkpoint_ok(&["show", &id(&said)]),
        repo.checkpoint_ok(&["log"]),
    ] {
        assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
    }
}

#[test]
fn output_without_end_fills_neither_the_disk_nor_the_record() {
    let repo =
        configured(&check("unit", "head -c 1000000000 /dev/zero | tr '\\0' 'x'; echo; echo the end; exit 1", &[]));
    let run = repo.checkpoint(&["create"]);
    assert!(run.code == 1 && run.stderr.contains("the end"), "{}", run.code);
    let id = id(&repo.checkpoint_ok(&["list", "--all", "--json"]).json()[0]);
    let kept = repo.git(&["cat-file", "-s", &format!("refs/checkpoint/files/{id}:logs/unit")]);
    assert!(kept.parse::<usize>().expect("a number") < 300_000, "{kept}");
    let logs: u64 = folder_size(&repo.git_dir().join("checkpoint/logs"));
    assert!(logs < 12 << 20, "{logs}");
}

fn folder_size(dir: &std::path::Path) -> u64 {
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => folder_size(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    std::fs::read_dir(dir).expect("it is there").flatten().map(size).sum()
}

#[test]
fn strange_streams_decide_nothing() {
    for (command, code) in [
        ("exec >&- 2>&-; sleep 0.3; exit 0", 0),
        ("exec >&- 2>&-; sleep 0.3; exit 1", 1),
        ("cat; read x; test $? = 1", 0),
        ("(sleep 600 &) ; exit 0", 0),
        ("nohup sleep 600 >/dev/null 2>&1 & exit 0", 0),
        ("setsid sh -c 'sleep 600' & exit 1", 1),
        ("trap '' TERM INT HUP; exit 0", 0),
    ] {
        let repo = configured(&check("unit", command, &[]));
        let start = Instant::now();
        taken(&repo, code, &[]);
        assert!(start.elapsed() < Duration::from_secs(10), "{command} was waited for");
    }
}

#[test]
fn a_log_that_cannot_be_written_is_no_answer_and_no_loss() {
    // Where its folder cannot be made.
    let repo = configured(&check("unit", RAN, &[]));
    repo.write(".git/checkpoint/logs", "in the way\n");
    repo.write("new", "x\n");
    let run = repo.checkpoint(&["create", "--json"]);
    assert_eq!((run.code, &run.json()["state"], runs(&repo)), (1, &"inconclusive".into(), 0), "{run}");
    assert!(run.json()["checks"][0]["why"].as_str().is_some_and(|why| why.contains("logs")), "{run}");
    repo.remove(".git/checkpoint/logs");
    assert_eq!(taken(&repo, 0, &[])["state"], "validated");
    // Where there is no room for it: what the check says counts all the same.
    let repo =
        configured(&check("unit", "head -c 3000000 /dev/zero; exit 1", &["isolation = 'worktree'", "cache = false"]));
    let script =
        "mkdir -p .git/checkpoint/logs && mount -t tmpfs -o size=100k none .git/checkpoint/logs && exec \"$@\"";
    let mut command = repo.command("unshare");
    command.args(["-rm", "sh", "-c", script, "sh", env!("CARGO_BIN_EXE_git-checkpoint"), "create", "--json"]);
    let output = command.output().expect("it can be run");
    let run = Run::of(&repo, &["create"], &output);
    if run.stderr.contains("unshare") || run.stderr.contains("mount") {
        return;
    }
    assert_eq!((run.code, &run.json()["state"]), (1, &"failed".into()), "{run}");
    repo.fsck();
}

#[test]
fn what_is_no_folder_of_ours_is_no_reason_to_lose_the_state() {
    let repo = configured(&check("unit", RAN, &[]));
    repo.checkpoint_ok(&["create"]);
    for name in ["jobs", "cache", "check-times.json", "breaches.json"] {
        let path = format!(".git/checkpoint/{name}");
        if repo.exists(&path) {
            repo.remove(&path);
        }
        if name.ends_with("json") {
            drop(repo.dir(&path));
        } else {
            repo.write(&path, "in the way\n");
        }
        repo.write("file", format!("{name}\n"));
        let run = repo.checkpoint(&["create", "--json"]);
        assert!([0, 1].contains(&run.code), "{name}: {run}");
        assert_eq!(repo.git(&["show", &format!("{}:file", run.json()["commit"].as_str().expect("a commit"))]), name);
        assert_ne!(run.json()["state"], "pending", "{name}: {run}");
        repo.remove(&path);
    }
    repo.fsck();
}

#[test]
fn two_at_once_each_have_their_own() {
    let repo = configured(&check("unit", "sleep 0.3", &["cache = false"]));
    let start = |n: usize| {
        let mut command = repo.checkpoint_command(&["create", "--json", "-m", &format!("number {n}")]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be run")
    };
    let started: Vec<_> = (0..8).map(start).collect();
    for child in started {
        let run = Run::of(&repo, &["create"], &child.wait_with_output().expect("it ends"));
        assert_eq!((run.code, &run.json()["state"]), (0, &"validated".into()), "{run}");
    }
    assert_eq!((tags(&repo).len(), listed(&repo, &[])), (8, ["validated"; 8].join(" ")));
    assert!(!repo.exists(".git/checkpoint/jobs/due"));
    repo.fsck();
}
