//! One push: exact refspecs, each with the value that the remote is expected to have.

use std::collections::BTreeMap;

use gix::bstr::{BString, ByteSlice};

use super::Remote;
use crate::{
    error::{Context, Result},
    git::Repo,
    model::Oid,
};

/// A call has a command line, which must not become too long.
const AT_ONCE: usize = 200;

/// A change of one ref of the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The full name there.
    pub name: BString,
    /// What it must be before; `None`: it must not exist.
    pub old: Option<Oid>,
    /// What it becomes; `None`: it is deleted.
    pub new: Option<Oid>,
}

/// What became of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is as it was to be.
    Done,
    /// It was refused, for this reason.
    Refused(String),
    /// Nobody said.
    Unknown,
}

/// What came of a push.
#[derive(Debug, Default)]
pub struct Pushed {
    /// What became of each ref.
    pub answers: BTreeMap<BString, Answer>,
    /// What git and the remote said, where something was refused.
    pub said: String,
}

impl Pushed {
    /// Whether everything was done.
    pub fn is_complete(&self) -> bool {
        self.answers.values().all(|answer| *answer == Answer::Done)
    }
}

impl Remote {
    /// Pushes `updates`, in order. Where the server can, those that go in one call (about two hundred) change together or not
    /// at all, if `atomic`. What was refused is no error; an error only where nothing could be tried.
    pub fn push(&self, repo: &Repo, updates: &[Update], atomic: bool, verify: bool) -> Result<Pushed> {
        let mut pushed = Pushed::default();
        for part in updates.chunks(AT_ONCE) {
            self.push_part(repo, part, (atomic, verify), &mut pushed)?;
            if atomic && !pushed.is_complete() {
                let left = updates.iter().filter(|update| !pushed.answers.contains_key(&update.name));
                let left: Vec<BString> = left.map(|update| update.name.clone()).collect();
                pushed.answers.extend(left.into_iter().map(|name| (name, Answer::Unknown)));
                break;
            }
        }
        Ok(pushed)
    }

    fn push_part(
        &self,
        repo: &Repo,
        part: &[Update],
        (atomic, verify): (bool, bool),
        pushed: &mut Pushed,
    ) -> Result<()> {
        let mut options = vec!["--porcelain", "--no-follow-tags", "--recurse-submodules=no"];
        options.push(if atomic { "--atomic" } else { "--no-atomic" });
        options.push(if verify { "--verify" } else { "--no-verify" });
        let mut call = self.call(repo, "push", &options);
        for update in part {
            let old = update.old.map(|old| old.to_string()).unwrap_or_default();
            call = call.arg(os(&[b"--force-with-lease=", update.name.as_slice(), b":", old.as_bytes()])?);
        }
        call = call.arg("--").arg(self.name());
        for update in part {
            let new = update.new.map(|new| new.to_string()).unwrap_or_default();
            call = call.arg(os(&[new.as_bytes(), b":", update.name.as_slice()])?);
        }
        let output = call.output()?;
        if atomic && output.stderr.contains("does not support --atomic") {
            return self.push_part(repo, part, (false, verify), pushed);
        }
        let said = answers(&output.stdout);
        for update in part {
            let answer = match said.get(&update.name) {
                Some(answer) => answer.clone(),
                None => Answer::Unknown,
            };
            pushed.answers.insert(update.name.clone(), answer);
        }
        if output.code != 0 {
            let lines = output.stderr.lines().filter(|line| !line.starts_with("To ") && !line.trim().is_empty());
            pushed.said = lines.collect::<Vec<_>>().join("\n");
        }
        Ok(())
    }
}

fn os(parts: &[&[u8]]) -> Result<std::ffi::OsString> {
    let bytes = BString::from(parts.concat());
    let path = gix::path::from_bstr(bytes.as_bstr()).context("a ref's name cannot be passed on")?;
    Ok(path.into_owned().into_os_string())
}

/// Reads the lines of `git push --porcelain`: `<flag>\t<from>:<to>\t<summary> (<reason>)`.
fn answers(stdout: &[u8]) -> BTreeMap<BString, Answer> {
    let mut answers = BTreeMap::new();
    for line in stdout.lines() {
        let mut fields = line.splitn(3, |byte| *byte == b'\t');
        let (Some(flag), Some(refs), Some(summary)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let Some((_, name)) = refs.rsplit_once_str(":") else { continue };
        let answer = match flag {
            b"!" => Answer::Refused(summary.to_str_lossy().into_owned()),
            [_] => Answer::Done,
            _ => continue,
        };
        answers.insert(name.into(), answer);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_a_push_are_read() {
        let text = b"To ../remote.git\n*\t1111:refs/tags/a\t[new tag]\n!\t2222:refs/checkpoint/records/b\t[remote rejected] (hook declined)\n\
            =\t3333:refs/c\t[up to date]\n-\t:refs/d\t[deleted]\n+\t1:refs/e\tx...y (forced update)\nDone\n";
        let answers = answers(text);
        let refused =
            |name: &str| matches!(&answers[&BString::from(name)], Answer::Refused(why) if why.contains("declined"));
        assert_eq!(answers.len(), 5);
        assert!(refused("refs/checkpoint/records/b"));
        for name in ["refs/tags/a", "refs/c", "refs/d", "refs/e"] {
            assert_eq!(answers[&BString::from(name)], Answer::Done, "{name}");
        }
    }
}
