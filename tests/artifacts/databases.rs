//! Real databases.

#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "it says what it cannot test here, and is told where"
)]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::{engine::Engine, *};

/// Whatever there is that has SQLite in it.
#[derive(Clone, Copy)]
enum Sqlite {
    Shell,
    Python,
}

const PYTHON: &str = "import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    for row in db.execute(line): print('|'.join(map(str, row)), flush=True)";

const PYTHON_BACKUP: &str = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))";

impl Sqlite {
    fn find(repo: &TestRepo) -> Option<Self> {
        let works = |program: &str, args: &[&str]| {
            repo.command(program).args(args).output().is_ok_and(|out| out.status.success())
        };
        if works("sqlite3", &["--version"]) {
            return Some(Sqlite::Shell);
        }
        let found = works("python3", &["-c", "import sqlite3"]).then_some(Sqlite::Python);
        if found.is_none() {
            eprintln!(
                "SKIPPED: nothing was tried with SQLite, for there is neither sqlite3 nor python3; `apt-get install sqlite3`"
            );
        }
        found
    }

    fn command(self, repo: &TestRepo) -> Command {
        let (program, args): (_, &[&str]) = match self {
            Sqlite::Shell => ("sqlite3", &["data/db"]),
            Sqlite::Python => ("python3", &["-c", PYTHON, "data/db"]),
        };
        let mut command = repo.command(program);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs statements, one a line; what they gave.
    #[track_caller]
    fn run(self, repo: &TestRepo, statements: &str) -> String {
        let output = crate::support::with_input(&mut self.command(repo), format!("{statements}\n").as_bytes());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        text
    }

    /// As [`Sqlite::run`], by a program that goes on.
    fn open(self, repo: &TestRepo, statements: &str) -> Open {
        let mut child = self.command(repo).spawn().expect("it was found");
        let mut stdin = child.stdin.take().expect("it is piped");
        writeln!(stdin, "{statements}\nselect 'ready';").expect("it reads");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        assert!(lines.any(|line| line.expect("text") == "ready"), "it does not answer");
        Open { child }
    }

    fn save(self) -> String {
        match self {
            Sqlite::Shell => r#"sqlite3 data/db ".backup '$CHECKPOINT_FILE'""#.into(),
            Sqlite::Python => format!("python3 -c '{PYTHON_BACKUP}' data/db \"$CHECKPOINT_FILE\""),
        }
    }

    fn restore(self) -> String {
        match self {
            Sqlite::Shell => r#"sqlite3 data/db ".restore '$CHECKPOINT_FILE'""#.into(),
            Sqlite::Python => format!("python3 -c '{PYTHON_BACKUP}' \"$CHECKPOINT_FILE\" data/db"),
        }
    }
}

/// A program that has the database open.
struct Open {
    child: Child,
}

impl Drop for Open {
    fn drop(&mut self) {
        // Killed, it leaves its write-ahead log as it is.
        let _dead = self.child.kill().and_then(|()| self.child.wait());
    }
}

const WAL: &str =
    "PRAGMA journal_mode=WAL;\nPRAGMA wal_autocheckpoint=0;\ncreate table t(x);\ninsert into t values('one');";

fn artifact(rest: &str) -> String {
    format!("{}{rest}", copied("data/db"))
}

#[test]
fn sqlite_in_use_is_saved_by_its_own_backup() {
    let repo = with("");
    let Some(sqlite) = Sqlite::find(&repo) else { return };
    configure(&repo, &artifact(&format!("save = '''{}'''\nrestore = '''{}'''\n", sqlite.save(), sqlite.restore())));
    let open = sqlite.open(&repo, WAL);
    assert!(repo.path().join("data/db-wal").metadata().expect("it is in use").len() > 0);
    let first = saved(&repo);
    let engine = Engine::of(&repo);
    sqlite.run(&repo, "insert into t values('two');");
    // Its own program brings it back, and whoever has it open sees that.
    assert_eq!(engine.ask(&[format!("restore {first}")]), ["db ByCommand"]);
    assert_eq!(sqlite.run(&repo, "select x from t;"), "one\n");
    sqlite.run(&repo, "insert into t values('three');");
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert_eq!(sqlite.run(&repo, "select x from t;"), "one\nthree\n");
    drop(open);
    assert_eq!(sqlite.run(&repo, "PRAGMA integrity_check;"), "ok\n");
}

#[test]
fn a_copy_of_sqlite_at_rest_has_its_write_ahead_log() {
    let repo = with(&artifact(""));
    let Some(sqlite) = Sqlite::find(&repo) else { return };
    drop(sqlite.open(&repo, WAL));
    let wal = repo.read("data/db-wal");
    assert!(!wal.is_empty());
    let first = saved(&repo);
    assert_eq!(stored(&repo, &first, "db/file-wal"), wal);
    // A file alone would not even have the table.
    sqlite.run(&repo, "insert into t values('two');");
    drop(sqlite.open(&repo, "PRAGMA wal_autocheckpoint=0;\ninsert into t values('three');"));
    let second_wal = repo.read("data/db-wal");
    assert!(!second_wal.is_empty() && second_wal != wal);
    let engine = Engine::of(&repo);
    let answers = engine.ask(&[format!("differing {first}"), format!("restore {first}"), format!("differing {first}")]);
    assert_eq!(answers, ["db Yes", "db Put", "db No"]);
    assert_eq!(repo.read("data/db-wal"), wal);
    assert_eq!(sqlite.run(&repo, "select x from t;"), "one\n");
    drop(sqlite.open(&repo, "PRAGMA wal_autocheckpoint=0;\ninsert into t values('four');"));
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert_eq!(sqlite.run(&repo, "select x from t;\nPRAGMA integrity_check;"), "one\nfour\nok\n");
    assert_nothing_left(&repo);
}

#[test]
fn a_damaged_sqlite_is_replaced_and_kept() {
    let repo = with("");
    let Some(sqlite) = Sqlite::find(&repo) else { return };
    configure(&repo, &artifact(&format!("save = '''{}'''\n", sqlite.save())));
    sqlite.run(&repo, "create table t(x);\ninsert into t values('one');");
    let first = saved(&repo);
    let garbage = noise(5000, 1);
    repo.write("data/db", &garbage);
    // A log of later must not meet what comes back.
    let wal = [b"\x37\x7f\x06\x82".as_slice(), &noise(4000, 2)].concat();
    repo.write("data/db-wal", &wal);
    refused(&repo, &["could not be saved", "save"]);
    let engine = Engine::of(&repo);
    assert_eq!(engine.ask(&[format!("restore {first}")]), ["db Put"]);
    assert!(!repo.exists("data/db-wal"));
    assert_eq!(sqlite.run(&repo, "select x from t;\nPRAGMA integrity_check;"), "one\nok\n");
    repo.write("data/db", &garbage);
    repo.write("data/db-wal", &wal);
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert!(repo.read("data/db") == garbage && repo.read("data/db-wal") == wal);
}

/// A server of its own, below a folder that an unprivileged user may use.
struct Postgres {
    bin: PathBuf,
    dir: tempfile::TempDir,
}

impl Postgres {
    fn start() -> Option<Self> {
        let Some(bin) = std::env::var_os("TEST_POSTGRES").filter(|bin| !bin.is_empty()) else {
            eprintln!("SKIPPED: nothing was tried with PostgreSQL; `TEST_POSTGRES=$(.ci/postgres)` names its programs");
            return None;
        };
        let dir = tempfile::Builder::new().prefix("pg-").tempdir_in("/tmp").expect("there is /tmp");
        let server = Postgres { bin: bin.into(), dir };
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(server.dir.path(), mode).expect("it is ours");
        let data = server.data();
        server.admin("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "--no-sync"]);
        let options = format!("-k {} -c listen_addresses='' -c fsync=off", server.dir.path().display());
        let log = server.dir.path().join("log");
        server.admin("pg_ctl", &["-D", &data, "-w", "-l", &log.to_string_lossy(), "-o", &options, "start"]);
        Some(server)
    }

    fn data(&self) -> String {
        self.dir.path().join("data").to_string_lossy().into_owned()
    }

    /// PostgreSQL refuses to be run by root.
    fn admin(&self, program: &str, args: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if rustix_is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let done = command.args(args).current_dir(self.dir.path()).stdout(Stdio::null()).status();
        assert!(done.expect("it can be run").success(), "{args:?}");
    }

    fn sql(&self, repo: &TestRepo, statement: &str) -> String {
        let mut command = repo.command(self.bin.join("psql"));
        let output =
            command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "app", "-c", statement]).output();
        let output = output.expect("it can be run");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.admin("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}

fn rustix_is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&Path::new("/proc/self").metadata().expect("there is /proc")) == 0
}

fn postgres(repo: &TestRepo, rest: &str) -> Option<Postgres> {
    let server = Postgres::start()?;
    repo.set_var("PGHOST", server.dir.path());
    repo.set_var("PGUSER", "postgres");
    let made = repo.command(server.bin.join("createdb")).arg("app").status().expect("it can be run");
    assert!(made.success());
    configure(repo, &rest.replace("BIN", &server.bin.to_string_lossy()));
    server.sql(repo, "create table users(name text primary key); insert into users values ('ada')");
    Some(server)
}

fn postgres_goes_back_and_forth(rest: &str) {
    let repo = with("");
    let Some(server) = postgres(&repo, rest) else { return };
    let names = "select name from users order by name";
    let first = saved(&repo);
    // A migration that goes wrong, in the middle of other work.
    server.sql(
        &repo,
        "insert into users values ('bea'); alter table users add column mail text; create table broken(x int)",
    );
    let engine = Engine::of(&repo);
    assert_eq!(engine.ask(&[format!("restore {first}")]), ["pg ByCommand"]);
    assert_eq!(server.sql(&repo, "select * from users"), "ada\n", "the column is gone, too");
    server.sql(&repo, "insert into users values ('cleo')");
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert_eq!(server.sql(&repo, names), "ada\ncleo\n");
    // A server that is down stops a checkpoint, and a rollback before it begins.
    server.admin("pg_ctl", &["-D", &server.data(), "-m", "fast", "-w", "stop"]);
    refused(&repo, &["could not be saved", "connection to server"]);
    let answer = engine.ask(&[format!("restore {first}")]).remove(0);
    assert!(answer.contains("cannot be saved") && answer.contains("nothing was changed"), "{answer}");
    let options = format!("-k {} -c listen_addresses='' -c fsync=off", server.dir.path().display());
    let log = server.dir.path().join("log");
    server.admin("pg_ctl", &["-D", &server.data(), "-w", "-l", &log.to_string_lossy(), "-o", &options, "start"]);
    assert_eq!(server.sql(&repo, names), "ada\ncleo\n");
    assert_nothing_left(&repo);
}

#[test]
fn postgres_by_pg_dump_and_pg_restore() {
    postgres_goes_back_and_forth(
        "[[artifact]]\nname = 'pg'\nsave = 'BIN/pg_dump -Fc -f \"$CHECKPOINT_FILE\" app'\n\
         restore = 'BIN/dropdb --force app && BIN/createdb app && BIN/pg_restore --exit-on-error --single-transaction -d app \"$CHECKPOINT_FILE\"'\n",
    );
}

#[test]
fn postgres_by_pg_dump_and_psql() {
    postgres_goes_back_and_forth(
        "[[artifact]]\nname = 'pg'\nsave = 'BIN/pg_dump --clean --if-exists -f \"$CHECKPOINT_FILE\" app'\n\
         restore = '(echo \"drop schema public cascade; create schema public;\"; cat \"$CHECKPOINT_FILE\") | BIN/psql -X -q -v ON_ERROR_STOP=1 --single-transaction -d app'\n",
    );
}
