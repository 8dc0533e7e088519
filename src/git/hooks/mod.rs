//! The hooks by which git calls this program: installed, taken away, and looked at.
//!
//! From version 2.54 git has hooks in its configuration, several for an event; there nothing of the user's is touched.
//! Before that a hook is a file, one for an event. A file that is there already is kept under its own name in a folder
//! beside the hooks' own, as deep in the tree and with links to what else is there: whatever it works out from its own
//! name (husky finds its scripts so, others find out which hook they are) stays true.
//!
//! The user's own file is never without a name: it gets its second name (a hard link) before the shim takes its first,
//! and is renamed back over the shim. Nothing but these files says what was done, so a call that was killed is completed
//! by the next.
//!
//! `facts` looks, `plan` decides from values alone, `apply` does it or undoes what it did.

mod apply;
mod asked;
mod config;
mod exclude;
mod facts;
mod fire;
mod folder;
mod folders;
mod picks;
mod plan;
mod shim;
mod status;

use std::path::Path;

use crate::{config::Env, error::Result, git::Repo};

pub use config::{Configured, KEY};
pub use facts::{Facts, Unusable, gather};
pub use fire::{Fired, Shot, fire};
pub use folder::{Content, Folder, Manager, Saved, Slot, Tracking};
pub use folders::Remembered;
pub use picks::run_for_picks;
pub use plan::{Over, Plan, Step, install as plan_install, uninstall as plan_uninstall};
pub use status::{EventState, EventStatus, Overall, Status, Trouble};

/// The oldest git that has hooks in its configuration.
pub const CONFIGURED_SINCE: (u32, u32) = (2, 54);

/// How git finds the hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// `hook.<name>.command` and `.event`, from git 2.54 on.
    Config,
    /// A file for an event.
    Files,
}

impl Mechanism {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mechanism::Config => "config",
            Mechanism::Files => "files",
        }
    }
}

/// How the hooks of this repository stand.
pub fn status(repo: &Repo, env: &Env) -> Result<Status> {
    Ok(status::of(&gather(repo, env)?))
}

/// The same, worked out without git where that can be: for what is called all day. Where nothing is installed, git's
/// version is told only with `complete`.
pub fn glance(repo: &Repo, env: &Env, complete: bool) -> Result<Status> {
    Ok(status::of(&facts::glance(repo, env, complete)?))
}

/// The same, from what was looked at already.
pub fn status_of(facts: &Facts) -> Status {
    status::of(facts)
}

/// Carries a plan out, completely or not at all. Needs the operation lock.
pub fn apply(repo: &Repo, facts: &Facts, plan: &Plan) -> Result<()> {
    apply::apply(repo, facts, plan)
}

/// The version of git on PATH, and the same as text.
pub fn git_version() -> Result<((u32, u32), String)> {
    super::version::ask(Path::new("."))
}
