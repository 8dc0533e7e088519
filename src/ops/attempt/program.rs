//! The program that is tried, and the files that it is tried on.

use std::{ffi::OsString, path::PathBuf};

use gix::bstr::{BStr, BString, ByteSlice};

use super::{PLACE, journal::Notebook};
use crate::{
    error::{Context, Error, Result},
    git::{
        lookup,
        shell::{Input, Program},
    },
    model::{Record, State, quote_path},
    ops::Session,
};

/// Refuses a program that is not there, before anything else is done.
pub(super) fn find(session: &Session, words: &[BString]) -> Result<()> {
    let Some(name) = words.first().filter(|name| !name.is_empty()) else {
        return Err(Error::usage("there is no command to try").hint("`git checkpoint try -- make format`"));
    };
    if lookup::is_there(os(name.as_bstr())?.as_ref(), &session.here(), session.env().var("PATH")) {
        return Ok(());
    }
    let error = Error::usage(format!("there is no program `{}`", quote_path(name.as_bstr())));
    Err(error.hint("see that it is on PATH; no shell reads the command, so for one write `-- sh -c '…'`"))
}

/// Whether the path of a file goes into this argument.
pub(super) fn has_place(word: &BStr) -> bool {
    word.find(PLACE).is_some()
}

/// The tracked files that match, from the top of the worktree, in order; without submodules.
pub(super) fn files(session: &Session, each: &BString) -> Result<Vec<BString>> {
    let here = session.here().into_os_string();
    let args = ["ls-files", "--full-name", "-s", "-z", "--"].map(OsString::from);
    let listed = session
        .repo
        .git([OsString::from("-C"), here].into_iter().chain(args))
        .arg(os(each.as_bstr())?)
        .run()
        .map_err(|error| Error::usage(format!("`{}` is no pathspec", quote_path(each.as_bstr()))).because(error))?;
    let mut files: Vec<BString> = listed.split(|byte| *byte == 0).filter_map(file).collect();
    files.sort_unstable();
    files.dedup();
    if files.is_empty() {
        return Err(Error::usage(format!("no tracked file matches `{}`", quote_path(each.as_bstr())))
            .hint("`git ls-files -- <pathspec>` shows what matches; `git add` has a new file tracked"));
    }
    Ok(files)
}

/// `<mode> <object> <stage>\t<path>`
fn file(line: &[u8]) -> Option<BString> {
    let (about, path) = line.split_once_str("\t")?;
    (!about.starts_with(b"160000")).then(|| path.into())
}

/// The program of a turn; `path` goes where it is to go.
pub(super) fn of(
    session: &Session,
    (notebook, record): (&Notebook, &Record),
    (good, path): (&State, Option<&BString>),
    log: PathBuf,
) -> Result<Program> {
    let argument = path.map(|path| as_argument(path.as_bstr(), notebook.dir.as_bstr()));
    let words = notebook.request.words.iter().enumerate().map(|(at, word)| match &argument {
        // The program is what was checked.
        Some(argument) if at > 0 => os(word.replace(PLACE, argument).as_bstr()),
        _ => os(word.as_bstr()),
    });
    let mark = record.phase.as_ref();
    let elapsed = mark.and_then(|mark| mark.elapsed).map(|elapsed| elapsed.to_string());
    let mut vars: Vec<(&'static str, OsString)> = vec![
        ("CHECKPOINT_STAGE", "try".into()),
        ("CHECKPOINT_COMMIT", good.tip.to_string().into()),
        ("CHECKPOINT_TREE", good.worktree.to_string().into()),
        ("CHECKPOINT_PHASE", mark.map(|mark| mark.name.clone()).unwrap_or_default().into()),
        ("CHECKPOINT_ELAPSED", elapsed.unwrap_or_default().into()),
    ];
    if let Some(argument) = &argument {
        vars.push(("CHECKPOINT_PATH", os(argument.as_bstr())?));
    }
    Ok(Program {
        words: words.collect::<Result<_>>()?,
        dir: session.repo.workdir().join(path_of(notebook.dir.as_bstr())?),
        vars,
        input: if path.is_some() { Input::Nothing } else { Input::Ours },
        log,
        limit: notebook.request.limit.map(crate::model::TimeLimit::duration),
    })
}

/// The path from the folder `dir`, both from the top; never one that a program takes for an option.
fn as_argument(path: &BStr, dir: &BStr) -> BString {
    let dir = dir.trim_end_with(|c| c == '/');
    let above: Vec<&[u8]> = if dir.is_empty() { Vec::new() } else { dir.split_str("/").collect() };
    let parts: Vec<&[u8]> = path.split_str("/").collect();
    let common = above.iter().zip(&parts).take_while(|(one, other)| one == other).count();
    let up = above.len() - common;
    let mut out: Vec<&[u8]> = vec![b".."; up];
    out.extend(&parts[common..]);
    let argument: BString = bstr_join(&out);
    if argument.starts_with(b"-") { [b"./", argument.as_slice()].concat().into() } else { argument }
}

fn bstr_join(parts: &[&[u8]]) -> BString {
    parts.join(&b'/').into()
}

/// Whether it is on disk.
pub(super) fn is_on_disk(session: &Session, path: &BStr) -> bool {
    path_of(path).is_ok_and(|path| session.repo.workdir().join(path).symlink_metadata().is_ok())
}

fn path_of(path: &BStr) -> Result<PathBuf> {
    Ok(gix::path::from_bstr(path).context("a path is none on this system")?.into_owned())
}

fn os(word: &BStr) -> Result<OsString> {
    Ok(path_of(word)?.into_os_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_given_from_where_the_command_runs() {
        for (path, dir, expected) in [
            ("a.rs", "", "a.rs"),
            ("src/a.rs", "", "src/a.rs"),
            ("src/a.rs", "src", "a.rs"),
            ("src/a.rs", "src/", "a.rs"),
            ("a.rs", "src", "../a.rs"),
            ("other/a.rs", "src/deep", "../../other/a.rs"),
            ("src/deep/a", "src/deeper", "../deep/a"),
            ("-x", "", "./-x"),
            ("src/-x", "src", "./-x"),
            ("src/-x", "", "src/-x"),
        ] {
            assert_eq!(as_argument(path.into(), dir.into()), expected, "{path} in {dir}");
        }
    }

    #[test]
    fn submodules_are_no_files() {
        assert_eq!(file(b"100644 abc 0\ta\tb"), Some("a\tb".into()));
        assert_eq!(file(b"160000 abc 0\tsub"), None);
        assert_eq!(file(b""), None);
    }
}
