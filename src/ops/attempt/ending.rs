//! A try ends: with a checkpoint of what is kept, or taken back by a person.

use gix::bstr::ByteSlice;

use super::{
    Broken, Done, Event, at_work, attempt,
    course::{Course, save, stuck},
    journal::Notebook,
    notes,
    put_back::{carry, left_changed},
    running,
};
use crate::{
    error::{Error, Kind, Result},
    git::{capture::raw, restore},
    model::{Detail, Fate, Record, Turn},
    ops::{
        Session, create,
        intent::{Stage, Then},
        resume,
        resume::{Ended, Ending},
        transition, trust,
    },
    store::{Attached, Journal},
};

impl<'s> Course<'s> {
    /// Makes a checkpoint of what is kept, if anything is, and gives the record its final form.
    pub(super) fn conclude(mut self, trusted: &trust::Standing, watch: &mut dyn FnMut(Event<'_>)) -> Result<Done> {
        let session = self.session;
        let lock = session.lock("try").map_err(stuck)?;
        let mut begun = None;
        if self.has_kept() {
            match self.checkpoint(trusted) {
                Ok(one) => begun = Some(one),
                Err(error) if error.kind() == Kind::Refused && self.notebook.request.commit && !self.is_each() => {
                    // It is good and git does not take it: then it does not stay.
                    self.good = self.at_first().clone();
                    self.put_back(None, Broken::Commit(error))?;
                }
                Err(error) => return Err(stuck(error)),
            }
        }
        let has_left_out = self.notes.tried.iter().any(|one| one.turn == Turn::LeftOut);
        let is_kept = self.has_kept() || (self.is_each() && !has_left_out && self.broken.is_none());
        let made = begun.as_ref().map(|begun| begun.record().id.clone());
        let result = begun.as_ref().map(|begun| begun.record().state.clone());
        set_fate(&mut self.record, if is_kept { Fate::Kept } else { Fate::PutBack });
        let files = self.notes.tried.iter().filter(|one| one.turn != Turn::Unchanged).cloned().collect();
        let told = self.told();
        told.checkpoint = made;
        told.files = files;
        if result.is_some() {
            told.result = result;
        }
        if is_kept && let Some((checked, _)) = &self.answered {
            self.record.checks = checked.iter().map(|one| one.result.clone()).collect();
        }
        let kept: Vec<_> = attempt(&self.record).result.iter().map(|result| result.tip).collect();
        self.save(&kept, &self.kept_output())?;
        Journal::remove(&session.repo)?;
        notes::forget(session, &self.record.id);
        drop(lock);
        let others = if is_kept { Vec::new() } else { left_changed(session, &self.before, &self.record.state.head) };
        let taken = begun
            .map(|begun| begun.finish(session, &mut |event| watch(Event::Check(event))))
            .transpose()
            .map_err(|error| error.hint("what the command did is kept; only its checkpoint is not complete"))?;
        let checked = match (&self.broken, self.answered) {
            (Some(Broken::Checks(validated)), _) => validated.checks.clone(),
            (_, answered) => answered.map(|(checked, _)| checked).unwrap_or_default(),
        };
        Ok(Done {
            not_tried: self.notebook.turns - self.notebook.at,
            record: self.record,
            files: self.notes.tried,
            checked,
            broken: self.broken,
            failed_before: self.failed_before,
            taken,
            others,
            log: self.log,
            left: self.left,
        })
    }

    fn checkpoint<'t>(&self, trusted: &'t trust::Standing) -> Result<create::Begun<'t>>
    where
        's: 't,
    {
        let session = self.session;
        let request = &self.notebook.request;
        let message = request.message.clone().map(|message| match request.each.is_some() {
            true => message.replace("{}", "…"),
            false => message,
        });
        let asked = create::Request {
            message: Some(message.unwrap_or_else(|| self.record.subject.clone())),
            name: None,
            commit: request.commit && request.each.is_none(),
            no_verify: request.no_verify,
            no_artifacts: false,
        };
        let mut planned = create::plan(session, &asked)?;
        if let Some(said) = self.answered.clone() {
            planned = planned.answered_by(session, said, &request.only);
        }
        create::begin(session, planned, trusted)
    }
}

pub(super) fn set_fate(record: &mut Record, fate: Fate) {
    if let Detail::Try(attempt) = &mut record.detail {
        attempt.fate = Some(fate);
    }
}

/// The record of an interrupted try, unless it was killed before there was one.
pub(super) fn published(session: &Session, journal: &Journal) -> Result<Option<Record>> {
    session.store().object(&journal.id)?.map(|_| session.store().read(&journal.id)).transpose()
}

/// Ends a try that was interrupted, for a command that ends whatever was. Needs the operation lock.
pub fn end(session: &Session, ending: Ending) -> Result<Ended> {
    if super::is_running(session) {
        return Err(running(session));
    }
    match ending {
        Ending::Abort => abort(session),
        Ending::Skip => Err(Error::usage("there is no commit to skip")
            .hint("`git checkpoint try --continue` goes on, `--abort` puts everything back")),
        Ending::Continue => Err(Error::usage("what was interrupted is a try")
            .hint("`git checkpoint try --continue` goes on, `--abort` puts everything back")),
    }
}

/// Puts everything back to the state before the command; what is there now is kept with the record.
fn abort(session: &Session) -> Result<Ended> {
    let _at_work = at_work(session)?;
    let Some((journal, mut notebook)) = Notebook::read(session)? else {
        return Err(Error::bug("the journal of a try is gone"));
    };
    restore::remove_left_overs(&session.repo)?;
    let Some(mut record) = published(session, &journal)? else {
        Journal::remove(&session.repo)?;
        notes::forget(session, &journal.id);
        return Ok(Ended::NotBegun(journal.kind));
    };
    let before = record.state.clone();
    let mut now = session.capture()?;
    notebook.is_over = true;
    notebook.at = notebook.turns;
    if attempt(&record).fate == Some(Fate::PutBack) {
        // What the command made is kept already; this is somewhere on the way back from it.
        notebook.write(session, &before, Stage::Moving)?;
        if !raw::is_same(&session.repo, &now.state, &before)? {
            let to = resume::Move { target: &before, edits: Vec::new(), then: Then::Done, artifacts: Vec::new() };
            let detail = Detail::Resume { resumes: record.id.clone() };
            super::put_back::end_git_operation(session)?;
            resume::move_on(session, to, detail, &format!("saved half-way back: {}", record.subject))?;
        }
    } else {
        transition::check(session, &mut now, &before)?;
        set_fate(&mut record, Fate::PutBack);
        if let Detail::Try(attempt) = &mut record.detail {
            attempt.result = Some(now.state.clone());
            attempt.files = notes::read(session, &record.id).map(|(notes, _)| notes.tried).unwrap_or_default();
            attempt.files.retain(|one| one.turn != Turn::Unchanged && !one.path.as_bstr().is_empty());
        }
        let mut kept = now.kept.clone();
        kept.push(now.state.tip);
        if let Some(branch) = before.head.branch() {
            kept.extend(crate::git::refs::find(&session.repo, branch.as_ref())?);
        }
        save(session, &record, Attached { kept: &kept, ..Attached::default() })?;
        notebook.write(session, &before, Stage::Moving)?;
        carry(session, &now, &before, &format!("abort {}", record.subject))?;
    }
    Journal::remove(&session.repo)?;
    notes::forget(session, &record.id);
    Ok(Ended::GoneBack { saved: record.id.clone(), record })
}
