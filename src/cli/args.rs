//! The command line. Its doc comments are the only help text; man page, completions and reference come from them.

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{config::Env, ui};

/// The safety net under risky work in git: checkpoint, back up, roll back, recover
///
/// Without a command it takes a checkpoint of the complete working state (commits, staged, unstaged and untracked
/// files) without changing any of it. `rollback` goes back to one and keeps what was there under a backup branch;
/// `recover` brings commits back from it; `undo` takes any of this back.
///
/// Exit codes: 0 done; 1 the answer is no; 2 usage or configuration; 3 stopped, needs you; 4 git, file system or
/// lock; 70 a bug.
#[derive(Debug, Parser)]
#[command(name = "git-checkpoint", bin_name = "git checkpoint", version, max_term_width = 100)]
pub(super) struct Cli {
    /// Work as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(super) dir: Option<PathBuf>,

    /// Print the answer as JSON on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// Whether to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(super) color: Color,

    #[command(flatten)]
    pub(super) create: Create,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Cli {
    pub(super) fn ui_options(&self, env: &Env) -> ui::Options {
        let color = match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        ui::Options { json: self.json, color, interactive: env.is_interactive() }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Take a checkpoint of the working state (what `git checkpoint` alone does)
    Create(Create),
    /// List the checkpoints, newest first
    List(List),
    /// Show one checkpoint: where it was taken, what it holds, what was left out
    Show(Show),
    /// Show what differs between two states, or between one and the working state now
    Diff(Diff),
    /// Show the branch, what is changed, the newest checkpoint and what was interrupted
    Status,
    /// Return branch, index and files to a state; what is there now is kept under a backup branch
    Rollback(Rollback),
    /// Bring commits, and work that was never committed, back from a backup
    Recover(Recover),
    /// Take the last operation back
    Undo(Undo),
    /// Take the last undo back
    Redo(Undo),
    /// List every operation, newest first
    Log(Log),
    /// Rehearse checkpoint, break, rollback, recover and undo on a throw-away copy, and compare every byte
    Drill(Drill),
    /// Print the manual page, or put it where `git checkpoint --help` finds it
    Man(Man),
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Command {
    /// Whether it writes to a repository; such commands do nothing where this program is switched off.
    pub(super) fn changes_something(&self) -> bool {
        use Command::{Create, Recover, Redo, Rollback, Undo};
        matches!(self, Create(_) | Rollback(_) | Recover(_) | Undo(_) | Redo(_))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(super) struct Create {
    /// What to remember about it; the first line is shown in lists
    #[arg(short, long, value_name = "TEXT")]
    pub(super) message: Option<String>,

    /// The tag's name; an error if it is taken
    #[arg(long, value_name = "TAG")]
    pub(super) name: Option<String>,

    /// Add and commit everything on the branch, instead of saving beside it
    #[arg(long)]
    pub(super) commit: bool,

    /// Run neither checks nor, with --commit, git's commit hooks
    #[arg(long)]
    pub(super) no_verify: bool,

    /// Say what would be saved, and save nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// At most so many
    #[arg(short = 'n', long, value_name = "NUMBER")]
    pub(super) limit: Option<usize>,

    /// Also those that were undone
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The state: a tag, a record's id or its beginning, `latest`, `latest~2`, `good`, `T+4h`, `@{2 hours ago}`,
    /// `before:<regex>` or any git revision
    #[arg(default_value = "latest")]
    pub(super) selector: String,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The first state, as in `show`
    #[arg(default_value = "latest")]
    pub(super) from: String,

    /// The second state; the working state now if left out
    pub(super) to: Option<String>,

    /// Show how much changed in each file instead of the changes
    #[arg(long)]
    pub(super) stat: bool,

    /// Show only letters and paths
    #[arg(long, conflicts_with = "stat")]
    pub(super) name_status: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub(super) struct Ending {
    /// Finish the operation that was interrupted or stopped
    #[arg(long = "continue")]
    pub(super) go_on: bool,

    /// Go back to the state before the operation that was interrupted or stopped
    #[arg(long)]
    pub(super) abort: bool,
}

#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The state to go to: a tag, a record's id or its beginning, `latest`, `latest~2`, `good`, `T+4h`,
    /// `@{2 hours ago}`, `before:<regex>` or any git revision
    #[arg(required_unless_present_any = ["go_on", "abort"])]
    pub(super) selector: Option<String>,

    /// Take only this file or folder back; branch and HEAD stay (may be given more than once)
    #[arg(long, value_name = "PATH")]
    pub(super) path: Vec<PathBuf>,

    /// Why; kept in the record
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,

    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) ending: Ending,
}

#[derive(Debug, Args)]
pub(super) struct Recover {
    /// What to bring back: a backup branch or a rollback's id, commits, or ranges; the newest backup if left out.
    /// Without commits, --all or --uncommitted, its commits are listed
    pub(super) what: Vec<String>,

    /// Bring back every commit of the backup that is not here
    #[arg(long)]
    pub(super) all: bool,

    /// Pick onto this local branch, which is not checked out, instead of HEAD
    #[arg(long, value_name = "BRANCH")]
    pub(super) onto: Option<String>,

    /// Bring back the staged, unstaged and untracked work of the backup as well
    #[arg(long)]
    pub(super) uncommitted: bool,

    /// Keep commits whose change is here already, as empty commits
    #[arg(long)]
    pub(super) keep_redundant: bool,

    /// The parent, from 1, that a merge commit is seen from
    #[arg(short, long, value_name = "PARENT")]
    pub(super) mainline: Option<usize>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) ending: Ending,

    /// Leave out the commit that conflicts and go on
    #[arg(long, conflicts_with_all = ["go_on", "abort"])]
    pub(super) skip: bool,
}

#[derive(Debug, Args)]
pub(super) struct Undo {
    /// The operation, by its id or the beginning of it; the last one if left out
    pub(super) id: Option<String>,

    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    #[command(flatten)]
    pub(super) ending: Ending,
}

#[derive(Debug, Args)]
pub(super) struct Log {
    /// At most so many
    #[arg(short = 'n', long, value_name = "NUMBER")]
    pub(super) limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct Drill {
    /// Keep the throw-away copy and say where it is
    #[arg(long)]
    pub(super) keep: bool,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Put it beside the program, where `man` looks for the programs on PATH
    #[arg(long)]
    pub(super) install: bool,
}
