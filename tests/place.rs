//! Where checks run: private worktrees, kept and pristine, whatever happens in them and to them.

#![allow(clippy::disallowed_methods, reason = "the library is called in a process of its own, with a clock of its own")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use git_checkpoint::{
    check::{Place, Preparation, Surroundings},
    git::{
        Repo,
        shell::{Leftovers, Shell},
    },
    model::Oid,
};
use serde_json::{Value, json};

use crate::support::{Picture, TestRepo, answer};

mod kept;
mod kill;
mod pristine;
mod ready;
mod stray;

/// One worktree to take, and what to run there.
#[derive(Debug, Clone)]
struct Job {
    kind: &'static str,
    commit: String,
    link: Vec<String>,
    setup: Option<String>,
    when: Vec<String>,
    /// One after the other, with a reset after each.
    run: Vec<String>,
}

impl Job {
    fn kept(repo: &TestRepo, run: &[&str]) -> Self {
        Job {
            kind: "kept",
            commit: repo.rev("HEAD"),
            link: Vec::new(),
            setup: None,
            when: Vec::new(),
            run: run.iter().map(|command| (*command).to_owned()).collect(),
        }
    }

    fn pristine(repo: &TestRepo, run: &[&str]) -> Self {
        Job { kind: "pristine", ..Self::kept(repo, run) }
    }

    fn at(mut self, commit: &str) -> Self {
        commit.clone_into(&mut self.commit);
        self
    }

    fn link(mut self, paths: &[&str]) -> Self {
        self.link = paths.iter().map(|path| (*path).to_owned()).collect();
        self
    }

    fn setup(mut self, command: &str, when: &[&str]) -> Self {
        self.setup = Some(command.to_owned());
        self.when = when.iter().map(|spec| (*spec).to_owned()).collect();
        self
    }

    fn line(&self) -> String {
        json!({"kind": self.kind, "commit": self.commit, "link": self.link, "setup": self.setup, "when": self.when,
            "run": self.run})
        .to_string()
    }

    /// Does it in a process of its own.
    #[track_caller]
    fn answer(&self, repo: &TestRepo) -> Value {
        let said = repo.inside("place::answers", &[self.line()]).remove(0);
        serde_json::from_str(&said).expect("it is JSON")
    }

    /// As [`Job::answer`]; every command must end with 0, and what each has changed is given.
    #[track_caller]
    fn ok(&self, repo: &TestRepo) -> Done {
        let said = self.answer(repo);
        assert_eq!(said["error"], Value::Null, "{said}");
        let results = said["results"].as_array().expect("there are results").clone();
        assert!(results.iter().all(|result| result["ended"] == "Code(0)"), "{said}");
        let path = PathBuf::from(said["path"].as_str().expect("it is text"));
        let changed = results.iter().map(|result| result["changed"].to_string()).collect();
        Done { path, changed, setup: said["setup"] == true }
    }

    /// As [`Job::answer`]; it must be refused, with these words.
    #[track_caller]
    fn refused(&self, repo: &TestRepo, words: &str) {
        let said = self.answer(repo)["error"].to_string();
        assert!(said.contains(words), "{said}");
    }

    /// Starts it in a process of its own and does not wait.
    fn start(&self, repo: &TestRepo) -> Child {
        let mut command = repo.command(std::env::current_exe().expect("this is a program"));
        command.args(["--ignored", "--exact", "place::answers", "--nocapture", "--test-threads=1"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it can be run");
        let mut input = child.stdin.take().expect("it is piped");
        std::io::Write::write_all(&mut input, format!("{}\n", self.line()).as_bytes()).expect("it reads");
        child
    }
}

/// What became of a job.
struct Done {
    path: PathBuf,
    changed: Vec<String>,
    setup: bool,
}

#[test]
#[ignore = "the other end of the tests here"]
fn answers() {
    answer(|repo, line| {
        let job: Value = serde_json::from_str(line).expect("it is JSON");
        match carry_out(repo, &job) {
            Ok(done) => done.to_string(),
            Err(error) => {
                json!({"error": format!("{} {}", error.chain().join(": "), error.hints().join(" "))}).to_string()
            }
        }
    });
}

fn carry_out(repo: &Repo, job: &Value) -> git_checkpoint::error::Result<Value> {
    let list = |key: &str| -> Vec<String> {
        let list = job[key].as_array().expect("it is a list");
        list.iter().map(|item| item.as_str().expect("it is text").to_owned()).collect()
    };
    let commit = Oid::from_hex(job["commit"].as_str().expect("it is text").as_bytes()).expect("it is an id");
    let logs = tempfile::tempdir().expect("a folder");
    let deadline = Instant::now() + Duration::from_secs(60);
    let preparation =
        Preparation { link: list("link"), setup: job["setup"].as_str().map(str::to_owned), setup_when: list("when") };
    let surroundings =
        Surroundings { vars: vec![("FROM_CALLER", "yes".into())], log: logs.path().join("setup"), deadline };
    let make = if job["kind"] == "kept" { Place::kept } else { Place::pristine };
    let mut place = make(repo, commit, &preparation, &surroundings)?;
    let mut results = Vec::new();
    for (number, command) in list("run").iter().enumerate() {
        let log = logs.path().join(number.to_string());
        let shell = Shell {
            command,
            dir: place.path(),
            vars: place.vars(),
            input: None,
            log: log.clone(),
            deadline,
            leftovers: Leftovers::End,
        };
        let ended = format!("{:?}", shell.run()?);
        let log = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
        results.push(json!({"ended": ended, "changed": place.changed()?.join(" "), "log": log}));
        place.reset()?;
    }
    Ok(json!({"path": place.path(), "setup": place.setup_took().is_some(), "results": results}))
}

/// A repository with folders, a link and something that git ignores.
fn repository() -> TestRepo {
    filled(TestRepo::with_commit())
}

fn filled(repo: TestRepo) -> TestRepo {
    repo.write("src/deep/file", "deep\n");
    repo.write("tool", "#!/bin/sh\n");
    repo.chmod("tool", 0o755);
    repo.symlink("src/deep", "short");
    repo.write(".gitignore", "built/\ncache\nnode_modules\n");
    repo.commit("Fill it");
    repo
}

/// What a user has, to be the same afterwards: the worktree, the index, the refs, and the configuration.
struct User<'r> {
    repo: &'r TestRepo,
    state: Picture,
    refs: Vec<String>,
    config: Vec<u8>,
}

impl<'r> User<'r> {
    fn of(repo: &'r TestRepo) -> Self {
        let common = repo.git(&["rev-parse", "--path-format=absolute", "--git-common-dir"]);
        User { repo, state: repo.state(), refs: repo.refs(), config: repo.read(Path::new(&common).join("config")) }
    }

    #[track_caller]
    fn assert_untouched(&self) {
        let now = User::of(self.repo);
        self.state.assert_same(&now.state);
        assert_eq!((&self.refs, &self.config), (&now.refs, &now.config));
        self.repo.fsck();
    }
}

/// The kept worktrees, and as many entries in git's list.
#[track_caller]
fn assert_kept(repo: &TestRepo, number: usize) {
    let listed = repo.git(&["worktree", "list", "--porcelain"]);
    let kept = listed.lines().filter(|line| line.starts_with("worktree ") && line.contains("git-checkpoint-kept"));
    assert_eq!(kept.count(), number, "{listed}");
    assert!(!listed.contains("prunable") && !listed.contains("git-checkpoint-private"), "{listed}");
    let common = repo.git(&["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    let entries = fs::read_dir(Path::new(&common).join("worktrees")).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("git-checkpoint"));
    assert_eq!(ours.count(), number, "{listed}");
}

/// That the tracked files are those of HEAD.
const TRACKED: &str = "test -z \"$(git status --porcelain --untracked-files=no)\" && ! git symbolic-ref -q HEAD \
    && test \"$(git rev-parse --show-toplevel)\" = \"$(pwd -P)\" && test \"$(cat src/deep/file)\" = deep && test -x tool \
    && test -L short";

/// That it has exactly the files of HEAD, and nothing that git would show.
const CLEAN: &str = "test -z \"$(git status --porcelain)\" && git diff --quiet HEAD && ! git symbolic-ref -q HEAD \
    && git fsck --no-dangling >/dev/null && test \"$(git rev-parse --show-toplevel)\" = \"$(pwd -P)\" \
    && test \"$(cat src/deep/file)\" = deep && test -x tool && test -L short";
