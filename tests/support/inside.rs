//! The library, called in a test's own world.
//!
//! A library call takes its environment from the process, which is the machine's. So a test of the library starts
//! this test binary again, in its own world, with one `#[ignore]`d test that does the calls: it reads lines from
//! standard input and answers each with a line.

use std::io::{BufRead, Write};

use git_checkpoint::{config::Env, git::Repo};

use super::TestRepo;

/// Marks an answer among what the test harness prints.
const MARK: &str = "@@answer ";

impl TestRepo {
    /// Runs the ignored test `name` (`module::function`) here with `lines` as its requests, and gives its answers.
    #[track_caller]
    pub(crate) fn inside(&self, name: &str, lines: &[String]) -> Vec<String> {
        let mut command = self.command(std::env::current_exe().expect("this is a program"));
        command.args(["--ignored", "--exact", name, "--nocapture", "--test-threads=1"]);
        let input = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let output = super::repo::with_input(&mut command, input.as_bytes());
        let stdout = String::from_utf8_lossy(&output.stdout);
        let answers: Vec<String> =
            stdout.lines().filter_map(|line| line.split_once(MARK)).map(|(_, answer)| answer.to_owned()).collect();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && answers.len() == lines.len(), "{name} failed:\n{stdout}\n{stderr}");
        answers
    }
}

/// The other end of [`TestRepo::inside`]: answers each request, with the repository of the current directory.
///
/// Does nothing where there are no requests, as when somebody runs all ignored tests.
pub(crate) fn answer(mut answer: impl FnMut(&mut Repo, &str) -> String) {
    let mut repo = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("requests are UTF-8");
        let repo = repo.get_or_insert_with(|| Repo::open(&Env::from_process()).expect("the repository can be opened"));
        let answer = answer(repo, &line);
        writeln!(std::io::stdout(), "{MARK}{}", answer.replace('\n', " ")).expect("standard output is open");
    }
}
