//! What a command prints: its beginning goes to the log as it comes, its end when the command has ended.
//!
//! A command may print without end, and may leave processes that hold the pipe for ever. So memory is bounded, nothing here
//! waits, and how much was printed decides nothing.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::PathBuf,
    process::Stdio,
};

/// So much of the beginning is kept; in bytes.
const HEAD: usize = 8 << 20;

/// So much of the end is kept; in bytes.
const TAIL: usize = 1 << 20;

/// As much is read at once; in bytes, as a pipe of Linux holds.
const CHUNK: usize = 64 << 10;

/// The most that is read once the command has ended: what a pipe may hold. More is of somebody who got away.
const LEFT_IN_PIPE: usize = 1 << 20;

/// Both streams of one command, on their way to a log.
pub(super) struct Output<'t> {
    /// None once everybody has closed it.
    pipe: Option<io::PipeReader>,
    kept: Kept,
    buffer: Vec<u8>,
    tap: Option<Tap<'t>>,
}

/// Is given what comes, as it comes.
pub(super) type Tap<'t> = &'t mut dyn FnMut(&[u8]);

impl<'t> Output<'t> {
    /// With the two streams for the command, which must be closed here once it was started.
    pub(super) fn to(log: PathBuf) -> io::Result<(Self, [Stdio; 2])> {
        let (reader, writer) = io::pipe()?;
        rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK)?;
        let streams = [writer.try_clone()?.into(), writer.into()];
        Ok((Output { pipe: Some(reader), kept: Kept::new(log), buffer: vec![0; CHUNK], tap: None }, streams))
    }

    /// The same for somebody who watches.
    pub(super) fn watched_by(self, tap: Tap<'t>) -> Self {
        Output { tap: Some(tap), ..self }
    }

    /// What to wait at for more; nothing once all has come.
    pub(super) fn pipe(&self) -> Option<&io::PipeReader> {
        self.pipe.as_ref()
    }

    /// Takes what is there, one chunk at most; how many bytes.
    pub(super) fn read(&mut self) -> usize {
        let Some(pipe) = &mut self.pipe else { return 0 };
        match pipe.read(&mut self.buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => {
                self.kept.add(&self.buffer[..length]);
                if let Some(tap) = &mut self.tap {
                    tap(&self.buffer[..length]);
                }
                return length;
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_broken) => self.pipe = None,
        }
        0
    }

    /// Takes what the command has left in the pipe, and completes the log.
    pub(super) fn finish(mut self) {
        let mut left = LEFT_IN_PIPE;
        while left > 0 {
            match self.read() {
                0 => break,
                length => left = left.saturating_sub(length),
            }
        }
        self.kept.finish();
    }
}

/// The beginning and the end of what was printed.
#[derive(Debug)]
struct Kept {
    log: Log,
    /// How much more of the beginning the log takes.
    room: usize,
    ends_line: bool,
    tail: Vec<u8>,
    left_out: u64,
}

/// A file that is there once something is written to it: most commands that pass print nothing.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: Option<File>,
}

impl Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            _ if bytes.is_empty() => Ok(()),
            Some(file) => file.write_all(bytes),
            None => {
                let file = File::options().append(true).create(true).open(&self.path)?;
                self.file.insert(file).write_all(bytes)
            }
        }
    }
}

impl Kept {
    fn new(path: PathBuf) -> Self {
        let log = Log { path, file: None };
        Kept { log, room: HEAD, ends_line: true, tail: Vec::new(), left_out: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(self.room));
        if let Some(last) = head.last() {
            self.room -= head.len();
            self.ends_line = *last == b'\n';
            // A full disk says nothing about what the command found.
            if self.log.write(head).is_err() {
                self.room = 0;
                self.left_out += head.len() as u64;
            }
        }
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * TAIL {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
        self.left_out += over as u64;
    }

    fn finish(mut self) {
        self.shorten();
        if self.left_out > 0 {
            let before = if self.ends_line { "" } else { "\n" };
            let line = format!("{before}[git checkpoint: {} bytes of the output are left out here]\n", self.left_out);
            let _full = self.log.write(line.as_bytes());
        }
        let _full = self.log.write(&self.tail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(parts: &[&[u8]]) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("log");
        let mut kept = Kept::new(path.clone());
        for part in parts {
            kept.add(part);
            assert!(kept.tail.len() <= 2 * TAIL && kept.tail.capacity() <= 4 * TAIL);
        }
        kept.finish();
        assert_eq!(path.exists(), parts.iter().any(|part| !part.is_empty()), "only what is printed makes a log");
        std::fs::read(path).unwrap_or_default()
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        assert_eq!(kept(&[]), b"");
        assert_eq!(kept(&[b"one\n", b"", b"two"]), b"one\ntwo");
        let long = vec![b'x'; HEAD + TAIL];
        let (first, second) = long.split_at(HEAD - 3);
        let parts: Vec<&[u8]> = std::iter::once(first).chain(second.chunks(CHUNK)).collect();
        assert!(kept(&parts) == long, "nothing is left out, and nothing is added");
    }

    #[test]
    fn of_what_does_not_fit_the_middle_is_left_out_and_counted() {
        let mut long = vec![b'a'; HEAD];
        long.extend(vec![b'b'; 5 * TAIL + 7]);
        long.extend(vec![b'c'; TAIL]);
        for size in [CHUNK, 1000, 3 * TAIL] {
            let kept = kept(&long.chunks(size.min(CHUNK)).collect::<Vec<_>>());
            let line = format!("\n[git checkpoint: {} bytes of the output are left out here]\n", 5 * TAIL + 7);
            let mut expected = vec![b'a'; HEAD];
            expected.extend(line.as_bytes());
            expected.extend(vec![b'c'; TAIL]);
            assert!(kept == expected, "in parts of {size}");
        }
    }
}
