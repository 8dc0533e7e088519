//! Whether a shell would find a command, without running it.

use std::path::Path;

use crate::error::{Context, Result};

/// What makes a word something else than the plain name of a program.
const SPECIAL: &str = "/$`\"'\\()=;&|<>*?[]{}~!#%";

/// The program that a shell command begins with, where that is a plain name: neither a path nor anything that the shell
/// would have to work out first.
pub fn program(command: &str) -> Option<&str> {
    let word = command.split_whitespace().next()?;
    (!word.contains(|c: char| SPECIAL.contains(c)) && !word.starts_with('-')).then_some(word)
}

/// Those of these names that `sh` would not find: no program on PATH, and nothing of its own.
pub fn missing<'n>(names: &[&'n str], dir: &Path) -> Result<Vec<&'n str>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let script = r#"for name do command -v -- "$name" >/dev/null 2>&1 || printf '%s\n' "$name"; done"#;
    let arguments = ["-c", script, "sh"].into_iter().chain(names.iter().copied());
    let listed = duct::cmd("sh", arguments).dir(dir).stdin_null().stderr_null().unchecked().read();
    let listed = listed.context("cannot ask `sh` which commands there are")?;
    Ok(names.iter().copied().filter(|name| listed.lines().any(|line| line == *name)).collect())
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
        assert_eq!(missing(&names, dir.path()).expect("there is sh"), ["no-such-command-anywhere", "neither-this-one"]);
        assert!(missing(&[], Path::new("/no/such")).expect("nothing to ask").is_empty());
    }
}
