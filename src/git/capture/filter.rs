//! A file's content as git would store it: clean filters, line ends, encodings.

use std::{fs::File, io::Read};

use gix::{
    attrs::StateRef,
    bstr::{BStr, ByteSlice},
    filter::plumbing::{
        Pipeline,
        eol::AutoCrlf,
        pipeline::{CrlfRoundTripCheck, convert::ToGitOutcome},
    },
    index::State,
    objs::Find,
    worktree::{Stack, stack::state::attributes::Source},
};

use super::{
    disk::os_path,
    trouble::{Attempt, Trouble},
};

/// Turns content on disk into content in git; one a thread, as it runs filter programs.
pub(super) struct Filter<'a> {
    index: &'a State,
    repo: &'a gix::Repository,
    pipeline: Pipeline,
    attributes: Stack,
    has_drivers: bool,
    auto_crlf: AutoCrlf,
}

/// What a large file needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// It is stored as it is.
    Nothing,
    /// It is stored as it is unless its line ends are to be converted.
    LineEnds {
        /// Whether a file that looks binary is left alone.
        auto: bool,
    },
    /// A filter program, an encoding or the like.
    Conversion,
}

impl<'a> Filter<'a> {
    pub(super) fn new(repo: &'a gix::Repository, index: &'a State) -> Attempt<Self> {
        let failed = |error: gix::Error| Trouble::unsupported("cannot prepare clean filters", error);
        let mut options = gix::filter::Pipeline::options(repo).map_err(failed)?;
        // `core.safecrlf` guards what people add; a snapshot has to take whatever is there.
        options.crlf_roundtrip_check = CrlfRoundTripCheck::Skip;
        let (has_drivers, auto_crlf) = (!options.drivers.is_empty(), options.eol_config.auto_crlf);
        let context = repo.command_context().map_err(failed)?;
        let attributes = repo.attributes_only(index, Source::WorktreeThenIdMapping).map_err(failed)?.detach();
        let pipeline = Pipeline::new(context, repo.object_hash(), options);
        Ok(Filter { index, repo, pipeline, attributes, has_drivers, auto_crlf })
    }

    /// The content of `file`, which is at `path`, as git stores it.
    pub(super) fn clean(&mut self, path: &BStr, file: File, size: u64) -> Attempt<Vec<u8>> {
        let failed = |error: gix::Error| Trouble::unsupported("cannot apply a clean filter", error);
        let unreadable = |error| Trouble::unreadable(path, error);
        let platform = self.attributes.at_path(path, None, &self.repo.objects).map_err(unreadable)?;
        let (index, objects) = (self.index, &self.repo.objects);
        let outcome = self
            .pipeline
            .convert_to_git(
                file,
                os_path(path),
                &mut |_, out| {
                    platform.matching_attributes(out);
                },
                &mut |buf| {
                    let Some(entry) = index.entry_by_path(path) else { return Ok(None) };
                    Ok(objects
                        .try_find(&entry.id, buf)?
                        .filter(|found| found.kind == gix::objs::Kind::Blob)
                        .map(|_| ()))
                },
            )
            .map_err(failed)?;
        let mut content = Vec::with_capacity(size as usize + 1);
        match outcome {
            ToGitOutcome::Unchanged(mut file) => drop(file.read_to_end(&mut content).map_err(unreadable)?),
            ToGitOutcome::Buffer(buffer) => content.extend_from_slice(buffer),
            ToGitOutcome::Process(mut output) => {
                output
                    .read_to_end(&mut content)
                    .map_err(|error| Trouble::unsupported("a clean filter failed", error))?;
            }
        }
        Ok(content)
    }

    /// What has to be done to a file at `path`, as far as its attributes tell.
    pub(super) fn need(&mut self, path: &BStr) -> Attempt<Need> {
        const NAMES: [&str; 6] = ["filter", "ident", "working-tree-encoding", "crlf", "text", "eol"];
        let mut matches = self.attributes.selected_attribute_matches(NAMES);
        self.attributes
            .at_path(path, None, &self.repo.objects)
            .map_err(|error| Trouble::unreadable(path, error))?
            .matching_attributes(&mut matches);
        let states: Vec<StateRef<'_>> = matches.iter_selected().map(|found| found.assignment.state).collect();
        let [filter, ident, encoding, crlf, text, eol] = states[..] else {
            return Ok(Need::Conversion);
        };
        let has_filter = self.has_drivers && matches!(filter, StateRef::Value(_));
        if has_filter || ident.is_set() || encoding != StateRef::Unspecified {
            return Ok(Need::Conversion);
        }
        let line_ends = if crlf == StateRef::Unspecified { text } else { crlf };
        Ok(match line_ends {
            StateRef::Unset => Need::Nothing,
            StateRef::Value(value) if value.as_bstr() == "auto" => Need::LineEnds { auto: true },
            StateRef::Unspecified if !matches!(eol, StateRef::Value(_)) => match self.auto_crlf {
                AutoCrlf::Disabled => Need::Nothing,
                AutoCrlf::Enabled | AutoCrlf::Input => Need::LineEnds { auto: true },
            },
            _ => Need::LineEnds { auto: false },
        })
    }
}

/// Whether converting line ends would leave the content as it is: it has none to convert, or it is binary and `auto`
/// leaves that alone.
pub(super) fn keeps_line_ends(mut content: impl Read, auto: bool) -> std::io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut ended_with_cr, mut has_crlf) = (false, false);
    loop {
        let read = match content.read(&mut buffer) {
            Ok(0) => return Ok(!has_crlf),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let chunk = &buffer[..read];
        if auto && chunk.contains(&0) {
            return Ok(true);
        }
        has_crlf |= (ended_with_cr && chunk[0] == b'\n') || chunk.find(b"\r\n").is_some();
        ended_with_cr = chunk[read - 1] == b'\r';
    }
}

#[cfg(test)]
mod tests {
    use super::keeps_line_ends;

    #[test]
    fn line_ends_are_seen_across_chunks() {
        let mut text = vec![b'x'; 64 * 1024 - 1];
        text.extend_from_slice(b"\r\nend");
        assert!(!keeps_line_ends(&text[..], true).expect("memory can be read"));
        assert!(keeps_line_ends(&b"a\nb\rc"[..], false).expect("memory can be read"));
        assert!(keeps_line_ends(&b"a\r\nb\0c"[..], true).expect("memory can be read"));
        assert!(!keeps_line_ends(&b"a\r\nb\0c"[..], false).expect("memory can be read"));
    }
}
