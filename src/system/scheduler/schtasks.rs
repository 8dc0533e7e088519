//! A task of the Windows Task Scheduler.

use std::ffi::OsString;

use super::{Job, MINUTES, text, xml};
use crate::{
    error::{Context, Result},
    system::program,
};

const TASK: &str = include_str!("../../../templates/schedule/git-checkpoint.xml");
const NAME: &str = "Git Checkpoint";

fn args(args: &[&str]) -> Vec<OsString> {
    args.iter().map(OsString::from).collect()
}

pub(super) fn is_installed() -> bool {
    program::output("schtasks", &args(&["/query", "/tn", NAME]), b"").is_ok_and(|output| output.ok)
}

pub(super) fn install(job: &Job) -> Result<()> {
    let task = TASK
        .replace("{minutes}", &MINUTES.to_string())
        .replace("{exe}", &xml(text(&job.exe)?))
        .replace("{list}", &xml(text(&job.list)?));
    let file = tempfile::Builder::new().suffix(".xml").tempfile().context("cannot make a temporary file")?;
    std::fs::write(file.path(), task).context("cannot write the task")?;
    let mut call = args(&["/create", "/f", "/tn", NAME, "/xml"]);
    call.push(file.path().into());
    program::run("schtasks", &call, b"").map(drop)
}

pub(super) fn remove() -> Result<()> {
    program::run("schtasks", &args(&["/delete", "/f", "/tn", NAME]), b"").map(drop)
}
