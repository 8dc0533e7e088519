//! git's version, asked once for each git there is.
//!
//! What it said is kept in `<common-dir>/checkpoint/git-version` with the file that said so: path, device, number, size and
//! times. A small file is a script or another program that hands over to a git elsewhere, of which its own size and time
//! say nothing, so it is asked each time.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{Git, Repo, durable};
use crate::{
    config::Env,
    error::{Error, Result},
};

/// Less than any git, and more than any program that only calls one; in bytes.
const LEAST: u64 = 1 << 20;

/// The version, and the same in git's own words.
pub(super) type Version = ((u32, u32), String);

/// Asks the git on PATH.
pub(super) fn ask(dir: &Path) -> Result<Version> {
    let said = String::from_utf8_lossy(&Git::in_dir(dir, ["version"]).run()?).trim().to_owned();
    let text = said.strip_prefix("git version ").unwrap_or(&said).to_owned();
    let version = parse(&text).ok_or_else(|| {
        Error::environment(format!("cannot read git's version from `{said}`")).hint("install git 2.39 or newer")
    })?;
    Ok((version, text))
}

/// What the git on PATH has said before, or says now.
pub(super) fn remembered(repo: &Repo, env: &Env) -> Result<Version> {
    let Some(mark) = mark(env) else { return ask(repo.workdir()) };
    let file = repo.state_dir().join("git-version");
    let known = fs::read_to_string(&file).unwrap_or_default();
    if let Some(text) = known.strip_prefix(&mark).and_then(|rest| rest.strip_suffix('\n'))
        && let Some(version) = parse(text)
    {
        return Ok((version, text.to_owned()));
    }
    let (version, text) = ask(repo.workdir())?;
    // Only in a folder that is there already, and it need not be there tomorrow.
    if repo.state_dir().is_dir() && !text.contains('\n') {
        let _unkept =
            durable::write_atomically(&file, format!("{mark}{text}\n").as_bytes(), durable::shared_policy(repo));
    }
    Ok((version, text))
}

/// What tells the git on PATH from any other; `None` where it is not one that stays the same.
fn mark(env: &Env) -> Option<String> {
    let (file, data) = std::env::split_paths(env.var("PATH")?).find_map(|dir| {
        let file: PathBuf = dir.join("git");
        let data = fs::metadata(&file).ok()?;
        (data.is_file() && data.mode() & 0o111 != 0).then_some((file, data))
    })?;
    let path = file.to_str().filter(|path| file.is_absolute() && !path.contains('\n'))?;
    let times = [data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec()];
    let mark = format!("git-checkpoint git 1\n{path}\n{} {} {} {times:?}\n", data.dev(), data.ino(), data.len());
    (data.len() >= LEAST).then_some(mark)
}

fn parse(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_git_are_read() {
        for (text, version) in [
            ("2.47.3", Some((2, 47))),
            ("2.39.5 (Apple Git-154)", Some((2, 39))),
            ("2.54.0-rc1", Some((2, 54))),
            ("2.54.0.windows.1", Some((2, 54))),
            ("3.0", Some((3, 0))),
            ("next", None),
            ("2", None),
        ] {
            assert_eq!(parse(text), version, "{text}");
        }
    }
}
