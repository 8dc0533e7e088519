//! What a command leaves running when the program that ran it is killed.

use super::*;

/// Waits until the file is there.
#[track_caller]
pub(super) fn wait_for(file: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} never came", file.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

#[test]
fn all_of_it_ends_with_a_program_that_is_killed_and_its_place_is_free() {
    let repo = repository();
    let dir = repo.dir(repo.root().join("pids"));
    let command = format!(
        "cd '{}'; trap '' TERM HUP; sh -c 'echo $$ > group; exec sleep 600' & setsid sh -c 'echo $$ > session; exec sleep 600' &
         (setsid sh -c '(sh -c \"echo \\$\\$ > daemon; exec sleep 600\") & exit' &); echo $$ > command
         while ! test -s group || ! test -s session || ! test -s daemon; do sleep 0.02; done; touch begun; sleep 600",
        dir.display()
    );
    let mut child = Job::kept(&repo, &[&command]).start(&repo);
    wait_for(&dir.join("begun"));
    child.kill().expect("it runs");
    child.wait().expect("it is ours");
    let deadline = Instant::now() + Duration::from_secs(20);
    for name in ["command", "group", "session", "daemon"] {
        let pid = fs::read_to_string(dir.join(name)).expect("it has said its number");
        while runs(&pid) {
            assert!(Instant::now() < deadline, "{name} is still there");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    // What looks after them has the place as well, for a moment.
    while !Job::kept(&repo, &[CLEAN]).ok(&repo).path.starts_with(repo.git_dir().join("checkpoint/worktrees/1")) {
        assert!(Instant::now() < deadline + Duration::from_secs(20), "the place is not free");
    }
}
