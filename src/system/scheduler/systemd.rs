//! A timer and a service of systemd, for this user.

use std::{ffi::OsString, path::PathBuf};

use super::{Homes, Job, MINUTES, remove_files, text, write};
use crate::{error::Result, system::program};

const SERVICE: &str = include_str!("../../../templates/schedule/git-checkpoint.service");
const TIMER: &str = include_str!("../../../templates/schedule/git-checkpoint.timer");
const UNIT: &str = "git-checkpoint.timer";

fn files(homes: &Homes) -> [PathBuf; 2] {
    ["git-checkpoint.service", UNIT].map(|name| homes.config.join("systemd/user").join(name))
}

fn systemctl(args: &[&str]) -> Vec<OsString> {
    std::iter::once("--user").chain(args.iter().copied()).map(OsString::from).collect()
}

pub(super) fn is_there() -> bool {
    program::output("systemctl", &systemctl(&["list-timers"]), b"").is_ok_and(|output| output.ok)
}

pub(super) fn is_installed(homes: &Homes) -> bool {
    files(homes).iter().any(|file| file.exists())
}

pub(super) fn install(job: &Job, homes: &Homes) -> Result<()> {
    let [service, timer] = files(homes);
    let had = is_installed(homes);
    let command = format!("{} schedule run --list {}", quoted(text(&job.exe)?), quoted(text(&job.list)?));
    write(&service, &SERVICE.replace("{command}", &command))?;
    write(&timer, &TIMER.replace("{minutes}", &MINUTES.to_string()))?;
    let enable = || -> Result<()> {
        program::run("systemctl", &systemctl(&["daemon-reload"]), b"")?;
        program::run("systemctl", &systemctl(&["enable", "--now", UNIT]), b"").map(drop)
    };
    enable().or_else(|error| {
        if !had {
            remove_files(&files(homes))?;
        }
        Err(error.hint("`git checkpoint schedule start --scheduler cron` uses cron instead"))
    })
}

pub(super) fn remove(homes: &Homes) -> Result<()> {
    // Where systemd does not answer any more, its files go away all the same.
    let stopped = program::output("systemctl", &systemctl(&["disable", "--now", UNIT]), b"");
    remove_files(&files(homes))?;
    if stopped.is_ok() {
        program::output("systemctl", &systemctl(&["daemon-reload"]), b"")?;
    }
    Ok(())
}

/// For `ExecStart`, where `%` and `$` have a meaning too.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_a_path_has_a_meaning() {
        assert_eq!(super::quoted(r#"/a b/50%/$x/"q"\n"#), r#""/a b/50%%/$$x/\"q\"\\n""#);
    }
}
