//! Which new files are taken: the caps and switches of `[capture]`, each file they leave out named.

use gix::bstr::ByteSlice;

use super::{
    trouble::{Attempt, Trouble},
    walk::{Found, NewFile},
};
use crate::{
    config,
    error::Error,
    model::{SkipReason, quote_path},
};

/// Takes the new files that `options` allow out of `found`, in the order of their paths; the others are named there.
pub(super) fn choose(found: &mut Found, options: &config::Capture) -> Attempt<Vec<NewFile>> {
    let new = std::mem::take(&mut found.new);
    if !options.untracked {
        leave_all(found, &new);
        return Ok(Vec::new());
    }
    let mut total = 0_u64;
    let mut taken = Vec::with_capacity(new.len());
    for file in new {
        if file.disk.size > options.max_file_size.0 {
            found.skip(file.path, SkipReason::TooLarge);
        } else if total.saturating_add(file.disk.size) > options.max_total_size.0 {
            found.skip(file.path, SkipReason::OverTotal);
        } else {
            total += file.disk.size;
            check_name(&file)?;
            taken.push(file);
        }
    }
    Ok(taken)
}

/// Names what is left alone: a folder once, where nothing in it is tracked.
fn leave_all(found: &mut Found, new: &[NewFile]) {
    let mut last = None;
    for file in new {
        let name = if file.folder > 0 { &file.path[..file.folder] } else { &file.path[..] };
        if last != Some(name) {
            found.skip(name, SkipReason::Untracked);
        }
        last = Some(name);
    }
}

/// git refuses names that some system would take for `.git`; a tree with one could never be restored.
fn check_name(file: &NewFile) -> Attempt<()> {
    use gix::validate::path::component::{Mode, Options};
    let is_link = file.disk.kind == rustix::fs::FileType::Symlink;
    let options =
        Options { protect_windows: cfg!(windows), protect_hfs: cfg!(target_os = "macos"), protect_ntfs: true };
    for part in file.path.split(|byte| *byte == b'/') {
        let mode = is_link.then_some(Mode::Symlink);
        gix::validate::path::component(part.as_bstr(), mode, options).map_err(|why| {
            let error = Error::environment(format!("git cannot hold `{}`", quote_path(file.path.as_bstr())));
            Trouble::Stop(error.because(why).hint("rename it, or add it to `.gitignore`"))
        })?;
    }
    Ok(())
}
