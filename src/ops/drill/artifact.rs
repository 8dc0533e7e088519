//! The artifacts of the configuration, as far as a drill has to do with them: their files are copied, and can be damaged.

use std::path::Path;

use crate::{
    config::Config,
    error::{Context, Result},
};

/// The files of the configured artifacts, relative to the top of the worktree.
pub(super) fn files(config: &Config) -> Vec<String> {
    config.named_artifacts().filter_map(|(_, path)| path.map(str::to_owned)).collect()
}

/// Corrupts the configured artifact's file in the copy: the middle of it is other bytes than before, and its end is missing.
/// The first that is there, if any is.
pub(super) fn corrupt(dir: &Path, files: &[String]) -> Result<Option<String>> {
    let Some(file) = files.iter().find(|file| dir.join(file).is_file()) else { return Ok(None) };
    let path = dir.join(file);
    let what = || format!("cannot damage `{}` in the copy", path.display());
    let mut bytes = std::fs::read(&path).with_context(what)?;
    let length = bytes.len();
    bytes[length / 3..length / 2].iter_mut().for_each(|byte| *byte = !*byte);
    bytes.truncate(length - length / 4);
    // It differs, whatever was in it.
    bytes.push(b'!');
    std::fs::write(&path, bytes).with_context(what)?;
    Ok(Some(file.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_another_afterwards() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = ["gone.db".to_owned(), "a.db".to_owned()];
        assert_eq!(corrupt(dir.path(), &files).expect("nothing to do"), None);
        for content in [&b""[..], b"x", b"!", &[7; 5000]] {
            let path = dir.path().join("a.db");
            std::fs::write(&path, content).expect("it can be written");
            assert_eq!(corrupt(dir.path(), &files).expect("it can be damaged").as_deref(), Some("a.db"));
            assert_ne!(std::fs::read(&path).expect("it is there"), content);
        }
    }
}
