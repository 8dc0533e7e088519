//! `job.json`: what is known of one job.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use gix::bstr::ByteSlice;
use serde::{Deserialize, Serialize};

use crate::model::{AttemptEnd, CheckResult, JobState, Oid, Record, RecordId, Verdict, quote_path, unquote_path};

/// The version of the file that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The checks of one pending checkpoint that are run in the background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    format: u32,
    /// The record of the checkpoint.
    #[serde(with = "text")]
    pub id: RecordId,
    /// The tag that it gets when its checks pass; `None` where it gets none.
    pub tag: Option<String>,
    /// The commit that is validated.
    #[serde(with = "text")]
    pub commit: Oid,
    /// The phase that the checkpoint is of.
    pub phase: Option<String>,
    /// When in the life of a state the checks run; a word.
    pub stage: String,
    /// The top of the worktree that the checkpoint was taken in, quoted.
    worktree: Option<String>,
    /// When the job was made.
    pub created: DateTime<Utc>,
    /// How far it is.
    pub state: JobState,
    /// Why it is so, where that is not plain.
    pub reason: Option<String>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// When the next attempt is due; `None`: at once.
    pub next: Option<DateTime<Utc>>,
    /// Whether it only waits for a person, to trust the configuration for example.
    pub on_hold: bool,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// How many attempts were made before a person asked for more.
    pub forgiven: usize,
    /// Whether a person has asked for it after it had ended.
    pub asked: bool,
    /// What the checks said that were waited for.
    pub foreground: Vec<CheckResult>,
    /// What all of them said at the last attempt.
    pub checks: Vec<CheckResult>,
    /// The hash of how the background checks were defined when they were last looked at.
    pub definition: Option<String>,
}

/// One run of the checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended; `None` while it goes on, and where its process died.
    pub ended: Option<DateTime<Utc>>,
    /// What it came to.
    pub end: Option<AttemptEnd>,
    /// Why, in one line.
    pub why: Option<String>,
}

impl Job {
    /// The job of a checkpoint, as far as its record tells.
    pub fn of_record(record: &Record, worktree: Option<&Path>, now: DateTime<Utc>) -> Self {
        let worktree = worktree.and_then(|path| gix::path::into_bstr(path).ok());
        Job {
            format: FORMAT,
            id: record.id.clone(),
            tag: record.tag().or(record.wanted_tag()).map(ToString::to_string),
            commit: record.state.tip,
            phase: record.phase.as_ref().map(|mark| mark.name.clone()),
            stage: "checkpoint".into(),
            worktree: worktree.map(|path| quote_path(path.as_ref())),
            created: now,
            state: record.validation().map_or(JobState::Cancelled, JobState::of_record),
            reason: None,
            notes: Vec::new(),
            next: None,
            on_hold: false,
            attempts: Vec::new(),
            forgiven: 0,
            asked: false,
            foreground: record.checks.iter().filter(|said| said.verdict != Verdict::Inconclusive).cloned().collect(),
            checks: record.checks.clone(),
            definition: None,
        }
    }

    /// The top of the worktree that the checkpoint was taken in.
    pub fn worktree(&self) -> Option<PathBuf> {
        let bytes = unquote_path(self.worktree.as_deref()?)?;
        gix::path::from_bstr(bytes.as_bstr()).ok().map(std::borrow::Cow::into_owned)
    }

    /// How many attempts count against the limit.
    pub fn counted(&self) -> usize {
        let counts = |attempt: &&Attempt| attempt.end != Some(AttemptEnd::Stopped);
        self.attempts.iter().skip(self.forgiven).filter(counts).count()
    }

    /// The last attempt.
    pub fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Since when it is in its state, as far as that is known.
    pub fn since(&self) -> DateTime<Utc> {
        self.last().map_or(self.created, |attempt| attempt.ended.unwrap_or(attempt.started))
    }

    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec_pretty(self)
    }

    /// Reads the file of the job with this id.
    pub(super) fn decode(id: &RecordId, bytes: &[u8]) -> Result<Self, String> {
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        if let Some(newer) = format.filter(|format| *format > u64::from(FORMAT)) {
            return Err(format!("it is of format {newer}, this version reads up to {FORMAT}"));
        }
        let job: Job = serde_json::from_value(value).map_err(|error| error.to_string())?;
        if job.id == *id { Ok(job) } else { Err(format!("it is that of {}", job.id)) }
    }
}

/// What is written and read as text.
mod text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Detail, Head, Kind, State, Validation};

    pub(in crate::store) fn job() -> Job {
        let at = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
        let tree = Oid::empty_tree(gix::hash::Kind::Sha1);
        let head = Head::Detached { commit: tree };
        let record = Record {
            id: RecordId::new(at, Kind::Create, 7),
            at,
            subject: "checkpoint".into(),
            message: None,
            phase: None,
            state: State { head, index: tree, worktree: tree, tip: tree, extras: None },
            skipped: Vec::new(),
            refs: Vec::new(),
            checks: Vec::new(),
            artifacts: Vec::new(),
            steps: Vec::new(),
            detail: Detail::Create { tag: None, wanted: None, validation: Validation::Pending, index_before: None },
        };
        Job::of_record(&record, Some(Path::new("/a \"b\"/\u{e9}")), at)
    }

    #[test]
    fn a_job_is_read_as_it_was_written() {
        let job = job();
        let bytes = job.encode().expect("it is JSON");
        assert_eq!(Job::decode(&job.id, &bytes), Ok(job.clone()));
        assert_eq!(job.worktree(), Some(PathBuf::from("/a \"b\"/\u{e9}")));
        assert_eq!(job.state, JobState::Queued);
    }

    #[test]
    fn what_is_no_job_is_told_apart() {
        let job = job();
        let text = String::from_utf8(job.encode().expect("it is JSON")).expect("it is text");
        let other = RecordId::new(job.created, Kind::Create, 8);
        for (id, text, expected) in [
            (&job.id, String::new(), "EOF"),
            (&job.id, "[".repeat(100_000), "recursion"),
            (&job.id, "null".into(), "invalid type"),
            (&job.id, "{\"format\":2}".into(), "format 2"),
            (&job.id, text.replace("queued", "sleeping"), "sleeping"),
            (&job.id, text.replace(job.id.as_str(), "../../x"), "not a record's id"),
            (&job.id, text.replace("\"attempts\": []", "\"attempts\": [1]"), "invalid type"),
            (&other, text.clone(), "it is that of"),
        ] {
            let why = Job::decode(id, text.as_bytes()).expect_err("it is no job");
            assert!(why.contains(expected), "{why}");
        }
        let forgiven = text.replace("\"forgiven\": 0", "\"forgiven\": 18446744073709551615");
        assert_eq!(Job::decode(&job.id, forgiven.as_bytes()).expect("it is one").counted(), 0);
    }
}
