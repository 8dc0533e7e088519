//! Links the program so that it starts quickly: git's hooks call it all day, and most calls end within two milliseconds.
//!
//! A position-independent program of this size has fifteen thousand addresses that are corrected at each start, which copies
//! seventy pages of memory; one at a fixed address has none. And what unwinds the stack after a panic is taken from the
//! archive that every gcc has, so that one shared library less is looked for and mapped. docs/architecture.md says what is
//! given up for it. `GIT_CHECKPOINT_PIE=1 cargo build` leaves it all as rustc would have it, and so does every target but
//! Linux with glibc, and a linker that cannot do it.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Leaves the program position-independent.
const SWITCH: &str = "GIT_CHECKPOINT_PIE";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={SWITCH}");
    if var(SWITCH).is_some_and(|value| value != "0") || !is_usual_linux() {
        return;
    }
    let Some(linker) = linker() else { return };
    let Some(dir) = var("OUT_DIR").map(PathBuf::from) else { return };
    if !links(&linker, &dir, &[]) {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-no-pie");
    let Some(archive) = archive(&linker).filter(|_| links(&linker, &dir, &["-l:libgcc_eh.a"])) else { return };
    println!("cargo::rustc-link-search=native={}", archive.display());
    println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
}

fn var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Linux with glibc, linked dynamically, on processors where this was measured.
fn is_usual_linux() -> bool {
    let is = |name: &str, wanted: &[&str]| var(name).is_some_and(|value| wanted.contains(&value.as_str()));
    let is_static = var("CARGO_CFG_TARGET_FEATURE").is_some_and(|all| all.split(',').any(|one| one == "crt-static"));
    is("CARGO_CFG_TARGET_OS", &["linux"])
        && is("CARGO_CFG_TARGET_ENV", &["gnu"])
        && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"])
        && !is_static
}

/// What rustc links with, where that can be known.
fn linker() -> Option<String> {
    var("RUSTC_LINKER").or_else(|| (var("HOST") == var("TARGET")).then(|| "cc".to_owned()))
}

/// Whether a small program can be linked so.
fn links(linker: &str, dir: &Path, with: &[&str]) -> bool {
    let source = dir.join("probe.c");
    fs::write(&source, "int main(void) { return 0; }\n").is_ok()
        && Command::new(linker)
            .args(["-no-pie", "-o"])
            .arg(dir.join("probe"))
            .arg(&source)
            .args(with)
            .output()
            .is_ok_and(|output| output.status.success())
}

/// The folder of the archive that unwinds the stack.
fn archive(linker: &str) -> Option<PathBuf> {
    let output = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    path.parent().filter(|dir| dir.is_absolute()).map(Path::to_owned)
}
