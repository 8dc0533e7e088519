//! File by file.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use super::*;

/// Twelve files, three of which are needed, and a check that says so.
fn twelve() -> TestRepo {
    let needed = "for n in 03 07 11; do grep -q needed part/$n || exit 1; done";
    let repo = configured(&check("unit", &format!("echo x >> \"$HOME/../ran\"; {needed}"), &[]));
    for number in 1..=12 {
        let text = if [3, 7, 11].contains(&number) { "needed\n" } else { "not needed\n" };
        repo.write(format!("part/{number:02}"), text);
    }
    repo.commit("Parts");
    repo
}

fn each(repo: &TestRepo, code: i32, options: &[&str], command: &[&str]) -> Value {
    let run = repo.checkpoint(&[&["try", "--json", "--each", "part"], options, &["--"], command].concat());
    assert_eq!(run.code, code, "{run}");
    run.json()
}

fn left(repo: &TestRepo) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(repo.path().join("part"))
        .map(|entries| {
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

#[test]
fn it_stops_at_the_first_break_with_that_one_undone() {
    let repo = twelve();
    repo.write("mine", "never committed\n");
    let before = repo.state();
    let done = each(&repo, 1, &[], &["rm", "{}"]);
    assert_eq!(paths(&done, "kept"), ["part/01", "part/02"]);
    assert_eq!(paths(&done, "left-out"), ["part/03"]);
    assert_eq!((done["outcome"].as_str(), left(&repo).len()), (Some("kept"), 10), "{done}");
    assert_eq!(repo.read_text("part/03"), "needed\n");
    assert!(done["each"][2]["reason"].as_str().expect("a reason").contains("unit"), "{done}");
    assert_eq!(repo.checkpoint_ok(&["list", "--json"]).json()[0]["state"], "validated");
    repo.checkpoint_ok(&["undo"]);
    before.assert_same(&repo.state());
    repo.fsck();
}

#[test]
fn with_keep_going_what_breaks_is_left_out() {
    let repo = twelve();
    let before = repo.state();
    let done = each(&repo, 1, &["--keep-going"], &["git", "rm", "-q", "{}"]);
    assert_eq!(paths(&done, "left-out"), ["part/03", "part/07", "part/11"]);
    assert_eq!((paths(&done, "kept").len(), left(&repo)), (9, vec!["03".into(), "07".into(), "11".into()]));
    // What was done to one of those can be had.
    let made = done["each"][2]["result"].as_str().expect("a commit");
    assert_eq!(repo.git_raw(&["cat-file", "-e", &format!("{made}:part/03")]).status.code(), Some(128));
    repo.checkpoint_ok(&["undo"]);
    before.assert_same(&repo.state());
    repo.checkpoint_ok(&["redo"]);
    assert_eq!(left(&repo).len(), 3);
}

#[test]
fn each_that_is_kept_is_a_commit_of_its_own() {
    let repo = twelve();
    let (before, head) = (repo.state(), repo.rev("HEAD"));
    each(&repo, 1, &["--keep-going", "--commit", "-m", "Remove"], &["rm", "{}"]);
    let subjects = repo.git(&["log", "--reverse", "--format=%s", &format!("{head}..HEAD")]);
    let subjects: Vec<_> = subjects.lines().collect();
    assert_eq!((subjects.len(), subjects[0], subjects[8]), (9, "Remove: part/01", "Remove: part/12"));
    assert_eq!(repo.git(&["show", "--format=", "--name-status", "HEAD"]), "D\tpart/12");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    repo.checkpoint_ok(&["undo"]);
    before.assert_same(&repo.state());
}

#[test]
fn what_stays_the_same_is_not_checked_and_a_state_is_checked_once() {
    let repo = twelve();
    let done = each(&repo, 0, &["--keep-going"], &["sh", "-c", "case $1 in *05) echo more >> $1 ;; esac", "sh", "{}"]);
    assert_eq!((paths(&done, "kept"), paths(&done, "unchanged").len()), (vec!["part/05".into()], 11));
    assert_eq!(runs(&repo), 1, "eleven are known to be as before, and the checkpoint is known too");
    let done = each(&repo, 0, &[], &["true", "{}"]);
    assert_eq!((&done["outcome"], &done["checkpoint"], runs(&repo)), (&"kept".into(), &Value::Null, 1));
}

#[test]
fn a_command_that_breaks_is_left_out_and_one_that_takes_others_along_is_no_trouble() {
    let repo = twelve();
    let script = "case $1 in *02) echo half > part/04; exit 9 ;; *05) rm part/05 part/06 ;; *) rm $1 ;; esac";
    let done = each(&repo, 1, &["--keep-going"], &["sh", "-c", script, "sh", "{}"]);
    assert_eq!(paths(&done, "unchanged"), ["part/06"]);
    assert_eq!(paths(&done, "left-out"), ["part/02", "part/03", "part/07", "part/11"]);
    assert!(done["each"][1]["reason"].as_str().expect("a reason").contains("code 9"), "{done}");
    assert_eq!(left(&repo), ["02", "03", "07", "11"]);
    assert_eq!(repo.read_text("part/02"), "not needed\n");
}

#[test]
fn names_of_any_bytes_reach_the_command_as_they_are() {
    let repo = TestRepo::with_commit();
    let names: [&[u8]; 7] =
        [b"-rf", b"--help", b"line\nend", b"quote'\"$(touch made)", b"not\xffutf8", b" blank ", b"{}"];
    for name in names {
        repo.write(std::path::Path::new("odd").join(OsStr::from_bytes(name)), "x\n");
    }
    repo.commit("Odd");
    let here = repo.at("odd");
    let done = here.checkpoint(&["try", "--json", "--each", ".", "--", "rm", "{}"]);
    assert_eq!(done.code, 0, "{done}");
    assert_eq!(paths(&done.json(), "kept").len(), 7, "{done}");
    assert!(!repo.exists("made") && !repo.exists("odd/made"));
    repo.checkpoint_ok(&["undo"]);
    for name in names {
        assert_eq!(repo.read(std::path::Path::new("odd").join(OsStr::from_bytes(name))), b"x\n");
    }
    let done = here.checkpoint(&[
        "try",
        "--json",
        "--each",
        ".",
        "--keep-going",
        "--",
        "sh",
        "-c",
        "rm -- \"$1\"; exit 1",
        "sh",
        "{}",
    ]);
    assert_eq!(paths(&done.json(), "left-out").len(), 7, "{done}");
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn what_cannot_be_tried_is_refused_before_anything_is_done() {
    let repo = twelve();
    let refs = repo.refs();
    for args in [
        &["--each", "nonesuch", "--", "rm", "{}"][..],
        &["--each", "part", "--", "rm"],
        &["--each", ":(bad)x", "--", "rm", "{}"],
        &["--keep-going", "--", "true"],
    ] {
        let run = repo.checkpoint(&[&["try"], args].concat());
        assert_eq!(run.code, 2, "{args:?}: {run}");
    }
    assert_eq!(refs, repo.refs());
}

#[test]
fn a_pathspec_is_read_as_git_reads_it() {
    let repo = twelve();
    let of = |from: &TestRepo, spec: &str| {
        let run = from.checkpoint(&["try", "--dry-run", "--json", "--each", spec, "--", "rm", "{}"]);
        run.json()["each"].as_array().map(Vec::len)
    };
    assert_eq!(of(&repo, "part/0*"), Some(9));
    assert_eq!(of(&repo, ":(glob)*"), Some(2));
    assert_eq!(of(&repo.at("part"), "1*"), Some(3));
    assert_eq!(of(&repo.at("part"), ":/file"), Some(1));
}
