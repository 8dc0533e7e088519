//! `git checkpoint` and `git checkpoint create`.

use super::{
    args,
    checks::{self, Lines},
    json,
};
use crate::{
    check::Why,
    config::Env,
    error::{Kind, Result},
    git::{self, capture::Changes},
    model::{ArtifactForm, Record, SkipReason, Skipped, Validation, quote_path},
    ops::{
        Session,
        create::{self, Held, Request, Taken},
        trust,
    },
    ui::{Ui, plural},
};

pub(super) fn run(args: &args::Create, env: &Env, ui: &mut Ui) -> Result<u8> {
    let session = super::open_and_remind(env, ui)?;
    let request = Request {
        message: args.message.clone(),
        name: args.name.clone(),
        commit: args.commit,
        no_verify: args.no_verify,
        no_artifacts: args.no_artifacts,
    };
    let taken = if args.dry_run {
        create::plan(&session, &request)?.preview()
    } else {
        let trusted = trust::gather(&session, env);
        git::ask_on_signals()?;
        create::take(&session, &request, &trusted, &mut |event| checks::show(&event, Lines::Beside, ui))?
    };
    if session.identity.is_fallback {
        ui.note("git has no user.name and user.email here; the checkpoint is by `git-checkpoint`")?;
    }
    tell_what_is_left_out(&taken, ui)?;
    if ui.is_json() {
        ui.value(&json::Checkpoint::of(&taken.record))?;
    } else {
        print(&taken, args.dry_run, ui)?;
    }
    if args.dry_run && !args.no_artifacts {
        tell_artifacts_to_come(&session, ui)?;
    }
    tell_of_checks(&taken, ui)
}

fn print(taken: &Taken, dry_run: bool, ui: &mut Ui) -> Result<()> {
    let name = name(&taken.record);
    let commit = taken.record.state.tip.to_hex_with_len(10);
    let what = changes(&taken.changes);
    if dry_run {
        return ui.line(format!("would save {} at {commit}: {what}", taken.record.state.head.short_name()));
    }
    let with = with_artifacts(&taken.record);
    match taken.record.validation() {
        Some(Validation::Failed | Validation::Inconclusive) => {
            ui.line(format!("saved without a tag, as {name} at {commit}: {what}{with}"))
        }
        _ if taken.held.is_some() => ui.line(format!("saved without a tag, as {name} at {commit}: {what}")),
        Some(Validation::Validated) => {
            let passed = plural(taken.record.checks.len(), "check");
            ui.done(format!("saved {name} at {commit}: {what}; validated by {passed}{with}"))
        }
        _ => ui.done(format!("saved {name} at {commit}: {what}{with}")),
    }
}

/// Names what a run would save beside the state.
fn tell_artifacts_to_come(session: &Session, ui: &mut Ui) -> Result<()> {
    let shown = |(name, path): (&str, Option<&str>)| {
        path.map_or_else(|| name.to_owned(), |path| format!("{name} ({})", quote_path(path.into())))
    };
    let names: Vec<String> = session.config.named_artifacts().map(shown).collect();
    if names.is_empty() {
        return Ok(());
    }
    ui.note(format!("would save with it the artifacts {}", names.join(", ")))
}

/// `; with the artifacts db, uploads`
fn with_artifacts(record: &Record) -> String {
    let there = record.artifacts.iter().filter(|saved| saved.form != ArtifactForm::Absent);
    let names: Vec<&str> = there.map(|saved| saved.name.as_str()).collect();
    match names[..] {
        [] => String::new(),
        [one] => format!("; with the artifact {one}"),
        _ => format!("; with the artifacts {}", names.join(", ")),
    }
}

/// What the checks mean to the checkpoint; the exit code.
pub(super) fn tell_of_checks(taken: &Taken, ui: &mut Ui) -> Result<u8> {
    for one in &taken.checked {
        if let Some(why @ Why::ChangedFiles(_)) = &one.why {
            ui.warn(format!("what {} said does not count: {why}", one.result.name))?;
        }
    }
    if let Some(error) = &taken.unkept {
        ui.warn(format!("what the checks said could not be kept: {}", error.chain().join(": ")))?;
    }
    if let Some(why) = &taken.here {
        ui.note(format!("the background checks ran here: {why}"))?;
    }
    if let Some(held) = &taken.held {
        let error = match held {
            Held::Untrusted(standing) => trust::require(standing).err(),
            Held::Unusable(error) => {
                ui.warn(error.chain().join(": "))?;
                None
            }
        };
        if let Some(error) = error {
            ui.warn(error.chain().join(": "))?;
            for hint in error.hints() {
                ui.tell(format!("hint: {hint}"))?;
            }
        }
        return Ok(Kind::Usage.exit_code());
    }
    let wanted = taken.record.wanted_tag().map(|tag| format!(" `{}`", json::name(tag))).unwrap_or_default();
    match taken.record.validation() {
        Some(Validation::Pending) => {
            ui.note(format!("its checks go on in the background; the tag{wanted} appears when they have passed"))?;
            Ok(0)
        }
        Some(state @ (Validation::Failed | Validation::Inconclusive)) => {
            let why = if state == Validation::Failed { "a check failed" } else { "a check gave no answer" };
            ui.warn(format!("{why}, so there is no tag{wanted}; the state is saved all the same"))?;
            Ok(Kind::Refused.exit_code())
        }
        _ => Ok(0),
    }
}

/// The tag, or the record's id where there is none.
pub(super) fn name(record: &Record) -> String {
    record.tag().map_or_else(|| record.id.to_string(), json::name)
}

/// `2 staged, 1 untracked`, or `no changes`.
pub(super) fn changes(changes: &Changes) -> String {
    let counts = [
        (changes.staged, "staged"),
        (changes.unstaged, "unstaged"),
        (changes.untracked, "untracked"),
        (changes.conflicted, "in conflict"),
    ];
    let parts: Vec<_> =
        counts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    if parts.is_empty() { "no changes".into() } else { parts.join(", ") }
}

/// Paths that are not saved, and a tag that could not be made.
pub(super) fn tell_what_is_left_out(taken: &Taken, ui: &mut Ui) -> Result<()> {
    warn_of_skipped(&taken.record.skipped, ui)?;
    if !taken.unsaved.is_empty() {
        ui.warn(format!("not saved: the artifacts {}", taken.unsaved.join(", ")))?;
    }
    match &taken.unsigned {
        Some(why) => {
            ui.warn(format!("the tag could not be signed and was left out; the checkpoint is saved as its id: {why}"))
        }
        None => Ok(()),
    }
}

/// Names what is not saved: nothing is left out silently.
pub(super) fn warn_of_skipped(skipped: &[Skipped], ui: &mut Ui) -> Result<()> {
    const SHOWN: usize = 10;
    for skipped in skipped.iter().take(SHOWN) {
        ui.warn(format!("not saved: {} ({})", quote_path(skipped.path.as_ref()), reason(skipped.reason)))?;
    }
    if skipped.len() > SHOWN {
        ui.warn(format!("not saved: {} more; `--json` lists all", plural(skipped.len() - SHOWN, "path")))?;
    }
    Ok(())
}

pub(super) fn reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::TooLarge => "larger than capture.max-file-size",
        SkipReason::OverTotal => "over capture.max-total-size in all",
        SkipReason::NestedRepository => "a repository of its own",
        SkipReason::SubmoduleChanges => "changes inside the submodule",
        SkipReason::NotAFile => "a socket, pipe or device",
        SkipReason::Excluded => "matches capture.exclude",
        SkipReason::Untracked => "capture.untracked is off",
    }
}
