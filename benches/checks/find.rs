//! The commit that broke something: `culprit`, and `git bisect run` with the same command.

use std::fmt::Write;

use super::tools::Ours;
use crate::harness::{
    measure::{Plan, Row, Side, compare},
    place::Place,
};

/// So many commits, and the one that breaks it.
const COMMITS: usize = 200;
const BAD: usize = 77;

/// A check that waits, as most do for something, with one commit at a time and with several.
pub(crate) fn culprit(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let command = "sleep 1; test ! -e bad";
    let (mut ours, mut theirs) = origin.two()?;
    let (good, bad) = (history(&mut ours)?, history(&mut theirs)?);
    if good != bad {
        return Err("the two sides have not the same commits".into());
    }
    let ours = Ours::set_up(ours, &[command.to_owned()])?;
    theirs.keep()?;
    let bisect = || {
        theirs.script(&[
            &["bisect", "start", "topic", &good],
            &["bisect", "run", "sh", "-c", command],
            &["bisect", "reset"],
        ])
    };
    let mut rows = Vec::new();
    for (jobs, target) in [("1", 1.25), ("3", 0.8), ("7", 0.7)] {
        let find = || ours.run(&["culprit", &good, "topic", "--jobs", jobs]);
        let name = format!("culprit, {jobs} at once / git bisect run, {COMMITS} commits");
        // Verdicts are notes, which go with the other refs.
        let (ours, theirs) = (
            Side { prepare: &|| ours.place().reset(), run: &find },
            Side { prepare: &|| theirs.reset(), run: &bisect },
        );
        rows.push(compare(plan, name, target, &ours, &theirs));
    }
    Ok(rows)
}

/// Commits on a branch `topic`; the commit before them.
fn history(place: &mut Place<'_>) -> Result<String, String> {
    let base = place.base().to_owned();
    let mut text = String::new();
    for n in 0..COMMITS {
        let who = format!("Somebody <some@body> {} +0000", 1_795_000_000 + n);
        let from = if n == 0 { format!("from {base}\n") } else { String::new() };
        let bad = if n == BAD { "M 100644 inline bad\ndata 0\n\n" } else { "" };
        let made = write!(
            text,
            "commit refs/heads/topic\nauthor {who}\ncommitter {who}\ndata 1\nx\n{from}M 100644 inline made{n}\ndata 0\n\n{bad}"
        );
        made.map_err(|error| error.to_string())?;
    }
    place.git_with_input(&["fast-import", "--quiet"], text.as_bytes())?;
    place.keep()?;
    Ok(base)
}
