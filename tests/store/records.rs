//! Records: published as a whole, readable by plain git, and never lost to its housekeeping.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use chrono::DateTime;
use git_checkpoint::{
    config::TagKind,
    error::Kind as ErrorKind,
    git::{Repo, objects},
    model::{
        Conduct, Detail, Elapsed, Head, Kind, Oid, PhaseMark, Record, RecordId, RefChange, SkipReason, Skipped, State,
        Validation,
    },
    store::{Attached, Published, Store},
};

use super::here::{Here, identity, inside, within};
use crate::support::TestRepo;

/// The state of HEAD, with nothing else.
fn state(here: &Here) -> State {
    let (commit, tree) = (here.oid("HEAD"), here.oid("HEAD^{tree}"));
    let head = Head::Branch { name: "refs/heads/main".into(), commit: Some(commit) };
    State { head, index: tree, worktree: tree, tip: commit, extras: None }
}

fn record(here: &Here, n: i64, detail: Detail) -> Record {
    let at = DateTime::from_timestamp(1_795_269_600 + n, 0).expect("in range");
    let kind = match &detail {
        Detail::Create { .. } => Kind::Create,
        Detail::Rollback { .. } => Kind::Rollback,
        _ => Kind::Undo,
    };
    Record {
        id: RecordId::new(at, kind, u32::try_from(n).expect("small")),
        at,
        subject: "checkpoint of phase2 after 4h".into(),
        message: Some("before the migration\n\nCheckpoint-Kind: undo".into()),
        phase: Some(PhaseMark {
            name: "phase2".into(),
            elapsed: Some(Elapsed::from_minutes(240)),
            course: None,
            event: None,
        }),
        state: state(here),
        skipped: vec![Skipped { path: "a b/ü".into(), reason: SkipReason::TooLarge }],
        refs: vec![RefChange { name: "refs/heads/main".into(), old: None, new: Some(here.oid("HEAD")) }],
        checks: Vec::new(),
        artifacts: Vec::new(),
        steps: Vec::new(),
        detail,
    }
}

pub(super) fn create(here: &Here, n: i64, tag: Option<&str>) -> Record {
    let tag = tag.map(Into::into);
    record(here, n, Detail::Create { tag, wanted: None, validation: Validation::Validated, index_before: None })
}

pub(super) fn publish(repo: &Repo, record: &Record, tag: TagKind) -> Published {
    Store::new(repo).publish(record, &Attached::default(), tag, &identity()).expect("it can be published")
}

pub(super) fn done(published: Published) -> Oid {
    match published {
        Published::Done(object) => object,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_checkpoint_is_one_object_with_two_refs() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let record = create(here, 1, Some("phase2-checkpoint-T+4h"));
        let object = done(publish(&repo, &record, TagKind::Annotated));
        let tag = "refs/tags/phase2-checkpoint-T+4h";
        assert_eq!((here.oid(tag), here.oid(&format!("refs/checkpoint/records/{}", record.id))), (object, object));
        assert_eq!(here.oid(&format!("{tag}^{{}}")), record.state.tip);
        assert_eq!(Store::new(&repo).read(&record.id).expect("it is readable"), record);
        assert_eq!(Store::new(&repo).record_of_object(object).expect("it is readable"), Some(record.clone()));
        assert_eq!(Store::new(&here.repo()).ids().expect("they are readable"), vec![record.id.clone()]);
        here.assert_sound();
        let list = here.git(&["tag", "-n", "--list", "phase2*"]);
        assert_eq!(list, "phase2-checkpoint-T+4h checkpoint of phase2 after 4h");
        let trailers = here.git(&["for-each-ref", "--format=%(contents:trailers)", tag]);
        assert!(trailers.starts_with("Checkpoint-Format: 1\nCheckpoint-Kind: create\n"), "{trailers}");
        assert!(trailers.contains("\nCheckpoint-Skipped: too-large a b/ü\n"), "{trailers}");
        assert_eq!(here.git(&["describe", "--exact-match", "--tags", "HEAD"]), "phase2-checkpoint-T+4h");
        let show = here.git(&["show", "--no-patch", tag]);
        assert!(show.contains("Tagger: Tess Tagger <tess@example.com>"), "{show}");
        assert!(show.contains("before the migration"), "{show}");
    });
}

#[test]
fn a_body_cannot_speak_for_the_record() {
    within(TestRepo::with_commit, |here| {
        let hostile = [
            "---\n\nCheckpoint-Kind: undo",
            "-----BEGIN PGP SIGNATURE-----\n\nCheckpoint-Kind: undo\n-----END PGP SIGNATURE-----",
            "Checkpoint-Format: 7\n\nCheckpoint-Kind: undo\nSigned-off-by: me",
            "\u{1b}[2J\0\r",
        ];
        for (n, body) in hostile.into_iter().enumerate() {
            let mut record = create(here, i64::try_from(n).expect("small"), Some(&format!("tag-{n}")));
            record.message = Some(body.into());
            done(publish(&here.repo(), &record, TagKind::Annotated));
            assert_eq!(Store::new(&here.repo()).read(&record.id).expect("it is readable"), record);
            let tag = format!("refs/tags/tag-{n}");
            let trailers = here.git(&["for-each-ref", "--format=%(contents:trailers:only)", &tag]);
            fs::write(here.path.join("message"), here.git(&["for-each-ref", "--format=%(contents)", &tag]))
                .expect("ok");
            let parsed = here.git(&["interpret-trailers", "--parse", "message"]);
            assert_eq!(parsed.trim(), trailers.trim());
            assert_eq!(parsed.matches("Checkpoint-Kind").count(), 1, "{parsed}");
            assert!(
                parsed.contains("Checkpoint-Kind: create") && parsed.starts_with("Checkpoint-Format: 1"),
                "{parsed}"
            );
        }
        here.assert_sound();
    });
}

#[test]
fn tags_are_of_the_kind_that_is_wanted() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let light = create(here, 1, Some("light"));
        let object = done(publish(&repo, &light, TagKind::Lightweight));
        assert_eq!(here.oid("refs/tags/light"), light.state.tip);
        assert_eq!(here.git(&["cat-file", "-t", &object.to_string()]), "tag");
        assert_eq!(Store::new(&repo).read(&light.id).expect("it is readable"), light);
        let none = create(here, 2, Some("none"));
        done(publish(&repo, &none, TagKind::None));
        assert_eq!(here.git(&["tag"]), "light");
        assert_eq!(Store::new(&repo).read(&none.id).expect("it is readable").tag(), None);
        here.assert_sound();
    });
}

#[test]
fn a_taken_name_publishes_nothing() {
    within(TestRepo::with_commit, |here| {
        here.git(&["tag", "taken"]);
        here.git(&["tag", "below/it"]);
        here.git(&["branch", "broken/1"]);
        let before = here.git(&["for-each-ref"]);
        let rollback = |backup: &str| Detail::Rollback {
            selector: "latest".into(),
            to: here.oid("HEAD"),
            backup: Some(backup.into()),
            paths: Vec::new(),
            conduct: Conduct::default(),
        };
        for (record, name) in [
            (create(here, 1, Some("taken")), "taken"),
            (create(here, 2, Some("taken/below")), "taken/below"),
            (create(here, 3, Some("below")), "below"),
            (record(here, 4, rollback("broken/1")), "broken/1"),
            (record(here, 5, rollback("broken")), "broken"),
        ] {
            for kind in [TagKind::Annotated, TagKind::Lightweight] {
                assert_eq!(publish(&here.repo(), &record, kind), Published::Taken(name.into()));
                assert_eq!(here.git(&["for-each-ref"]), before);
            }
        }
        let record = record(here, 6, rollback("broken-2"));
        done(publish(&here.repo(), &record, TagKind::Annotated));
        assert_eq!(here.oid("refs/heads/broken-2"), record.state.tip);
        assert_eq!(Store::new(&here.repo()).read(&record.id).expect("it is readable"), record);
    });
}

#[test]
fn housekeeping_takes_nothing_that_a_record_needs() {
    within(TestRepo::with_commit, |here| {
        let base = state(here);
        let repo = here.repo();
        let blob = objects::write(&repo, &gix::objs::Blob { data: b"stage".to_vec() }).expect("memory");
        let tree = |name: &str| {
            let mode = gix::objs::tree::EntryKind::Blob.into();
            let entries = vec![gix::objs::tree::Entry { mode, filename: name.into(), oid: blob }];
            objects::write(&repo, &gix::objs::Tree { entries }).expect("memory")
        };
        let (extras, before) = (tree("extras"), tree("before"));
        here.git(&["checkout", "-q", "--detach"]);
        let (kept, tip) = (here.commit("kept"), here.commit("tip"));
        here.git(&["checkout", "-q", "main"]);
        let mut record = create(here, 1, Some("tag"));
        record.state = State { tip, extras: Some(extras), ..base };
        record.detail =
            Detail::Create { tag: None, wanted: None, validation: Validation::Pending, index_before: Some(before) };
        let by = identity();
        done(
            Store::new(&repo)
                .publish(&record, &Attached { kept: &[kept], ..Attached::default() }, TagKind::Annotated, &by)
                .expect("it can be published"),
        );
        let mut plain = create(here, 2, None);
        plain.state = record.state.clone();
        done(Store::new(&repo).publish(&plain, &Attached::default(), TagKind::None, &by).expect("it can be published"));
        here.git(&["reflog", "expire", "--expire=now", "--all"]);
        here.git(&["gc", "-q", "--prune=now"]);
        for id in [kept, tip, extras, before, blob] {
            here.git(&["cat-file", "-e", &id.to_string()]);
        }
        for record in [record, plain] {
            assert_eq!(Store::new(&here.repo()).read(&record.id).expect("it is readable"), record);
        }
        here.assert_sound();
    });
}

#[test]
fn a_record_is_replaced_and_its_tag_comes_along() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let store = Store::new(&repo);
        let detail = |tag: Option<&str>, validation| Detail::Create {
            tag: tag.map(Into::into),
            wanted: None,
            validation,
            index_before: None,
        };
        let pending = Record { detail: detail(None, Validation::Pending), ..create(here, 1, None) };
        let first = done(publish(&repo, &pending, TagKind::Annotated));
        let passed = Record { detail: detail(Some("good"), Validation::Validated), ..pending.clone() };
        let second = done(
            store.replace(&passed, &Attached::default(), TagKind::Annotated, &identity()).expect("it can be replaced"),
        );
        assert_ne!(first, second);
        assert_eq!(here.oid("refs/tags/good"), second);
        assert_eq!(store.read(&passed.id).expect("it is readable"), passed);
        let failed = Record { detail: detail(Some("good"), Validation::Failed), ..pending.clone() };
        let third = done(
            store.replace(&failed, &Attached::default(), TagKind::Annotated, &identity()).expect("it can be replaced"),
        );
        assert_eq!(here.oid("refs/tags/good"), third);
        here.git(&["tag", "taken"]);
        let taken = Record { detail: detail(Some("taken"), Validation::Validated), ..pending };
        let answer =
            store.replace(&taken, &Attached::default(), TagKind::Annotated, &identity()).expect("it is answered");
        assert_eq!(answer, Published::Taken("taken".into()));
        let missing = store
            .replace(&create(here, 9, None), &Attached::default(), TagKind::Annotated, &identity())
            .expect_err("it is not there");
        assert!(missing.to_string().contains("there is no record"), "{missing}");
        here.assert_sound();
    });
}

#[test]
fn broken_records_are_named_and_the_others_read() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let ids: Vec<_> = (0..100)
            .map(|n| create(here, n, None))
            .map(|record| {
                done(publish(&repo, &record, TagKind::None));
                record.id
            })
            .collect();
        let name = |id: &RecordId| format!("refs/checkpoint/records/{id}");
        here.git(&["update-ref", &name(&ids[3]), "HEAD"]);
        let newer =
            here.git(&["cat-file", "tag", &name(&ids[5])]).replace("Checkpoint-Format: 1", "Checkpoint-Format: 2");
        fs::write(here.path.join("newer"), newer + "\n").expect("it can be written");
        let newer = here.git(&["hash-object", "-t", "tag", "-w", "newer"]);
        here.git(&["update-ref", &name(&ids[5]), &newer]);
        let other = here.git(&["rev-parse", &name(&ids[8])]);
        here.git(&["update-ref", &name(&ids[7]), &other]);
        here.git(&["update-ref", "refs/checkpoint/records/not-an-id", "HEAD"]);
        here.git(&["update-ref", "-d", &name(&ids[9])]);
        for ids in [&ids[..], &ids[..20]] {
            for packed in [false, true] {
                let repo = here.repo();
                assert_eq!(Store::new(&repo).ids().expect("they are readable").len(), 99);
                let read = Store::new(&repo).read_all(ids).expect("most are readable");
                let bad: Vec<_> = read.iter().enumerate().filter(|(_, read)| read.is_err()).map(|(n, _)| n).collect();
                assert_eq!(bad, [3, 5, 7, 9], "{packed}");
                for n in bad {
                    let error = read[n].as_ref().expect_err("it is bad");
                    assert_eq!(error.kind(), ErrorKind::Environment);
                    assert!(error.chain().join("\n").contains(ids[n].as_str()), "{error:?}");
                }
                let error = read[5].as_ref().expect_err("it is bad").chain().join("\n");
                assert!(error.contains("is of format 2, this version reads up to 1"), "{error}");
                assert_eq!(read[6].as_ref().expect("it is readable").id, ids[6]);
                here.git(&["pack-refs", "--all"]);
            }
            here.git(&["gc", "-q", "--prune=now"]);
        }
    });
}

#[test]
fn ids_never_run_backwards() {
    within(TestRepo::with_commit, |here| {
        let repo = here.repo();
        let store = Store::new(&repo);
        let at = |seconds: i64| DateTime::from_timestamp(1_795_269_600 + seconds, 0).expect("in range");
        let mut last = store.next_id(at(0), Kind::Create).expect("it works");
        assert_eq!(last.time(), Some(at(0)));
        store.remember_id(&last);
        for seconds in [0, -3600, -7200, 5, 5] {
            let next = store.next_id(at(seconds), Kind::Undo).expect("it works");
            assert!(next > last && next.time() >= Some(at(seconds)), "{next} after {last}");
            store.remember_id(&next);
            last = next;
        }
        let file = here.path.join(".git/checkpoint/last-id");
        for garbage in ["", "\0\u{fffd}", "20991121T143000.123Z-create-9f3a2c", "../../x"] {
            fs::write(&file, garbage).expect("it can be written");
            assert_eq!(store.next_id(at(9), Kind::Create).expect("it works").time(), Some(at(9)), "{garbage}");
        }
        fs::remove_file(&file).expect("it is there");
        fs::create_dir(&file).expect("it can be made");
        assert_eq!(store.next_id(at(9), Kind::Create).expect("it works").time(), Some(at(9)));
        assert_eq!(here.leftovers(), Vec::<std::path::PathBuf>::new());
    });
}

fn fake_gpg(here: &Here, script: &str) {
    let program = here.path.join(".git/fake-gpg");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    here.git(&["config", "tag.gpgSign", "true"]);
    here.git(&["config", "gpg.program", &program.to_string_lossy()]);
}

fn signed(here: &Here) {
    fake_gpg(
        here,
        "cat >.git/signed-text; echo '[GNUPG:] SIG_CREATED ' >&2; \
         printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nfake\\n-----END PGP SIGNATURE-----\\n'",
    );
    let repo = here.repo();
    let record = create(here, 1, Some("signed"));
    let object = done(publish(&repo, &record, TagKind::Annotated));
    assert_eq!(here.oid("refs/tags/signed"), object);
    let raw = here.git(&["cat-file", "tag", "signed"]);
    assert!(raw.ends_with("-----END PGP SIGNATURE-----"), "{raw}");
    assert!(raw.contains("\ntag signed\ntagger Tess Tagger <tess@example.com> 1795269600 +0100\n"), "{raw}");
    let text = fs::read_to_string(here.path.join(".git/signed-text")).expect("it was asked");
    assert!(raw.starts_with(&text), "{text}");
    assert_eq!(Store::new(&here.repo()).read(&record.id).expect("it is readable"), record);
    let trailers = here.git(&["for-each-ref", "--format=%(contents:trailers)", "refs/tags/signed"]);
    // git before 2.43 takes the signature for the last paragraph of a message.
    assert!(trailers.is_empty() || trailers.starts_with("Checkpoint-Format: 1\n"), "{trailers}");
    // What is not public is not signed.
    let hidden = create(here, 2, None);
    let object = done(publish(&repo, &hidden, TagKind::Annotated)).to_string();
    assert!(!here.git(&["cat-file", "tag", &object]).contains("SIGNATURE"));
    here.assert_sound();
}

#[test]
fn a_public_tag_is_signed_where_git_signs() {
    within(TestRepo::with_commit, |here| {
        signed(here);
    });
}

#[test]
fn a_public_tag_is_signed_with_sha256() {
    within(TestRepo::sha256, |here| {
        signed(here);
    });
}

#[test]
fn without_a_signature_there_is_a_record_and_no_tag() {
    within(TestRepo::with_commit, |here| {
        fake_gpg(here, "echo no secret key >&2; exit 2");
        let record = create(here, 1, Some("unsigned"));
        let published = publish(&here.repo(), &record, TagKind::Annotated);
        let Published::Unsigned(object, why) = published else { panic!("{published:?}") };
        assert!(why.contains("gpg failed to sign"), "{why}");
        assert_eq!(here.git(&["tag"]), "");
        assert_eq!(here.oid(&format!("refs/checkpoint/records/{}", record.id)), object);
        assert_eq!(Store::new(&here.repo()).read(&record.id).expect("it is readable").tag(), None);
        here.assert_sound();
    });
}

#[test]
#[ignore = "it is killed by the next test"]
fn publishes_for_ever() {
    within(TestRepo::with_commit, |here| {
        for n in 0..2000 {
            let repo = here.repo();
            let record = create(here, n, Some(&format!("tag-{n}")));
            for blob in 0..n % 40 {
                let data = format!("{n} {blob}").into_bytes();
                objects::write(&repo, &gix::objs::Blob { data }).expect("memory");
            }
            done(publish(&repo, &record, TagKind::Annotated));
        }
    });
}

#[test]
fn a_kill_leaves_whole_records_only() {
    let test = TestRepo::with_commit();
    let mut found = 0;
    for round in 0..8 {
        test.git(&["update-ref", "--stdin"]);
        let (repo, mut command) = inside(&test, &[], "store::records::publishes_for_ever");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it can be started");
        let start = Instant::now();
        while repo.refs().len() < 3 * (round + 1) && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(3));
        }
        std::thread::sleep(Duration::from_millis(u64::try_from(round).expect("small") * 3));
        child.kill().expect("it runs");
        child.wait().expect("it was ours");
        repo.fsck();
        let refs = repo.refs();
        let records = refs.iter().filter(|line| line.starts_with("refs/checkpoint/records/"));
        for record in records {
            found += 1;
            let object = record.split_once(' ').expect("a name and an object").1;
            assert!(repo.git(&["cat-file", "tag", object]).contains("Checkpoint-Format: 1"));
        }
        for tag in refs.iter().filter_map(|line| line.strip_prefix("refs/tags/")) {
            let object = tag.split_once(' ').expect("a name and an object").1;
            assert!(refs.iter().any(|line| line.starts_with("refs/checkpoint/records/") && line.ends_with(object)));
        }
        // The next round starts from nothing, but for what the kill left.
        for line in &refs {
            let name = line.split_once(' ').expect("a name and an object").0;
            if !name.starts_with("refs/heads/") {
                repo.git(&["update-ref", "-d", name]);
            }
        }
        for lock in super::here::files_below(&repo.path().join(".git/refs")) {
            if lock.extension().is_some_and(|extension| extension == "lock") {
                fs::remove_file(lock).expect("it is ours");
            }
        }
    }
    assert!(found > 8, "{found}");
}
