//! `.checkpoint.toml` with mistakes in it, and things in its place that are no file.

use super::*;

fn with_config(text: impl AsRef<[u8]>) -> TestRepo {
    let repo = busy_repo();
    repo.write(".checkpoint.toml", text);
    repo
}

#[test]
fn mistakes_are_told_with_line_and_nearest_key() {
    let texts = [
        "[capture]\nmax-filesize = '1MiB'\n",
        "[captrue]\n",
        "[tag]\nkind = 'anotated'\n",
        "[capture]\nmax-file-size = 'big'\n",
        "[capture]\nuntracked = 'yes'\n",
        "[capture\n",
        "[phase]\ntag = '{phse}-{date}'\n",
        "[phase]\ntag = '{phase'\n",
        "[phase]\nbackup = 'broken {date}'\n",
        "[phase]\ntag = 'x\u{1b}[31m'\n",
        "phase = '4h'\n",
        "[capture]\n\"wi\\u001b[31mld\" = 1\n",
    ];
    let runs: Vec<Run> = texts
        .iter()
        .map(|text| refuse(&with_config(text), USAGE, &["rollback", "HEAD", "--yes"]))
        .chain([
            refuse(&with_config("[phase]\ntag = 'a b'\n"), USAGE, &["create"]),
            refuse(&with_config(b"\xff\xfe[tag]\n"), USAGE, &["create"]),
        ])
        .collect();
    assert_said("configuration_mistakes", &runs);
}

#[test]
fn mistakes_in_checks_are_told_with_line_and_nearest_key() {
    let check = "[[check]]\nname = 'unit'\nrun = 'make test'\n";
    let texts = [
        "[[check]]\nname = 'unit'\nrum = 'make test'\n".to_owned(),
        "[[check]]\nrun = 'make test'\n".to_owned(),
        "[[check]]\nname = '../unit'\nrun = 'make test'\n".to_owned(),
        "[[check]]\nname = 'unit'\nrun = ''\n".to_owned(),
        format!("{check}on = ['psuh']\n"),
        format!("{check}timeout = '0s'\n"),
        format!("{check}timeout = 10\n"),
        format!("{check}severity = 'hihg'\n"),
        format!("{check}\n{check}"),
        "[check]\nname = 'unit'\n".to_owned(),
        "[push]\nbudgte = '5m'\n".to_owned(),
        "[push]\nbudget = '5 minutes'\n".to_owned(),
        "[push]\non-failure = 'blok'\n".to_owned(),
    ];
    let runs: Vec<Run> = texts.iter().map(|text| refuse(&with_config(text), USAGE, &["trust", "--show"])).collect();
    assert_said("configuration_mistakes_in_checks", &runs);
}

#[test]
fn what_is_no_file_is_not_read() {
    let folder = busy_repo();
    folder.dir(".checkpoint.toml");
    let outside = busy_repo();
    outside.symlink("/etc/passwd", ".checkpoint.toml");
    let dangling = busy_repo();
    dangling.symlink("nowhere", ".checkpoint.toml");
    let huge = busy_repo();
    let file = std::fs::File::create(huge.path().join(".checkpoint.toml")).expect("a file");
    file.set_len(4 << 30).expect("a sparse file");
    assert_said(
        "configuration_is_no_file",
        &[
            refuse(&folder, USAGE, &["create"]),
            refuse(&outside, USAGE, &["create"]),
            refuse(&dangling, USAGE, &["create"]),
            fail(&huge, USAGE, &["create"]),
        ],
    );
}

#[test]
fn a_pipe_in_its_place_does_not_hang() {
    let repo = busy_repo();
    repo.command("mkfifo").arg(".checkpoint.toml").status().expect("mkfifo can be run");
    let hasty = repo.command("timeout").args(["20", "git", "checkpoint", "status"]).output().expect("it can be run");
    assert_ne!(hasty.status.code(), Some(124), "it waits for the pipe");
    assert_said("configuration_is_a_pipe", &[refuse(&repo, USAGE, &["create"])]);
}

#[test]
fn a_link_inside_the_repository_is_fine() {
    let repo = busy_repo();
    repo.write("tools/checkpoint.toml", "[tag]\nkind = 'none'\n");
    repo.symlink("tools/checkpoint.toml", ".checkpoint.toml");
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    assert!(taken["tag"].is_null(), "{taken}");
}
