//! What a person sees of checks: a line for each that has ended, the end of its log if it did not pass, and on a terminal a
//! line of what runs.

use std::time::Duration;

use crate::{
    check::{Checked, Event, Subject, tail},
    error::Result,
    model::Verdict,
    ui::{Ui, clean},
};

/// So many lines of a failing check's output are shown.
const SHOWN: usize = 15;

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// They are the answer.
    Answer,
    /// They are beside the answer.
    Beside,
}

/// Shows an event of a run. What cannot be shown is no reason not to go on.
pub(super) fn show(event: &Event<'_>, lines: Lines, ui: &mut Ui) {
    let _shown = match event {
        Event::Running(running) => ui.progress(&progress(running)),
        Event::Ended(checked, subject) => tell(checked, *subject, lines, ui),
        Event::Again(files) => ui.warn(format!(
            "files changed while several checks ran ({}); each is run again, alone",
            files.iter().take(3).map(|file| clean(file)).collect::<Vec<_>>().join(", ")
        )),
    };
}

/// `unit 12 s of about 40 s, lint 3 s`
fn progress(running: &[(&str, Duration, Option<Duration>)]) -> String {
    let one = |(name, since, expected): &(&str, Duration, Option<Duration>)| {
        let of = expected.map(|expected| format!(" of about {} s", expected.as_secs().max(1))).unwrap_or_default();
        format!("{name} {} s{of}", since.as_secs())
    };
    running.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The line of one check, and the end of its log if it did not pass.
fn tell(checked: &Checked, subject: Subject, lines: Lines, ui: &mut Ui) -> Result<()> {
    let line = line(checked, subject);
    match lines {
        Lines::Answer if ui.is_json() => {}
        Lines::Answer if checked.result.verdict == Verdict::Pass => ui.done(line)?,
        Lines::Answer => ui.line(line)?,
        Lines::Beside if checked.result.verdict == Verdict::Pass => ui.note(line)?,
        Lines::Beside => ui.warn(line)?,
    }
    let Some(log) = checked.log.as_ref().filter(|_| checked.result.verdict != Verdict::Pass) else { return Ok(()) };
    for line in tail(log, SHOWN) {
        ui.tell(format!("  | {}", clean(&line)))?;
    }
    ui.tell(format!("  all of it: {}", log.display()))
}

/// `unit passes on 1a2b3c4d5e (1.2 s)`
fn line(checked: &Checked, subject: Subject) -> String {
    let result = &checked.result;
    let on = subject.commit.to_hex_with_len(10);
    let took = match (result.cached, result.took.is_zero()) {
        (true, _) => " (known from before)".into(),
        (false, false) => format!(" ({:.1} s)", result.took.as_secs_f64()),
        (false, true) => String::new(),
    };
    let why = result.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} {} on {on}{took}{why}", result.name, says(result.verdict))
}

/// The verdict as a verb.
pub(super) fn says(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passes",
        Verdict::Fail => "fails",
        Verdict::Inconclusive => "has no answer",
    }
}
