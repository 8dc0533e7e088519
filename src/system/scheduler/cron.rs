//! A region of the user's crontab; all other lines stay byte for byte.

use std::ffi::OsString;

use gix::bstr::{BString, ByteSlice, ByteVec};

use super::{Job, MINUTES, text};
use crate::{
    error::{Error, Result},
    system::program,
};

const BEGIN: &str = "# BEGIN GIT CHECKPOINT SCHEDULE";
const END: &str = "# END GIT CHECKPOINT SCHEDULE";
const WHY: &str =
    "# The lines between these marks were made by `git checkpoint schedule start`; `schedule stop` removes them.";

fn args(args: &[&str]) -> Vec<OsString> {
    args.iter().map(OsString::from).collect()
}

pub(super) fn is_there() -> bool {
    program::output("crontab", &args(&["-l"]), b"").is_ok_and(|output| output.ok || is_empty(&output))
}

/// `crontab -l` fails where there is none yet, and says so in the words of each implementation.
fn is_empty(output: &program::Output) -> bool {
    let said = ["no crontab", "can't open"].iter().any(|words| output.stderr.contains(words));
    output.code == Some(1) && output.stdout.is_empty() && (said || output.stderr.is_empty())
}

/// The crontab as it is; `None` where the system has no such program.
fn read() -> Result<Option<BString>> {
    let Ok(output) = program::output("crontab", &args(&["-l"]), b"") else { return Ok(None) };
    if output.ok || is_empty(&output) {
        return Ok(Some(output.stdout.into()));
    }
    Err(Error::environment("cannot read the crontab").because(output.stderr))
}

fn write(crontab: &BString) -> Result<()> {
    if crontab.is_empty() {
        return program::run("crontab", &args(&["-r"]), b"").map(drop);
    }
    program::run("crontab", &args(&["-"]), crontab).map(drop)
}

pub(super) fn is_installed() -> Result<bool> {
    // A crontab that this user may not have holds nothing of ours.
    Ok(read().ok().flatten().is_some_and(|crontab| crontab.lines().any(|line| line == BEGIN.as_bytes())))
}

pub(super) fn install(job: &Job) -> Result<()> {
    let entry = entry(job)?;
    let crontab = read()?.ok_or_else(|| Error::environment("there is no `crontab` here").hint("install cron"))?;
    let mut new = without_region(&crontab)?;
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    new.push_str(&entry);
    if new == crontab { Ok(()) } else { write(&new) }
}

pub(super) fn remove() -> Result<()> {
    let Some(crontab) = read()? else { return Ok(()) };
    write(&without_region(&crontab)?)
}

fn entry(job: &Job) -> Result<String> {
    let command = format!("{} schedule run --list {}", quoted(text(&job.exe)?), quoted(text(&job.list)?));
    // cron takes `%` for the end of the command, whatever quotes it is in.
    let command = command.replace('%', "\\%");
    Ok(format!("{BEGIN}\n{WHY}\n*/{MINUTES} * * * * {command}\n{END}\n"))
}

/// For `sh`.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The crontab without our region. One that does not end is refused: what follows may be the user's.
fn without_region(crontab: &BString) -> Result<BString> {
    let (mut kept, mut inside) = (BString::default(), false);
    for line in crontab.lines_with_terminator() {
        match line.trim_end_with(|c| c == '\n') {
            text if text == BEGIN.as_bytes() => inside = true,
            text if text == END.as_bytes() && inside => inside = false,
            _ if inside => {}
            _ => kept.push_str(line),
        }
    }
    if inside {
        return Err(Error::refused(format!("the crontab has a line `{BEGIN}` without its end"))
            .hint("mend it with `crontab -e`"));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_stay_as_they_are() {
        let job = Job { exe: "/it's/100%".into(), list: "/list".into() };
        let entry = entry(&job).expect("plain paths");
        assert!(entry.contains(r"*/5 * * * * '/it'\''s/100\%' schedule run --list '/list'"), "{entry}");
        for (before, after) in [("", ""), ("# mine\r\n\n0 1 * * * \tx\n", "@daily y  \n"), ("", "z\n")] {
            let crontab = BString::from(format!("{before}{entry}{after}"));
            assert_eq!(without_region(&crontab).expect("whole"), format!("{before}{after}"));
        }
        assert!(without_region(&format!("{BEGIN}\nx\n").into()).is_err());
        assert_eq!(without_region(&format!("{END}\nx").into()).expect("no region"), format!("{END}\nx"));
    }
}
