//! A file's content as git would store it: clean filters, line ends, encodings.

use std::{fs::File, io::Read};

use gix::{
    attrs::{StateRef, search::Outcome},
    bstr::{BStr, BString, ByteSlice},
    filter::plumbing::{
        Pipeline,
        driver::apply::Delay,
        eol::{self, AutoCrlf},
        pipeline::{
            CrlfRoundTripCheck,
            convert::{ToGitOutcome, ToWorktreeOutcome, to_worktree},
        },
    },
    index::State,
    objs::Find,
    worktree::{Stack, stack::state::attributes::Source},
};

use super::{
    content::read_whole,
    disk::os_path,
    trouble::{Attempt, Trouble},
};

/// The attributes that have a say in a file's content.
const NAMES: [&str; 6] = ["filter", "ident", "working-tree-encoding", "crlf", "text", "eol"];

/// Turns content on disk into content in git; one a thread, as it runs filter programs.
pub(super) struct Filter<'a> {
    index: &'a State,
    repo: &'a gix::Repository,
    pipeline: Pipeline,
    attributes: Stack,
    /// Of the last path, for [`NAMES`].
    matches: Outcome,
    has_drivers: bool,
    one_way: Vec<BString>,
    auto_crlf: AutoCrlf,
    writes_crlf: bool,
}

/// A file's content, read.
pub(super) struct Cleaned {
    /// As git stores it.
    pub(super) stored: Vec<u8>,
    /// As it is on disk, where a checkout of `stored` would give other bytes.
    pub(super) raw: Option<Vec<u8>>,
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
    /// With the attributes files of the worktree, and those of `index` where the worktree has none.
    pub(super) fn new(repo: &'a gix::Repository, index: &'a State) -> Attempt<Self> {
        let failed = |error: gix::Error| Trouble::unsupported("cannot prepare clean filters", error);
        let mut options = gix::filter::Pipeline::options(repo).map_err(failed)?;
        // `core.safecrlf` guards what people add; a snapshot has to take whatever is there.
        options.crlf_roundtrip_check = CrlfRoundTripCheck::Skip;
        let (has_drivers, auto_crlf) = (!options.drivers.is_empty(), options.eol_config.auto_crlf);
        let native = if cfg!(windows) { eol::Mode::CrLf } else { eol::Mode::Lf };
        let eol = options.eol_config.eol.unwrap_or(native);
        let writes_crlf = auto_crlf == AutoCrlf::Enabled || eol == eol::Mode::CrLf;
        let one_way = options.drivers.iter().filter(|driver| is_one_way(driver)).map(|driver| driver.name.clone());
        let one_way = one_way.collect();
        let context = repo.command_context().map_err(failed)?;
        let attributes = repo.attributes_only(index, Source::WorktreeThenIdMapping).map_err(failed)?.detach();
        let pipeline = Pipeline::new(context, repo.object_hash(), options);
        let matches = attributes.selected_attribute_matches(NAMES);
        Ok(Filter { index, repo, pipeline, attributes, matches, has_drivers, one_way, auto_crlf, writes_crlf })
    }

    /// The content of `file`, which is at `path`, as git stores it, and as it is where the way there loses anything.
    pub(super) fn read(&mut self, path: &BStr, file: File, size: u64) -> Attempt<Cleaned> {
        let raw = read_whole(file, size).map_err(|error| Trouble::unreadable(path, error))?;
        self.convert(path, raw)
    }

    /// As [`Filter::read`], for what was read already.
    pub(super) fn convert(&mut self, path: &BStr, raw: Vec<u8>) -> Attempt<Cleaned> {
        if self.need(path)? == Need::Nothing {
            return Ok(Cleaned { stored: raw, raw: None });
        }
        let stored = self.clean(path, &raw)?;
        let comes_back = self.comes_back(path, &stored, &raw);
        Ok(Cleaned { stored, raw: (!comes_back).then_some(raw) })
    }

    /// Whether a checkout of `stored` gives `raw`. A filter that fails gives nothing back.
    fn comes_back(&mut self, path: &BStr, stored: &[u8], raw: &[u8]) -> bool {
        let Ok(platform) = self.attributes.at_path(path, None, &self.repo.objects) else { return false };
        let options =
            to_worktree::Options { can_delay: Delay::Forbid, unknown_encoding: to_worktree::UnknownEncoding::Fail };
        let mut attributes = |_: &BStr, out: &mut Outcome| {
            platform.matching_attributes(out);
        };
        match self.pipeline.convert_to_worktree(stored, path, &mut attributes, options) {
            Ok(ToWorktreeOutcome::Unchanged(bytes) | ToWorktreeOutcome::Buffer(bytes)) => bytes == raw,
            Ok(mut process) => {
                let mut bytes = Vec::with_capacity(raw.len());
                process.as_read().is_some_and(|out| out.read_to_end(&mut bytes).is_ok()) && bytes == raw
            }
            Err(_) => false,
        }
    }

    fn clean(&mut self, path: &BStr, raw: &[u8]) -> Attempt<Vec<u8>> {
        let failed = |error: gix::Error| Trouble::unsupported("cannot apply a clean filter", error);
        let unreadable = |error| Trouble::unreadable(path, error);
        let platform = self.attributes.at_path(path, None, &self.repo.objects).map_err(unreadable)?;
        let (index, objects) = (self.index, &self.repo.objects);
        let outcome = self
            .pipeline
            .convert_to_git(
                raw,
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
        let mut content = Vec::with_capacity(raw.len());
        match outcome {
            ToGitOutcome::Unchanged(bytes) => content.extend_from_slice(bytes),
            ToGitOutcome::Buffer(buffer) => content.extend_from_slice(buffer),
            ToGitOutcome::Process(mut output) => {
                output
                    .read_to_end(&mut content)
                    .map_err(|error| Trouble::unsupported("a clean filter failed", error))?;
            }
        }
        Ok(content)
    }

    /// Whether there is a filter program that has no counterpart for the way back.
    pub(super) fn has_one_way(&self) -> bool {
        !self.one_way.is_empty()
    }

    /// Whether such a one is applied at `path`.
    pub(super) fn is_one_way(&mut self, path: &BStr) -> Attempt<bool> {
        let mut matches = self.attributes.selected_attribute_matches(["filter"]);
        self.attributes
            .at_path(path, None, &self.repo.objects)
            .map_err(|error| Trouble::unreadable(path, error))?
            .matching_attributes(&mut matches);
        let found = matches.iter_selected().next().map(|found| found.assignment.state);
        Ok(matches!(found, Some(StateRef::Value(name)) if self.one_way.iter().any(|one| *one == *name.as_bstr())))
    }

    /// What has to be done to a file at `path`, as far as its attributes tell.
    pub(super) fn need(&mut self, path: &BStr) -> Attempt<Need> {
        Ok(self.both_ways(path)?.0)
    }

    /// Whether attributes want a text file at `path` to have CRLF on disk.
    pub(super) fn wants_crlf(&mut self, path: &BStr) -> Attempt<bool> {
        Ok(matches!(self.both_ways(path)?, (Need::LineEnds { .. }, true)))
    }

    /// Whether a checkout writes to `path` the very bytes of the blob, whatever they are.
    pub(super) fn checks_out_as_it_is(&mut self, path: &BStr) -> Attempt<bool> {
        Ok(match self.both_ways(path)? {
            (Need::Nothing, _) => true,
            (Need::LineEnds { .. }, wants_crlf) => !wants_crlf && !self.writes_crlf,
            (Need::Conversion, _) => false,
        })
    }

    /// What has to be done to a file, and whether its attributes want it to have CRLF on disk.
    fn both_ways(&mut self, path: &BStr) -> Attempt<(Need, bool)> {
        let found = self
            .attributes
            .at_path(path, None, &self.repo.objects)
            .map_err(|error| Trouble::unreadable(path, error))?
            .matching_attributes(&mut self.matches);
        if !found {
            return Ok((self.need_of([StateRef::Unspecified; NAMES.len()]), false));
        }
        let states: Vec<StateRef<'_>> = self.matches.iter_selected().map(|found| found.assignment.state).collect();
        let [filter, ident, encoding, crlf, text, eol] = states[..] else {
            return Ok((Need::Conversion, false));
        };
        let wants_crlf = matches!(eol, StateRef::Value(value) if value.as_bstr() == "crlf");
        Ok((self.need_of([filter, ident, encoding, crlf, text, eol]), wants_crlf))
    }

    fn need_of(&self, [filter, ident, encoding, crlf, text, eol]: [StateRef<'_>; 6]) -> Need {
        let has_filter = self.has_drivers && matches!(filter, StateRef::Value(_));
        if has_filter || ident.is_set() || encoding != StateRef::Unspecified {
            return Need::Conversion;
        }
        let line_ends = if crlf == StateRef::Unspecified { text } else { crlf };
        match line_ends {
            StateRef::Unset => Need::Nothing,
            StateRef::Value(value) if value.as_bstr() == "auto" => Need::LineEnds { auto: true },
            StateRef::Unspecified if !matches!(eol, StateRef::Value(_)) => match self.auto_crlf {
                AutoCrlf::Disabled => Need::Nothing,
                AutoCrlf::Enabled | AutoCrlf::Input => Need::LineEnds { auto: true },
            },
            _ => Need::LineEnds { auto: false },
        }
    }
}

/// Nothing brings back what such a filter throws away. `cat` is what those have who want no smudge filter.
fn is_one_way(driver: &gix::filter::plumbing::Driver) -> bool {
    let gives_back = |command: &BString| !matches!(command.trim(), b"" | b"cat");
    driver.clean.is_some() && driver.process.is_none() && !driver.smudge.as_ref().is_some_and(gives_back)
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
