//! `git checkpoint hook`, which the shims call: what git's hooks ask, answered in milliseconds.

use std::ffi::{OsStr, OsString};

use super::{args, pre_push};
use crate::{config::Env, error::Result, ops::hook, ui::Ui};

/// Whether a hook of this name is answered by [`quick`].
pub(super) fn is_quick(event: &OsStr) -> bool {
    hook::EVENTS.iter().any(|known| event == *known)
}

/// Answers without a word.
pub(super) fn quick(event: &OsStr, args: &[OsString], env: &Env) {
    let words: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect();
    hook::run(env, event.to_str().unwrap_or_default(), &words);
}

/// All other hooks, and calls with options before the name. A hook that is not known here is that of another version,
/// and is none of this one's business.
pub(super) fn run(args: &args::Hook, env: &Env, ui: &mut Ui) -> Result<u8> {
    if args.event == "pre-push" {
        let word = |at: usize| args.args.get(at).map(|word| word.to_string_lossy()).unwrap_or_default();
        return pre_push::run(&word(0), &word(1), env, ui);
    }
    if is_quick(OsStr::new(&args.event)) {
        quick(OsStr::new(&args.event), &args.args, env);
    }
    Ok(0)
}
