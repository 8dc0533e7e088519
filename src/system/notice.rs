//! A notice on the desktop, where there is one.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::config::Env;

/// How long the program that shows it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest text, in characters.
const MOST: usize = 200;

/// Shows a notice with `what` as its title and `why` below it. Where that cannot be done, nothing is said.
///
/// The texts come from a repository: they are arguments and never part of a command, stand after `--`, and neither tags nor
/// control characters are left in them.
pub fn show(env: &Env, what: &str, why: &str) {
    let (what, why) = (format!("git checkpoint: {}", plain(what)), plain(why));
    let call = if let Some(program) = program(env, "notify-send") {
        let args = ["--app-name=git-checkpoint", "--", &what, &escaped(&why)];
        (program, args.map(OsString::from).to_vec())
    } else if let Some(program) = program(env, "osascript") {
        let script = ["on run told", "display notification (item 2 of told) with title (item 1 of told)", "end run"];
        let mut args: Vec<OsString> = script.into_iter().flat_map(|line| ["-e".into(), line.into()]).collect();
        args.extend(["--".into(), what.into(), why.into()]);
        (program, args)
    } else {
        return;
    };
    let command = duct::cmd(call.0, call.1).stdin_null().stdout_null().stderr_null().unchecked();
    if let Ok(running) = command.start()
        && matches!(running.wait_timeout(PATIENCE), Ok(None))
    {
        let _ended = running.kill();
    }
}

/// The program of this name on PATH, in a folder that no change of directory can put another one in.
fn program(env: &Env, name: &str) -> Option<PathBuf> {
    let dirs = std::env::split_paths(env.var("PATH")?).filter(|dir| dir.is_absolute());
    { dirs }.map(|dir| dir.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    let Ok(data) = file.metadata() else { return false };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    data.is_file() && may_run
}

/// One line without anything that is not shown.
fn plain(text: &str) -> String {
    let is_shown = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
    };
    text.chars().map(|c| if is_shown(c) { c } else { ' ' }).take(MOST).collect()
}

/// The text of a notice is a sort of markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_interpreted() {
        assert_eq!(escaped(&plain("<b>a</b> & \x1b[2J\n-u")), "&lt;b&gt;a&lt;/b&gt; &amp;  [2J -u");
        assert_eq!(plain("a\u{202e}b"), "a b");
        assert_eq!(plain(&"x".repeat(9000)).len(), MOST);
    }
}
