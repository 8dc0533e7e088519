//! How the hooks stand, from what is found: which of them git calls, and what is the matter with the others.

use std::path::PathBuf;

use super::{
    Mechanism,
    config::Configured,
    facts::Facts,
    folder::{Content, Folder, Manager, Saved, Slot},
    shim,
};
use crate::model::HookEvent;

/// How one event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventState {
    /// git calls this program.
    Installed,
    /// git calls this program, and then the hook that was there before.
    Chained,
    /// pre-commit stands there and calls this program.
    ThroughPreCommit,
    /// A hook of the user calls this program itself.
    ByHand,
    /// A shim of another version stands there.
    Outdated,
    /// Somebody has put a hook in the place of ours.
    Replaced(Option<Manager>),
    /// Switched off with `hook.<name>.enabled`.
    Disabled,
    /// git does not call this program.
    Missing,
}

impl EventState {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            EventState::Installed => "installed",
            EventState::Chained => "chained",
            EventState::ThroughPreCommit => "through-pre-commit",
            EventState::ByHand => "by-hand",
            EventState::Outdated => "outdated",
            EventState::Replaced(_) => "replaced",
            EventState::Disabled => "disabled",
            EventState::Missing => "missing",
        }
    }

    /// Whether git calls this program for the event.
    pub fn is_called(self) -> bool {
        !matches!(self, EventState::Replaced(_) | EventState::Disabled | EventState::Missing)
    }
}

/// An event and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventStatus {
    /// The event.
    pub event: HookEvent,
    /// How it stands.
    pub state: EventState,
}

/// How the hooks stand, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overall {
    /// git calls this program for every event.
    Installed,
    /// For some only.
    Partial,
    /// For none, and none was installed.
    Absent,
}

impl Overall {
    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Overall::Installed => "installed",
            Overall::Partial => "partial",
            Overall::Absent => "absent",
        }
    }
}

/// What is the matter, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is the matter.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// How the hooks of a repository stand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Status {
    /// In a word.
    pub overall: Overall,
    /// How they are installed, if they are.
    pub mechanism: Option<Mechanism>,
    /// How `install` would install them with this git.
    pub wanted: Mechanism,
    /// git's version.
    pub git: String,
    /// The folder in which git looks for hook files, where that may be used.
    pub folder: Option<PathBuf>,
    /// The program that is called.
    pub program: Option<PathBuf>,
    /// Every event.
    pub events: Vec<EventStatus>,
    /// What is the matter; nothing where the hooks are installed and whole, or not installed at all.
    pub troubles: Vec<Trouble>,
    /// What is worth knowing and no trouble.
    pub notes: Vec<String>,
}

const INSTALL: &str = "`git checkpoint hooks install`";

/// From what was found.
pub(super) fn of(facts: &Facts) -> Status {
    let folder = facts.folder.as_ref().ok();
    let is_configured = facts.mechanism() == Mechanism::Config && facts.configured.iter().any(|one| !one.is_absent());
    let has_files = folder.is_some_and(Folder::has_ours);
    let events: Vec<EventStatus> = HookEvent::ALL
        .into_iter()
        .enumerate()
        .map(|(at, event)| {
            let in_config = configured_state(facts.mechanism(), &facts.configured[at]);
            let in_folder = folder.map_or(EventState::Missing, |folder| file_state(&folder.slots[at]));
            let is_better = in_config.is_called() || in_config == EventState::Disabled;
            EventStatus { event, state: if is_better { in_config } else { in_folder } }
        })
        .collect();
    let called = events.iter().filter(|event| event.state.is_called()).count();
    let stale_config = facts.configured.iter().any(|one| !one.commands.is_empty() || !one.events.is_empty());
    let was_installed = is_configured || has_files || stale_config || !facts.remembered.is_empty();
    let overall = match called {
        all if all == events.len() => Overall::Installed,
        0 if !was_installed => Overall::Absent,
        _ => Overall::Partial,
    };
    let mechanism = match (is_configured, has_files && called > 0) {
        (true, _) => Some(Mechanism::Config),
        (false, true) => Some(Mechanism::Files),
        (false, false) => None,
    };
    let mut status = Status {
        overall,
        mechanism,
        wanted: facts.mechanism(),
        git: facts.git_text.clone(),
        folder: folder.map(|folder| folder.path.clone()),
        program: called_program(facts, mechanism),
        events,
        troubles: Vec::new(),
        notes: Vec::new(),
    };
    if overall != Overall::Absent {
        find_troubles(facts, &mut status);
    }
    if let (Err(unusable), Mechanism::Files) = (&facts.folder, facts.mechanism()) {
        status.notes.push(format!("{}, {}", unusable.what, unusable.why));
    }
    status
}

fn configured_state(mechanism: Mechanism, state: &Configured) -> EventState {
    if mechanism == Mechanism::Files || state.is_absent() {
        return EventState::Missing;
    }
    match state.script {
        _ if state.disabled => EventState::Disabled,
        Some((version, _)) if state.is_called() && version == shim::current_version() => EventState::Installed,
        Some(_) if state.is_called() => EventState::Outdated,
        _ => EventState::Missing,
    }
}

fn file_state(slot: &Slot) -> EventState {
    match &slot.content {
        Content::Shim { version, .. } if *version != shim::current_version() => EventState::Outdated,
        Content::Shim { .. } if slot.saved == Saved::Nothing => EventState::Installed,
        Content::Shim { .. } => EventState::Chained,
        _ if slot.runs_through_pre_commit() => EventState::ThroughPreCommit,
        Content::Other { calls_us: true, .. } => EventState::ByHand,
        Content::Other { manager, .. } => EventState::Replaced(*manager),
        Content::Nothing | Content::Blocked(_) => EventState::Missing,
    }
}

fn called_program(facts: &Facts, mechanism: Option<Mechanism>) -> Option<PathBuf> {
    let named = match mechanism? {
        Mechanism::Config => facts.configured.iter().find_map(|one| one.program.clone()),
        Mechanism::Files => facts.folder.iter().flat_map(|folder| &folder.slots).find_map(|slot| match &slot.content {
            Content::Shim { program, .. } => program.clone(),
            _ => None,
        }),
    }?;
    if shim::is_executable(&named) { Some(named) } else { facts.program_on_path.clone() }
}

fn find_troubles(facts: &Facts, status: &mut Status) {
    let mut tell = |what: String, fix: &str| status.troubles.push(Trouble { what, fix: fix.to_owned() });
    let stale_config = facts.configured.iter().any(|one| !one.commands.is_empty() || !one.events.is_empty());
    if facts.mechanism() == Mechanism::Files && stale_config {
        tell(
            format!("the hooks are in git's configuration, at which git {} does not look", facts.git_text),
            &format!("{INSTALL} makes them files"),
        );
    }
    let has_files = facts.folder.iter().any(|folder| folder.slots.iter().any(|slot| slot.content.is_shim()));
    if status.mechanism == Some(Mechanism::Config) && has_files {
        tell("the hooks are installed twice: in git's configuration and as files".into(), INSTALL);
    }
    if status.mechanism == Some(Mechanism::Files) && facts.mechanism() == Mechanism::Config {
        status.notes.push(format!(
            "git {} has hooks in its configuration; {INSTALL} moves them there and puts yours back in place",
            facts.git_text
        ));
    }
    let mut tell = |what: String, fix: &str| status.troubles.push(Trouble { what, fix: fix.to_owned() });
    if let Some(other) = facts.others.iter().find(|other| other.slots.iter().any(|slot| slot.content.is_shim()))
        && status.mechanism != Some(Mechanism::Config)
    {
        tell(
            format!("hooks were installed in `{}`, but git looks elsewhere now (core.hooksPath)", other.path.display()),
            INSTALL,
        );
    }
    if status.mechanism.is_some() && status.program.is_none() {
        let fix = format!("install `git-checkpoint` in a folder of PATH, then {INSTALL}");
        tell("the hooks cannot find `git-checkpoint`: nothing is saved or checked by them".into(), &fix);
    }
    let missing: Vec<&str> =
        status.events.iter().filter(|one| one.state == EventState::Missing).map(|one| one.event.as_str()).collect();
    if !missing.is_empty() {
        tell(format!("{}: git does not call git-checkpoint", missing.join(", ")), INSTALL);
    }
    for EventStatus { event, state } in &status.events {
        let twice = facts
            .folder
            .iter()
            .flat_map(|folder| &folder.slots)
            .any(|slot| slot.event == *event && slot.runs_through_pre_commit() && slot.saved == Saved::Same);
        match state {
            EventState::Replaced(manager) => {
                let who = manager.map_or("another hook", Manager::as_str);
                tell(format!("{event}: {who} stands in the place of ours"), &mend(*manager));
            }
            EventState::Outdated => tell(format!("{event}: the shim is of another version"), INSTALL),
            EventState::Disabled => {
                let name = Configured::name(*event);
                tell(
                    format!("{event}: it is switched off in git's configuration"),
                    &format!(
                        "`git config --show-origin --get-regexp '^hook\\.({name}|{event})\\.enabled'` shows where"
                    ),
                );
            }
            EventState::ThroughPreCommit if twice => {
                tell(format!("{event}: pre-commit was installed over ours and kept a second time"), INSTALL);
            }
            _ => {}
        }
    }
}

fn mend(manager: Option<Manager>) -> String {
    match manager {
        Some(Manager::Husky) => format!("{INSTALL}; husky writes its files anew whenever packages are installed"),
        Some(Manager::Lefthook) => {
            format!("{INSTALL}; `lefthook install` takes the place again, and keeps ours as `.old`")
        }
        Some(Manager::PreCommit) => format!("{INSTALL}; `pre-commit install --overwrite` takes the place again"),
        Some(Manager::GitLfs) => format!("{INSTALL}; `git lfs install --force` takes the place again"),
        None => INSTALL.to_owned(),
    }
}
