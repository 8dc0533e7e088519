//! What `git bisect` would look at next, and what it would say in the end.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use super::Verdict;
use crate::{
    error::{Context, Result},
    git::objects,
    model::{Oid, search::Answer},
    ops::Session,
};

/// What there is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether this commit is good.
    About(Oid),
    /// Nothing more.
    None,
}

/// A search in a history that may have branches. A copy of it goes its own way.
#[derive(Clone)]
pub(super) struct Bisection<'s> {
    session: &'s Session,
    ends: (Oid, Oid),
    /// Where the two histories part, which has to be good too; none where the one is in the other.
    bases: Vec<Oid>,
    /// What is known of both ends. They are taken for what they are said to be until the answer hangs on them.
    seen: [Option<Answer>; 2],
    bad: Oid,
    good: Vec<Oid>,
    skipped: Vec<Oid>,
    over: Option<(Verdict, Oid)>,
    commits: usize,
    known: Rc<RefCell<HashMap<Key, Vec<Oid>>>>,
}

/// The bad commit, the good ones, and whether all in between were asked for.
type Key = (Oid, Vec<Oid>, bool);

impl<'s> Bisection<'s> {
    /// Between a good commit and a bad one.
    pub(super) fn new(session: &'s Session, (good, bad): (Oid, Oid)) -> Result<Self> {
        objects::flush(&session.repo)?;
        let bases = session.repo.git(["merge-base", "--all", &good.to_string(), &bad.to_string()]).output()?;
        let bases = oids(&bases.stdout)?;
        let bases = if bases.contains(&good) { Vec::new() } else { bases };
        let count = session.repo.git(["rev-list", "--count", &bad.to_string(), &format!("^{good}")]).run()?;
        let commits = String::from_utf8_lossy(&count).trim().parse().context("git printed no number")?;
        Ok(Bisection {
            session,
            ends: (good, bad),
            bases,
            seen: [None, None],
            bad,
            good: vec![good],
            skipped: Vec::new(),
            over: None,
            commits,
            known: Rc::default(),
        })
    }

    /// How many commits there are to be searched.
    pub(super) fn commits(&self) -> usize {
        self.commits
    }

    /// What is to be found out next.
    pub(super) fn next(&self) -> Result<Question> {
        if self.over.is_some() {
            return Ok(Question::None);
        }
        if let Some(base) = self.bases.iter().find(|base| !self.good.contains(base) && !self.skipped.contains(base)) {
            return Ok(Question::About(*base));
        }
        let next = if self.skipped.is_empty() {
            self.between(false)?.first().copied()
        } else {
            self.between(true)?.into_iter().find(|commit| *commit != self.bad && !self.skipped.contains(commit))
        };
        if let Some(next) = next.filter(|next| *next != self.bad) {
            return Ok(Question::About(next));
        }
        Ok(self.unproven(&self.left()?)?.map_or(Question::None, Question::About))
    }

    /// The end that the answer hangs on, where nobody has seen yet that it is what it is said to be.
    fn unproven(&self, left: &[Oid]) -> Result<Option<Oid>> {
        let (good, bad) = self.ends;
        if self.seen[0].is_none() && self.hangs_on_good(left)? {
            return Ok(Some(good));
        }
        Ok(Some(bad).filter(|bad| self.seen[1].is_none() && self.bad == *bad))
    }

    /// Whether what is before the commits that are left is good by the word of the user alone.
    fn hangs_on_good(&self, left: &[Oid]) -> Result<bool> {
        let seen = self.good.iter().filter(|good| **good != self.ends.0).map(|good| format!("^{good}"));
        let seen: Vec<String> = seen.collect();
        if seen.is_empty() {
            return Ok(true);
        }
        // One more than could be of those themselves.
        let most = format!("--max-count={}", left.len() + 1);
        let parents = left.iter().map(|commit| format!("{commit}^@"));
        let args = ["rev-list".to_owned(), most].into_iter().chain(parents).chain(seen);
        let before = oids(&self.session.repo.git(args).run()?)?;
        Ok(before.iter().any(|commit| !left.contains(commit)))
    }

    /// Those of which one is the first that is bad, newest first.
    fn left(&self) -> Result<Vec<Oid>> {
        let hidden = self.good.iter().map(|good| format!("^{good}"));
        let args = ["rev-list".to_owned(), self.bad.to_string()].into_iter().chain(hidden);
        oids(&self.session.repo.git(args).run()?)
    }

    /// The answer to a question.
    pub(super) fn answered(&mut self, commit: Oid, answer: &Answer) {
        let (good, bad) = self.ends;
        let place = if commit == good && self.seen[0].is_none() { Some(0) } else { (commit == bad).then_some(1) };
        if let Some(place) = place {
            self.seen[place] = Some(answer.clone());
            self.over = match (place, answer) {
                (0, Answer::Bad(_)) => Some((Verdict::NotGood, commit)),
                (1, Answer::Good) => Some((Verdict::NotBad, commit)),
                (_, Answer::Open(_)) => Some((Verdict::NoAnswer(commit), commit)),
                _ => None,
            };
            return;
        }
        match answer {
            Answer::Good => self.good.push(commit),
            Answer::Open(_) => self.skipped.push(commit),
            Answer::Bad(_) if self.bases.contains(&commit) => self.over = Some((Verdict::Mended(commit), commit)),
            Answer::Bad(_) => self.bad = commit,
        }
    }

    /// What was found, and the commit that it is about.
    pub(super) fn verdict(&self) -> Result<(Verdict, Option<Oid>)> {
        if let Some((verdict, commit)) = &self.over {
            return Ok((verdict.clone(), Some(*commit)));
        }
        let left = self.left()?;
        Ok(match left.as_slice() {
            [one] if self.unproven(&left)?.is_none() => (Verdict::Found(*one), Some(*one)),
            _ => (Verdict::Among(left), None),
        })
    }

    /// The commit that halves what is between, as `git bisect` chooses it; or all that is between, that one first.
    fn between(&self, all: bool) -> Result<Vec<Oid>> {
        let mut good = self.good.clone();
        good.sort_unstable();
        let key = (self.bad, good, all);
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(known.clone());
        }
        // `--bisect` would go by the user's own bisection as well, where one is under way.
        let how = if all { "--bisect-all" } else { "--bisect-vars" };
        let hidden = self.good.iter().map(|good| format!("^{good}"));
        let args = ["rev-list", how].into_iter().map(str::to_owned).chain([self.bad.to_string()]).chain(hidden);
        let said = self.session.repo.git(args).run()?;
        let found = if all { oids(&said)? } else { oids(&next_of(&said))? };
        self.known.borrow_mut().insert(key, found.clone());
        Ok(found)
    }
}

/// The commit in `bisect_rev='<commit>'`, which is for a shell.
fn next_of(said: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(said);
    let rev = text.lines().find_map(|line| line.strip_prefix("bisect_rev="));
    rev.unwrap_or_default().trim_matches('\'').as_bytes().to_vec()
}

/// The object at the beginning of each line.
fn oids(text: &[u8]) -> Result<Vec<Oid>> {
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let parse = |line: &str| Oid::from_hex(name(line).as_bytes()).context("git printed a commit that is none");
    String::from_utf8_lossy(text).lines().map(parse).collect()
}
