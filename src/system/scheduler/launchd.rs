//! An agent of launchd, for this user.

use std::{ffi::OsString, path::PathBuf};

use super::{Homes, Job, MINUTES, remove_files, text, write, xml};
use crate::{error::Result, system::program};

const PLIST: &str = include_str!("../../../templates/schedule/org.git-checkpoint.schedule.plist");
const LABEL: &str = "org.git-checkpoint.schedule";

fn file(homes: &Homes) -> PathBuf {
    homes.home.join("Library/LaunchAgents").join(format!("{LABEL}.plist"))
}

fn domain() -> String {
    #[cfg(unix)]
    return format!("gui/{}", rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    return "gui/0".into();
}

pub(super) fn is_installed(homes: &Homes) -> bool {
    file(homes).exists()
}

pub(super) fn install(job: &Job, homes: &Homes) -> Result<()> {
    let file = file(homes);
    let plist = PLIST
        .replace("{label}", LABEL)
        .replace("{seconds}", &(MINUTES * 60).to_string())
        .replace("{exe}", &xml(text(&job.exe)?))
        .replace("{list}", &xml(text(&job.list)?));
    let had = is_installed(homes);
    if had {
        bootout();
    }
    write(&file, &plist)?;
    let args = ["bootstrap".into(), domain().into(), file.clone().into_os_string()];
    program::run("launchctl", &args, b"").map(drop).or_else(|error| {
        if !had {
            remove_files(&[file])?;
        }
        Err(error)
    })
}

pub(super) fn remove(homes: &Homes) -> Result<()> {
    bootout();
    remove_files(&[file(homes)])
}

/// That it is not loaded is fine.
fn bootout() {
    let args: [OsString; 2] = ["bootout".into(), format!("{}/{LABEL}", domain()).into()];
    let _not_loaded = program::output("launchctl", &args, b"");
}
