//! `git checkpoint watch`, and the hidden command that a hook starts in the background.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::{args, create, json, schedule::shown};
use crate::{
    config::Env,
    error::Result,
    git::{self, Repo},
    ops::{
        schedule::{self, Visit},
        timed::{self, Outcome, Wait},
    },
    system::{background, repositories::Repositories},
    ui::Ui,
};

/// How long until the next look. So often a clock that was changed, or a machine that slept, is noticed.
const INTERVAL: Duration = Duration::from_secs(20);
/// How long until a signal is noticed.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn run(args: &args::Watch, env: &Env, ui: &mut Ui) -> Result<u8> {
    git::ask_on_signals()?;
    let what = if args.all {
        Watched::List(Repositories::of_user(env)?.file().to_owned())
    } else {
        Watched::One(Repo::open(env)?.workdir().to_owned())
    };
    ui.note(match &what {
        Watched::One(path) => format!("watching {}; Ctrl-C ends it", shown(path)),
        Watched::List(list) => format!("watching the repositories in {}; Ctrl-C ends it", shown(list)),
    })?;
    let mut known = BTreeMap::new();
    while !git::is_asked_to_stop() {
        what.visit(env, |visit| {
            if is_news(&visit, &mut known) && !git::is_asked_to_stop() {
                tell(&visit, ui)?;
            }
            ui.flush()
        })?;
        let until = Instant::now() + INTERVAL;
        while !git::is_asked_to_stop() && Instant::now() < until {
            std::thread::sleep(PAUSE);
        }
    }
    ui.note("stopped")?;
    Ok(0)
}

enum Watched {
    One(PathBuf),
    List(PathBuf),
}

impl Watched {
    fn visit(&self, env: &Env, mut each: impl FnMut(Visit) -> Result<()>) -> Result<()> {
        match self {
            Watched::One(path) => schedule::visit(env, path, &mut each),
            Watched::List(list) => schedule::visit_all(env, list, each),
        }
    }
}

/// What fails every time is said once.
fn is_news(visit: &Visit, known: &mut BTreeMap<PathBuf, Vec<String>>) -> bool {
    let failure = match &visit.outcome {
        Some(Err(error)) => error.chain(),
        _ => Vec::new(),
    };
    let before = known.insert(visit.path.clone(), failure.clone());
    failure.is_empty() || before != Some(failure)
}

/// Says what came of a visit, where anything did.
pub(super) fn tell(visit: &Visit, ui: &mut Ui) -> Result<()> {
    let path = shown(&visit.path);
    match &visit.outcome {
        None => ui.note(format!("{path} is gone, and off the list")),
        Some(Err(error)) => ui.warn(format!("{path}: {}", error.chain().join(": "))),
        Some(Ok(Outcome::Taken(taken))) if ui.is_json() => ui.value(&json::Checkpoint::of(&taken.record)),
        Some(Ok(Outcome::Taken(taken))) => ui.line(format!("{path}: saved {}", create::name(&taken.record))),
        Some(Ok(Outcome::Unchanged(slot))) => ui.note(format!("{path}: nothing has changed for T+{slot}")),
        Some(Ok(Outcome::NoPhase | Outcome::NotDue(_) | Outcome::Busy)) => Ok(()),
    }
}

/// What a hook starts: it has no streams, and what fails is kept for `status`.
pub(super) fn timed(env: &Env) -> Result<u8> {
    background::leave_session();
    timed::take(env, Wait::ForGit).map(|_outcome| 0)
}
