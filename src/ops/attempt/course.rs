//! Turn by turn: journal, command, checks; then what it did stays, or is put back.

use std::path::PathBuf;

use gix::bstr::{BStr, BString, ByteSlice};

use super::{Broken, Done, Event, LOG, PLACE, attempt, journal::Notebook, notes::Notes, program, put_back::OtherRefs};
use crate::{
    check::{Cache, Checked, Logs, Subject, Validated, excerpt, kept_logs},
    config::{Check, Moment, TagKind},
    error::{Error, Kind, Result},
    git::{
        self,
        capture::{Captured, raw},
        lock::LongLock,
        shell::Ended,
    },
    model::{Attempt, Detail, Exit, Oid, Record, Skipped, State, Tried, Turn, Verdict},
    ops::{
        Session, create,
        intent::Stage,
        trust,
        validate::{self, Setting},
    },
    store::Attached,
};

/// So much of what was printed for files that were left out is kept with the record; in bytes.
const PRINTED: usize = 256 << 10;

/// So much of it for one of them.
const PRINTED_FOR_ONE: usize = 16 << 10;

/// A try that goes on.
pub(super) struct Course<'s> {
    pub(super) session: &'s Session,
    pub(super) checks: Vec<&'s Check>,
    pub(super) before: OtherRefs,
    pub(super) record: Record,
    /// The state with all that is kept; what breaks is put back to it.
    pub(super) good: State,
    /// What the checks said of it, if they were asked.
    pub(super) answered: Option<(Vec<Checked>, Oid)>,
    pub(super) notebook: Notebook,
    pub(super) files: Vec<BString>,
    pub(super) notes: Notes,
    pub(super) broken: Option<Broken>,
    pub(super) failed_before: bool,
    pub(super) log: Option<PathBuf>,
    /// What is in no state, and stays on disk.
    pub(super) left: Vec<Skipped>,
    logs: Logs<'s>,
    printed: Vec<u8>,
    _at_work: LongLock,
}

/// What a command made of a state.
enum Made {
    /// Nothing.
    Nothing,
    /// This, and nothing speaks against it.
    Good(Box<Captured>),
    /// Something that is not to stay.
    Broken(Broken),
}

impl<'s> Course<'s> {
    pub(super) fn new(
        (session, at_work): (&'s Session, LongLock),
        (checks, before): (Vec<&'s Check>, OtherRefs),
        (record, good): (Record, State),
        (notebook, files, mut notes): (Notebook, Vec<BString>, Notes),
    ) -> Self {
        // A turn that has to be taken again is not over.
        notes.tried.truncate(notebook.at);
        Course {
            logs: Logs::of(&session.repo, session.now, "try"),
            session,
            checks,
            before,
            record,
            good,
            answered: None,
            notebook,
            files,
            notes,
            broken: None,
            failed_before: false,
            log: None,
            left: Vec::new(),
            printed: Vec::new(),
            _at_work: at_work,
        }
    }

    /// Takes the turns that are left, and concludes.
    pub(super) fn go(mut self, trusted: &trust::Standing, watch: &mut dyn FnMut(Event<'_>)) -> Result<Done> {
        while !self.notebook.is_over && self.notebook.at < self.notebook.turns {
            if git::is_asked_to_stop() {
                self.broken = Some(Broken::Exit(Exit::Stopped));
                break;
            }
            let at = self.notebook.at;
            self.turn(watch)?;
            if let Some(tried) = self.notes.tried.get(at).filter(|_| self.is_each()) {
                watch(Event::Tried(tried));
            }
        }
        self.conclude(trusted, watch)
    }

    pub(super) fn is_each(&self) -> bool {
        self.notebook.request.each.is_some()
    }

    fn turn(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<()> {
        let (session, at) = (self.session, self.notebook.at);
        let path = self.files.get(at).cloned();
        self.notebook.write(session, &self.good, Stage::Trying)?;
        if let Some(path) = &path {
            watch(Event::Begins(path.as_bstr(), at + 1, self.notebook.turns));
            if !program::is_on_disk(session, path.as_bstr()) {
                return self.pass(path.clone(), "it is not on disk");
            }
        }
        let log = self.logs.file(self.good.tip, &format!("{LOG}-{}", at + 1))?;
        let made = self.make(path.as_ref(), log.clone(), watch)?;
        let has_printed = log.exists();
        let _lock = session.lock("try").map_err(stuck)?;
        let broken = match made {
            Made::Nothing => return self.pass(path.as_ref().map_or(BStr::new(""), |path| path.as_bstr()), ""),
            Made::Good(captured) => match self.keep(path.as_ref(), *captured)? {
                None => None,
                broken => broken,
            },
            Made::Broken(broken) => Some(broken),
        };
        if has_printed {
            self.remember(path.as_ref(), log, broken.is_some());
        }
        match broken {
            Some(broken) => self.put_back(path.as_ref(), broken),
            None => Ok(()),
        }
    }

    /// Runs the command, and looks at what it made.
    fn make(&mut self, path: Option<&BString>, log: PathBuf, watch: &mut dyn FnMut(Event<'_>)) -> Result<Made> {
        let session = self.session;
        let program = program::of(session, (&self.notebook, &self.record), (&self.good, path), log)?;
        let broken = match program.run(&mut |bytes| watch(Event::Printed(bytes))) {
            Ok(Ended::Code(0)) => None,
            Ok(Ended::Code(code)) => Some(Broken::Exit(Exit::Code(code))),
            Ok(Ended::Signal(number)) => Some(Broken::Exit(Exit::Signal(number))),
            Ok(Ended::TimedOut) => Some(Broken::Exit(Exit::TimedOut)),
            Ok(Ended::Stopped) => Some(Broken::Exit(Exit::Stopped)),
            Err(error) => Some(Broken::NotStarted(error)),
        };
        if let Some(broken) = broken {
            return Ok(Made::Broken(broken));
        }
        let now = session.capture().map_err(stuck)?;
        if path.is_some() && raw::is_same(&session.repo, &now.state, &self.good)? {
            return Ok(Made::Nothing);
        }
        if self.checks.is_empty() {
            return Ok(Made::Good(Box::new(now)));
        }
        let validated = self.judge(&now, watch)?;
        if validated.verdict() != Verdict::Pass {
            self.failed_before = self.is_known_to_fail(&validated)?;
            return Ok(Made::Broken(Broken::Checks(validated)));
        }
        self.answered = Some((validated.checks, now.state.worktree));
        Ok(Made::Good(Box::new(now)))
    }

    fn judge(&self, now: &Captured, watch: &mut dyn FnMut(Event<'_>)) -> Result<Validated> {
        let subject = Subject { commit: now.state.tip, tree: now.state.worktree };
        let setting = Setting { seen: Some(validate::seen(now)), ..self.setting() };
        let (validated, _unkept) =
            setting.run(|run| run.validate(subject, &mut |event| watch(Event::Check(event)))).map_err(stuck)?;
        Ok(validated)
    }

    fn setting(&self) -> Setting<'s> {
        Setting {
            checks: self.checks.clone(),
            mark: self.record.phase.clone(),
            ..Setting::of(self.session, Moment::Checkpoint, &[])
        }
    }

    /// Whether what is in the way is known to have been so on the good state as well. Nothing is run to find out.
    fn is_known_to_fail(&self, now: &Validated) -> Result<bool> {
        let subject = Subject { commit: self.good.tip, tree: self.good.worktree };
        let known = Setting { cache: Cache::All, ..self.setting() }.run(|run| run.known(subject))?;
        let failed =
            |one: &Checked| known.iter().any(|was| was.result.name == one.result.name && was.result.is_trouble());
        Ok(now.checks.iter().filter(|one| one.result.is_trouble()).all(failed))
    }

    /// What was made stays. Where it is to be committed and git does not, it does not stay after all.
    fn keep(&mut self, path: Option<&BString>, captured: Captured) -> Result<Option<Broken>> {
        let session = self.session;
        let mut captured = captured;
        if let Some(path) = path
            && self.notebook.request.commit
            && !captured.changes.is_clean()
        {
            let message = self.message_for(path.as_bstr());
            match create::commit(session, &captured, message, self.notebook.request.no_verify) {
                Ok(_) => captured = session.capture()?,
                Err(error) if error.kind() == Kind::Refused => return Ok(Some(Broken::Commit(error))),
                Err(error) => return Err(stuck(error)),
            }
        }
        if path.is_some() {
            deepen(session, &mut captured)?;
        }
        let mut kept = captured.kept.clone();
        kept.push(captured.state.tip);
        self.told().result = Some(captured.state.clone());
        self.told().exit = Some(Exit::Code(0));
        self.save(&kept, &[])?;
        self.good = captured.state;
        if let Some(path) = path {
            self.notes.add(Tried { path: path.clone(), turn: Turn::Kept, reason: String::new(), made: None })?;
        }
        self.notebook.at += 1;
        self.notebook.write(session, &self.good, Stage::Trying)?;
        Ok(None)
    }

    fn message_for(&self, path: &BStr) -> String {
        let path = path.to_str_lossy();
        match &self.notebook.request.message {
            Some(message) if message.contains("{}") => message.replace("{}", &path),
            Some(message) => match message.split_once('\n') {
                Some((subject, body)) => format!("{subject}: {path}\n{body}"),
                None => format!("{message}: {path}"),
            },
            None => {
                let words = &self.notebook.request.words;
                super::line(&words.iter().map(|word| word.replace(PLACE, path.as_bytes()).into()).collect::<Vec<_>>())
            }
        }
    }

    /// Nothing became of a file.
    fn pass(&mut self, path: impl Into<BString>, why: &str) -> Result<()> {
        let tried = Tried { path: path.into(), turn: Turn::Unchanged, reason: why.to_owned(), made: None };
        self.notes.add(tried)?;
        self.notebook.at += 1;
        Ok(())
    }

    /// What the record says of the try.
    pub(super) fn told(&mut self) -> &mut Attempt {
        match &mut self.record.detail {
            Detail::Try(attempt) => attempt,
            _ => unreachable!("the record of a try tells of one"),
        }
    }

    /// Puts the record in its present form, with what it has to keep alive.
    pub(super) fn save(&self, kept: &[Oid], logs: &[(String, Vec<u8>)]) -> Result<()> {
        save(self.session, &self.record, Attached { kept, logs, ..Attached::default() }).map_err(stuck)
    }

    /// What the command printed, as far as the record keeps it.
    pub(super) fn kept_output(&self) -> Vec<(String, Vec<u8>)> {
        let mut logs = match &self.broken {
            Some(Broken::Checks(validated)) if !self.is_each() => validated.logs(),
            _ => self.answered.as_ref().map(|(checked, _)| kept_logs(checked)).unwrap_or_default(),
        };
        if !self.printed.is_empty() {
            logs.push((LOG.to_owned(), self.printed.clone()));
        }
        logs
    }

    /// Takes what was printed into the record: all that a single command printed, and of a run file by file what was printed
    /// for those that were left out.
    fn remember(&mut self, path: Option<&BString>, log: PathBuf, is_broken: bool) {
        match path {
            None => self.printed = excerpt(&log),
            Some(path) if is_broken => {
                let mut bytes = excerpt(&log);
                if let Some(over) = bytes.len().checked_sub(PRINTED_FOR_ONE) {
                    bytes.drain(..over);
                }
                if self.printed.len() + bytes.len() < PRINTED {
                    self.printed.extend_from_slice(format!("== {path}\n").as_bytes());
                    self.printed.extend_from_slice(&bytes);
                }
            }
            Some(_) => {
                // Of thousands of files, only what went wrong is looked at.
                let _gone = std::fs::remove_file(&log);
                return;
            }
        }
        self.log = Some(log);
    }

    /// The state as it was when the try began.
    pub(super) fn at_first(&self) -> &State {
        &self.record.state
    }

    /// Whether anything of it stays.
    pub(super) fn has_kept(&self) -> bool {
        if self.is_each() {
            return self.notes.tried.iter().any(|one| one.turn == Turn::Kept);
        }
        self.broken.is_none() && attempt(&self.record).fate.is_none_or(|fate| fate == crate::model::Fate::Kept)
    }
}

/// Keeps the bytes of every file that git would not give back.
fn deepen(session: &Session, captured: &mut Captured) -> Result<()> {
    let nothing = Oid::empty_tree(session.repo.gix().object_hash());
    let target = State { worktree: nothing, extras: None, ..captured.state.clone() };
    raw::deepen(&session.repo, captured, &target)
}

/// Replaces the record; publishes it again where the command has removed it.
pub(super) fn save(session: &Session, record: &Record, attached: Attached<'_>) -> Result<()> {
    let store = session.store();
    let published = match store.object(&record.id)? {
        Some(_) => store.replace(record, &attached, TagKind::None, &session.identity)?,
        None => store.publish(record, &attached, TagKind::None, &session.identity)?,
    };
    match published {
        crate::store::Published::Taken(name) => Err(Error::bug(format!("`{name}` was not to be made"))),
        _ => Ok(()),
    }
}

/// What to do where a try can neither go on nor back.
pub(super) fn stuck(error: Error) -> Error {
    error
        .hint("the state before the command is saved; mend what is named above")
        .hint("then `git checkpoint try --abort` puts everything back")
}
