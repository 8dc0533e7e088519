//! Repositories that are the same on every machine.

use std::fs;

use super::{place::Place, world::World};

/// How many files a folder has.
const PER_FOLDER: usize = 20;
/// How many folders a folder has.
const FANOUT: usize = 12;

/// A repository of `size` files in nested folders, with a short history, packed.
pub(crate) fn repository(world: &World, size: usize) -> Result<Place<'_>, String> {
    let path = world.root().join("origin");
    fs::create_dir(&path).map_err(|error| error.to_string())?;
    let mut stream = String::from("blob\nmark :1\ndata 0\n\n");
    for (commit, message) in ["Begin", "Go on"].iter().enumerate() {
        stream.push_str(&format!(
            "commit refs/heads/main\ncommitter Carl Committer <carl@example.com> {} +0000\ndata {}\n{message}\n",
            1_700_000_000 + commit,
            message.len()
        ));
        // The second commit changes every tenth file.
        for n in (0..size).step_by(if commit == 0 { 1 } else { 10 }) {
            let content = content(n, commit);
            stream.push_str(&format!("M 100644 inline {}\ndata {}\n{content}\n", name(n), content.len()));
        }
    }
    let command = |args: &[&str]| -> Result<(), String> {
        let mut command = world.command("git".as_ref(), &path);
        let output = command.args(args).output().map_err(|error| error.to_string())?;
        output.status.success().then_some(()).ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())
    };
    command(&["init", "-q", "-b", "main"])?;
    let file = world.root().join("stream");
    fs::write(&file, stream).map_err(|error| error.to_string())?;
    let input = fs::File::open(&file).map_err(|error| error.to_string())?;
    let mut import = world.command("git".as_ref(), &path);
    let status = import.args(["fast-import", "--quiet"]).stdin(input).status().map_err(|error| error.to_string())?;
    status.success().then_some(()).ok_or("git fast-import failed")?;
    command(&["reset", "-q", "--hard"])?;
    Place::at(world, path)
}

/// Three levels of folders at most, as in real source trees.
fn name(n: usize) -> String {
    let folder = n / PER_FOLDER;
    let (top, middle, low) = (folder / (FANOUT * FANOUT), folder / FANOUT % FANOUT, folder % FANOUT);
    format!("part{top:02}/module{middle:02}/unit{low:02}/source_{:02}.txt", n % PER_FOLDER)
}

/// One to a few kilobytes of lines that no other file has.
fn content(n: usize, version: usize) -> String {
    let mut seed = (n * 2 + version) as u64 + 1;
    let lines = 20 + n % 60;
    let mut text = String::new();
    for line in 0..lines {
        // Knuth's linear congruential generator: cheap, and the same everywhere.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("let value_{line} = compute(\"{:016x}\");\n", seed));
    }
    text
}
