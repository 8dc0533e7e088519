//! The timers of the system, by programs that only pretend to be them, and `watch`.

use std::{
    io::Read,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::support::TestRepo;

const HOUR: i64 = 3600;

const CRONTAB: &str = r#"#!/bin/sh
echo "crontab $*" >> "$FAKE/log"
case "$1" in
-l) if [ -f "$FAKE/crontab" ]; then cat "$FAKE/crontab"; else echo "no crontab for ada" >&2; exit 1; fi ;;
-r) rm "$FAKE/crontab" ;;
-) cat > "$FAKE/new" && mv "$FAKE/new" "$FAKE/crontab" ;;
esac
"#;

const OTHER: &str = r#"#!/bin/sh
echo "$(basename "$0") $*" >> "$FAKE/log"
[ ! -f "$FAKE/$(basename "$0")-fails" ] || { echo "it is out of order" >&2; exit 1; }
case "$(basename "$0") $1" in
"schtasks /create") for last; do :; done; cp "$last" "$FAKE/task" ;;
"schtasks /query") test -f "$FAKE/task" ;;
"schtasks /delete") rm "$FAKE/task" ;;
esac
"#;

/// A repository in a phase, in a world with these programs in place of the system's.
fn with_programs(names: &[&str]) -> TestRepo {
    let repo = TestRepo::with_commit();
    let fake = repo.dir(repo.root().join("fake"));
    let bin = repo.dir(fake.join("bin"));
    for name in ["systemctl", "crontab", "launchctl", "schtasks"] {
        let absent = "#!/bin/sh\nexit 127\n";
        let script = match (names.contains(&name), name) {
            (false, _) => absent,
            (true, "crontab") => CRONTAB,
            (true, _) => OTHER,
        };
        repo.write(bin.join(name), script);
        repo.chmod(bin.join(name), 0o755);
    }
    let command = repo.command("git");
    let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).expect("a PATH");
    let dirs = std::iter::once(bin).chain(std::env::split_paths(path));
    repo.set_var("PATH", std::env::join_paths(dirs).expect("plain names"));
    repo.set_var("FAKE", &fake);
    repo.checkpoint_ok(&["start", "phase2"]);
    repo
}

fn crontab(repo: &TestRepo) -> String {
    if repo.exists("../fake/crontab") { repo.read_text("../fake/crontab") } else { String::new() }
}

fn list(repo: &TestRepo) -> std::path::PathBuf {
    repo.root().join("home/.local/state/git-checkpoint/repositories")
}

#[test]
fn cron_gets_a_region_and_every_other_line_stays() {
    let repo = with_programs(&["crontab"]);
    let own = "# mine\n\n0 1 * * * \tbackup --all  # 100\\% \nMAILTO=\"\"\n";
    repo.write("../fake/crontab", own);
    repo.checkpoint_ok(&["schedule", "start", "--dry-run"]);
    assert_eq!(crontab(&repo), own);
    let run = repo.checkpoint_ok(&["schedule", "start"]);
    assert!(run.stdout.contains("by cron"), "{run}");
    let with = crontab(&repo);
    assert!(
        with.starts_with(own) && with.contains("\n*/5 * * * * '") && with.contains("' schedule run --list '"),
        "{with}"
    );
    repo.checkpoint_ok(&["schedule", "start"]);
    assert_eq!(crontab(&repo), with, "once more changes nothing");
    // A link on PATH outlives the version it leads to.
    repo.symlink(env!("CARGO_BIN_EXE_git-checkpoint"), "../fake/bin/git-checkpoint");
    repo.checkpoint_ok(&["schedule", "start"]);
    let link = repo.root().join("fake/bin/git-checkpoint");
    assert!(crontab(&repo).contains(&format!("'{}'", link.display())), "{}", crontab(&repo));
    let with = crontab(&repo);
    let said = repo.checkpoint_ok(&["schedule", "status", "--json"]).json();
    assert_eq!((&said["schedulers"][0], &said["here"]), (&"cron".into(), &true.into()), "{said}");
    // The line does what it says.
    let line = with.lines().find_map(|line| line.strip_prefix("*/5 * * * * ")).expect("the entry");
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    let ran = repo.command("sh").args(["-c", line]).output().expect("sh can be run");
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(repo.git(&["tag", "--list", "*T+4h"]), "phase2-checkpoint-T+4h");
    let other = repo.at("../other");
    other.git(&["init", "-q"]);
    other.checkpoint_ok(&["schedule", "start"]);
    repo.checkpoint_ok(&["schedule", "stop"]);
    assert_eq!(crontab(&repo), with, "another repository is on the list");
    other.checkpoint_ok(&["schedule", "stop"]);
    assert_eq!(crontab(&repo), own);
    repo.remove("../fake/crontab");
    repo.checkpoint_ok(&["schedule", "start"]);
    repo.checkpoint_ok(&["schedule", "stop"]);
    assert!(!repo.exists("../fake/crontab"), "there was none before");
}

#[test]
fn a_region_without_an_end_is_not_touched() {
    let repo = with_programs(&["crontab"]);
    let broken = "# BEGIN GIT CHECKPOINT SCHEDULE\n0 1 * * * mine\n";
    repo.write("../fake/crontab", broken);
    let run = repo.checkpoint(&["schedule", "start"]);
    assert!(run.code == 1 && run.stderr.contains("without its end"), "{run}");
    assert_eq!(crontab(&repo), broken);
    assert!(repo.checkpoint_ok(&["schedule", "status", "--json"]).json()["here"] == false, "nothing half done");
}

#[test]
fn systemd_gets_two_units() {
    let repo = with_programs(&["systemctl"]);
    repo.checkpoint_ok(&["schedule", "start"]);
    let units = repo.root().join("home/.config/systemd/user");
    let timer = repo.read_text(units.join("git-checkpoint.timer"));
    assert!(timer.contains("OnCalendar=*:0/5") && timer.contains("Persistent=true"), "{timer}");
    let service = repo.read_text(units.join("git-checkpoint.service"));
    assert!(service.contains(&format!("\" schedule run --list \"{}\"", list(&repo).display())), "{service}");
    let log = repo.read_text("../fake/log");
    assert!(
        log.ends_with("systemctl --user daemon-reload\nsystemctl --user enable --now git-checkpoint.timer\n"),
        "{log}"
    );
    repo.checkpoint_ok(&["schedule", "stop"]);
    assert!(!units.join("git-checkpoint.timer").exists() && !units.join("git-checkpoint.service").exists());
    let log = repo.read_text("../fake/log");
    assert!(log.ends_with("disable --now git-checkpoint.timer\nsystemctl --user daemon-reload\n"), "{log}");
}

#[test]
fn each_timer_takes_the_entries_of_the_others_away() {
    let repo = with_programs(&["systemctl", "crontab", "launchctl", "schtasks"]);
    repo.write("../fake/crontab", "@daily mine\n");
    for scheduler in ["systemd", "cron", "launchd", "schtasks", "systemd"] {
        repo.checkpoint_ok(&["schedule", "start", "--scheduler", scheduler]);
        let said = repo.checkpoint_ok(&["schedule", "status", "--json"]).json();
        assert_eq!(said["schedulers"], serde_json::json!([scheduler]));
    }
    assert_eq!(crontab(&repo), "@daily mine\n");
    let log = repo.read_text("../fake/log");
    assert!(log.contains("launchctl bootstrap gui/") && log.contains("launchctl bootout gui/"), "{log}");
    assert!(log.contains("schtasks /create /f /tn Git Checkpoint /xml") && log.contains("schtasks /delete"), "{log}");
    repo.checkpoint_ok(&["schedule", "start", "--scheduler", "launchd"]);
    let agent = repo.root().join("home/Library/LaunchAgents/org.git-checkpoint.schedule.plist");
    assert!(repo.read_text(&agent).contains("<integer>300</integer>"));
    repo.checkpoint_ok(&["schedule", "start", "--scheduler", "schtasks"]);
    assert!(repo.read_text("../fake/task").contains("<StartWhenAvailable>true</StartWhenAvailable>"));
    repo.checkpoint_ok(&["schedule", "stop", "--all"]);
    assert_eq!(repo.checkpoint_ok(&["schedule", "status", "--json"]).json()["schedulers"], serde_json::json!([]));
}

#[test]
fn a_timer_that_cannot_be_started_leaves_nothing() {
    let repo = with_programs(&["systemctl"]);
    repo.write("../fake/systemctl-fails", "");
    let run = repo.checkpoint(&["schedule", "start", "--scheduler", "systemd"]);
    assert!(run.code == 4 && run.stderr.contains("it is out of order"), "{run}");
    assert!(!repo.root().join("home/.config/systemd/user/git-checkpoint.timer").exists());
    let run = repo.checkpoint(&["schedule", "start"]);
    assert!(run.code == 4 && run.stderr.contains("git checkpoint watch"), "{run}");
    assert_eq!(repo.checkpoint_ok(&["schedule", "status", "--json"]).json()["repositories"], serde_json::json!([]));
}

#[test]
fn every_repository_is_visited_whatever_is_wrong_with_others() {
    let repo = with_programs(&["crontab"]);
    let (gone, broken, linked) = (repo.at("../gone"), repo.at("../broken"), repo.linked_worktree("topic"));
    for other in [&gone, &broken] {
        other.git(&["init", "-q", "-b", "main"]);
        other.commit("first");
        other.checkpoint_ok(&["start", "phase2"]);
        other.checkpoint_ok(&["schedule", "start"]);
    }
    linked.checkpoint_ok(&["start", "topic2"]);
    // Not in a phase: whatever is wrong there is not looked at.
    let idle = repo.at("../idle");
    idle.git(&["init", "-q", "-b", "main"]);
    idle.checkpoint_ok(&["schedule", "start"]);
    idle.write(".checkpoint.toml", "[captrue]\n");
    repo.checkpoint_ok(&["schedule", "start"]);
    gone.remove("../gone");
    broken.write(".checkpoint.toml", "[captrue]\n");
    repo.write("file", "changed\n");
    linked.write("file", "changed too\n");
    repo.advance(9 * HOUR);
    // A timer has a folder and variables of its own.
    let nowhere = repo.at("../nowhere");
    repo.set_var("GIT_DIR", broken.path().join(".git"));
    let run = nowhere.checkpoint(&["schedule", "run", "--list", list(&repo).to_str().expect("UTF-8")]);
    repo.remove_var("GIT_DIR");
    assert!(run.code == 4 && run.stderr.contains("is gone, and off the list"), "{run}");
    assert_eq!(repo.git(&["tag", "--list", "*T+8h"]), "phase2-checkpoint-T+8h\ntopic2-checkpoint-T+8h");
    let said = broken.checkpoint(&["schedule", "status", "--json"]).json();
    assert_eq!(said["repositories"].as_array().map(Vec::len), Some(3), "{said}");
    assert!(!idle.exists(".git/checkpoint/timed-failure.json"));
    broken.remove(".checkpoint.toml");
    assert_eq!(broken.checkpoint_ok(&["status", "--json"]).json()["last_failure"]["times"], 1);
    let run = repo.checkpoint(&["schedule", "run", "--list", list(&repo).to_str().expect("UTF-8")]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run}");
}

#[test]
fn watch_takes_what_is_due_until_it_is_asked_to_stop() {
    let repo = with_programs(&[]);
    repo.write("file", "changed\n");
    repo.advance(4 * HOUR);
    for signal in ["TERM", "INT"] {
        let mut command = repo.checkpoint_command(&["watch"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run");
        let deadline = Instant::now() + Duration::from_secs(20);
        while repo.git(&["tag", "--list", "*T+4h"]).is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(300));
        repo.command("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill can be run");
        let status = child.wait().expect("it ends");
        let mut said = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("UTF-8");
        assert!(status.success() && said.ends_with("stopped\n"), "{status}: {said}");
    }
    assert_eq!(repo.git(&["tag", "--list", "*T+4h*"]), "phase2-checkpoint-T+4h");
    let nowhere = repo.at("../nowhere").checkpoint(&["watch"]);
    assert_eq!(nowhere.code, 4, "{nowhere}");
}
