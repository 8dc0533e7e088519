//! Whatever a record holds, it comes back; and the trailers say nothing else, whatever the body says.

use std::time::Duration;

use chrono::DateTime;
use gix::bstr::{BString, ByteSlice};
use proptest::prelude::*;

use super::{decode, encode};
use crate::model::{
    ArtifactForm, Attempt, CheckResult, Conduct, Course, Detail, Elapsed, Exit, Fate, Head, Kind, Level, Measurement,
    Oid, PhaseMark, PickedCommit, Record, RecordId, RefChange, SavedArtifact, Schedule, Scope, Severity, SkipReason,
    Skipped, State, Step, StepOutcome, Tried, Turn, Validation, Verdict, Verification,
};

const HOSTILE: [&str; 14] = [
    "",
    "\n",
    "\n\n\n",
    "---\nCheckpoint-Format: 99",
    "Checkpoint-Format: 99\nCheckpoint-Kind: undo",
    "text\n\nSigned-off-by: A <a@b>\nCheckpoint-Id: x",
    "-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----",
    "-----BEGIN SSH SIGNATURE-----",
    "nul \0 cr \r\n escape \u{1b}[31m red \u{202e} reversed",
    "\n lead and trail \n\n",
    "\\n \\055 C:\\path \"quoted\" \\",
    "  \n\t\n  ",
    "gpgsig -----BEGIN\ntree 0000\n\n\nlast",
    "Ünïcödé 日本語 🎉",
];

fn oid() -> impl Strategy<Value = Oid> {
    any::<[u8; 20]>().prop_map(Oid::Sha1)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~\n\t\\\\\"-]{0,40}", prop::sample::select(&HOSTILE[..]).prop_map(str::to_owned)]
}

fn bytes() -> impl Strategy<Value = BString> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..30).prop_map(BString::from), text().prop_map(BString::from)]
}

fn id(kind: impl Strategy<Value = Kind>) -> impl Strategy<Value = RecordId> {
    (0_i64..4_000_000_000_000, kind, any::<u32>()).prop_map(|(millis, kind, random)| {
        RecordId::new(DateTime::from_timestamp_millis(millis).expect("in range"), kind, random)
    })
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(&Kind::ALL[..])
}

fn state() -> impl Strategy<Value = State> {
    let head = prop_oneof![
        (bytes(), prop::option::of(oid())).prop_map(|(name, commit)| Head::Branch { name, commit }),
        oid().prop_map(|commit| Head::Detached { commit }),
    ];
    (head, oid(), oid(), oid(), prop::option::of(oid())).prop_map(|(head, index, worktree, tip, extras)| State {
        head,
        index,
        worktree,
        tip,
        extras,
    })
}

fn detail() -> impl Strategy<Value = Detail> {
    let validation = prop::sample::select(vec![
        Validation::Validated,
        Validation::Pending,
        Validation::Failed,
        Validation::Inconclusive,
        Validation::Unvalidated,
    ]);
    let pick = (oid(), oid()).prop_map(|(from, to)| PickedCommit { from, to });
    prop_oneof![
        (prop::option::of(bytes()), prop::option::of(bytes()), validation, prop::option::of(oid())).prop_map(
            |(tag, wanted, validation, index_before)| Detail::Create { tag, wanted, validation, index_before }
        ),
        (text(), oid(), prop::option::of(bytes()), prop::collection::vec(bytes(), 0..3), conduct()).prop_map(
            |(selector, to, backup, paths, conduct)| Detail::Rollback { selector, to, backup, paths, conduct }
        ),
        (
            text(),
            prop::collection::vec(pick, 0..3),
            any::<bool>(),
            prop::collection::vec(bytes(), 0..3),
            (prop::option::of(oid()), prop::option::of(verified())),
        )
            .prop_map(|(source, picked, uncommitted, paths, (validated, verification))| Detail::Recover {
                source,
                picked,
                uncommitted,
                paths,
                validated,
                verification
            }),
        id(any_kind()).prop_map(|undoes| Detail::Undo { undoes }),
        id(any_kind()).prop_map(|undoes| Detail::Redo { undoes }),
        id(any_kind()).prop_map(|resumes| Detail::Resume { resumes }),
        (
            prop::option::of(text()),
            prop::collection::vec((bytes(), oid()), 0..3),
            prop::collection::vec(id(any_kind()), 0..3)
        )
            .prop_map(|(remote, removed, freed)| Detail::Prune { remote, removed, freed }),
        attempt().prop_map(|attempt| Detail::Try(Box::new(attempt))),
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let exits = vec![Exit::Code(3), Exit::Signal(9), Exit::TimedOut, Exit::Stopped, Exit::NotStarted];
    let turns = prop::sample::select(vec![Turn::Kept, Turn::LeftOut, Turn::Unchanged]);
    let tried = (bytes(), turns, text(), prop::option::of(oid())).prop_map(|(path, turn, reason, made)| Tried {
        path,
        turn,
        reason,
        made,
    });
    (
        (prop::collection::vec(bytes(), 0..3), any::<bool>(), prop::option::of(prop::sample::select(exits))),
        prop::option::of(prop::sample::select(vec![Fate::Kept, Fate::PutBack])),
        prop::option::of(id(any_kind())),
        prop::option::of(state()),
        prop::collection::vec(tried, 0..3),
    )
        .prop_map(|((command, each, exit), fate, checkpoint, result, files)| Attempt {
            command,
            each,
            exit,
            fate,
            checkpoint,
            result,
            files,
        })
}

fn phase() -> impl Strategy<Value = PhaseMark> {
    let span = |from: u32| (from..100_000).prop_map(Elapsed::from_minutes);
    let schedule = prop_oneof![
        span(1).prop_map(|span| Schedule::every(span).expect("not zero")),
        prop::collection::btree_set(span(1), 1..5)
            .prop_map(|times| Schedule::at(times.into_iter().collect()).expect("none is zero or there twice")),
    ];
    let course = (0_i64..4_000_000_000, schedule, span(0), any::<u64>()).prop_map(|(at, schedule, slot, number)| {
        Course { began: DateTime::from_timestamp(at, 0).expect("in range"), schedule, slot, number }
    });
    let events = ["start", "timed", "finish", "withdraw", "reopen"].map(|word| word.parse().expect("an event"));
    let event = prop::option::of(prop::sample::select(events.to_vec()));
    (text(), prop::option::of(span(0)), prop::option::of(course), event)
        .prop_map(|(name, elapsed, course, event)| PhaseMark { name, elapsed, course, event })
}

fn checks() -> impl Strategy<Value = Vec<CheckResult>> {
    let levels = prop::sample::select(vec![Level::Good, Level::Warn, Level::Fail, Level::Unknown]);
    let numbers = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    let measurement = ("[a-z_0-9]{1,8}", numbers, "[a-zµ/%]{0,5}", prop::option::of(text()), levels)
        .prop_map(|(name, value, unit, limit, level)| Measurement { name, value, unit, limit, level });
    let verdicts = prop::sample::select(vec![Verdict::Pass, Verdict::Fail, Verdict::Inconclusive]);
    let severities = prop::sample::select(vec![Severity::Low, Severity::Medium, Severity::High, Severity::Critical]);
    let said = (verdicts, severities, 0..10_000_000_u64, any::<bool>());
    let check = (said, prop::option::of(text()), prop::collection::vec(measurement, 0..3));
    prop::collection::vec(check, 0..3).prop_map(|checks| {
        let named = |(number, ((verdict, severity, millis, cached), why, measurements))| CheckResult {
            name: format!("check-{number}"),
            verdict,
            severity,
            took: Duration::from_millis(millis),
            cached,
            why,
            measurements,
        };
        checks.into_iter().enumerate().map(named).collect()
    })
}

fn verified() -> impl Strategy<Value = Verification> {
    prop::sample::select(vec![Verification::Verified, Verification::Failed, Verification::Inconclusive])
}

fn conduct() -> impl Strategy<Value = Conduct> {
    let scopes = prop::sample::select(vec![Scope::Everything, Scope::Code, Scope::Artifacts]);
    let severities = prop::sample::select(vec![Severity::Low, Severity::Critical]);
    (scopes, any::<bool>(), prop::option::of(severities), prop::option::of(verified()), checks()).prop_map(
        |(scope, emergency, severity, verification, checks_before)| Conduct {
            scope,
            emergency,
            severity,
            verification,
            checks_before,
        },
    )
}

fn course() -> impl Strategy<Value = (Vec<SavedArtifact>, Vec<Step>)> {
    let forms = prop::sample::select(vec![ArtifactForm::Copy, ArtifactForm::Command, ArtifactForm::Absent]);
    let artifact = ("[a-z0-9][a-z0-9._-]{0,8}", oid(), any::<u64>(), "[0-9a-f]{64}", forms, prop::option::of(bytes()))
        .prop_map(|(name, object, size, sha256, form, path)| SavedArtifact { name, object, size, sha256, form, path });
    let outcomes = prop::sample::select(vec![
        StepOutcome::Done,
        StepOutcome::Tolerated,
        StepOutcome::Failed,
        StepOutcome::Skipped,
    ]);
    let step = (text(), outcomes, 0..10_000_000_u64, text()).prop_map(|(name, outcome, millis, detail)| Step {
        name,
        outcome,
        took: Duration::from_millis(millis),
        detail,
    });
    (prop::collection::vec(artifact, 0..3), prop::collection::vec(step, 0..4))
}

fn record() -> impl Strategy<Value = Record> {
    let skipped = (bytes(), prop::sample::select(vec![SkipReason::TooLarge, SkipReason::NestedRepository]))
        .prop_map(|(path, reason)| Skipped { path, reason });
    let change = (bytes(), prop::option::of(oid()), prop::option::of(oid())).prop_map(|(name, old, new)| RefChange {
        name,
        old,
        new,
    });
    let phase = prop::option::of(phase());
    let lists = (prop::collection::vec(skipped, 0..3), prop::collection::vec(change, 0..3), checks(), course());
    let texts = (text(), prop::option::of(text()), phase);
    (0_i64..4_000_000_000, any::<u32>(), texts, state(), lists, detail()).prop_map(
        |(at, random, (subject, message, phase), state, (skipped, refs, checks, (artifacts, steps)), detail)| {
            let at = DateTime::from_timestamp(at, 0).expect("in range");
            let id = RecordId::new(at, Kind::Create, random);
            let mut record =
                Record { id, at, subject, message, phase, state, skipped, refs, checks, artifacts, steps, detail };
            record.id = RecordId::new(at, record.kind(), random);
            record
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_comes_back(record in record()) {
        let message = encode(&record);
        let read = decode(record.state.tip, &message).map_err(|error| error.chain().join(": "));
        prop_assert_eq!(read, Ok(Some(record.clone())), "{}", message);
        // As behind a signature, where the last line end belongs to the separator.
        let read = decode(record.state.tip, message.trim_end()).map_err(|error| error.chain().join(": "));
        prop_assert_eq!(read, Ok(Some(record)));
    }

    #[test]
    fn no_message_is_a_panic(message in prop::collection::vec(any::<u8>(), 0..200), text in text()) {
        let _read = decode(Oid::null(gix::hash::Kind::Sha1), &message);
        let _read = decode(Oid::null(gix::hash::Kind::Sha1), format!("s\n\nCheckpoint-Format: 1\n{text}").as_bytes());
    }
}

fn sample() -> Record {
    let at = DateTime::parse_from_rfc3339("2026-11-21T14:30:00Z").expect("valid").to_utc();
    let oid = Oid::null(gix::hash::Kind::Sha1);
    Record {
        id: RecordId::new(at, Kind::Create, 7),
        at,
        subject: "checkpoint".into(),
        message: None,
        phase: None,
        state: State { head: Head::Detached { commit: oid }, index: oid, worktree: oid, tip: oid, extras: None },
        skipped: Vec::new(),
        refs: Vec::new(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail: Detail::Create { tag: None, wanted: None, validation: Validation::Validated, index_before: None },
    }
}

#[test]
fn a_hostile_text_changes_nothing_else() {
    for hostile in HOSTILE {
        let record = Record { message: Some(hostile.into()), subject: hostile.into(), ..sample() };
        let message = encode(&record);
        let read = decode(record.state.tip, &message).expect(hostile);
        assert_eq!(read.as_ref(), Some(&record), "{message}");
        let shown = message.to_str().expect("text");
        assert!(shown.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()), "{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("-----BEGIN ") || line == "---"), "{shown}");
    }
}

#[test]
fn harmless_text_stays_readable() {
    let record = Record { message: Some("why:\n\n- \"this\"\n\t- C:\\that — ü".into()), ..sample() };
    let message = encode(&record).to_string();
    assert!(
        message.starts_with("checkpoint\n\nwhy:\n\n- \"this\"\n\t- C:\\that — ü\n\nCheckpoint-Format: 1\n"),
        "{message}"
    );
}

#[test]
fn unknown_trailers_are_accepted_and_newer_formats_named() {
    let record = sample();
    let message = encode(&record).to_string() + "Checkpoint-Mood: fine\nOther-Thing: yes\nno trailer\n";
    let read = decode(record.state.tip, message.as_bytes()).expect("readable");
    assert_eq!(read.as_ref(), Some(&record));
    let newer = encode(&record).to_string().replace("Checkpoint-Format: 1", "Checkpoint-Format: 2");
    let error = decode(record.state.tip, newer.as_bytes()).expect_err("too new");
    assert_eq!(error.to_string(), format!("record {} is of format 2, this version reads up to 1", record.id));
    assert!(error.hints()[0].contains("update"));
}

#[test]
fn what_is_no_record_is_none_and_what_is_broken_is_named() {
    let target = Oid::null(gix::hash::Kind::Sha1);
    for message in ["", "release 1.0\n", "subject\n\nbody\n\nSigned-off-by: a\n", "\u{0}\n\n\u{1}"] {
        assert_eq!(decode(target, message.as_bytes()).expect(message), None);
    }
    let record = sample();
    for (from, to) in
        [("Checkpoint-Head", "X"), ("Checkpoint-Kind: create", "Checkpoint-Kind: undo"), ("1\nCh", "one\nCh")]
    {
        let broken = encode(&record).to_string().replace(from, to);
        let error = decode(target, broken.as_bytes()).expect_err(from);
        assert_eq!(error.to_string(), format!("record {} cannot be read", record.id));
    }
}

#[test]
fn a_phase_of_before_and_one_of_a_later_version_are_read() {
    let began = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
    let course = Course { began, schedule: Schedule::DEFAULT, slot: Elapsed::from_minutes(240), number: 2 };
    let name = "phase2".to_owned();
    let mark = PhaseMark { name, elapsed: Some(Elapsed::from_minutes(241)), course: Some(course), event: None };
    let record = Record { phase: Some(mark.clone()), ..sample() };
    let message = encode(&record).to_string();
    let read = |message: &str| {
        let record = decode(record.state.tip, message.as_bytes()).expect("readable");
        record.and_then(|record| record.phase).expect("it has a phase")
    };
    assert_eq!(read(&message), mark);
    let only_name: String =
        message.split_inclusive('\n').filter(|line| !line.starts_with("Checkpoint-Phase-")).collect();
    assert_eq!(read(&only_name), PhaseMark { course: None, ..mark.clone() });
    let later = message.replace("every 4h", "when it rains");
    assert_eq!(read(&later), PhaseMark { course: None, ..mark });
}
