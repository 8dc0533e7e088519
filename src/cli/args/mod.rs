//! The command line. Its doc comments are the only help text; man page, completions and reference come from them.

mod attempt;
mod automation;
mod called;
mod create;
mod decide;
mod drill;
mod good;
mod jobs;
mod look;
mod recover;
mod report;
mod rollback;
mod share;
mod undo;
mod validate;

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};

use self::{
    attempt::TRY_EXAMPLES,
    automation::{HOOKS_EXAMPLES, START_EXAMPLES},
    create::CREATE_EXAMPLES,
    decide::{ASSESS_EXAMPLES, MONITOR_EXAMPLES},
    drill::DRILL_EXAMPLES,
    good::CULPRIT_EXAMPLES,
    jobs::JOBS_EXAMPLES,
    recover::RECOVER_EXAMPLES,
    report::REPORT_EXAMPLES,
    rollback::ROLLBACK_EXAMPLES,
    share::{PRUNE_EXAMPLES, PUSH_EXAMPLES},
    validate::CHECK_EXAMPLES,
};
pub(super) use self::{
    attempt::Try,
    automation::{Finish, Hook, HookProbe, Hooks, HooksAction, Init, Schedule, Scheduler, Start, Trust, Watch},
    create::Create,
    decide::{Around, Assess, Monitor},
    drill::Drill,
    good::{Culprit, Good},
    jobs::{Chosen, Jobs, JobsCommand},
    look::{Diff, List, Log, Show},
    recover::Recover,
    report::{DocumentName, Format, Report},
    rollback::Rollback,
    share::{Fetch, Pin, Prune, Push},
    undo::{Ending, Undo},
    validate::Check,
};
use crate::{config::Env, ui};

/// The heading of the options that every command has.
pub(super) const COMMON: &str = "Common options";

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
    #[command(flatten)]
    pub(super) common: Common,

    #[command(flatten)]
    pub(super) create: Create,

    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

// What every command takes.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Work as if started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = COMMON)]
    pub(super) dir: Option<PathBuf>,

    /// Print the answer as JSON on standard output
    #[arg(long, global = true, help_heading = COMMON)]
    json: bool,

    /// When to use colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, help_heading = COMMON)]
    #[arg(value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

impl Common {
    pub(super) fn ui_options(&self, env: &Env) -> ui::Options {
        let color = match self.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        ui::Options {
            json: self.json,
            color,
            interactive: env.is_interactive(),
            screen: env.has_screen(),
            blocks: env.is_utf8(),
        }
    }
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Command {
    /// Save the working state (what `git checkpoint` alone does)
    ///
    /// Saves commits, staged, unstaged and untracked files under a tag, and changes none of them. What is not saved
    /// (files over the size limit, repositories inside this one, sockets and pipes) is named.
    #[command(after_long_help = CREATE_EXAMPLES)]
    Create(Create),
    /// List the checkpoints, newest first
    ///
    /// Below them, the course of each number that their checks printed, the oldest left.
    List(List),
    /// Show what a state holds, what it left out, what its checks said
    Show(Show),
    /// Show what differs between two states
    ///
    /// Compares two states, or one with the working state now. After the files come the numbers that the checks of two
    /// checkpoints printed.
    Diff(Diff),
    /// Show what is changed, saved, and half done
    Status,
    /// Run the checks of .checkpoint.toml
    ///
    /// On the working state or any other, side by side. A check runs among your files where they are exactly what is to be
    /// validated, and in a private worktree else; a verdict is kept for the tree, so that nobody has to find it out twice. Exits
    /// with 1 where a check that matters did not pass.
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Run the checks once, and decide: fine, fix forward, or roll back
    ///
    /// Runs the checks with `monitor` or `assess` in `on` as things are now, whatever is known of the files, and decides by the
    /// first `[[policy]]` of .checkpoint.toml that matches. Exit codes: 0 healthy; 10 fix forward; 11 roll back after
    /// approval; 12 roll back now; 13 inconclusive. It changes nothing.
    #[command(after_long_help = ASSESS_EXAMPLES)]
    Assess(Assess),
    /// Run the checks again and again; tell when the decision changes
    ///
    /// Runs the checks with `monitor` in `on`. A check counts as failing when it has failed some times in a row, and nothing
    /// is decided by too few samples; `[monitor]` in .checkpoint.toml says how many. Exits with the code of what holds when
    /// it ends, as `assess`; where --auto has rolled back, with 0 if that is verified and with 1 if not.
    #[command(after_long_help = MONITOR_EXAMPLES)]
    Monitor(Monitor),
    /// Go back to a state; what is there now goes to a backup branch
    ///
    /// Returns branch, index and files to exactly that state, and verifies it. Everything that is there now,
    /// uncommitted work included, is first kept under a backup branch. It stops before it begins where something that no
    /// backup holds, an ignored file for example, would be lost. Asks first on a terminal. Then the checks that are for a
    /// rollback say whether the state gone back to works; where one that matters does not pass, the exit code is 1.
    #[command(after_long_help = ROLLBACK_EXAMPLES)]
    Rollback(Rollback),
    /// Bring commits and uncommitted work back from a backup
    ///
    /// Picks commits onto the branch. Those whose change is here already are left out, and said so. At a conflict it
    /// stops with exit code 3 and git's own markers in the files: settle them, `git add`, then `--continue`. With --dry-run
    /// every conflict is listed, with the commits that would resolve it.
    ///
    /// With --good, the checks find out which commits are good together: the ones that break a check are left out, with what
    /// does not apply without them. It says of each commit what becomes of it and why, asks on a terminal, and brings back
    /// only what passed. Without --good, the checks with `recover` in `on` say afterwards whether the result works; where one
    /// that matters does not pass, the exit code is 1.
    #[command(after_long_help = RECOVER_EXAMPLES)]
    Recover(Recover),
    /// Find the commit that broke the checks
    ///
    /// Between a state that is good and one that is bad, as `git bisect run` does, by the checks with `recover` in `on`, or else
    /// those of a checkpoint. Several commits are validated at once, each in a worktree of its own; yours is not touched. A
    /// commit that the checks have no answer for is passed over. Exit codes: 0 found; 1 the good state is not good, or
    /// the bad one not bad; 13 it is one of several commits, or there is no answer.
    #[command(after_long_help = CULPRIT_EXAMPLES)]
    Culprit(Culprit),
    /// Run a command; keep what it does if the checks pass, else undo it
    ///
    /// Saves the state, runs the command, then the checks of a checkpoint. If it exits with 0 and they pass, the result is a
    /// checkpoint; without checks the exit code alone decides. If not (also at Ctrl-C, a crash, or when its time is up), HEAD,
    /// branch, index and files are exactly as before; what the command had done and printed is kept in the record. What git
    /// ignores, other branches, tags and stashes, and what is outside of the worktree are not put back. What it prints is shown
    /// on standard error. It reads what is piped in, and nothing from a terminal. Nothing that it has started goes on
    /// after it.
    #[command(after_long_help = TRY_EXAMPLES)]
    Try(Try),
    /// Take the last operation back
    Undo(Undo),
    /// Take the last undo back
    Redo(Undo),
    /// List every operation, newest first
    Log(Log),
    /// Tell what was done: as text, Markdown, JSON or a page with charts
    ///
    /// Without an operation, the whole story: checkpoints, rollbacks, what was brought back, and how the numbers of checks
    /// went. With one, all that is known of it. --document fills in an incident document; what only a person can say
    /// stands in it as a question.
    #[command(after_long_help = REPORT_EXAMPLES)]
    Report(Report),
    /// Write a configuration that fits the project, and ask for trust
    ///
    /// Looks at what is at the top of the worktree (Cargo, npm, pnpm, Yarn, pytest, Go, Maven, Gradle, Composer, a Makefile)
    /// and writes `.checkpoint.toml` with checks for it. A file that is there is left as it is.
    Init(Init),
    /// Look at the commands in .checkpoint.toml, and let them run
    ///
    /// Nothing of that file runs before you agree to its exact content here. Shows the file, or what has changed since you
    /// last agreed, and asks; without a terminal the answer is no. Where nobody can be asked, as in CI, GIT_CHECKPOINT_TRUST
    /// set to the hash that --show prints agrees to this one content.
    Trust(Trust),
    /// Send checkpoints, records, verdicts and backups to a remote
    ///
    /// What git did not track stays here unless --with-untracked is given, and is named. Says first how much would go, and asks
    /// on a terminal. Tags, branches and records of others are never overwritten; where others push at the same time,
    /// nothing is lost.
    #[command(after_long_help = PUSH_EXAMPLES)]
    Push(Push),
    /// Get the checkpoints and backups of others from a remote
    ///
    /// Each record is looked at before it becomes visible, and what is not as it should be is left out and named. No tag
    /// and no branch of yours is changed. Verdicts of others are kept apart; git's configuration
    /// `checkpoint.trustVerdicts` (`true`, `false`, or names of remotes; `true` by default) says whose are believed.
    Fetch(Fetch),
    /// Remove what the retention policy does not keep
    ///
    /// Without options, the policy is `[retention]` in .checkpoint.toml; with any of --last, --hourly, --daily, --weekly and
    /// --within, it is these. Checkpoints are counted apart from all other operations, and each branch by itself. What is
    /// pinned, what the next undo and redo need, the newest record of a phase and what is dated in the future
    /// stay. What is removed is kept for some days more, so that `undo` brings it back.
    #[command(after_long_help = PRUNE_EXAMPLES)]
    Prune(Prune),
    /// Keep a checkpoint or a record whatever the retention policy says
    Pin(Pin),
    /// Let the retention policy decide again
    ///
    /// A pin that was pushed stays at the remote.
    Unpin(Pin),
    /// Rehearse it all on a throw-away copy, and compare every byte
    ///
    /// Takes a checkpoint of the copy, breaks it, rolls back, recovers the good commits and undoes it all. The
    /// repository itself is only read; outside of one, an example is made.
    ///
    /// With --scenario, the rollback is rehearsed as .checkpoint.toml has it, with a deliberate break, and what came of it is
    /// kept for --list, `status` and `doctor`. Commands of `[rollback]`, and checks with `isolation = "none"`, may touch the
    /// real world, so `true` is run in the place of each; `drill = "run"` in `[rollback]` lets them run, in the copy and with
    /// CHECKPOINT_DRILL=1. The other checks run, on the files of the copy. Nothing runs before `git checkpoint trust`.
    #[command(after_long_help = DRILL_EXAMPLES)]
    Drill(Drill),
    /// Begin a phase: named work, with a checkpoint every so often
    ///
    /// The phase is on the current branch. Its beginning is saved, and from then on checkpoints of it have its name and
    /// the time since: `phase2-checkpoint-T+4h`. A phase that was begun on this branch in another clone is joined.
    #[command(after_long_help = START_EXAMPLES)]
    Start(Start),
    /// End the phase of this branch, with a last checkpoint
    Finish(Finish),
    /// Take due checkpoints on time, also in hours without a git command
    ///
    /// A timer of the system (systemd, cron, launchd or the Windows Task Scheduler) looks every five minutes whether a
    /// checkpoint is due in one of the repositories on your list.
    Schedule {
        #[command(subcommand)]
        command: Schedule,
    },
    /// Take due checkpoints, in the foreground, until stopped
    ///
    /// What `schedule` does, for a container or a terminal. SIGTERM and Ctrl-C end it, after a checkpoint that is being
    /// taken.
    Watch(Watch),
    /// Answer a hook of git
    #[command(hide = true)]
    Hook(Hook),
    /// Take the checkpoint that is due, in the background
    #[command(hide = true)]
    Timed,
    /// Run the background checks that are due, in the background
    #[command(hide = true)]
    JobWorker,
    /// Look after background checks: list, show, retry, cancel, count
    ///
    /// A checkpoint with checks that have `background = true` is pending until they have passed; then its tag appears. They
    /// run one job at a time, or as many as git's configuration `checkpoint.backgroundJobs` says; one without an answer is
    /// tried again later, `checkpoint.jobRetries` times in all (3).
    #[command(after_long_help = JOBS_EXAMPLES)]
    Jobs(Jobs),
    /// Let git call this program, beside the hooks that are there
    ///
    /// For post-commit, post-merge, post-checkout, post-rewrite, post-applypatch and pre-push. With git 2.54 or newer they
    /// go to the repository's configuration; before that, to files that call ours and then what was there, with its
    /// arguments, input and exit code. GIT_CHECKPOINT=0 switches them off for a call.
    #[command(after_long_help = HOOKS_EXAMPLES)]
    Hooks(Hooks),
    /// Find what is wrong, and say how to mend it
    ///
    /// Looks at git, the hooks (each is fired in a throw-away repository), the configuration, the records, locks, disk
    /// space, tools that read tags, and what checkpoints do not cover. Exits with 1 where something is wrong, with 0
    /// where there are notes only. Changes nothing.
    Doctor,
    /// Called by the shims while `doctor` tries them
    #[command(hide = true)]
    HookProbe(HookProbe),
    /// Print the manual page, or install it
    ///
    /// `git checkpoint --help` is answered by `man`, so it needs the page to be where `man` looks.
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
        use Command::{Create, Drill, Fetch, Finish, Hooks, Init, Pin, Prune, Push, Recover, Redo, Rollback};
        use Command::{JobWorker, Jobs, Start, Timed, Trust, Undo, Unpin, Watch};
        match self {
            Trust(args) => !args.show,
            Jobs(jobs) => jobs.changes_something(),
            Command::Monitor(args) => args.auto,
            Hooks(hooks) => hooks.action != HooksAction::Status,
            // What it rehearses may call it again.
            Drill(args) => args.scenario.is_some(),
            Create(_) | Init(_) | Rollback(_) | Recover(_) | Undo(_) | Redo(_) => true,
            Start(_) | Finish(_) | Timed | JobWorker | Watch(_) => true,
            Push(_) | Fetch(_) | Prune(_) | Pin(_) | Unpin(_) => true,
            _ => false,
        }
    }

    /// Whether it holds no lock of git's at any time, so that a signal may end it as it is.
    pub(super) fn only_shows(&self) -> bool {
        matches!(
            self,
            Command::Completions { .. } | Command::List(_) | Command::Log(_) | Command::Man(_) | Command::Status
        )
    }
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Put it beside the program, where `man` looks for the programs on PATH
    #[arg(long)]
    pub(super) install: bool,
}
