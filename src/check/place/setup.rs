//! The command that makes a private worktree ready, and what is remembered of it: with which files it last succeeded.

use std::{
    fs, io,
    time::{Duration, Instant},
};

use super::Surroundings;
use crate::{
    config::ContentHash,
    error::{Context, Error, Result},
    git::{
        durable,
        private::PrivateWorktree,
        shell::{Ended, Leftovers, Shell},
    },
};

/// Runs `command`, unless it has succeeded here with the same files before; how long it took, if it ran.
///
/// What it does to tracked files is taken back. A failure is an error that names the log, and is not remembered.
pub(super) fn run(
    worktree: &mut PrivateWorktree<'_>,
    (command, when): (&str, &[String]),
    surroundings: &Surroundings,
) -> Result<Option<Duration>> {
    let what = "cannot remember that setup has run";
    let files = if when.is_empty() { Vec::new() } else { tracked(worktree, when)? };
    let present = ContentHash::of(&files).to_string();
    let note = worktree.notes().join(format!("setup-{}", ContentHash::of(command.as_bytes())));
    if fs::read_to_string(&note).is_ok_and(|done| done == present) {
        return Ok(None);
    }
    match fs::remove_file(&note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).context(what),
        _ => {}
    }
    let started = Instant::now();
    let mut vars = surroundings.vars.clone();
    vars.extend(worktree.vars());
    let (dir, log) = (worktree.path(), surroundings.log.clone());
    let ended =
        Shell { command, dir, vars, input: None, log, deadline: surroundings.deadline, leftovers: Leftovers::End }
            .run()?;
    let took = started.elapsed();
    let changed = worktree.changed()?;
    if !changed.is_empty() {
        worktree.reset(worktree.commit())?;
    }
    let why = match ended {
        Ended::Code(0) => {
            durable::replace(&note, present.as_bytes(), 0).context(what)?;
            return Ok(Some(took));
        }
        Ended::Code(code) => format!("it exited with code {code}"),
        Ended::Signal(number) => format!("signal {number} ended it"),
        Ended::TimedOut => format!("it was ended after {} s, when its time was up", took.as_secs()),
        Ended::Stopped => "it was stopped".to_owned(),
    };
    let error = Error::environment(format!("the setup command `{command}` failed")).because(why);
    let printed = surroundings.log.exists();
    Err(if printed { error.hint(format!("all that it printed is in `{}`", surroundings.log.display())) } else { error })
}

fn tracked(worktree: &PrivateWorktree<'_>, when: &[String]) -> Result<Vec<u8>> {
    let listed = worktree.tracked(when).context("cannot find the files of `setup-when`");
    listed.map_err(|error| error.hint("`git --glob-pathspecs ls-files -- <pathspec>` tries one out"))
}
