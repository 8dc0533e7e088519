//! All that a person chooses from, and what there is to know of it before they do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use gix::bstr::{BString, ByteSlice};

use super::{Alone, Onto, Outlook, Reason, Request, Who, source, uncommitted};
use crate::{
    check,
    error::{Context, Result},
    git::{Git, objects, tree},
    model::{Oid, Verdict},
    ops::{Session, trust},
    store::verdicts::{Definition, Verdicts},
};

/// A commit to choose.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its id.
    pub id: Oid,
    /// The first line of its message.
    pub subject: String,
    /// Who it is by.
    pub author: String,
    /// Their address.
    pub email: String,
    /// When they made it; `None` where the commit does not say so in a form that can be read.
    pub at: Option<DateTime<Utc>>,
}

/// A file with work that was never committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Its path.
    pub path: BString,
    /// The letter of what was staged.
    pub staged: Option<char>,
    /// The letter of what was not; `?` for a file that git did not track.
    pub unstaged: Option<char>,
}

/// What there is to know of a commit before it is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// What would become of it alone.
    pub alone: Alone,
    /// The commit that it is back as, where it is and that is known.
    pub back_as: Option<Oid>,
    /// Those before it that it does not apply without, by position; `None` where they do not help.
    pub needs: Option<Vec<usize>>,
    /// How many files it changes.
    pub files: usize,
    /// What the checks have said of its tree, by their names, as far as that is known.
    pub verdicts: Vec<(String, Verdict)>,
}

impl Fate {
    /// Whether it would be left out, and why.
    pub fn left_out(&self) -> Option<Reason> {
        match self.alone {
            Alone::LeftOut(reason) => Some(reason),
            Alone::Applies | Alone::Conflicts(_) | Alone::Untold => None,
        }
    }

    /// The worst of the verdicts.
    pub fn verdict(&self) -> Option<Verdict> {
        let has_failed = self.verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Fail);
        if has_failed { Some(Verdict::Fail) } else { self.verdicts.first().map(|(_, verdict)| *verdict) }
    }
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// These of the commits, in any order.
    pub commits: Vec<Oid>,
    /// These files of the work that was never committed, where it is wanted; `None` for all of it.
    pub work: Option<Vec<BString>>,
    /// What they are picked onto: nothing that was seen is true of anything else.
    pub onto: Oid,
}

/// What there is to choose from.
pub struct Choices<'s> {
    session: &'s Session,
    request: Request,
    outlook: Outlook<'s>,
    onto: Oid,
    saved: Option<uncommitted::Work>,
    definitions: Vec<(String, Definition)>,
    /// What it comes from, for people.
    pub name: String,
    /// Oldest first.
    pub commits: Vec<Commit>,
    /// By path.
    pub work: Vec<Work>,
}

impl<'s> Choices<'s> {
    /// Reads the commits that `request` names, or those of a backup; nothing is picked yet.
    pub fn gather(session: &'s Session, request: &Request) -> Result<Self> {
        session.refuse_if_busy()?;
        let head = session.repo.head()?;
        let mut request = Request { all: true, ..request.clone() };
        let source = source::find(session, &request, &head)?;
        let onto = Onto::find(session, &request, &head)?;
        let is_untold = Who::of(session, &Request { dry_run: false, ..request.clone() }, &onto)? == Who::GitAlone;
        let onto = onto.commit();
        if let (true, Some(record)) = (request.what.is_empty(), &source.record) {
            // Another backup may be the newest by the time that a person has chosen.
            request.what = vec![record.to_string()];
        }
        let commits = source.commits.iter().map(|id| commit(session, *id)).collect::<Result<_>>()?;
        // A branch that is not checked out has no files that could get it.
        let has_work = source.backup.is_some() && request.onto.is_none();
        let saved = has_work.then(|| uncommitted::Work::of(session, &request, &source)).transpose()?;
        let work = saved.as_ref().map_or(Ok(Vec::new()), |saved| work(session, saved))?;
        Ok(Choices {
            outlook: Outlook::new(session, &request, &source.commits, onto)?.untold(is_untold),
            definitions: definitions(session)?,
            name: source.name,
            session,
            request,
            onto,
            saved,
            commits,
            work,
        })
    }

    /// Looks at one commit.
    pub fn fate(&mut self, position: usize) -> Result<Fate> {
        let alone = self.outlook.alone(position)?;
        let needs = match &alone {
            Alone::Conflicts(_) => self.outlook.needs(position)?,
            Alone::Applies | Alone::LeftOut(_) | Alone::Untold => Some(Vec::new()),
        };
        Ok(Fate {
            alone,
            needs,
            back_as: self.outlook.back_as(position),
            files: self.outlook.changes(position)?.len(),
            verdicts: self.verdicts(self.commits[position].id)?,
        })
    }

    fn verdicts(&self, commit: Oid) -> Result<Vec<(String, Verdict)>> {
        if self.definitions.is_empty() {
            return Ok(Vec::new());
        }
        // Notes that cannot be read say nothing.
        let known = Verdicts::on(&self.session.repo, self.session.repo.tree_of(commit)?).unwrap_or_default();
        let said =
            |(name, definition): &(String, Definition)| known.of(definition).map(|known| (name.clone(), known.verdict));
        Ok(self.definitions.iter().filter_map(said).collect())
    }

    /// The change of a commit as git shows it, its message first; in the paths that were asked for, if any of it is there.
    pub fn patch(&self, position: usize) -> Result<Vec<u8>> {
        let show = || {
            let parents = self.request.mainline.map_or("--diff-merges=first-parent", |_| "--diff-merges=separate");
            let shown = ["show", "--format=%B", "--encoding=UTF-8", "--no-show-signature", "--no-notes", parents];
            self.git(&shown).arg(self.commits[position].id.to_string())
        };
        let paths = &self.request.paths;
        if !paths.are_all() {
            let part = paths.specs.iter().fold(show().arg("--"), Git::arg).run()?;
            if !part.is_empty() {
                return Ok(part);
            }
        }
        show().run()
    }

    /// The work that was never committed, of one path or of all, as git shows it: what was staged apart from what was not,
    /// where one file has both.
    pub fn work_patch(&self, path: Option<usize>) -> Result<Vec<u8>> {
        let Some(uncommitted::Work { base, state }) = &self.saved else { return Ok(Vec::new()) };
        // A part of the work is trees that nobody but this process has.
        objects::flush(&self.session.repo)?;
        let diff = |from: Oid, to: Oid| self.git(&["diff"]).arg(from.to_string()).arg(to.to_string());
        let Some(work) = path.and_then(|path| self.work.get(path)) else { return diff(*base, state.worktree).run() };
        let path = gix::path::from_bstr(work.path.as_bstr()).context("cannot read a path")?;
        let mut only = std::ffi::OsString::from(":(top,literal)");
        only.push(path.as_os_str());
        let of_path = |from: Oid, to: Oid| diff(from, to).arg("--").arg(&only).run();
        if work.staged.is_some() && work.unstaged.is_some() {
            let (staged, unstaged) = (of_path(*base, state.index)?, of_path(state.index, state.worktree)?);
            return Ok([staged, unstaged].join(&b"\n"[..]));
        }
        of_path(*base, state.worktree)
    }

    /// A call that shows differences, and runs nothing that a repository has set up for them; paths are as they were typed.
    fn git(&self, words: &[&str]) -> Git {
        let safe = ["--no-color", "--no-ext-diff", "--no-textconv", "--stat=72", "--patch"];
        let paths = &self.request.paths;
        let git = if paths.are_all() {
            self.session.repo.git([""; 0])
        } else {
            self.session.repo.git(["-C"]).arg(&paths.here)
        };
        words.iter().chain(&safe).fold(git, Git::arg)
    }

    /// What is to be done for these of the commits and these files of the work that was never committed, by their positions.
    pub fn request(&self, positions: &[usize], work: &[usize]) -> Request {
        let commits = positions.iter().map(|position| self.commits[*position].id).collect();
        let files = || work.iter().map(|file| self.work[*file].path.clone()).collect();
        let chosen = Chosen { commits, work: (work.len() < self.work.len()).then(files), onto: self.onto };
        Request { uncommitted: !work.is_empty(), chosen: Some(chosen), ..self.request.clone() }
    }
}

fn commit(session: &Session, id: Oid) -> Result<Commit> {
    let object = session.repo.gix().find_commit(id).with_context(|| format!("cannot read commit {id}"))?;
    let author = object.author().context("cannot read a commit's author")?;
    let subject = object.message().context("cannot read a commit's message")?.summary().to_str_lossy().into_owned();
    Ok(Commit {
        id,
        subject,
        author: author.name.to_str_lossy().into_owned(),
        email: author.email.to_str_lossy().into_owned(),
        at: author.time().ok().and_then(|time| DateTime::from_timestamp(time.seconds, 0)),
    })
}

fn work(session: &Session, saved: &uncommitted::Work) -> Result<Vec<Work>> {
    let mut work: BTreeMap<BString, Work> = BTreeMap::new();
    let state = &saved.state;
    for change in tree::diff(&session.repo, saved.base, state.index)? {
        work.entry(change.path.clone()).or_default().staged = Some(change.status());
    }
    for change in tree::diff(&session.repo, state.index, state.worktree)? {
        let letter = if change.old.is_none() { '?' } else { change.status() };
        work.entry(change.path.clone()).or_default().unstaged = Some(letter);
    }
    Ok(work.into_iter().map(|(path, work)| Work { path, ..work }).collect())
}

/// What makes the verdicts of the configured checks theirs; none where nobody has agreed to the configuration.
fn definitions(session: &Session) -> Result<Vec<(String, Definition)>> {
    let standing = trust::gather(session, session.env());
    let Ok(consent) = trust::require(&standing) else { return Ok(Vec::new()) };
    let checks = session.config.checks(consent)?;
    Ok(checks.iter().map(|one| (one.name.clone(), check::definition(one))).collect())
}
