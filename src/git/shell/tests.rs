#![allow(clippy::disallowed_methods, reason = "a test starts processes")]

use std::fs;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn run(dir: &Path, command: &str, limit: Duration) -> Ended {
    let log = dir.join("log");
    let _old = fs::remove_file(&log);
    let vars = vec![("CHECKPOINT_STAGE", "push; exit 9".into())];
    let shell =
        Shell { command, dir, vars, input: None, log, deadline: Instant::now() + limit, leftovers: Leftovers::End };
    shell.run().expect("there is a shell")
}

#[test]
fn a_command_reads_what_it_is_given_and_nobody_waits_for_one_that_does_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let given = |command: &str, input: &[u8]| {
        let log = dir.path().join("log");
        let _old = fs::remove_file(&log);
        let shell = Shell {
            command,
            dir: dir.path(),
            vars: vec![],
            input: Some(input),
            log,
            deadline: Instant::now() + MINUTE,
            leftovers: Leftovers::End,
        };
        shell.run().expect("there is a shell")
    };
    let large = vec![b'x'; 3 << 20];
    for command in ["exit 4", "head -c 1 >/dev/null; exit 4", "test $(wc -c) = 3145728 && exit 4", "exec <&-; exit 4"] {
        assert_eq!(given(command, &large), Ended::Code(4), "{command}");
    }
    assert_eq!(given("cat", b"$(touch x) `touch x`; touch x\0\n"), Ended::Code(0));
    assert_eq!(fs::read(dir.path().join("log")).expect("a log"), b"$(touch x) `touch x`; touch x\0\n");
    assert!(!dir.path().join("x").exists());
    assert_eq!(given("read -r line; exit 5", b""), Ended::Code(5));
}

#[test]
fn codes_signals_and_output_are_told() {
    let dir = tempfile::tempdir().expect("a folder");
    for (command, expected) in [
        ("true", Ended::Code(0)),
        ("exit 7", Ended::Code(7)),
        ("no-such-command-anywhere", Ended::Code(127)),
        ("kill -9 $$", Ended::Signal(9)),
        ("read -r line && exit 1; exit 5", Ended::Code(5)),
        ("cat; exit 6", Ended::Code(6)),
        ("exec <&-; cat; exit 8", Ended::Code(8)),
        ("test -z \"$GIT_DIR$GIT_INDEX_FILE$CHECKPOINT_FILE\" && test \"$GIT_CHECKPOINT\" = 0", Ended::Code(0)),
        ("test \"$CHECKPOINT_STAGE\" = 'push; exit 9'", Ended::Code(0)),
        ("echo out; echo err >&2", Ended::Code(0)),
    ] {
        assert_eq!(run(dir.path(), command, MINUTE), expected, "{command}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("log")).expect("a log"), "out\nerr\n");
}

#[test]
fn a_command_that_closes_its_output_is_waited_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let command = "echo before; exec >&- 2>&-; sleep 0.3; echo nowhere; exit 4";
    let started = Instant::now();
    assert_eq!(run(dir.path(), command, MINUTE), Ended::Code(4));
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(fs::read_to_string(dir.path().join("log")).expect("a log"), "before\n");
    assert_eq!(run(dir.path(), "exec >&- 2>&-; sleep 600", Duration::from_millis(200)), Ended::TimedOut);
}

#[test]
fn the_log_can_be_followed_and_terminal_escapes_are_kept_as_they_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let command = "printf '\\033[2Jnow\\r\\n'; while ! grep -qs now log; do sleep 0.01; done; printf end";
    assert_eq!(run(dir.path(), command, MINUTE), Ended::Code(0));
    assert_eq!(fs::read(dir.path().join("log")).expect("a log"), b"\x1b[2Jnow\r\nend");
}

#[test]
fn a_command_and_all_it_started_end_at_the_deadline() {
    let dir = tempfile::tempdir().expect("a folder");
    let started = Instant::now();
    let command = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$ > inner; sleep 600' &
        setsid sh -c 'trap \"\" TERM; echo $$ > session; sleep 600' & echo $$ > outer; sleep 600";
    assert_eq!(run(dir.path(), command, Duration::from_secs(1)), Ended::TimedOut);
    assert!(started.elapsed() < MINUTE / 2, "it was waited for");
    for name in ["inner", "session", "outer"] {
        assert_gone(&dir.path().join(name));
    }
}

#[test]
fn a_command_that_was_asked_to_end_may_say_so() {
    let dir = tempfile::tempdir().expect("a folder");
    for command in ["kill -STOP $$", "trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done"] {
        let started = Instant::now();
        assert_eq!(run(dir.path(), command, Duration::from_millis(300)), Ended::TimedOut, "{command}");
        assert!(started.elapsed() < Duration::from_millis(2000), "{command}: not killed, it ended by itself");
    }
    let log = fs::read_to_string(dir.path().join("log")).expect("a log");
    assert!(log.ends_with("bye\n"), "{log}");
}

/// Each leaves a process that writes its number into `left`, and has waited for that.
const LEAVERS: [&str; 8] = [
    "sh -c 'echo $$ > left; exec sleep 600' &",
    "setsid sh -c 'echo $$ > left; exec sleep 600' &",
    // As a daemon does it, holding the pipe.
    "(setsid sh -c '(sh -c \"echo \\$\\$ > left; exec sleep 600\") & exit' &) ",
    "(setsid sh -c 'exec >/dev/null 2>&1 </dev/null; (trap \"\" HUP TERM INT; echo $$ > left; sleep 600) & wait' &)",
    // One that starts the next as long as it lives.
    "setsid sh -c 'echo $$ > left; while :; do sh -c \"sleep 0.01\" & sleep 0.01; done' &",
    // One that writes without end.
    "setsid sh -c 'echo $$ > left; exec yes' &",
    // One that starts another program all the time, between which it has no variables.
    "setsid sh -c 'echo exec sh again > again; echo $$ > left; exec sh again' &",
    "setsid sh -c 'echo $$ > left; kill -STOP $$; sleep 600' &",
];

#[test]
fn what_a_command_leaves_running_ends_with_it() {
    for leaver in LEAVERS {
        let dir = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        let command = format!("{leaver}\n while ! test -s left; do sleep 0.01; done; exit 3");
        assert_eq!(run(dir.path(), &command, MINUTE), Ended::Code(3), "{leaver}");
        assert!(started.elapsed() < MINUTE / 4, "it was waited for: {leaver}");
        #[cfg(not(target_os = "linux"))]
        if leaver.contains("setsid") {
            continue;
        }
        let left = fs::read_to_string(dir.path().join("left")).expect("it has said its number");
        assert!(!is_running(&left), "{leaver}");
    }
}

/// The memory is that of the process, so nothing else may run in it: this test binary is started again for this alone.
#[test]
fn no_output_is_too_much() {
    let program = std::env::current_exe().expect("a test is a program");
    let alone = ["--ignored", "--exact", "git::shell::tests::no_output_is_too_much_alone"];
    let said = Command::new(program).args(alone).output().expect("it can be run");
    let words = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && words.contains("1 passed"), "{words}");
}

#[test]
#[ignore = "run by `no_output_is_too_much`, in a process of its own"]
fn no_output_is_too_much_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let before = peak_memory();
    let command = "head -c 1G /dev/zero | tr '\\0' x; echo; echo the end; exit 3";
    assert_eq!(run(dir.path(), command, MINUTE * 5), Ended::Code(3));
    let grown = peak_memory() - before;
    assert!(grown < 16 << 10, "{grown} KiB more were needed");
    let log = fs::read(dir.path().join("log")).expect("a log");
    assert!(log.len() < 10 << 20, "{} bytes", log.len());
    assert!(log.ends_with(b"x\nthe end\n"));
    let left_out = (1_u64 << 30) + 9 - (9 << 20);
    let line = format!("x\n[git checkpoint: {} bytes of the output are left out here]\nx", left_out);
    assert!(log.windows(line.len()).any(|part| part == line.as_bytes()), "no `{line}`");
    assert_eq!(run(dir.path(), "yes", Duration::from_millis(500)), Ended::TimedOut);
}

/// The most memory that this process has had, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

#[test]
fn many_at_once_leave_each_other_alone() {
    const LEFT: &str = "setsid sh -c 'echo $$ > left; exec sleep 600' & while ! test -s left; do sleep 0.01; done";
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    for turn in 0..6 {
                        let dir = tempfile::tempdir().expect("a folder");
                        let (code, leaves) = (number * 10 + turn, turn % 2 == 0);
                        let command = format!("{}\n sleep 0.0{turn}; exit {code}", if leaves { LEFT } else { ":" });
                        assert_eq!(run(dir.path(), &command, MINUTE), Ended::Code(code));
                        if leaves {
                            assert_gone(&dir.path().join("left"));
                        }
                    }
                })
            })
            .collect();
        // Children of others in this process, in its own group.
        while runs.iter().any(|run| !run.is_finished()) {
            let status = Command::new("sh").args(["-c", "exit 7"]).status().expect("it is ours to wait for");
            assert_eq!(status.code(), Some(7));
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn only_what_carries_the_mark_is_ended_and_nothing_is_left_as_an_entry() {
    let dir = tempfile::tempdir().expect("a folder");
    let command = "env -i PATH=\"$PATH\" setsid sh -c 'echo $$ > stays; exec sleep 600' &
        for n in 1 2 3 4 5 6 7 8 9; do (setsid true &); done; (setsid sh -c 'sleep 0.1' &)
        while ! test -s stays; do sleep 0.01; done";
    assert_eq!(run(dir.path(), command, MINUTE), Ended::Code(0));
    let stays = fs::read_to_string(dir.path().join("stays")).expect("it has said its number");
    assert!(is_running(&stays), "it does not carry the mark");
    let ended = Command::new("kill").args(["-9", stays.trim()]).status().expect("there is a kill");
    assert!(ended.success());
    // Those are entries of this process where it is the only test of it.
    strays::reap();
    let entries = Command::new("ps").args(["-o", "stat=,args=", "--ppid", &std::process::id().to_string()]).output();
    let entries = String::from_utf8(entries.expect("there is a ps").stdout).expect("it is text");
    assert!(!entries.lines().any(|line| line.starts_with('Z') && line.contains("true")), "{entries}");
}

/// The process whose number is in the file has ended, or is an entry that nobody has reaped.
#[track_caller]
fn assert_gone(file: &Path) {
    let pid = fs::read_to_string(file).expect("it has said its number");
    let deadline = Instant::now() + Duration::from_secs(5);
    while is_running(&pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        std::thread::sleep(PAUSE);
    }
}

fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[test]
fn a_service_that_a_command_starts_stays_where_it_is_to_and_ends_with_it_else() {
    let dir = tempfile::tempdir().expect("a folder");
    // One in the group of the command, and one that leaves it.
    let start =
        "sleep 600 >/dev/null 2>&1 & echo $! > one; setsid sh -c 'echo $$ > two; exec sleep 600' >/dev/null 2>&1 &
        while ! test -s two; do sleep 0.01; done";
    let pids =
        || ["one", "two"].map(|file| fs::read_to_string(dir.path().join(file)).expect("a pid").trim().to_owned());
    let runs = |pid: &String| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    let run = |leftovers, command: &str, limit| {
        let (log, vars) = (dir.path().join("log"), Vec::new());
        let _old = fs::remove_file(dir.path().join("two"));
        let shell =
            Shell { command, dir: dir.path(), vars, input: None, log, deadline: Instant::now() + limit, leftovers };
        shell.run().expect("there is a shell")
    };
    assert_eq!(run(Leftovers::Stay, start, MINUTE), Ended::Code(0));
    // What runs later with its leftovers ended does not touch them.
    assert_eq!(run_other(dir.path()), Ended::Code(0));
    let services = pids();
    if cfg!(target_os = "linux") {
        assert!(services.iter().all(runs), "{services:?}");
    }
    for pid in &services {
        assert!(Command::new("kill").args(["-9", pid]).status().expect("there is a kill").success());
    }
    let hangs = format!("{start}; sleep 600");
    assert_eq!(run(Leftovers::Stay, &hangs, Duration::from_millis(500)), Ended::TimedOut);
    // One that has left the group of a command that had to be ended is on its own.
    let [one, two] = pids();
    if cfg!(target_os = "linux") {
        assert!(!runs(&one), "it was in the group of what was ended");
    }
    let _gone = Command::new("kill").args(["-9", &two]).status();
}

fn run_other(dir: &Path) -> Ended {
    run(dir, "sleep 600 & true", MINUTE)
}
