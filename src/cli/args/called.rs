//! The command line, of which only what was called is made.
//!
//! To make all commands ready takes longer than to answer some of them. So the first argument is looked at: where it is a command,
//! the arguments are read as if there were no other. What that does not take, help and errors above all, is for the whole.

use std::ffi::OsString;

use clap::{Args as _, Error, FromArgMatches as _, Parser as _, Subcommand as _};

use super::{Cli, Command, Common, Create};

impl Cli {
    /// Reads the arguments, the program's name first.
    pub(in crate::cli) fn of(args: &[OsString]) -> Result<Self, Error> {
        Self::of_called(args).map_or_else(|| Cli::try_parse_from(args), Ok)
    }

    fn of_called(args: &[OsString]) -> Option<Self> {
        let all = Command::augment_subcommands(clap::Command::default());
        let called = all.find_subcommand(args.get(1)?)?.clone();
        let alone = Create::augment_args(Common::augment_args(clap::Command::default()));
        let read = alone.subcommand(called).try_get_matches_from(args).ok()?;
        Cli::from_arg_matches(&read).ok()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        ["git-checkpoint"].into_iter().chain(line.split_whitespace()).map(OsString::from).collect()
    }

    fn said(read: Result<Cli, Error>) -> String {
        read.map_or_else(|error| error.render().to_string(), |cli| format!("{cli:?}"))
    }

    /// Arguments that there are, in places where they belong and where they do not.
    const TAILS: [&str; 16] = [
        "",
        "-h",
        "--help",
        "--json",
        "-C elsewhere --color never",
        "--color sometimes",
        "--dry-run",
        "-m text --name tag",
        "latest",
        "latest --path src --path tests --yes",
        "--good a..b --max-checks 3 -x",
        "--continue --abort",
        "--all --json -C x y",
        "install --dry-run",
        "-- sh -c true",
        "--unknown",
    ];

    #[test]
    fn what_a_command_says_of_itself_is_what_the_list_says_of_it() {
        let listed: Vec<clap::Command> = Cli::command().get_subcommands().cloned().collect();
        let mut all = Cli::command();
        all.build();
        for command in listed {
            let made = all.find_subcommand(command.get_name()).expect("it is one");
            let words = |command: &clap::Command| {
                [command.get_about(), command.get_long_about()].map(|one| one.map(ToString::to_string))
            };
            assert_eq!(words(made), words(&command), "{}", command.get_name());
        }
    }

    #[test]
    fn a_command_is_read_alone_as_it_is_with_all_others() {
        let names: Vec<String> =
            Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let mut alone = 0;
        for name in names.iter().map(String::as_str).chain(["", "help", "nothing", "-C x create", "--json"]) {
            for tail in TAILS {
                let args = args(&format!("{name} {tail}"));
                assert_eq!(said(Cli::of(&args)), said(Cli::try_parse_from(&args)), "{args:?}");
                alone += usize::from(Cli::of_called(&args).is_some());
            }
        }
        assert!(alone > 2 * names.len(), "of {} commands, {alone} calls were read alone", names.len());
    }
}
