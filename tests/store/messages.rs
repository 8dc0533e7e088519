//! What was read of records before is kept to list them faster, and nothing but time depends on it.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
};

use git_checkpoint::{
    config::TagKind,
    git::Repo,
    model::{Oid, RecordId},
    store::Store,
};

use super::{
    here::{Here, within},
    records::{create, done, publish},
};
use crate::support::TestRepo;

const COUNT: usize = 80;

fn make(here: &Here, numbers: std::ops::Range<usize>) {
    let repo = here.repo();
    for n in numbers {
        done(publish(&repo, &create(here, i64::try_from(n).expect("small"), None), TagKind::None));
    }
}

/// What is shown, errors as their text.
fn shown(repo: &Repo) -> Vec<Result<String, String>> {
    let store = Store::new(repo);
    let (named, messages) = store.named_to_show(None).expect("they are readable");
    let records = store.read_to_show(&named, &messages, |record| record).expect("most are readable");
    let text = |error: git_checkpoint::error::Error| error.chain().join("\n");
    records.into_iter().map(|record| record.map(|record| format!("{record:?}")).map_err(text)).collect()
}

/// The same, of the objects themselves.
fn read(repo: &Repo) -> Vec<Result<String, String>> {
    let store = Store::new(repo);
    let records = store.read_all(&store.ids().expect("they are readable")).expect("most are readable");
    let text = |error: git_checkpoint::error::Error| error.chain().join("\n");
    records.into_iter().map(|record| record.map(|record| format!("{record:?}")).map_err(text)).collect()
}

fn file(here: &Here) -> PathBuf {
    here.path.join(".git/checkpoint/messages")
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).expect("it is there").ino()
}

/// The id and the object of the record of this number.
fn object(here: &Here, number: usize) -> (RecordId, Oid) {
    let repo = here.repo();
    let id = Store::new(&repo).ids().expect("they are readable").swap_remove(number);
    let object = here.oid(&format!("refs/checkpoint/records/{id}"));
    (id, object)
}

fn loose(here: &Here, object: Oid) -> PathBuf {
    let hex = object.to_string();
    here.path.join(".git/objects").join(&hex[..2]).join(&hex[2..])
}

#[test]
fn damage_of_any_sort_costs_time_only() {
    within(TestRepo::with_commit, |here| {
        make(here, 0..COUNT);
        let (repo, file) = (here.repo(), file(here));
        let expected = read(&repo);
        assert!(expected.len() == COUNT && expected.iter().all(Result::is_ok));
        assert_eq!(shown(&repo), expected);
        let whole = fs::read(&file).expect("it was written");
        assert_eq!(shown(&repo), expected);
        for length in (0..whole.len()).step_by(3989) {
            fs::write(&file, &whole[..length]).expect("it can be written");
            assert_eq!(shown(&repo), expected, "cut off at {length}");
        }
        for at in (0..whole.len()).step_by(307) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x41;
            fs::write(&file, &damaged).expect("it can be written");
            assert_eq!(shown(&repo), expected, "damaged at {at}");
        }
        let newer = [b"messages of records, 2".as_slice(), &whole[22..]].concat();
        for other in [newer, vec![0xff; 5000], [&whole[..], &whole[40..]].concat()] {
            fs::write(&file, other).expect("it can be written");
            assert_eq!(shown(&repo), expected);
        }
        fs::File::options().write(true).open(&file).and_then(|file| file.set_len(1 << 40)).expect("it can be sparse");
        assert_eq!(shown(&repo), expected);
        assert_eq!(fs::read(&file).expect("it was written again").len(), whole.len());
        fs::remove_file(&file).and_then(|()| fs::create_dir_all(file.join("x"))).expect("it can be a folder");
        assert_eq!(shown(&repo), expected);
        fs::remove_dir_all(here.path.join(".git/checkpoint")).expect("it can be removed");
        fs::write(here.path.join(".git/checkpoint"), "no folder").expect("it can be a file");
        assert_eq!(shown(&repo), expected);
        fs::remove_file(here.path.join(".git/checkpoint")).expect("it can be removed");
        here.assert_sound();
    });
}

#[test]
fn a_record_is_what_its_ref_says_now() {
    within(TestRepo::with_commit, |here| {
        make(here, 0..COUNT);
        let _first = shown(&here.repo());
        let mut expected = read(&here.repo());
        let (changed, _) = object(here, 3);
        here.git(&["update-ref", &format!("refs/checkpoint/records/{changed}"), &object(here, 4).1.to_string()]);
        let (_, gone) = object(here, 7);
        fs::remove_file(loose(here, gone)).expect("it is a file of its own");
        let (_, damaged) = object(here, 9);
        let damaged = loose(here, damaged);
        fs::remove_file(&damaged).and_then(|()| fs::write(&damaged, "no object")).expect("it can be replaced");
        let now = shown(&here.repo());
        let error = now[3].as_ref().expect_err("it is another record");
        assert!(error.contains(changed.as_str()) && error.contains("its ref points to record"), "{error}");
        assert!(now[7].as_ref().expect_err("it is gone").contains(&gone.to_string()));
        // Whether objects are whole is for `doctor` to find out; this proves that they are not read.
        assert_eq!(now[9], expected[9]);
        assert!(read(&here.repo())[9].is_err());
        expected[3].clone_from(&now[3]);
        expected[7].clone_from(&now[7]);
        assert_eq!(now, expected);
    });
}

#[test]
fn what_another_repository_has_read_says_nothing_here() {
    within(TestRepo::with_commit, |here| {
        make(here, 0..COUNT);
        here.git(&["clone", "-q", ".", "other"]);
        let other = Here { path: here.path.join("other") };
        other.commit("another");
        make(&other, 0..COUNT);
        let _written = (shown(&here.repo()), shown(&other.repo()));
        assert_ne!(read(&here.repo()), read(&other.repo()));
        fs::copy(file(&other), file(here)).expect("it can be copied");
        assert_eq!(shown(&here.repo()), read(&here.repo()));
    });
}

#[test]
fn it_is_written_only_where_that_is_worth_it() {
    within(TestRepo::with_commit, |here| {
        make(here, 0..COUNT);
        let file = file(here);
        let _first = shown(&here.repo());
        let before = inode(&file);
        make(here, COUNT..COUNT + 10);
        assert_eq!(shown(&here.repo()), read(&here.repo()));
        assert_eq!(inode(&file), before);
        make(here, COUNT + 10..2 * COUNT);
        assert_eq!(shown(&here.repo()), read(&here.repo()));
        assert_ne!(inode(&file), before);
        let before = inode(&file);
        assert_eq!(shown(&here.repo()), read(&here.repo()));
        assert_eq!(inode(&file), before);
    });
}

#[test]
fn two_may_write_it_at_once() {
    within(TestRepo::with_commit, |here| {
        make(here, 0..COUNT);
        let expected = read(&here.repo());
        let file = file(here);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let _gone = fs::remove_file(&file);
                        assert_eq!(shown(&here.repo()), expected);
                    }
                });
            }
        });
        assert_eq!(shown(&here.repo()), expected);
        here.assert_sound();
    });
}
