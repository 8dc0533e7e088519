//! What to do, decided from values alone.
//!
//! The steps are in an order in which every prefix leaves the user's hooks in place or kept, and which the same plan,
//! made anew, completes.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{
    Mechanism,
    config::Configured,
    exclude,
    facts::{Facts, refusal},
    folder::{Content, Folder, Saved, Slot, Tracking},
};
use crate::{
    error::{Error, Result},
    model::HookEvent,
};

/// What a new shim takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing.
    Nothing,
    /// Another shim of ours.
    Shim,
    /// A hook of somebody else, which has its second name by then.
    Kept,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Notes that a folder has shims; `made` if it goes with them.
    Remember {
        /// The folder.
        folder: PathBuf,
        /// Whether it is made for them.
        made: bool,
    },
    /// Makes the folder of hooks.
    MakeFolder(PathBuf),
    /// Makes the folder for what is kept.
    MakeSaved(PathBuf),
    /// Links what else is in the folder of hooks into that for what is kept.
    Link {
        /// The folder of hooks.
        folder: PathBuf,
        /// That for what is kept.
        saved: PathBuf,
        /// The name in both.
        name: OsString,
    },
    /// Gives what was kept before another name.
    SetAside {
        /// The event.
        event: HookEvent,
        /// Where it is kept.
        from: PathBuf,
        /// Its new name.
        to: PathBuf,
    },
    /// Gives a hook its second name.
    Keep {
        /// The event.
        event: HookEvent,
        /// Its place.
        from: PathBuf,
        /// Where it is kept.
        to: PathBuf,
    },
    /// Puts a shim in an event's place.
    PutShim {
        /// The event.
        event: HookEvent,
        /// The place.
        path: PathBuf,
        /// The folder for what is kept.
        saved: PathBuf,
        /// What is there.
        over: Over,
    },
    /// Puts what was kept back in its place.
    Restore {
        /// The event.
        event: HookEvent,
        /// Where it is kept.
        from: PathBuf,
        /// Its place.
        to: PathBuf,
    },
    /// Removes a shim.
    RemoveShim {
        /// The event.
        event: HookEvent,
        /// The shim.
        path: PathBuf,
    },
    /// Removes what is the same as what stands in its place, or was left behind by a call that was killed.
    Drop(PathBuf),
    /// Puts lines into `info/exclude`, in the place of those that were there.
    Exclude(Vec<Vec<u8>>),
    /// Writes the shim of an event, then its command and event into git's configuration.
    Configure(HookEvent),
    /// Takes an event out of git's configuration, then its shim away.
    Unconfigure(HookEvent),
    /// Removes the folder for what is kept: nothing is in it any more.
    RemoveSaved(PathBuf),
    /// Removes the folder of hooks that was made, if it is empty.
    RemoveFolder(PathBuf),
    /// Notes that a folder has no shims.
    Forget(PathBuf),
}

impl Step {
    /// Whether it only clears away what has become of no use, so that a failure need not be undone.
    pub(super) fn is_tidying(&self) -> bool {
        matches!(self, Step::RemoveSaved(_) | Step::RemoveFolder(_) | Step::Forget(_))
    }
}

/// The changes, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    /// How git will find the hooks; `None` when they are taken away.
    pub mechanism: Option<Mechanism>,
    /// What is done; nothing where all is as it should be.
    pub steps: Vec<Step>,
    /// Hooks of the user that stay where they are kept, for something newer stands in their place.
    pub kept: Vec<PathBuf>,
}

/// The hooks installed as this git needs them, and no remains of the other way.
pub fn install(facts: &Facts) -> Result<Plan> {
    let mechanism = facts.mechanism();
    let mut plan = Plan { mechanism: Some(mechanism), steps: Vec::new(), kept: Vec::new() };
    match mechanism {
        Mechanism::Config => {
            let is_missing =
                |state: &&Configured| !(state.is_exact() && matches!(state.script, Some((_, exact)) if exact));
            plan.steps.extend(facts.configured.iter().filter(is_missing).map(|state| Step::Configure(state.event)));
            let folders = facts.all_folders().filter(|folder| folder.has_ours());
            folders.for_each(|folder| plan.clean(folder, facts));
            plan.exclude(facts, Vec::new());
        }
        Mechanism::Files => {
            let folder = facts.folder.as_ref().map_err(refusal)?;
            refuse_occupied(folder)?;
            plan.fill(folder, facts);
            let old = facts.others.iter().filter(|other| other.path == facts.default_folder);
            old.for_each(|other| plan.clean(other, facts));
            plan.unconfigure(facts);
        }
    }
    Ok(plan)
}

/// Everything of ours taken away and what was there before put back.
pub fn uninstall(facts: &Facts) -> Plan {
    let mut plan = Plan { mechanism: None, steps: Vec::new(), kept: Vec::new() };
    plan.steps.extend(facts.litter.iter().cloned().map(Step::Drop));
    plan.unconfigure(facts);
    let is_remembered = |folder: &Folder| facts.remembered.iter().any(|remembered| remembered.path == folder.path);
    let folders = facts.all_folders().filter(|folder| folder.has_ours() || is_remembered(folder));
    folders.for_each(|folder| plan.clean(folder, facts));
    plan.exclude(facts, Vec::new());
    let is_looked_at = |path: &Path| facts.all_folders().any(|folder| folder.path == path);
    let gone = facts.remembered.iter().filter(|folder| !is_looked_at(&folder.path));
    plan.steps.extend(gone.map(|folder| Step::Forget(folder.path.clone())));
    if !facts.litter.is_empty() && facts.remembered.is_empty() {
        // With the litter gone the folder itself may be empty.
        plan.steps.push(Step::RemoveFolder(facts.shims.clone()));
    }
    plan
}

/// Names every place that cannot be taken, so that all can be mended at once.
fn refuse_occupied(folder: &Folder) -> Result<()> {
    let why = |slot: &Slot| {
        let name = folder.slot(slot.event).display().to_string();
        match (&slot.content, slot.tracking) {
            (Content::Blocked(what), _) => Some((format!("`{name}` is {what}"), "remove it".to_owned())),
            (Content::Other { calls_us: false, .. }, Tracking::Tracked | Tracking::Shown) => {
                let line = format!("let it call `git-checkpoint hook {} \"$@\"` itself", slot.event);
                Some((format!("`{name}` is a file of the worktree, which everybody would get changed"), line))
            }
            (Content::Nothing | Content::Shim { .. }, Tracking::Tracked) => {
                Some((format!("`{name}` is tracked by git"), "`git rm --cached` it".to_owned()))
            }
            _ => None,
        }
    };
    let found: Vec<_> = folder.slots.iter().filter_map(why).collect();
    if let Some(slot) = folder.path.to_str().filter(|path| folder.in_worktree && path.contains('\n')) {
        return Err(Error::refused("the hooks folder cannot be kept out of git's sight")
            .because(format!("its name has a line end: {slot:?}"))
            .hint("set core.hooksPath to a folder without one"));
    }
    if found.is_empty() {
        return Ok(());
    }
    let reasons: Vec<_> = found.iter().map(|(why, _)| why.clone()).collect();
    let error =
        Error::refused("a hook cannot be put beside what is there; nothing was installed").because(reasons.join("\n"));
    let error = found.iter().fold(
        error,
        |error, (_, hint)| {
            if error.hints().contains(hint) { error } else { error.hint(hint.clone()) }
        },
    );
    Err(error.hint("git 2.54 or newer needs no hook files: update git and call `git checkpoint hooks install` again"))
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    fn exclude(&mut self, facts: &Facts, lines: Vec<Vec<u8>>) {
        if facts.excluded != lines {
            self.steps.push(Step::Exclude(lines));
        }
    }

    fn unconfigure(&mut self, facts: &Facts) {
        let present = facts.configured.iter().filter(|state| !state.is_absent());
        self.steps.extend(present.map(|state| Step::Unconfigure(state.event)));
    }

    /// A shim in every place of the folder.
    fn fill(&mut self, folder: &Folder, facts: &Facts) {
        // The folders above one that is made are made as well, and go after it, in the order of the list.
        for (path, made) in
            [(&folder.path, !folder.exists)].into_iter().chain(folder.missing.iter().map(|path| (path, true)))
        {
            if !facts.remembered.iter().any(|remembered| remembered.path == *path) {
                self.steps.push(Step::Remember { folder: path.clone(), made });
            }
        }
        if !folder.exists {
            self.steps.push(Step::MakeFolder(folder.path.clone()));
        }
        self.steps.extend(folder.leftovers.iter().cloned().map(Step::Drop));
        let shown = folder.slots.iter().filter(|slot| slot.tracking == Tracking::Shown && !slot.content.is_other());
        let mut lines = facts.excluded.clone();
        lines.extend(shown.map(|slot| exclude::pattern(&facts.workdir, &folder.slot(slot.event))));
        self.exclude(facts, lines);
        let is_to_keep = |slot: &Slot| slot.content.is_other() && slot.saved != Saved::Same && takes_place(slot);
        let keeps = folder.slots.iter().any(is_to_keep);
        if keeps && !folder.saved_exists {
            self.steps.push(Step::MakeSaved(folder.saved.clone()));
        }
        if keeps || folder.saved_exists {
            let link = |name: &OsString| Step::Link {
                folder: folder.path.clone(),
                saved: folder.saved.clone(),
                name: name.clone(),
            };
            self.steps.extend(folder.unlinked.iter().map(link));
        }
        folder.slots.iter().for_each(|slot| self.fill_slot(folder, slot));
    }

    fn fill_slot(&mut self, folder: &Folder, slot: &Slot) {
        let event = slot.event;
        let (path, kept) = (folder.slot(event), folder.kept(event));
        let put = |over| Step::PutShim { event, path: path.clone(), saved: folder.saved.clone(), over };
        match &slot.content {
            Content::Nothing => self.steps.push(put(Over::Nothing)),
            Content::Shim { exact: true, .. } | Content::Blocked(_) => {}
            Content::Shim { .. } => self.steps.push(put(Over::Shim)),
            Content::Other { .. } if slot.runs_through_pre_commit() => {
                if slot.saved == Saved::Same {
                    self.steps.push(Step::Drop(kept));
                }
                return;
            }
            Content::Other { calls_us: true, .. } => return,
            Content::Other { .. } => {
                if slot.saved == Saved::Different {
                    // Where lefthook has put our shim, it would have put what the shim has kept.
                    let to = if slot.old_is_shim { alias(&path, ".old") } else { slot.aside.clone() };
                    self.steps.push(Step::SetAside { event, from: kept.clone(), to });
                }
                if slot.saved != Saved::Same {
                    self.steps.push(Step::Keep { event, from: path.clone(), to: kept });
                }
                self.steps.push(put(Over::Kept));
            }
        }
        let replaced = slot.content.is_other() && slot.saved == Saved::Different;
        if slot.old_is_shim && !replaced {
            self.steps.push(Step::RemoveShim { event, path: alias(&path, ".old") });
        }
    }

    /// Nothing of ours in the folder, and what is kept back in its place.
    fn clean(&mut self, folder: &Folder, facts: &Facts) {
        self.steps.extend(folder.leftovers.iter().cloned().map(Step::Drop));
        folder.slots.iter().for_each(|slot| self.clean_slot(folder, slot));
        self.kept.extend(folder.older.iter().cloned());
        if folder.saved_exists {
            self.steps.push(Step::RemoveSaved(folder.saved.clone()));
        }
        if folder.made {
            self.steps.push(Step::RemoveFolder(folder.path.clone()));
        }
        if facts.remembered.iter().any(|remembered| remembered.path == folder.path) {
            self.steps.push(Step::Forget(folder.path.clone()));
        }
    }

    fn clean_slot(&mut self, folder: &Folder, slot: &Slot) {
        let event = slot.event;
        let (path, kept) = (folder.slot(event), folder.kept(event));
        let mut aliases: Vec<PathBuf> = [(".legacy", slot.legacy_is_shim), (".old", slot.old_is_shim)]
            .iter()
            .filter(|(_, is_shim)| *is_shim)
            .map(|(end, _)| alias(&path, end))
            .collect();
        let restore = |to: PathBuf| Step::Restore { event, from: kept.clone(), to };
        match (&slot.content, slot.saved) {
            (Content::Shim { .. }, Saved::Nothing) => self.steps.push(Step::RemoveShim { event, path }),
            (Content::Shim { .. } | Content::Nothing, Saved::Same | Saved::Different) => self.steps.push(restore(path)),
            (Content::Other { .. }, Saved::Same) => self.steps.push(Step::Drop(kept)),
            (Content::Other { .. } | Content::Blocked(_), Saved::Different) if !aliases.is_empty() => {
                // What took our place has renamed the shim; without us it would have renamed what is kept.
                self.steps.push(restore(aliases.remove(0)));
            }
            (Content::Other { .. } | Content::Blocked(_), Saved::Same | Saved::Different) => self.kept.push(kept),
            (_, Saved::Nothing) => {}
        }
        self.steps.extend(aliases.into_iter().map(|path| Step::RemoveShim { event, path }));
    }
}

/// Whether a shim is put over a hook of somebody else there.
fn takes_place(slot: &Slot) -> bool {
    !slot.runs_through_pre_commit() && !matches!(slot.content, Content::Other { calls_us: true, .. })
}

fn alias(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests;
