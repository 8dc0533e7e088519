//! Whether a shell would find a command, without running it.

use std::{collections::HashSet, ffi::OsStr, path::Path};

use crate::error::{Context, Result};

/// What makes a word something else than the plain name of a program.
const SPECIAL: &str = "/$`\"'\\()=;&|<>*?[]{}~!#%";

/// What every shell of POSIX has of its own: reserved words, and utilities that it need not look for.
const OF_EVERY_SHELL: [&str; 28] = [
    ".", ":", "break", "case", "cd", "command", "continue", "eval", "exec", "exit", "export", "false", "for",
    "getopts", "if", "read", "readonly", "return", "set", "shift", "times", "trap", "true", "umask", "unset", "until",
    "wait", "while",
];

/// The program that a shell command begins with, where that is a plain name: neither a path nor anything that the shell
/// would have to work out first.
pub fn program(command: &str) -> Option<&str> {
    let word = command.split_whitespace().next()?;
    (!word.contains(|c: char| SPECIAL.contains(c)) && !word.starts_with('-')).then_some(word)
}

/// Those of these names that `sh` would not find in `dir`: no program in the folders of `path`, which is PATH, and nothing of
/// its own.
pub fn missing<'n>(names: &[&'n str], dir: &Path, path: Option<&OsStr>) -> Result<Vec<&'n str>> {
    // To start a shell takes as long as a quick check, so it is asked only for what it may have beyond that.
    let dirs: Vec<_> = path.into_iter().flat_map(std::env::split_paths).map(|folder| dir.join(folder)).collect();
    let is_found = |name: &&str| OF_EVERY_SHELL.contains(name) || dirs.iter().any(|dir| is_program(&dir.join(name)));
    let names: Vec<&str> = names.iter().copied().filter(|name| !is_found(name)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let script = r#"for name do command -v -- "$name" >/dev/null 2>&1 || printf '%s\n' "$name"; done"#;
    let arguments = ["-c", script, "sh"].into_iter().chain(names.iter().copied());
    let listed = duct::cmd("sh", arguments).dir(dir).stdin_null().stderr_null().unchecked().read();
    let listed = listed.context("cannot ask `sh` which commands there are")?;
    let listed: HashSet<&str> = listed.lines().collect();
    Ok(names.into_iter().filter(|name| listed.contains(name)).collect())
}

/// Whether the system would find this program for somebody in `dir`: a path leads to one, and a plain name is looked up in the
/// folders of `path`, which is PATH. No shell is asked.
pub fn is_there(program: &Path, dir: &Path, path: Option<&OsStr>) -> bool {
    if program.components().count() != 1 || program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return is_program(&dir.join(program));
    }
    path.into_iter().flat_map(std::env::split_paths).any(|folder| is_program(&dir.join(folder).join(program)))
}

fn is_program(file: &Path) -> bool {
    let is_file = || file.metadata().is_ok_and(|data| data.is_file());
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_looked_up_and_nothing_is_run() {
        for (command, expected) in [
            ("make test", Some("make")),
            ("  npm\trun x", Some("npm")),
            ("./run", None),
            ("FOO=1 make", None),
            ("$TOOL x", None),
            ("(cd a; b)", None),
            ("! grep x", None),
            ("", None),
        ] {
            assert_eq!(program(command), expected, "{command}");
        }
        let dir = tempfile::tempdir().expect("a folder");
        let names = ["sh", "cd", "if", "no-such-command-anywhere", "test", "neither-this-one"];
        for path in [None, Some("/usr/bin:/bin"), Some("bin")] {
            let missing = missing(&names, dir.path(), path.map(OsStr::new)).expect("there is sh");
            assert_eq!(missing, ["no-such-command-anywhere", "neither-this-one"], "{path:?}");
        }
        let nowhere = Path::new("/no/such");
        assert!(missing(&[], nowhere, None).expect("nothing to ask").is_empty());
    }

    #[test]
    fn what_is_on_the_path_or_of_every_shell_needs_no_shell() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(dir.path().join("bin/folder")).expect("it is new");
        for (name, mode) in [("tool", 0o755), ("text", 0o644)] {
            let file = dir.path().join("bin").join(name);
            std::fs::write(&file, "").expect("it is new");
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("it is ours");
        }
        let found = |name: &'static str, path: &str| {
            missing(&[name], dir.path(), Some(OsStr::new(path))).expect("there is sh").is_empty()
        };
        assert!(found("tool", "/no/such:bin") && found("tool", &dir.path().join("bin").to_string_lossy()));
        assert!(!found("tool", "/no/such") && !found("text", "bin") && !found("folder", "bin"));
        // All that is said to be of every shell is of this one.
        let script = r#"PATH=/no/such; for name do command -v -- "$name" || printf 'no %s\n' "$name"; done"#;
        let arguments = ["-c", script, "sh"].into_iter().chain(OF_EVERY_SHELL);
        let said = duct::cmd("sh", arguments).read().expect("there is sh");
        assert!(!said.lines().any(|line| line.starts_with("no ")), "{said}");
    }
}
