//! One file a command: arguments → request, outcome → text or JSON; holds no rules.

mod args;
mod assess;
mod attempt;
mod check;
mod checks;
mod choose;
mod create;
mod culprit;
mod decision;
mod diff;
mod doctor;
mod drill;
mod fetch;
mod finish;
mod good;
mod hook;
mod hook_probe;
mod hooks;
mod init;
mod jobs;
mod json;
mod list;
mod log;
mod man;
mod monitor;
mod numbers;
mod pin;
mod pre_push;
mod prune;
mod push;
mod recover;
mod report;
mod resume;
mod rollback;
mod schedule;
mod show;
mod start;
mod status;
mod trust;
mod undo;
mod watch;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, error::ErrorKind};

use crate::{
    config::Env,
    error::{Error, Kind, Result},
    git::{self, restore},
    ops::{Session, attempt as attempts, undo::Direction},
    ui::Ui,
};

use args::{Cli, Command};

/// The command line's definition, from which help, man page, completions and the reference are made.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Whether this is a hook's call, which is answered before anything else is set up: it is made after every commit.
pub(crate) fn is_hook(args: &[OsString]) -> bool {
    args.get(1).is_some_and(|arg| arg == "hook") && args.get(2).is_some_and(|event| hook::is_quick(event))
}

/// Answers a hook. It never fails: whatever it has to say is kept for `status`.
pub(crate) fn run_hook(args: &[OsString], env: &Env) -> ExitCode {
    hook::quick(&args[2], &args[3..], env);
    ExitCode::SUCCESS
}

pub(crate) fn run(args: impl IntoIterator<Item = OsString>, env: Env) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::of(&args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; all else is a usage error.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(Kind::Usage.exit_code()),
            };
        }
    };
    let env = match &cli.common.dir {
        Some(dir) => env.in_dir(dir),
        None => env,
    };
    let mut ui = Ui::new(cli.common.ui_options(&env));
    let answer = if env.is_off() && cli.command.as_ref().is_none_or(Command::changes_something) {
        ui.note("switched off by GIT_CHECKPOINT=0; nothing was done").map(|()| 0)
    } else {
        if !cli.command.as_ref().is_some_and(Command::only_shows) {
            // Ctrl-C ends the process at once, and takes the lock files of unfinished ref changes along.
            // Where that cannot be had, they are named by the next call.
            let _installed = git::remove_locks_on_signals();
        }
        dispatch(cli, &env, &mut ui)
    };
    let code = match answer.and_then(|code| ui.flush().map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            ui.error(&error);
            // The first failure is the one that counts.
            let _ = ui.flush();
            error.kind().exit_code()
        }
    };
    ExitCode::from(code)
}

fn dispatch(cli: Cli, env: &Env, ui: &mut Ui) -> Result<u8> {
    let Some(command) = cli.command else { return create::run(&cli.create, env, ui) };
    if cli.create != args::Create::default() {
        return Err(Error::usage("options of `create` stand after it").hint("`git checkpoint create -m <message>`"));
    }
    match command {
        Command::Create(args) => create::run(&args, env, ui),
        Command::List(args) => list::run(&args, env, ui),
        Command::Show(args) => show::run(&args, env, ui),
        Command::Diff(args) => diff::run(&args, env, ui),
        Command::Status => status::run(env, ui),
        Command::Check(args) => check::run(&args, env, ui),
        Command::Assess(args) => assess::run(&args, env, ui),
        Command::Monitor(args) => monitor::run(&args, env, ui),
        Command::Rollback(args) => rollback::run(&args, env, ui),
        Command::Recover(args) => recover::run(&args, env, ui),
        Command::Culprit(args) => culprit::run(&args, env, ui),
        Command::Try(args) => attempt::run(&args, env, ui),
        Command::Undo(args) => undo::run(Direction::Undo, &args, env, ui),
        Command::Redo(args) => undo::run(Direction::Redo, &args, env, ui),
        Command::Log(args) => log::run(&args, env, ui),
        Command::Report(args) => report::run(&args, env, ui),
        Command::Init(args) => init::run(&args, env, ui),
        Command::Trust(args) => trust::run(&args, env, ui),
        Command::Push(args) => push::run(&args, env, ui),
        Command::Fetch(args) => fetch::run(&args, env, ui),
        Command::Prune(args) => prune::run(&args, env, ui),
        Command::Pin(args) => pin::run(true, &args, env, ui),
        Command::Unpin(args) => pin::run(false, &args, env, ui),
        Command::Drill(args) => drill::run(&args, env, ui),
        Command::Start(args) => start::run(&args, env, ui),
        Command::Finish(args) => finish::run(&args, env, ui),
        Command::Schedule { command } => schedule::run(&command, env, ui),
        Command::Watch(args) => watch::run(&args, env, ui),
        Command::Hook(args) => hook::run(&args, env, ui),
        Command::Timed => watch::timed(env),
        Command::JobWorker => jobs::worker(env),
        Command::Jobs(args) => jobs::run(&args, env, ui),
        Command::Hooks(args) => hooks::run(&args, env, ui),
        Command::Doctor => doctor::run(env, ui),
        Command::HookProbe(args) => hook_probe::run(&args, env),
        Command::Man(args) => man::run(&args, env, ui),
        Command::Completions { shell } => man::completions(shell, ui),
    }
}

/// Opens the repository and says what a person has to know before anything else.
fn open(env: &Env, ui: &mut Ui) -> Result<Session> {
    let session = Session::open(env)?;
    tell_of_rescued(&session, ui)?;
    Ok(session)
}

/// Tells of files that a restore found changed in the very moment in which it replaced them.
fn tell_of_rescued(session: &Session, ui: &mut Ui) -> Result<()> {
    match restore::rescued(&session.repo) {
        None => Ok(()),
        Some(folder) => ui.warn(format!(
            "`{}` has files that somebody saved while they were being replaced: take what you need, then remove it",
            folder.display()
        )),
    }
}

/// As [`open`], for commands that go on although an operation was interrupted, and say so.
fn open_and_remind(env: &Env, ui: &mut Ui) -> Result<Session> {
    let session = open(env, ui)?;
    if attempts::is_running(&session) {
        ui.note("a command is tried in this worktree, and has not ended")?;
    } else if let Some(journal) = session.interrupted()? {
        ui.warn(format!(
            "a {kind} was begun and has not ended: `git checkpoint {kind} --continue` finishes it, `--abort` goes back",
            kind = journal.kind
        ))?;
    }
    jobs::remind(&session, ui)?;
    Ok(session)
}
