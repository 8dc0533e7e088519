//! What a rollback would do, for a person to agree to; and how it goes.

use crate::{
    cli::{
        checks::{self, Lines},
        json,
    },
    config::StepCommand,
    error::Result,
    model::{StepOutcome, quote_path},
    ops::rollback::{Event, Plan},
    ui::{Ui, clean, plural},
};

/// So many commits and files are named.
const SHOWN: usize = 10;

/// The plan, in words.
pub(super) fn plan(plan: &Plan, verb: &str, ui: &mut Ui) -> Result<()> {
    ui.line(format!("{verb} to {} ({})", plan.to.name, plan.to.state.tip.to_hex_with_len(10)))?;
    if !plan.commits.is_empty() {
        ui.line(format!("  {} will be on the backup only:", plural(plan.commits.len(), "commit")))?;
        for (id, subject) in plan.commits.iter().take(SHOWN) {
            ui.line(format!("    {} {}", id.to_hex_with_len(10), clean(subject)))?;
        }
        more(plan.commits.len(), SHOWN, ui)?;
    }
    ui.line(format!("  {} change:", plural(plan.changes.len(), "file")))?;
    for change in plan.changes.iter().take(SHOWN) {
        ui.line(format!("    {} {}", change.status(), quote_path(change.path.as_ref())))?;
    }
    more(plan.changes.len(), SHOWN, ui)?;
    if let Some(backup) = plan.backup() {
        let work = if plan.has_uncommitted() { ", uncommitted work included" } else { "" };
        ui.line(format!("  what is there now is kept in branch {}{work}", json::name(backup)))?;
    }
    let artifacts = plan.artifacts();
    if !artifacts.is_empty() {
        let names = artifacts.join(", ");
        ui.line(format!(
            "  {} back, and what is there now is kept in the record: {names}",
            plural(artifacts.len(), "artifact")
        ))?;
    }
    commands("first", &plan.steps().before, ui)?;
    commands("afterwards", &plan.steps().after, ui)?;
    commands("if the state works,", &plan.steps().on_verified, ui)?;
    Ok(())
}

/// The commands that run around it.
fn commands(when: &str, commands: &[StepCommand], ui: &mut Ui) -> Result<()> {
    if commands.is_empty() {
        return Ok(());
    }
    ui.line(format!("  {when} {} run:", plural(commands.len(), "command")))?;
    commands.iter().try_for_each(|command| ui.line(format!("    {}", clean(&command.name))))
}

fn more(number: usize, shown: usize, ui: &mut Ui) -> Result<()> {
    if number > shown { ui.line(format!("    … and {} more", number - shown)) } else { Ok(()) }
}

/// Shows how it goes. What cannot be shown is no reason not to go on.
pub(in crate::cli) fn watch(event: &Event<'_>, ui: &mut Ui) {
    let _shown = match event {
        Event::Begins(name) => ui.progress(&clean(name)),
        Event::Waits(time) => ui.progress(&format!("waiting for {} s", time.as_secs())),
        Event::Check(event) => {
            checks::show(event, Lines::Beside, ui);
            Ok(())
        }
        Event::Ended { step, output, log } => {
            let name = clean(&step.name);
            let took = step.took.as_secs_f64();
            match step.outcome {
                StepOutcome::Done => ui.note(format!("{name} ({took:.1} s)")),
                StepOutcome::Tolerated => ui.warn(format!("{name} failed, and is passed over: {}", step.detail)),
                _ => ui.warn(format!("{name} failed: {}", step.detail)),
            }
            .and_then(|()| output.iter().try_for_each(|line| ui.tell(format!("  | {}", clean(line)))))
            .and_then(|()| match log.filter(|_| !output.is_empty()) {
                Some(log) => ui.tell(format!("  all of it: {}", log.display())),
                None => Ok(()),
            })
        }
    };
}
