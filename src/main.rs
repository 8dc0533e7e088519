//! The `git-checkpoint` binary: hands the world to the library and exits with its answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    git_checkpoint::run(std::env::args_os(), git_checkpoint::config::Env::from_process())
}
