//! A checkpoint with artifacts, killed; and an artifact on its way back, killed.

use std::{collections::BTreeSet, io::Write, process::Stdio};

use super::{phases::at_points, points};
use crate::{
    artifacts::{Engine, assert_nothing_left, copied, noise, saved, stored, with},
    support::TestRepo,
};

#[test]
fn create_with_artifacts() {
    let dump = "[[artifact]]\nname = 'dump'\nsave = 'head -c 1000 data/db > \"$CHECKPOINT_FILE\"'\nrestore = 'true'\n";
    let repo = with(&(copied("data/db") + dump));
    let content = noise((4 << 20) + 5000, 1);
    repo.write("data/db", &content);
    repo.write("file", "changed\n");
    at_points(&repo, &["create"], |repo| {
        assert!(repo.read("data/db") == content);
        let before: BTreeSet<String> = ids(repo);
        saved(repo);
        // Objects on their way have names that git itself removes.
        repo.git(&["prune", "--expire=now"]);
        assert_nothing_left(repo);
        for id in before {
            let shown = repo.checkpoint_ok(&["show", &id, "--json"]).json();
            assert_eq!(shown["artifacts"].as_array().map(Vec::len), Some(2), "{shown}");
            let parts = repo.git(&["ls-tree", "--name-only", &format!("refs/checkpoint/files/{id}:artifacts/db")]);
            let parts: Vec<Vec<u8>> = parts.lines().map(|part| stored(repo, &id, &format!("db/{part}"))).collect();
            assert!(parts.concat() == content, "{id}");
            assert!(stored(repo, &id, "dump") == content[..1000], "{id}");
        }
        repo.fsck();
    });
}

fn ids(repo: &TestRepo) -> BTreeSet<String> {
    let all = repo.checkpoint_ok(&["list", "--all", "--json"]).json();
    all.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

/// The calls by which a file is replaced.
const CALLS: [&str; 6] = ["openat", "write", "fsync", "renameat", "renameat2", "unlinkat"];

#[test]
fn restore_of_an_artifact() {
    let repo = with(&copied("data/db"));
    if !points::can_trace(&repo) {
        return;
    }
    let wal = [b"\x37\x7f\x06\x82".as_slice(), &noise(3000, 2)].concat();
    let states = [(noise(100_000, 1), Some(wal.clone())), (noise(90_000, 3), Some([&wal[..], b"more"].concat()))];
    let ids: Vec<String> = states
        .iter()
        .map(|(file, wal)| {
            repo.write("data/db", file);
            wal.iter().for_each(|wal| repo.write("data/db-wal", wal));
            saved(&repo)
        })
        .collect();
    let (to, from) = (&ids[0], &ids[1]);
    let mut kills = 0;
    for call in CALLS {
        // The first ones are those of the test harness and of opening the repository, where nothing happens yet.
        for nth in (1..).step_by(if call == "openat" { 7 } else { 1 }) {
            repo.write("data/db", &states[1].0);
            repo.write("data/db-wal", states[1].1.as_ref().expect("it has one"));
            if !killed(&repo, (call, nth), &format!("resume {to} {from}\n")) {
                break;
            }
            kills += 1;
            let now = repo.read("data/db");
            assert!(
                now == states[0].0 || now == states[1].0,
                "killed at {call} {nth}: neither the old nor the new file"
            );
            let answer = Engine::of(&repo).ask(&[format!("resume {to} {from}")]).remove(0);
            assert!(["db Put", "db Already"].contains(&&*answer), "killed at {call} {nth}: {answer}");
            assert!(repo.read("data/db") == states[0].0, "killed at {call} {nth}");
            assert!(repo.read("data/db-wal") == *states[0].1.as_ref().expect("it has one"), "killed at {call} {nth}");
            let left: Vec<_> = std::fs::read_dir(repo.path().join("data")).expect("there").flatten().collect();
            assert_eq!(left.len(), 2, "killed at {call} {nth}: {left:?}");
        }
    }
    assert!(kills > 12, "only {kills} kills");
}

/// Runs a request of the engine and kills it at that call; whether there was such a call.
fn killed(repo: &TestRepo, (call, nth): (&str, usize), request: &str) -> bool {
    let mut command = repo.command("strace");
    command.args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    command.args(["-e", &format!("inject={call}:signal=SIGKILL:when={nth}")]);
    command.arg(std::env::current_exe().expect("this is a program"));
    command.args(["--ignored", "--exact", "artifacts::engine::answers", "--nocapture", "--test-threads=1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("strace was found");
    let mut stdin = child.stdin.take().expect("it is piped");
    // It may be dead before it reads.
    let _written = stdin.write_all(request.as_bytes());
    drop(stdin);
    !child.wait().expect("it is ours").success()
}
