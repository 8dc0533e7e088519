//! Artifacts and other clones: data that git never tracked stays here unless somebody lets it go, and arrives whole.

use super::*;

fn with_remote(repo: &TestRepo) -> TestRepo {
    let remote = repo.at(repo.root().join("remote.git"));
    remote.git(&["init", "-q", "--bare", "."]);
    repo.git(&["remote", "add", "origin", &remote.path().to_string_lossy()]);
    repo.git(&["push", "-q", "origin", "main"]);
    remote
}

fn records(repo: &TestRepo) -> usize {
    repo.git(&["for-each-ref", "--format=%(refname)", "refs/checkpoint/records"]).lines().count()
}

#[test]
fn they_are_not_pushed_unasked_and_arrive_whole() {
    let repo = with_file(noise(5 << 20, 1));
    let remote = with_remote(&repo);
    let kept = saved(&repo);
    let run = repo.checkpoint_ok(&["push"]);
    assert_eq!(records(&remote), 0, "{run}");
    assert!(run.to_string().contains("data/db (artifact)"), "{run}");
    repo.checkpoint_ok(&["push", "--with-untracked"]);
    assert_eq!(records(&remote), 1);
    let clone = TestRepo::clone_of(&repo.at(remote.path()));
    clone.checkpoint_ok(&["fetch"]);
    let shown = clone.checkpoint_ok(&["show", &kept, "--json"]).json();
    assert_eq!(shown["artifacts"][0]["size"], 5 << 20);
    assert_eq!(stored(&clone, &kept, "db/00000000"), stored(&repo, &kept, "db/00000000"));
    clone.fsck();
}

#[test]
fn one_with_the_name_of_a_secret_is_asked_about() {
    let repo = with(&copied("data/.env"));
    repo.write("data/.env", "TOKEN=1\n");
    let remote = with_remote(&repo);
    saved(&repo);
    let run = repo.checkpoint(&["push", "--with-untracked"]);
    assert_eq!(records(&remote), 0, "{run}");
    assert!(run.to_string().contains("data/.env"), "{run}");
    repo.checkpoint_ok(&["push", "--with-untracked", "--with-secrets", "--yes"]);
    assert_eq!(records(&remote), 1);
}

#[test]
fn a_record_without_its_artifacts_is_not_fetched() {
    let repo = with_file("content\n");
    let remote = with_remote(&repo);
    let kept = saved(&repo);
    repo.checkpoint_ok(&["push", "--with-untracked"]);
    let files = format!("refs/checkpoint/files/{kept}");
    let other = repo.git_with_input(&["hash-object", "-w", "--stdin"], "other");
    for entries in [String::new(), format!("100644 blob {other}\tdb\n")] {
        let artifacts = repo.git_with_input(&["mktree"], &entries);
        let tree = repo.git_with_input(&["mktree"], format!("040000 tree {artifacts}\tartifacts\n"));
        repo.git(&["push", "-q", "-f", "origin", &format!("{tree}:{files}")]);
        let clone = TestRepo::clone_of(&repo.at(remote.path()));
        let run = clone.checkpoint(&["fetch"]);
        assert!(run.to_string().contains("the artifact `db` is not among its files"), "{run}");
        assert_eq!(records(&clone), 0);
    }
}

#[test]
fn prune_lets_go_of_them_with_their_record() {
    let repo = with_file(noise(5 << 20, 1));
    let kept = saved(&repo);
    let object = repo.rev(&format!("refs/checkpoint/files/{kept}:artifacts/db"));
    repo.write("data/db", "small\n");
    saved(&repo);
    repo.checkpoint_ok(&["prune", "--last", "1", "--yes"]);
    assert!(!repo.refs().iter().any(|name| name.starts_with(&format!("refs/checkpoint/files/{kept}"))));
    // As long as the prune can be undone, it is there.
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert!(repo.git_raw(&["cat-file", "-e", &object]).status.success());
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.rev(&format!("refs/checkpoint/files/{kept}:artifacts/db")), object);
}
