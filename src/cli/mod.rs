//! One file a command: arguments → request, outcome → text or JSON; holds no rules.

use std::{ffi::OsString, process::ExitCode};

use crate::config::Env;

pub(crate) fn run(_args: impl IntoIterator<Item = OsString>, _env: Env) -> ExitCode {
    ExitCode::SUCCESS
}
