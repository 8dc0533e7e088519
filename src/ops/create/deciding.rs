//! The checks that decide whether a state stays, asked before it becomes a checkpoint.

use super::{
    Plan,
    gate::{self, Asks, Wanted, changed_files},
};
use crate::{
    check::{Checked, Why},
    config::{Check, Moment},
    error::{Error, Result},
    model::Oid,
    ops::{Session, trust, validate},
};

/// Which checks decide.
#[derive(Debug, Clone, Default)]
pub(in crate::ops) struct Choice {
    /// Only those of these names, and those that they need; empty for all of the moment.
    pub(in crate::ops) only: Vec<String>,
    /// Those for the background as well.
    pub(in crate::ops) heavy: bool,
    /// None at all.
    pub(in crate::ops) none: bool,
}

/// The checks that decide about a state; an error where there are some and they cannot be run.
pub(in crate::ops) fn deciding<'s>(
    session: &'s Session,
    trusted: &'s trust::Standing,
    choice: &Choice,
) -> Result<Vec<&'s Check>> {
    refuse_unknown(session, trusted, choice)?;
    let mut checks =
        match gate::wanted(session, trusted, (Asks { checks: !choice.none, artifacts: false }, &choice.only))? {
            Wanted::None => return Ok(Vec::new()),
            Wanted::Held(held) => return Err(held.into_error()),
            Wanted::Checks(checks) => checks,
        };
    // What is asked for by name is waited for.
    checks.retain(|check| !check.background || choice.heavy || choice.only.contains(&check.name));
    validate::refuse_missing(&checks, session)?;
    Ok(checks)
}

fn refuse_unknown(session: &Session, trusted: &trust::Standing, choice: &Choice) -> Result<()> {
    if choice.only.is_empty() {
        return Ok(());
    }
    let all = session.config.checks(trust::require(trusted)?)?;
    let is_known =
        |name: &&String| all.iter().any(|check| check.name == **name && check.on.contains(&Moment::Checkpoint));
    match choice.only.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(Error::usage(format!("no check of a checkpoint has the name `{name}`"))
            .hint("`git checkpoint check` runs those that there are")),
    }
}

impl Plan {
    /// The same with what checks have said of this tree, `None` where nobody was asked; `only` these are run.
    pub(in crate::ops) fn answered_by(self, session: &Session, said: (Vec<Checked>, Oid), only: &[String]) -> Plan {
        let (mut answered, tree) = said;
        let now = self.captured.state.worktree;
        if now != tree {
            let files = changed_files(session, tree, now);
            answered = answered.into_iter().map(|one| one.without(Why::ChangedFiles(files.clone()))).collect();
        }
        Plan { answered, only: only.to_vec(), ..self }
    }
}
