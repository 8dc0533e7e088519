//! Whether a pick would call a hook, so that git has to make it.
//!
//! Of all hooks `git cherry-pick` calls two for a commit that applies: `prepare-commit-msg` before it is made and
//! `post-commit` after it, also with `--edit`. (The rest belong to `git commit`, which ends a conflict.) Ours has
//! nothing to do with what this program makes git do, and does not count.

use super::{
    KEY,
    asked::Asked,
    config::is_false,
    folder::{is_shim, saved_folder},
    shim,
};
use crate::{config::Env, error::Result, git::Repo};

const EVENTS: [&str; 2] = ["prepare-commit-msg", "post-commit"];

/// Whether a hook of the user would be called.
pub fn run_for_picks(repo: &Repo, env: &Env) -> Result<bool> {
    let asked = match Asked::quickly(repo, env) {
        Some(asked) => asked,
        None => Asked::git(repo)?,
    };
    let is_file = |event: &&str| {
        let file = asked.folder.join(event);
        let file = if is_shim(&file) { saved_folder(&asked.folder).join(event) } else { file };
        shim::is_executable(&file)
    };
    if !asked.folder.as_os_str().is_empty() && EVENTS.iter().any(is_file) {
        return Ok(true);
    }
    let named =
        asked.values.iter().filter(|value| value.key == "event" && EVENTS.iter().any(|event| value.value == *event));
    Ok({ named }.any(|event| {
        let switch = asked.values.iter().rfind(|value| value.key == "enabled" && value.name == event.name);
        !event.name.to_string_lossy().starts_with(KEY) && !switch.is_some_and(|switch| is_false(&switch.value))
    }))
}
