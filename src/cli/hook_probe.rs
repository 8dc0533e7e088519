//! The hidden command that a shim calls instead of `hook` while `doctor` tries it: leaves a line behind, and does
//! nothing else.

use std::io::{Read, Write};

use super::args;
use crate::{
    config::Env,
    error::{Context, Error, Result},
    git::hooks::Shot,
};

pub(super) fn run(args: &args::HookProbe, env: &Env) -> Result<u8> {
    let path = env.var("GIT_CHECKPOINT_PROBE").ok_or_else(|| {
        Error::usage("`hook-probe` is for `git checkpoint doctor` only").hint("call `git checkpoint doctor`")
    })?;
    let mut input = Vec::new();
    if !env.is_interactive() {
        std::io::stdin().read_to_end(&mut input).context("cannot read standard input")?;
    }
    let shot = Shot {
        event: args.event.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        args: args.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        input: String::from_utf8_lossy(&input).into_owned(),
    };
    let cannot = || format!("cannot write `{}`", path.display());
    let mut line = serde_json::to_vec(&shot).with_context(cannot)?;
    line.push(b'\n');
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).with_context(cannot)?;
    file.write_all(&line).with_context(cannot)?;
    Ok(0)
}
