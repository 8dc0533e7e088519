//! Places that are no repository, or none that can be worked on safely.

use super::*;

#[test]
fn no_repository() {
    let repo = TestRepo::with_commit();
    let outside = repo.at("../outside");
    outside.write("file", "not in a repository\n");
    assert_said(
        "no_repository",
        &[
            refuse_blind(&outside, ENVIRONMENT, &["create"]),
            refuse_blind(&outside, ENVIRONMENT, &["status", "--json"]),
            refuse_blind(&outside, ENVIRONMENT, &["-C", "nowhere", "list"]),
            refuse_blind(&outside, ENVIRONMENT, &["-C", "file", "list"]),
        ],
    );
    repo.set_var("GIT_DIR", "/nowhere/at/all");
    assert_said("git_dir_is_nowhere", &[refuse_blind(&repo, ENVIRONMENT, &["create"])]);
}

#[test]
fn bare_and_inside_of_git() {
    let repo = TestRepo::with_commit();
    let bare = repo.at("../bare.git");
    bare.git(&["init", "-q", "--bare", "."]);
    assert_said(
        "bare",
        &[
            refuse_blind(&bare, ENVIRONMENT, &["create"]),
            refuse_blind(&bare.at("refs"), ENVIRONMENT, &["rollback", "HEAD", "--yes"]),
        ],
    );
    // git refuses there too; a checkpoint of the worktree is as good from there.
    let (state, inside) = (repo.state(), repo.at(".git/refs"));
    let run = inside.checkpoint(&["create"]);
    repo.state().assert_same(&state);
    assert_harmless(&run);
    assert_said("inside_of_git", &[run]);
}

#[test]
fn storage_that_is_not_supported() {
    let repo = TestRepo::with_commit();
    let reftable = repo.at("../reftable");
    if !reftable.git_raw(&["init", "-q", "--ref-format=reftable", "."]).status.success() {
        println!("skipped: this git cannot make reftable repositories");
        return;
    }
    reftable.write("file", "a\n");
    reftable.git(&["add", "file"]);
    reftable.git(&["commit", "-qm", "First"]);
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.wibble", "true"]);
    assert_said(
        "unsupported_storage",
        &[
            refuse_blind(&reftable, ENVIRONMENT, &["create"]),
            refuse_blind(&reftable, ENVIRONMENT, &["drill"]),
            refuse_blind(&repo, ENVIRONMENT, &["create"]),
        ],
    );
}

#[test]
fn a_repository_that_git_itself_cannot_read() {
    let no_head = busy_repo();
    no_head.write(".git/HEAD", "garbage\n");
    let bad_index = busy_repo();
    bad_index.write(".git/index", "garbage that is no index at all\n");
    let bad_config = busy_repo();
    bad_config.write(".git/config", "[core\n");
    let newer = busy_repo();
    newer.git(&["config", "core.repositoryFormatVersion", "99"]);
    assert_said(
        "damaged_repositories",
        &[
            refuse_blind(&no_head, ENVIRONMENT, &["create"]),
            refuse_blind(&bad_index, ENVIRONMENT, &["create"]),
            refuse_blind(&bad_index, ENVIRONMENT, &["rollback", "HEAD", "--yes"]),
            refuse_blind(&bad_config, ENVIRONMENT, &["create"]),
            refuse_blind(&newer, ENVIRONMENT, &["create"]),
        ],
    );
}

#[test]
fn command_lines_that_make_no_sense() {
    let repo = busy_repo();
    let runs: Vec<Run> = [
        &["rolback", "latest"][..],
        &["rollback"],
        &["rollback", "latest", "--continue", "--abort"],
        &["recover", "--continue", "--skip"],
        &["-m", "text", "list"],
        &["list", "-n", "many"],
        &["diff", "--stat", "--name-status"],
        &["completions", "tcsh"],
    ]
    .iter()
    .map(|args| {
        let before = repo.fingerprint();
        let run = repo.checkpoint(args);
        assert_eq!(run.code, USAGE, "{run}");
        before.assert_same(&repo.fingerprint());
        run
    })
    .collect();
    assert_said("command_lines", &runs);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let repo = busy_repo();
    for number in 0..3 {
        repo.checkpoint_ok(&["create", "--name", &format!("saved-{number}")]);
    }
    for command in ["list", "log", "show", "diff", "status", "man", "completions bash", "list --json", "--help", "-h"] {
        let script = format!("{{ git-checkpoint {command}; echo $? >code; }} | head -c 0");
        let output = repo.command("sh").args(["-c", &script]).output().expect("sh can be run");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
        assert_eq!(repo.read_text("code"), "0\n", "{command}");
    }
}
