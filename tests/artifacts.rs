//! Files outside git that belong to a state: saved with it, kept whole, and brought back with it.

use serde_json::Value;

use crate::support::{Run, TestRepo};

mod attacks;
mod commands;
mod content;
mod create;
mod databases;
mod engine;
mod place;
mod share;

pub(crate) use self::engine::Engine;

/// A repository with an ignored folder `data`, and this configuration, which is trusted.
pub(crate) fn with(config: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "/data/\n");
    repo.dir("data");
    configure(&repo, config);
    repo
}

/// Commits this configuration and agrees to it.
fn configure(repo: &TestRepo, config: &str) {
    repo.write(".checkpoint.toml", config);
    repo.commit("Configure");
    let hash = repo.checkpoint_ok(&["trust", "--show", "--json"]).json()["hash"].as_str().expect("a hash").to_owned();
    repo.set_var("GIT_CHECKPOINT_TRUST", hash);
}

/// The section of an artifact that is copied.
pub(crate) fn copied(path: &str) -> String {
    format!("[[artifact]]\nname = 'db'\npath = '{path}'\n")
}

/// A repository with `data/db`, which has these bytes.
fn with_file(bytes: impl AsRef<[u8]>) -> TestRepo {
    let repo = with(&copied("data/db"));
    repo.write("data/db", bytes);
    repo
}

/// Takes a checkpoint; what was said, as JSON.
#[track_caller]
fn take(repo: &TestRepo) -> Value {
    repo.checkpoint_ok(&["create", "--json"]).json()
}

fn id(taken: &Value) -> String {
    taken["id"].as_str().expect("an id").to_owned()
}

/// Takes a checkpoint; its id.
#[track_caller]
pub(crate) fn saved(repo: &TestRepo) -> String {
    id(&take(repo))
}

/// That `create` refuses with these words, and publishes nothing.
#[track_caller]
fn refused(repo: &TestRepo, words: &[&str]) -> Run {
    let before = repo.refs();
    let run = repo.checkpoint(&["create"]);
    assert!([1, 2, 4].contains(&run.code), "{run}");
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is not said:\n{run}");
    }
    assert!(run.stderr.contains("hint:"), "{run}");
    assert_eq!(before, repo.refs());
    assert_nothing_left(repo);
    run
}

/// No temporary file of an artifact is anywhere.
#[track_caller]
pub(crate) fn assert_nothing_left(repo: &TestRepo) {
    let mut all = crate::store::files_below(&repo.git_dir());
    all.extend(crate::store::files_below(repo.path()));
    all.retain(|path| {
        let text = path.to_string_lossy();
        text.contains("checkpoint-new") || text.contains("checkpoint-old") || text.contains("/tmp_")
    });
    assert_eq!(all, Vec::<std::path::PathBuf>::new());
    let scratch = repo.git_dir().join("checkpoint/artifacts");
    assert_eq!(std::fs::read_dir(scratch).map_or(0, Iterator::count), 0);
}

/// Bytes that repeat nowhere and that zlib cannot make smaller; the same for the same seed.
pub(crate) fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32).to_le_bytes()
    };
    (0..size.div_ceil(4)).flat_map(|_| next()[..4].to_vec()).take(size).collect()
}

/// The files of a record, and what git prints of one.
pub(crate) fn stored(repo: &TestRepo, id: &str, path: &str) -> Vec<u8> {
    let revision = format!("refs/checkpoint/files/{id}:artifacts/{path}");
    let output = repo.git_raw(&["cat-file", "blob", &revision]);
    assert!(output.status.success(), "{output:?}");
    output.stdout
}
