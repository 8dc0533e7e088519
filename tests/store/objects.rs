//! Objects from memory to disk.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use git_checkpoint::{
    error::Kind,
    git::{
        Repo,
        objects::{Flushed, flush, write, write_stream},
    },
    model::Oid,
};

use super::here::{Here, files_below, within, within_by};
use crate::support::TestRepo;

fn blobs(repo: &Repo, count: usize) -> Vec<Oid> {
    let blob = |n: usize| {
        let data = format!("blob {n}\n").repeat(n % 40 + 1).into_bytes();
        write(repo, &gix::objs::Blob { data }).expect("memory takes it")
    };
    (0..count).map(blob).collect()
}

/// Bytes that zlib cannot make smaller.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..size).map(|_| next()).collect()
}

fn with_extension(here: &Here, extension: &str) -> usize {
    let files = files_below(&here.path.join(".git/objects/pack"));
    files.iter().filter(|path| path.extension().is_some_and(|ext| ext == extension)).count()
}

fn assert_readable(here: &Here, repo: &Repo, ids: &[Oid]) {
    assert_eq!(repo.gix().objects.num_objects_in_memory(), 0);
    for id in ids {
        assert!(repo.gix().find_blob(*id).is_ok(), "{id}");
    }
    let last = ids.last().expect("there are some").to_string();
    assert_eq!(here.git(&["cat-file", "-t", &last]), "blob");
    here.assert_sound();
}

#[test]
fn few_objects_become_loose_ones() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let ids = blobs(&repo, 16);
        assert_eq!(flush(&repo).expect("it works"), Flushed::Loose(16));
        assert_readable(here, &repo, &ids);
        let hex = ids[0].to_string();
        let file = here.path.join(".git/objects").join(&hex[..2]).join(&hex[2..]);
        assert_eq!(fs::metadata(file).expect("it is loose").permissions().mode() & 0o777, 0o444);
        blobs(&repo, 16);
        assert_eq!(flush(&repo).expect("it works"), Flushed::Nothing);
    });
}

fn many(here: &Here) {
    let repo = here.repo();
    let ids = blobs(&repo, 3000);
    assert_eq!(flush(&repo).expect("it works"), Flushed::Pack(3000));
    assert_readable(here, &repo, &ids);
    assert_eq!((with_extension(here, "pack"), with_extension(here, "idx")), (1, 1));
    let pack = files_below(&here.path.join(".git/objects/pack"));
    let index = pack.iter().find(|path| path.extension().is_some_and(|ext| ext == "idx")).expect("there is one");
    here.git(&["verify-pack", &index.to_string_lossy()]);
    here.git(&["index-pack", "--strict", &index.with_extension("pack").to_string_lossy()]);
    // A part that is new becomes loose, the rest is there; also for another process.
    let again = here.repo();
    blobs(&again, 3001);
    assert_eq!(flush(&again).expect("it works"), Flushed::Loose(1));
}

#[test]
fn many_objects_become_one_pack() {
    within(TestRepo::with_commit, |here| {
        many(here);
    });
}

#[test]
fn many_objects_become_one_pack_with_sha256() {
    within(TestRepo::sha256, |here| {
        many(here);
    });
}

#[test]
fn large_objects_are_compressed_on_threads() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let noise = noise(6 << 20);
        let mut ids = blobs(&repo, 20);
        for part in 0..5 {
            ids.push(repo.gix().write_blob(&noise[part << 10..]).expect("memory").detach());
        }
        assert_eq!(flush(&repo).expect("it works"), Flushed::Pack(25));
        assert_readable(here, &repo, &ids);
        assert_eq!(repo.gix().find_blob(ids[21]).expect("it is there").data, noise[1 << 10..]);
    });
}

#[test]
fn a_stream_becomes_a_blob() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let bytes = noise(3_000_001);
        fs::write(here.path.join("large"), &bytes).expect("it can be written");
        let id = write_stream(&repo, bytes.len() as u64, &mut &bytes[..]).expect("it works");
        assert_eq!(id.to_string(), here.git(&["hash-object", "large"]));
        assert_readable(here, &repo, &[id]);
        assert_eq!(write_stream(&repo, bytes.len() as u64, &mut &bytes[..]).expect("it is there already"), id);
        for size in [0, 7, bytes.len() as u64 + 1] {
            let error = write_stream(&repo, size, &mut &bytes[..]).expect_err("the size is wrong");
            assert!(error.to_string().contains("changed its size"), "{error}");
        }
        write_stream(&repo, 0, &mut &b""[..]).expect("an empty file is a file");
        here.assert_sound();
    });
}

#[test]
fn what_only_a_cruft_pack_has_is_written_again() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let ids = blobs(&repo, 3);
        flush(&repo).expect("it works");
        here.git(&["repack", "--cruft", "-d", "-q"]);
        assert_eq!(with_extension(here, "mtimes"), 1);
        let repo = here.repo();
        blobs(&repo, 3);
        assert_eq!(flush(&repo).expect("it works"), Flushed::Loose(3));
        assert_readable(here, &repo, &ids);
    });
}

#[test]
fn a_shared_repository_stays_shared() {
    within(TestRepo::with_commit, |here| {
        here.git(&["config", "core.sharedRepository", "group"]);
        let repo = here.repo();
        let id = repo.gix().write_blob("shared").expect("memory").detach().to_string();
        flush(&repo).expect("it works");
        let dir = here.path.join(".git/objects").join(&id[..2]);
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
        assert_eq!(mode(&dir), 0o2775);
        assert_eq!(mode(&dir.join(&id[2..])), 0o444);
    });
}

/// A very small disk for the objects, where the machine lets us.
const SMALL: &str = "mv .git/objects old && mkdir .git/objects && mount -t tmpfs -o size=300k none .git/objects \
    && cp -a old/. .git/objects && rm -r old && exec \"$@\"";

#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let can_mount =
        TestRepo::new().command("unshare").args(["-m", "true"]).output().is_ok_and(|output| output.status.success());
    if !can_mount {
        return;
    }
    within_by(TestRepo::with_commit, &["unshare", "-m", "sh", "-ec", SMALL, "sh"], |here| {
        let repo = here.repo();
        let before = files_below(&here.path.join(".git"));
        let check = |error: git_checkpoint::error::Error| {
            assert_eq!(error.kind(), Kind::Environment);
            assert!(error.to_string().contains(".git/objects"), "{error}");
            assert!(error.hints()[0].contains("free some space"), "{error:?}");
            assert_eq!(files_below(&here.path.join(".git")), before);
        };
        let noise = noise(1 << 20);
        let id = repo.gix().write_blob(&noise).expect("memory").detach();
        check(flush(&repo).expect_err("it is too much"));
        assert!(repo.gix().find_blob(id).is_ok(), "it is still in memory");
        blobs(&repo, 100);
        check(flush(&repo).expect_err("it is too much"));
        assert_eq!(repo.gix().objects.num_objects_in_memory(), 101);
        check(write_stream(&repo, noise.len() as u64, &mut &noise[..]).expect_err("it is too much"));
        here.assert_sound();
    });
}

#[test]
fn a_store_that_is_not_a_folder_is_named() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        blobs(&repo, 20);
        fs::remove_dir_all(here.path.join(".git/objects/pack")).expect("it is empty");
        fs::write(here.path.join(".git/objects/pack"), "").expect("it can be written");
        let error = flush(&repo).expect_err("it cannot work");
        assert_eq!(error.kind(), Kind::Environment);
        assert!(error.to_string().contains("objects/pack"), "{error}");
        assert_eq!(here.leftovers(), Vec::<std::path::PathBuf>::new());
    });
}
