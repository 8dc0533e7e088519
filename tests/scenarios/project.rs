//! [`Project`]: the shop of `app/` in a repository of its own, with its server running.

use std::{
    ffi::OsString,
    fmt, fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    ops::Deref,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{Picture, TestRepo};

/// What the files say of themselves; the answer is about the tree.
pub(super) const CODE: &str =
    "[[check]]\nname = \"code\"\nrun = \"python3 validate.py code\"\nseverity = \"critical\"\n";

/// What the running server says; the answer is about the moment.
pub(super) const LIVE: &str = "[[check]]\nname = \"live\"\n\
                               run = \"python3 validate.py --checkpoint=T+$CHECKPOINT_ELAPSED health total\"\n\
                               on = [\"checkpoint\", \"assess\"]\nisolation = \"none\"\ncache = false\n";

/// The number that the dashboard has to have, whatever is done.
pub(super) const TOTAL: u64 = 28_920;

/// How long anything may take that takes milliseconds on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// The Python to use: the program itself, for what is on PATH may be a script that looks for it. It is started with options
/// by which nothing of the machine is imported (`-SE`), and nothing of the code before a rollback is kept (`-B`).
static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let script = "import http.server, resource, sqlite3, sys; assert sys.version_info >= (3, 9); print(sys.executable)";
    let said = Command::new("python3").args(["-c", script]).output().ok().filter(|said| said.status.success())?;
    Some(PathBuf::from(String::from_utf8(said.stdout).ok()?.trim()))
});

/// A repository with the shop committed and its configuration trusted. What it has started ends with it.
pub(super) struct Project {
    repo: TestRepo,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// The status; 0 where nobody answered.
    pub(super) status: u16,
    /// The value; null where it was none.
    pub(super) body: Value,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

impl Deref for Project {
    type Target = TestRepo;

    fn deref(&self) -> &TestRepo {
        &self.repo
    }
}

impl Project {
    /// The shop with this configuration, its database filled and its server running; `None` where there is no Python.
    #[track_caller]
    pub(super) fn new(configuration: &str) -> Option<Self> {
        let Some(python) = &*PYTHON else {
            println!("SKIPPED: there is no python3 of 3.9 or newer on PATH, with sqlite3");
            return None;
        };
        let repo = TestRepo::new();
        let bin = repo.root().join("bin/python3");
        repo.write(&bin, format!("#!/bin/sh\nexec '{}' -SEB \"$@\"\n", python.display()));
        repo.chmod(&bin, 0o755);
        put_first(&repo, &repo.root().join("bin"));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/app"), repo.path());
        repo.write(".checkpoint.toml", configuration);
        repo.commit("The shop");
        crate::jobs::trust(&repo);
        let project = Project { repo };
        project.manage("setup, start server");
        project.expect_healthy();
        Some(project)
    }

    /// Adds a remote, `origin`, that has what is here.
    pub(super) fn with_remote(self) -> Self {
        let remote = self.root().join("remote.git");
        self.git(&["init", "-q", "--bare", &remote.to_string_lossy()]);
        self.git(&["remote", "add", "origin", &remote.to_string_lossy()]);
        self.git(&["push", "-q", "-u", "origin", "HEAD"]);
        self
    }

    /// As [`TestRepo::state`], without what the running shop writes for itself.
    #[track_caller]
    pub(super) fn state(&self) -> Picture {
        let mut picture = self.repo.state();
        picture.files.retain(|path, _| !path.starts_with("var/"));
        picture.status.retain(|entry| !entry.starts_with("! var/"));
        picture
    }

    /// Runs commands of `manage.py`, as in `stop, start server`; what they printed.
    #[track_caller]
    pub(super) fn manage(&self, commands: &str) -> String {
        self.python("manage.py", commands)
    }

    /// Runs a program of the shop to its end; what it printed.
    #[track_caller]
    pub(super) fn python(&self, program: &str, words: &str) -> String {
        let said = self.command("python3").arg(program).args(words.split_whitespace()).output();
        let said = said.expect("python3 can be run");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(said.status.success(), "{program} {words}\n{}{}", text(&said.stdout), text(&said.stderr));
        text(&said.stdout)
    }

    /// Puts the code that is on disk into service, as after every change.
    #[track_caller]
    pub(super) fn deploy(&self) {
        self.manage("clear-cache, restart server");
        self.expect_answering();
    }

    /// Changes a file: what stands in it once becomes something else.
    #[track_caller]
    pub(super) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read_text(path);
        assert_eq!(text.matches(from).count(), 1, "{path} has `{from}` once:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// What the server says.
    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    /// What the server says to a wish for something to be done.
    pub(super) fn post(&self, path: &str) -> Answer {
        self.ask("POST", path)
    }

    /// What the server says, which has to be good.
    #[track_caller]
    pub(super) fn expect(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "GET {path}: {answer}\n{}", self.log());
        answer.body
    }

    /// Waits until the server answers at all.
    #[track_caller]
    pub(super) fn expect_answering(&self) {
        self.until("the server answers", || self.get("/health").status == 200);
    }

    /// Waits until the server answers, and asserts that every page does, with the known total.
    #[track_caller]
    pub(super) fn expect_healthy(&self) {
        self.expect_answering();
        let health = self.expect("/health");
        assert_eq!((&health["status"], &health["maintenance"]), (&"ok".into(), &false.into()), "{health}");
        let figures = self.expect("/dashboard");
        assert_eq!((&figures["total"], &figures["orders"]), (&TOTAL.into(), &240.into()), "{figures}");
        assert_eq!(self.expect("/users").as_array().map(Vec::len), Some(60));
        self.expect("/mail");
        self.expect("/jobs");
        assert!(!self.log().contains("ERROR"), "{}", self.log());
    }

    /// Waits for something.
    #[track_caller]
    pub(super) fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "it never came that {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The server's log; empty where there is none.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.path().join("var/server.log")).unwrap_or_default()
    }

    /// The validations that have passed, `<stage> T+<elapsed>: <checks>` each.
    pub(super) fn validations(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("var/validations")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The subjects of commits, newest first.
    #[track_caller]
    pub(super) fn subjects(&self, range: &str) -> Vec<String> {
        self.git(&["log", "--format=%s", range]).lines().map(str::to_owned).collect()
    }

    /// The tags, in order of their names.
    #[track_caller]
    pub(super) fn tags(&self) -> Vec<String> {
        crate::jobs::tags(self)
    }

    /// `git checkpoint … --json`, with its exit code.
    #[track_caller]
    pub(super) fn said(&self, code: i32, args: &[&str]) -> Value {
        let run = self.checkpoint(&[args, &["--json"]].concat());
        assert_eq!(run.code, code, "{run}\n{}", self.log());
        run.json()
    }

    fn ask(&self, method: &str, path: &str) -> Answer {
        let body = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let said = self.exchange(&format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")).unwrap_or_default();
        let (head, text) = said.split_once("\r\n\r\n").unwrap_or_default();
        Answer { status: head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), body: body(text) }
    }

    fn exchange(&self, request: &str) -> Option<String> {
        let port = fs::read_to_string(self.path().join("var/port")).ok()?.parse().ok()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut said = String::new();
        stream.read_to_string(&mut said).ok()?;
        Some(said)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        for service in ["server", "worker"] {
            let Ok(number) = fs::read_to_string(self.path().join(format!("var/{service}.pid"))) else { continue };
            let _gone = Command::new("kill").args(["-9", number.trim()]).output();
        }
    }
}

/// What one check said.
#[track_caller]
pub(super) fn check<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let mut checks = answer["checks"].as_array().expect("a list").iter();
    checks.find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name} did not run: {answer:#}"))
}

/// Asserts what each check said, `name=verdict` each, in the order of the configuration.
#[track_caller]
pub(super) fn expect_verdicts(answer: &Value, expected: &str) {
    let verdict = |check: &Value| format!("{}={}", text(&check["name"]), text(&check["verdict"]));
    let said: Vec<String> = answer["checks"].as_array().expect("a list").iter().map(verdict).collect();
    assert_eq!(said.join(" "), expected, "{answer:#}");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is text")
}

fn put_first(repo: &TestRepo, dir: &Path) {
    let command = repo.command("git");
    let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).expect("it is set");
    let mut first = OsString::from(dir);
    first.push(":");
    first.push(path);
    repo.set_var("PATH", first);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        if entry.file_name() == "__pycache__" || entry.file_name() == "var" {
            continue;
        }
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("the file can be copied");
        }
    }
}
