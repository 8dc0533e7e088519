//! Records and objects that are gone, damaged, or of a version to come.

use super::*;

/// The message of a record that claims to be of format `format`.
fn record_text(repo: &TestRepo, id: &str, format: &str) -> String {
    let (head, tree) = (repo.rev("HEAD"), repo.rev("HEAD^{tree}"));
    format!(
        "object {head}\ntype commit\ntag {id}\ntagger A <a@example.com> 1795269600 +0000\n\nfrom elsewhere\n\n\
         Checkpoint-Format: {format}\nCheckpoint-Kind: create\nCheckpoint-Id: {id}\n\
         Checkpoint-Time: 2026-11-21T14:00:00Z\nCheckpoint-State: unvalidated\nCheckpoint-Branch: refs/heads/main\n\
         Checkpoint-Head: {head}\nCheckpoint-Index: {tree}\nCheckpoint-Worktree: {tree}\n"
    )
}

fn put_record(repo: &TestRepo, id: &str, text: &str) {
    let object = repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--stdin"], text);
    repo.git(&["update-ref", &format!("refs/checkpoint/records/{id}"), &object]);
}

/// Removes an object, packed or not.
pub(super) fn lose(repo: &TestRepo, object: &str) {
    let packs = repo.root().join("packs");
    std::fs::create_dir_all(&packs).expect("a folder");
    let script = "for pack in .git/objects/pack/*.pack; do [ -e \"$pack\" ] || continue; \
                  mv .git/objects/pack/* \"$0\"; for p in \"$0\"/*.pack; do git unpack-objects -q <\"$p\"; done; done";
    repo.command("sh").args(["-c", script]).arg(&packs).status().expect("sh can be run");
    repo.remove(format!(".git/objects/{}/{}", &object[..2], &object[2..]));
}

#[test]
fn objects_of_a_checkpoint_are_gone() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    let (blob, tree, commit) = (repo.rev("saved:new.txt"), repo.rev("saved^{tree}"), repo.rev("saved^{commit}"));
    repo.write("file", "changed\n");
    repo.remove("new.txt");
    let mut runs = Vec::new();
    for lost in [blob, tree, commit] {
        lose(&repo, &lost);
        runs.push(refuse(&repo, ENVIRONMENT, &["rollback", "saved", "--yes"]));
    }
    repo.checkpoint_ok(&["list"]);
    runs.push(refuse(&repo, ENVIRONMENT, &["show", "saved"]));
    runs.push(refuse(&repo, ENVIRONMENT, &["diff", "saved"]));
    // New work can still be saved.
    repo.checkpoint_ok(&["create", "--name", "afterwards"]);
    let record = repo.rev("refs/tags/saved");
    lose(&repo, &record);
    let list = repo.checkpoint_ok(&["list"]);
    assert!(list.stdout.contains("afterwards"), "{list}");
    runs.push(list);
    runs.push(refuse(&repo, ENVIRONMENT, &["show", "saved"]));
    assert_said("lost_objects", &runs);
}

#[test]
fn records_that_cannot_be_read() {
    let repo = busy_repo();
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    let later = |n: u32| format!("20261121T15000{n}.000Z-create-00000{n}");
    put_record(&repo, &later(1), &record_text(&repo, &later(1), "2"));
    put_record(&repo, &later(2), &record_text(&repo, &later(2), "one"));
    put_record(&repo, &later(3), &record_text(&repo, &later(1), "1"));
    put_record(&repo, &later(4), &record_text(&repo, &later(4), "1").replace("Checkpoint-Index", "Checkpoint-Indx"));
    repo.git(&["update-ref", &format!("refs/checkpoint/records/{}", later(5)), "HEAD"]);
    repo.git(&["update-ref", "refs/checkpoint/records/no-id-at-all", "HEAD"]);
    repo.git(&["update-ref", &format!("refs/checkpoint/records/{}", later(6)), "HEAD:file"]);
    let mut runs = vec![repo.checkpoint_ok(&["list"]), repo.checkpoint_ok(&["log"]), repo.checkpoint_ok(&["status"])];
    for number in 1..=6 {
        runs.push(refuse(&repo, ENVIRONMENT, &["show", &later(number)]));
    }
    runs.push(refuse(&repo, ENVIRONMENT, &["rollback", "latest", "--yes"]));
    runs.push(repo.checkpoint_ok(&["rollback", "saved", "--dry-run"]));
    assert_said("unreadable_records", &runs.iter().inspect(|run| assert_harmless(run)).cloned().collect::<Vec<_>>());
}

#[test]
fn a_tag_of_a_newer_format_is_refused_by_name() {
    let repo = busy_repo();
    let id = "20261121T150001.000Z-create-000001";
    let text = record_text(&repo, id, "2");
    let object = repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--stdin"], text);
    repo.git(&["update-ref", "refs/tags/newer", &object]);
    assert_said("newer_tag", &[refuse(&repo, ENVIRONMENT, &["rollback", "newer", "--yes"])]);
}
