//! A repository with a story: checkpoints with numbers, two rollbacks, what was brought back, and what was taken back.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use git_checkpoint::{
    config::{Env, TagKind},
    git::{Repo, capture::Identity},
    model::{
        ArtifactForm, CheckResult, Conduct, Detail, Head, Kind, Level, Measurement, Oid, PickedCommit, Record,
        RecordId, SavedArtifact, Scope, Severity, SkipReason, Skipped, State, Step, StepOutcome, Validation, Verdict,
        Verification,
    },
    ops::{Session, incident},
    store::{Attached, Published, Store},
};

use crate::support::{TestRepo, answer};

/// The configuration that the numbers of the story have their limits from.
pub(super) const CONFIG: &str = "\
[[check]]
name = 'dashboard'
run = 'true'
measure = [{ pattern = 'p95=(?<p95>\\S+)', unit = 's', warn = 2.0, fail = 3.0 }, { pattern = 'mem=(?<memory>\\S+)', unit = 'MB', fail = 700 }]
";

/// A repository with the story in it. What is hostile in it is so everywhere, if that is wanted.
pub(super) fn told(words: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", CONFIG);
    repo.write("src/mail/send.php", "send\n");
    repo.commit("Send mail");
    for (n, message) in ["Cache the dashboard", "Queue the invoices", "Remove the mail system"].iter().enumerate() {
        repo.write(format!("src/part-{n}.php"), format!("{n}\n"));
        repo.commit(message);
    }
    repo.remove("src/mail/send.php");
    repo.write("src/queue.php", "broken\n");
    repo.commit(if words == HOSTILE { HOSTILE_SUBJECT } else { "Send invoices from the queue" });
    repo.inside("report::fixture::publisher", &[words.to_owned()]);
    repo
}

/// The words for [`told`] that make everything hostile.
pub(super) const HOSTILE: &str = "hostile";

/// A commit's subject that no reader may take for anything but text.
pub(super) const HOSTILE_SUBJECT: &str = "<script>alert(1)</script> [x](javascript:y) `z` | \u{202e}evil";

/// Runs `ops::incident::write` for the newest rollback; what came of it, as one line.
pub(super) fn write(repo: &TestRepo) -> String {
    ask(repo, "write")
}

/// The same for the rollback of this number, the oldest being 0.
pub(super) fn write_nth(repo: &TestRepo, number: usize) -> String {
    ask(repo, &format!("write {number}"))
}

fn ask(repo: &TestRepo, request: &str) -> String {
    let answers = repo.inside("report::fixture::publisher", &[request.to_owned()]);
    answers.into_iter().next().expect("one answer a request")
}

#[test]
#[ignore = "called by others with requests"]
fn publisher() {
    answer(|repo, line| match line {
        "write" => written(None),
        words => match words.strip_prefix("write ") {
            Some(number) => written(number.parse().ok()),
            None => {
                publish_all(repo, words == HOSTILE);
                "published".to_owned()
            }
        },
    });
}

/// Writes what there is to read about a rollback, the newest if none is named.
fn written(number: Option<usize>) -> String {
    let session = Session::open(&Env::from_process()).expect("the repository can be opened");
    let ids = session.store().ids().expect("they can be listed");
    let rollbacks: Vec<&RecordId> = ids.iter().filter(|id| id.kind() == Some(Kind::Rollback)).collect();
    let id = number.map_or(rollbacks.last(), |number| rollbacks.get(number)).expect("there is a rollback");
    let record = session.store().read(id).expect("it can be read");
    match incident::write(&session, &record) {
        Ok(written) => {
            let troubles: Vec<String> = written
                .troubles
                .iter()
                .map(|error| format!("{} [{}]", error.chain().join(": "), error.hints().join("; ")))
                .collect();
            format!(
                "report {} log {} document {} brought {:?} troubles {troubles:?}",
                written.report.is_some(),
                written.log.as_deref().unwrap_or("-"),
                written.document.as_deref().unwrap_or("-"),
                written.brought_along,
            )
        }
        Err(error) => format!("failed: {}", error.chain().join(": ")),
    }
}

/// What is the same in all records.
struct Teller<'r> {
    repo: &'r Repo,
    began: DateTime<Utc>,
    number: u32,
    hostile: bool,
}

fn publish_all(repo: &Repo, hostile: bool) {
    let began = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
    let mut teller = Teller { repo, began, number: 0, hostile };
    let checkpoints = [
        (0, "T+0h", "HEAD~4", Validation::Validated, (1.42, 310.0)),
        (4, "T+4h", "HEAD~3", Validation::Validated, (1.61, 342.0)),
        (8, "T+8h", "HEAD~2", Validation::Validated, (1.87, 390.0)),
        (12, "T+12h", "HEAD~1", Validation::Failed, (2.31, 480.0)),
        (16, "T+16h", "HEAD", Validation::Pending, (2.2, 455.0)),
    ];
    for (hours, slot, revision, validation, numbers) in checkpoints {
        teller.checkpoint(hours * 60, slot, revision, (validation, numbers));
    }
    let first = teller.rollback(18 * 60, "HEAD~2", Verification::Verified, Some(Severity::Critical));
    teller.recover(19 * 60);
    teller.undo(20 * 60, &first);
    teller.checkpoint(40 * 60, "T+40h", "HEAD~1", (Validation::Validated, (1.79, 371.0)));
    teller.rollback(64 * 60 + 7, "HEAD~1", Verification::Failed, None);
}

impl Teller<'_> {
    fn oid(&self, revision: &str) -> Oid {
        self.repo.gix().rev_parse_single(revision).expect("it is there").detach()
    }

    fn state(&self, revision: &str) -> State {
        let commit = self.oid(revision);
        let tree = self.repo.tree_of(commit).expect("it is there");
        let head = Head::Branch { name: "refs/heads/main".into(), commit: Some(commit) };
        State { head, index: tree, worktree: tree, tip: commit, extras: None }
    }

    fn word(&self, plain: &str) -> String {
        if self.hostile {
            format!("{plain} <script>alert('{plain}')</script> \u{1b}[31m\u{202e}|`*_[x](y)&amp;")
        } else {
            plain.to_owned()
        }
    }

    fn record(&mut self, minutes: i64, subject: &str, state: State, detail: Detail) -> Record {
        let at = self.began + TimeDelta::minutes(minutes);
        self.number += 1;
        let mut record = Record {
            id: RecordId::new(at, Kind::Create, self.number),
            at,
            subject: self.word(subject),
            message: None,
            phase: None,
            state,
            skipped: Vec::new(),
            refs: Vec::new(),
            checks: Vec::new(),
            artifacts: Vec::new(),
            steps: Vec::new(),
            detail,
        };
        record.id = RecordId::new(at, record.kind(), self.number);
        record
    }

    fn publish(&self, record: &Record, attached: &Attached<'_>, tag: TagKind) {
        let time = gix::date::Time::new(record.at.timestamp(), 0);
        let name = self.word("Tess Tagger").replace(['<', '>'], "");
        let signature = gix::actor::Signature { name: name.into(), email: "tess@example.com".into(), time };
        let by = Identity { signature, is_fallback: false };
        let published = Store::new(self.repo).publish(record, attached, tag, &by).expect("it can be published");
        assert!(matches!(published, Published::Done(_)), "{published:?}");
    }

    fn checkpoint(
        &mut self,
        minutes: i64,
        slot: &str,
        revision: &str,
        (validation, numbers): (Validation, (f64, f64)),
    ) {
        let tag = format!("phase2-checkpoint-{slot}");
        let detail = Detail::Create { tag: Some(tag.into()), wanted: None, validation, index_before: None };
        let mut record = self.record(minutes, &format!("checkpoint of phase2 at {slot}"), self.state(revision), detail);
        let verdict = if validation == Validation::Failed { Verdict::Fail } else { Verdict::Pass };
        record.checks = self.checks(verdict, numbers);
        if validation == Validation::Pending {
            record.checks.truncate(1);
        }
        self.publish(&record, &Attached::default(), TagKind::Annotated);
    }

    fn checks(&self, mail: Verdict, (p95, memory): (f64, f64)) -> Vec<CheckResult> {
        let level = |value: f64, warn: f64, fail: f64| match value {
            value if value > fail => Level::Fail,
            value if value > warn => Level::Warn,
            _ => Level::Good,
        };
        let number = |name: &str, value, unit: &str, level, limit: &str| Measurement {
            name: name.into(),
            value,
            unit: unit.into(),
            limit: Some(limit.into()),
            level,
        };
        let check = |name: &str, verdict, why: Option<&str>, measurements: Vec<Measurement>| CheckResult {
            name: name.into(),
            verdict,
            severity: if name == "mail" { Severity::Critical } else { Severity::High },
            took: Duration::from_millis(1200),
            cached: false,
            why: why.map(|why| self.word(why)),
            measurements,
        };
        let slow = level(p95, 2.0, 3.0);
        let why = (mail == Verdict::Fail).then_some("it exited with code 1");
        vec![
            check(
                "dashboard",
                if slow == Level::Fail { Verdict::Fail } else { Verdict::Pass },
                (slow == Level::Fail).then_some("p95 is over the limit of 3 s"),
                vec![
                    number("p95", p95, "s", slow, "warn above 2 s, fail above 3 s"),
                    number("memory", memory, "MB", level(memory, 700.0, 700.0), "fail above 700 MB"),
                ],
            ),
            check("mail", mail, why, Vec::new()),
        ]
    }

    fn rollback(&mut self, minutes: i64, to: &str, verification: Verification, severity: Option<Severity>) -> RecordId {
        let works = verification == Verification::Verified;
        let conduct = Conduct {
            scope: Scope::Everything,
            emergency: !works,
            severity,
            verification: Some(verification),
            checks_before: if works { self.checks(Verdict::Fail, (3.4, 520.0)) } else { Vec::new() },
        };
        let backup = format!("phase2-broken-{minutes}");
        let detail = Detail::Rollback {
            selector: "T+8h".into(),
            to: self.oid(to),
            backup: Some(backup.into()),
            paths: Vec::new(),
            conduct,
        };
        let slot = if works { "T+8h" } else { "T+40h" };
        let mut record =
            self.record(minutes, &format!("rollback to phase2-checkpoint-{slot}"), self.state("HEAD"), detail);
        record.message = Some(self.word(if works {
            "mail is not sent any more\n\nSeen by support at 17:40; three customers called."
        } else {
            "invoices are sent twice"
        }));
        record.checks = self.checks(if works { Verdict::Pass } else { Verdict::Inconclusive }, (1.91, 398.0));
        record.steps = self.steps(works);
        record.skipped = vec![Skipped { path: "dump.sql".into(), reason: SkipReason::TooLarge }];
        record.artifacts = if works { vec![self.artifact()] } else { Vec::new() };
        let log: Vec<u8> = if self.hostile {
            b"</pre><script>alert('log')</script>\n\x1b[2J\n```\n".to_vec()
        } else {
            b"connecting\n\nsending 1 of 3\n  error: no answer after 30 s\n".to_vec()
        };
        let logs = [("mail".to_owned(), log)];
        self.publish(
            &record,
            &Attached { logs: if works { &[] } else { &logs }, ..Attached::default() },
            TagKind::None,
        );
        record.id
    }

    fn artifact(&self) -> SavedArtifact {
        SavedArtifact {
            name: "db".into(),
            object: self.oid("HEAD^{tree}"),
            size: 5_242_880,
            sha256: "4b68ab3847feda7d6c62c1fbcbeebfa35eab7351ed5e78f4ddadea5df64b8015".into(),
            form: ArtifactForm::Copy,
            path: Some("database/app.sqlite".into()),
        }
    }

    fn steps(&self, works: bool) -> Vec<Step> {
        let step = |name: &str, outcome, millis, detail: &str| Step {
            name: self.word(name),
            outcome,
            took: Duration::from_millis(millis),
            detail: if detail.is_empty() { String::new() } else { self.word(detail) },
        };
        use StepOutcome::{Done, Failed, Skipped, Tolerated};
        if works {
            return vec![
                step("measure", Done, 2400, "1 of 2 passed"),
                step("back up", Done, 31, "branch phase2-broken-1080"),
                step("before: php artisan down", Done, 420, ""),
                step("restore", Done, 58, "3 files"),
                step("artifact db", Done, 890, "5.0 MiB"),
                step("after: php artisan cache:clear", Tolerated, 1300, "it exited with code 1"),
                step("after: php artisan up", Done, 380, ""),
                step("verify", Done, 12, "HEAD, index and files are exactly the state"),
                step("checks", Done, 2400, "2 of 2 passed"),
            ];
        }
        vec![
            step("back up", Done, 24, "branch phase2-broken-3847"),
            step("restore", Done, 41, "1 file"),
            step("verify", Done, 9, "HEAD, index and files are exactly the state"),
            step("checks", Failed, 31_200, "1 of 2 passed"),
            step("push", Skipped, 0, ""),
        ]
    }

    fn recover(&mut self, minutes: i64) {
        let picked = vec![PickedCommit { from: self.oid("HEAD~3"), to: self.oid("HEAD~1") }];
        let detail = Detail::Recover {
            source: "phase2-broken-1080".into(),
            picked,
            uncommitted: false,
            paths: Vec::new(),
            validated: None,
            verification: None,
        };
        let record = self.record(minutes, "recover 1 commit", self.state("HEAD~2"), detail);
        self.publish(&record, &Attached::default(), TagKind::None);
    }

    fn undo(&mut self, minutes: i64, undoes: &RecordId) {
        let detail = Detail::Undo { undoes: undoes.clone() };
        let record = self.record(minutes, "undo rollback to phase2-checkpoint-T+8h", self.state("HEAD~2"), detail);
        self.publish(&record, &Attached::default(), TagKind::None);
    }
}
