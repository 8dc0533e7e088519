//! The commands of artifacts: how they are run, and what an error says of them.

use std::{ffi::OsString, time::Instant};

use super::Around;
use crate::{
    check::{Logs, tail},
    config::{Artifact, DRILL_VARIABLE},
    error::{Error, Result},
    git::{
        artifact::Scratch,
        shell::{Ended, Leftovers, Shell},
    },
    ops::Session,
};

/// So many lines of what a command printed are told.
const SHOWN: usize = 10;

/// Runs a command of an artifact at the top of the worktree, with `CHECKPOINT_FILE` in `scratch`; an error if it does not end
/// well. `what` is the key it stands at.
pub(super) fn run(
    session: &Session,
    (artifact, what, command): (&Artifact, &str, &str),
    scratch: &Scratch,
    around: Around<'_>,
) -> Result<()> {
    let logs = Logs::of(&session.repo, session.now, "artifact");
    let log = logs.file(around.commit, &format!("{what}-{}", artifact.name))?;
    let mut vars = vars(artifact, scratch, around);
    if session.env().rehearsal().is_some() {
        vars.push((DRILL_VARIABLE, "1".into()));
    }
    let shell = Shell {
        command,
        dir: session.repo.workdir(),
        vars,
        input: None,
        log: log.clone(),
        deadline: Instant::now() + artifact.timeout.duration(),
        leftovers: Leftovers::Stay,
    };
    let why = match shell.run()? {
        Ended::Code(0) => return Ok(()),
        Ended::Code(code) => format!("`{what}` exited with code {code}"),
        Ended::Signal(number) => format!("`{what}` was ended by signal {number}"),
        Ended::TimedOut => format!("`{what}` took longer than {}", artifact.timeout),
        Ended::Stopped => "stopped as asked".into(),
    };
    let verb = if what == "save" { "saved" } else { "brought back" };
    let error = Error::refused(format!("the artifact `{}` could not be {verb}", artifact.name))
        .hint("try its command with CHECKPOINT_FILE set to a file of yours, and mend it in `.checkpoint.toml`");
    let lines = tail(&log, SHOWN);
    if lines.is_empty() {
        return Err(error.because(format!("{why}, and printed nothing")));
    }
    let printed = lines.iter().map(|line| format!("\n  | {line}")).collect::<String>();
    Err(error
        .because(format!("{why}; it printed at last:{printed}"))
        .hint(format!("all of it is in `{}`", log.display())))
}

fn vars(artifact: &Artifact, scratch: &Scratch, around: Around<'_>) -> Vec<(&'static str, OsString)> {
    let mark = around.phase;
    let elapsed = mark.and_then(|mark| mark.elapsed).map(|elapsed| elapsed.to_string());
    vec![
        ("CHECKPOINT_FILE", scratch.file().into()),
        ("CHECKPOINT_ARTIFACT", artifact.name.clone().into()),
        ("CHECKPOINT_STAGE", around.stage.into()),
        ("CHECKPOINT_COMMIT", around.commit.to_string().into()),
        ("CHECKPOINT_TREE", around.tree.to_string().into()),
        ("CHECKPOINT_PHASE", mark.map(|mark| mark.name.clone()).unwrap_or_default().into()),
        ("CHECKPOINT_ELAPSED", elapsed.unwrap_or_default().into()),
    ]
}
