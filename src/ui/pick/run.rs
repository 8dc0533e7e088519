//! Between the terminal, the state and the source.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    List, Source, Text, Tone,
    screen::{Input, Screen},
    state::{Effect, State},
    view::{self, Look},
};
use crate::error::{Context, Error, Result};

/// How long nobody has to have typed before a difference is asked for.
const IDLE: Duration = Duration::from_millis(20);
/// How often signals are looked at.
const PAUSE: Duration = Duration::from_millis(100);
/// How often what is worked out meanwhile is shown.
const FRAME: Duration = Duration::from_millis(60);
/// So many differences are kept.
const KEPT: usize = 16;

/// Lets a person choose.
pub(super) fn run(list: List, source: &mut dyn Source, look: Look) -> Result<Option<Vec<usize>>> {
    let mut screen = Screen::take().context("cannot use this terminal")?;
    let mut picking = Picking { state: State::new(list), source, details: VecDeque::new(), drawn: None, is_new: true };
    let chosen = picking.until_end(&mut screen, look);
    drop(screen);
    chosen
}

struct Picking<'s> {
    state: State,
    source: &'s mut dyn Source,
    /// The last differences that were looked at, by entry.
    details: VecDeque<(usize, Vec<Text>)>,
    drawn: Option<Instant>,
    /// Whether there is something that was not drawn yet.
    is_new: bool,
}

impl Picking<'_> {
    fn until_end(&mut self, screen: &mut Screen, look: Look) -> Result<Option<Vec<usize>>> {
        loop {
            if self.source.is_stopped() {
                return Err(Error::refused("stopped by a signal; nothing was changed"));
            }
            if self.is_new && self.drawn.is_none_or(|drawn| drawn.elapsed() > FRAME) {
                let (state, details) = (&mut self.state, &self.details);
                let current = state.current();
                let detail = details.iter().find(|(item, _)| Some(*item) == current).map(|(_, lines)| lines.as_slice());
                let empty = current.is_none().then_some(&[][..]);
                screen.draw(|frame| view::draw(frame, state, detail.or(empty), look)).context(LOST)?;
                (self.drawn, self.is_new) = (Some(Instant::now()), false);
            }
            let within = match () {
                () if self.lacks_detail().is_some() => IDLE,
                () if self.source.unknown().is_some() => Duration::ZERO,
                () => PAUSE,
            };
            match screen.input(within).context(LOST)? {
                Some(input) => {
                    (self.drawn, self.is_new) = (None, true);
                    if let Some(end) = self.take(input, screen)? {
                        return Ok(end);
                    }
                }
                None if self.has_work() => self.work()?,
                None => {}
            }
        }
    }

    /// What is typed is done first, then what is to be seen is worked out, then the rest.
    fn has_work(&self) -> bool {
        self.lacks_detail().is_some() || self.source.unknown().is_some()
    }

    fn lacks_detail(&self) -> Option<usize> {
        self.state.current().filter(|item| self.details.iter().all(|(kept, _)| kept != item))
    }

    fn work(&mut self) -> Result<()> {
        self.is_new = true;
        if let Some(item) = self.lacks_detail() {
            let lines = self.source.detail(item).unwrap_or_else(|error| why(&error));
            self.details.truncate(KEPT - 1);
            self.details.push_front((item, lines));
            self.drawn = None;
        } else if let Some(item) = self.source.unknown() {
            let facts = self.source.facts(item)?;
            self.state.learn(item, facts);
            if self.source.unknown().is_none() {
                self.drawn = None;
            }
        }
        Ok(())
    }

    /// The end, if it is one.
    fn take(&mut self, input: Input, screen: &mut Screen) -> Result<Option<Option<Vec<usize>>>> {
        let Input::Key(key) = input else { return Ok(None) };
        match self.state.update(key) {
            Effect::None => {}
            Effect::Leave => return Ok(Some(None)),
            Effect::Apply => return Ok(Some(Some(self.state.wanted()))),
            Effect::Suspend => screen.suspend().context(LOST)?,
            Effect::Redraw => screen.forget().context(LOST)?,
            Effect::Learn(item) => {
                let facts = self.source.facts(item)?;
                self.state.learn(item, facts);
            }
            Effect::Summarize => {
                let lines = self.source.summary(&self.state.wanted())?;
                self.state.show_summary(lines);
            }
        }
        Ok(None)
    }
}

/// What is beside the list where it cannot be had; the list is as good without it.
fn why(error: &Error) -> Vec<Text> {
    error.chain().iter().map(|line| Text::new(Tone::Bad, line)).collect()
}

const LOST: &str = "the terminal cannot be used any more";
