//! The scripts that git calls: `hooks/shim`, filled in, and known again by its second line.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use gix::bstr::ByteSlice;

use crate::{config::Env, model::HookEvent};

const SCRIPT: &str = include_str!("../../../hooks/shim");
const COMMAND: &str = include_str!("../../../hooks/configured");

/// What the second line of every version of the script begins with; the version follows.
const MARK: &str = "# git-checkpoint shim ";

/// The name of this program's file.
const PROGRAM: &str = "git-checkpoint";

/// The shim for an event: `program` is called first, then what the folder `saved`, beside the shim's, holds under the
/// event's name.
pub(super) fn render(event: HookEvent, program: &Path, saved: &OsStr) -> Vec<u8> {
    let values = [
        ("@EVENT@", event.as_str().as_bytes().to_vec()),
        ("@PROGRAM@", quoted(program.as_os_str())),
        ("@SAVED@", if saved.is_empty() { Vec::new() } else { quoted(saved) }),
    ];
    fill(SCRIPT, &values)
}

/// What git's configuration has as command for an event: the shim at `shim`, or where that folder was moved to.
pub(super) fn command(event: HookEvent, shim: &Path) -> OsString {
    let values = [("@EVENT@", event.as_str().as_bytes().to_vec()), ("@SHIM@", quoted(shim.as_os_str()))];
    OsString::from_vec(fill(COMMAND.trim_end(), &values))
}

/// The version of the shim that these bytes are, if they are one.
pub(super) fn version(bytes: &[u8]) -> Option<u32> {
    let line = bytes.lines().nth(1)?;
    line.strip_prefix(MARK.as_bytes())?.to_str().ok()?.trim().parse().ok()
}

/// The version that is written.
pub(super) fn current_version() -> u32 {
    version(SCRIPT.as_bytes()).expect("the script has its version")
}

/// The program that a shim calls.
pub(super) fn program(bytes: &[u8]) -> Option<PathBuf> {
    let start = bytes.find(b"\nprogram=")? + b"\nprogram=".len();
    unquoted(&bytes[start..]).map(PathBuf::from)
}

/// The program that a shim would find without its own path: what PATH has.
pub(super) fn on_path(env: &Env) -> Option<PathBuf> {
    let path = env.var("PATH").unwrap_or_default().to_owned();
    let dirs = path.as_bytes().split(|byte| *byte == b':').map(|dir| Path::new(OsStr::from_bytes(dir)).join(PROGRAM));
    { dirs }.find(|file| is_executable(file))
}

/// Whether there is a file, or a link to one, that this user may run.
pub(super) fn is_executable(file: &Path) -> bool {
    file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
}

/// Puts the values in; what a value holds is not looked at again.
fn fill(template: &str, values: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len() + 256);
    let mut rest = template;
    loop {
        let next = values.iter().filter_map(|(name, value)| Some((rest.find(name)?, name, value)));
        let Some((at, name, value)) = next.min_by_key(|(at, ..)| *at) else { break };
        out.extend_from_slice(&rest.as_bytes()[..at]);
        out.extend_from_slice(value);
        rest = &rest[at + name.len()..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// As one word of the shell, whatever is in it.
fn quoted(text: &OsStr) -> Vec<u8> {
    let mut out = vec![b'\''];
    for byte in text.as_bytes() {
        match byte {
            b'\'' => out.extend_from_slice(br"'\''"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
    out
}

/// The word that begins here, if it is one that [`quoted`] made.
fn unquoted(mut rest: &[u8]) -> Option<OsString> {
    let mut out = Vec::new();
    rest = rest.strip_prefix(b"'")?;
    loop {
        let end = rest.find_byte(b'\'')?;
        out.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(br"\''") {
            Some(more) => {
                out.push(b'\'');
                rest = more;
            }
            None => return Some(OsString::from_vec(out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shim_is_known_again_and_tells_its_program() {
        for path in ["/usr/bin/git-checkpoint", "/it's/a \"path\"\nwith $HOME @EVENT@/`x`", "/\u{fc}/\\"] {
            let shim = render(HookEvent::PrePush, Path::new(path), OsStr::new("hooks.checkpoint"));
            assert!(shim.starts_with(b"#!/bin/sh\n") && !shim.contains(&b'\r'));
            assert_eq!(version(&shim), Some(current_version()));
            assert_eq!(program(&shim), Some(PathBuf::from(path)));
            assert!(shim.contains_str("event=pre-push\n") && shim.contains_str("saved='hooks.checkpoint'\n"));
        }
        let bytes = OsString::from_vec(vec![b'/', 0xff, b'\'', b'x']);
        assert_eq!(program(&render(HookEvent::PostMerge, Path::new(&bytes), OsStr::new(""))), Some(bytes.into()));
    }

    #[test]
    fn other_files_are_no_shims() {
        for bytes in [&b""[..], b"#!/bin/sh\n", b"#!/bin/sh\n# git-checkpoint shim x\n", b"\xff\n\xfe\n"] {
            assert_eq!(version(bytes), None, "{bytes:?}");
        }
        assert_eq!(version(b"#!/bin/sh\n# git-checkpoint shim 12\n"), Some(12));
    }

    #[test]
    fn a_command_is_one_line_that_arguments_can_follow() {
        let command = command(HookEvent::PostCheckout, Path::new("/a b/x"));
        let command = command.to_str().expect("plain");
        assert!(command.ends_with("; . \"$shim\"") && command.contains("'/a b/x'"), "{command}");
    }
}
