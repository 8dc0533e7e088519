//! The new files, written where nobody looks.

use std::path::Path;

use gix::{
    bstr::ByteSlice,
    index::{
        State,
        entry::{Flags, Mode, Stat},
        write,
    },
};

use super::{Step, plain};
use crate::{
    error::{Context, Result},
    git::{
        Repo,
        restore::{git_on, lock::IndexLock},
    },
};

/// Writes what `steps` put in place to the folder `area`, each under its own path.
pub(super) fn write(repo: &Repo, area: &Path, lock: &IndexLock, steps: &[&Step]) -> Result<()> {
    let steps = plain::write(repo, area, steps)?;
    if steps.is_empty() {
        return Ok(());
    }
    let index = area.with_extension("index");
    let failed = || format!("cannot write the index file `{}`", index.display());
    let mut entries = State::new(repo.gix().object_hash());
    for step in &steps {
        let Some(new) = step.new else { continue };
        let mode = Mode::from_bits_truncate(new.mode.value().into());
        entries.dangerously_push_entry(Stat::default(), new.id, Flags::empty(), mode, step.path.as_bstr());
    }
    entries.sort_entries();
    let mut file = std::io::BufWriter::new(std::fs::File::create(&index).with_context(failed)?);
    entries.write_to(&mut file, write::Options::default()).with_context(failed)?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(failed)?;
    let mut prefix = std::ffi::OsString::from("--prefix=");
    prefix.push(area);
    prefix.push("/");
    let output = lock.lent_to(git_on(repo, &index, &["checkout-index", "--all"]).arg(prefix))?;
    if output.code == 0 { Ok(()) } else { Err(output.error("git checkout-index")) }
}
