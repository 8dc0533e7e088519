//! Calls of the system's scheduler programs.

use std::ffi::OsString;

use crate::error::{Error, Result};

/// What a program gave.
pub(super) struct Output {
    /// Whether it exited with 0.
    pub(super) ok: bool,
    /// The exit code; `None` where a signal ended it.
    pub(super) code: Option<i32>,
    /// Standard output.
    pub(super) stdout: Vec<u8>,
    /// Standard error, without the final line end.
    pub(super) stderr: String,
}

/// Runs `program` with `args` and `input`; an error where it cannot be started.
pub(super) fn output(program: &str, args: &[OsString], input: &[u8]) -> Result<Output> {
    let command = duct::cmd(program, args).stdin_bytes(input).stdout_capture().stderr_capture().env("LC_ALL", "C");
    let output = command
        .unchecked()
        .run()
        .map_err(|source| Error::environment(format!("cannot run `{}`", line(program, args))).because(source))?;
    let stderr = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    Ok(Output { ok: output.status.success(), code: output.status.code(), stdout: output.stdout, stderr })
}

/// As [`output`], where any exit code but 0 is an error that carries what the program said.
pub(super) fn run(program: &str, args: &[OsString], input: &[u8]) -> Result<Vec<u8>> {
    let output = output(program, args, input)?;
    if output.ok {
        return Ok(output.stdout);
    }
    let why = if output.stderr.is_empty() { "it did not say why".to_owned() } else { output.stderr };
    Err(Error::environment(format!("`{}` failed", line(program, args))).because(why))
}

fn line(program: &str, args: &[OsString]) -> String {
    let args = args.iter().map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once(program.to_owned()).chain(args).collect::<Vec<_>>().join(" ")
}
