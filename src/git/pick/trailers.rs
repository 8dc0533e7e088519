//! The lines that `-x` and `--signoff` add to a message, where `git cherry-pick` puts them.
//!
//! git adds a blank line before them unless the message ends with trailers, and what counts as trailers depends on its
//! version and its configuration. So git is asked.

use gix::bstr::{BString, ByteSlice};

use crate::{
    error::Result,
    git::{Repo, pick::Manner},
    model::Oid,
};

/// `message` with the lines that `manner` asks for; `committer` is `Name <address>`.
pub(super) fn add(repo: &Repo, message: BString, manner: &Manner, (from, committer): (Oid, &str)) -> Result<BString> {
    let mut message: Vec<u8> = message.into();
    if manner.record_origin {
        complete_line(&mut message);
        if !ends_with_trailers(repo, &message)? {
            message.push(b'\n');
        }
        message.extend_from_slice(format!("(cherry picked from commit {from})\n").as_bytes());
    }
    if manner.signoff {
        complete_line(&mut message);
        let line = format!("Signed-off-by: {committer}\n");
        sign_off(repo, &mut message, line.as_bytes())?;
    }
    Ok(message.into())
}

fn sign_off(repo: &Repo, message: &mut Vec<u8>, line: &[u8]) -> Result<()> {
    if message == line {
        return Ok(());
    }
    if ends_with_trailers(repo, message)? {
        if last_trailer(message) == Some(line) {
            return Ok(());
        }
    } else {
        // Room for a title where there is none, and one blank line behind a text.
        let missing = match message.len() {
            0 => 2,
            length if length == 1 || message[length - 2] != b'\n' => 1,
            _ => 0,
        };
        message.extend(std::iter::repeat_n(b'\n', missing));
    }
    message.extend_from_slice(line);
    Ok(())
}

fn complete_line(message: &mut Vec<u8>) {
    if message.last().is_some_and(|last| *last != b'\n') {
        message.push(b'\n');
    }
}

/// git repeats the message as it is, but puts a blank line where trailers would begin if it has none.
fn ends_with_trailers(repo: &Repo, message: &[u8]) -> Result<bool> {
    if message.is_empty() {
        return Ok(false);
    }
    let repeated = repo.git(["interpret-trailers", "--only-input", "--no-divider"]).stdin(message.to_vec()).run()?;
    if repeated.len() != message.len() + 1 {
        return Ok(true);
    }
    let same = repeated.iter().zip(message).take_while(|(one, other)| one == other).count();
    Ok(repeated[same] != b'\n' || repeated[same + 1..] != message[same..])
}

/// The last line that is not blank, no comment, and goes on no other.
fn last_trailer(message: &[u8]) -> Option<&[u8]> {
    let goes_on = |line: &&[u8]| line.first().is_some_and(|first| !first.is_ascii_whitespace() && *first != b'#');
    message.lines_with_terminator().rev().find(goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_trailer_is_found_behind_what_is_none() {
        assert_eq!(last_trailer(b"a\n\nB: c\n d\n\n# e\n"), Some(b"B: c\n".as_slice()));
        assert_eq!(last_trailer(b"\n \n"), None);
    }
}
