//! Checkpoints with artifacts: what is saved, shown and compared.

use super::*;

#[test]
fn a_copy_is_saved_with_the_checkpoint_and_read_back_with_plain_git() {
    let repo = with_file("first\n");
    let taken = take(&repo);
    let artifact = &taken["artifacts"][0];
    assert_eq!(
        (&artifact["name"], &artifact["path"], &artifact["form"]),
        (&"db".into(), &"data/db".into(), &"copy".into())
    );
    assert_eq!(artifact["size"], 6);
    let sum = "9c0abc1a5ed5e4a6dcf5a11c4a2bd0cfb7ab3e8e9f0d3f4eff4f2b8d0b9c0b1a";
    assert_eq!(artifact["sha256"].as_str().map(str::len), Some(sum.len()));
    assert_eq!(stored(&repo, &id(&taken), "db"), b"first\n");
    let listed = repo.checkpoint_ok(&["list", "--json"]).json();
    assert_eq!(listed[0]["artifacts"], taken["artifacts"]);
    let shown = repo.checkpoint_ok(&["show", "latest"]);
    assert!(shown.stdout.contains("artifacts:\n    db  6 B  sha256:"), "{shown}");
    assert!(repo.read_text("data/db") == "first\n");
    repo.fsck();
}

#[test]
fn a_dry_run_names_them_and_saves_nothing() {
    let repo = with_file("first\n");
    let before = repo.git_dir_fingerprint();
    let run = repo.checkpoint_ok(&["create", "--dry-run"]);
    assert!(run.stderr.contains("would save with it the artifacts db (data/db)"), "{run}");
    before.assert_same(&repo.git_dir_fingerprint());
}

#[test]
fn without_consent_nothing_of_them_happens() {
    let repo = TestRepo::with_commit();
    let mark = repo.root().join("ran");
    repo.write(".gitignore", "/data/\n");
    repo.write("data/db", "secret\n");
    let command =
        format!("[[artifact]]\nname = 'dump'\nsave = \"touch '{0}'\"\nrestore = \"touch '{0}'\"\n", mark.display());
    repo.write(".checkpoint.toml", copied("data/db") + &command);
    repo.commit("Configure");
    for args in [&["create", "--json"][..], &["create", "--no-verify", "--json"]] {
        let run = repo.checkpoint(args);
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains("not saved: the artifacts db, dump"), "{run}");
        assert!(run.stderr.contains("is not trusted"), "{run}");
        let taken = run.json();
        assert_eq!((&taken["tag"], taken["artifacts"].as_array().map(Vec::len)), (&Value::Null, Some(0)));
        assert!(!mark.exists());
    }
    // Who does not want them says so, and gets a tag.
    let run = repo.checkpoint_ok(&["create", "--no-artifacts", "--json"]);
    assert!(run.json()["tag"].is_string() && run.stderr.contains("not saved: the artifacts db, dump"), "{run}");
    assert!(!mark.exists());
}

#[test]
fn a_file_that_may_be_absent_is_saved_as_that() {
    let repo = with(&(copied("data/db") + "optional = true\n"));
    let taken = take(&repo);
    assert_eq!((&taken["artifacts"][0]["form"], &taken["artifacts"][0]["size"]), (&"absent".into(), &Value::Null));
    repo.write("data/db", "now\n");
    take(&repo);
    repo.write("data/db", "then\n");
    take(&repo);
    repo.remove("data/db");
    take(&repo);
    for (from, to, expected) in [
        ("latest~3", "latest~2", "A db (artifact)\n"),
        ("latest~2", "latest~1", "M db (artifact)\n"),
        ("latest~1", "latest", "D db (artifact)\n"),
        ("latest~3", "latest", ""),
    ] {
        assert_eq!(repo.checkpoint_ok(&["diff", from, to]).stdout, expected, "{from} {to}");
        assert_eq!(repo.checkpoint_ok(&["diff", "--name-status", from, to]).stdout, expected, "{from} {to}");
    }
    let difference = repo.checkpoint_ok(&["diff", "latest~1", "latest", "--json"]).json();
    assert_eq!(difference["artifacts"], serde_json::json!([{"status": "D", "name": "db"}]));
    let shown = repo.checkpoint_ok(&["show", "latest"]);
    assert!(shown.stdout.contains("not there"), "{shown}");
}

#[test]
fn the_end_of_a_phase_and_what_is_taken_on_time_have_them_too() {
    let repo = with_file("at the start\n");
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.advance(5 * 3600);
    // Nothing has changed in git, nor in the artifact: the last one stands for this slot.
    repo.checkpoint_ok(&["timed"]);
    assert_eq!(repo.git(&["tag", "--list", "*T+4h"]), "");
    repo.advance(4 * 3600);
    repo.write("data/db", "after eight hours\n");
    repo.checkpoint_ok(&["timed"]);
    let timed = repo.checkpoint_ok(&["show", "T+8h", "--json"]).json();
    assert_eq!(timed["artifacts"][0]["size"], 18, "{timed}");
    repo.write("data/db", "at the end\n");
    let ended = repo.checkpoint_ok(&["finish", "--json"]);
    let last = repo.checkpoint_ok(&["show", "latest", "--json"]).json();
    assert_eq!(
        (&last["artifacts"][0]["size"], stored(&repo, &id(&last), "db")),
        (&11.into(), b"at the end\n".to_vec()),
        "{ended}"
    );
}

#[test]
fn a_pending_checkpoint_keeps_them_when_its_checks_have_ended() {
    let check = "[[check]]\nname = 'unit'\nrun = 'true'\n";
    let repo = with(&(copied("data/db") + check));
    repo.write("data/db", "kept\n");
    let taken = take(&repo);
    assert_eq!(taken["state"], "validated");
    assert_eq!(stored(&repo, &id(&taken), "db"), b"kept\n");
    assert_eq!(taken["artifacts"][0]["size"], 5);
    // Commit mode saves them as well.
    repo.write("file", "changed\n");
    repo.write("data/db", "kept again\n");
    let committed = repo.checkpoint_ok(&["create", "--commit", "--json"]).json();
    assert_eq!(stored(&repo, &id(&committed), "db"), b"kept again\n");
}

#[test]
fn doctor_says_what_could_not_be_saved() {
    let config = "[[artifact]]\nname = 'gone'\npath = 'data/gone'\n[[artifact]]\nname = 'tracked'\npath = 'file'\n\
                  [[artifact]]\nname = 'folder'\npath = 'data'\n[[artifact]]\nname = 'seen'\npath = 'seen'\n\
                  [[artifact]]\nname = 'dump'\nsave = 'no-such-command-anywhere'\nrestore = 'true'\n";
    let repo = with(config);
    repo.write("seen", "not ignored\n");
    let findings = repo.checkpoint(&["doctor", "--json"]).json()["findings"].clone();
    let all = findings.as_array().expect("a list").iter().filter(|finding| finding["check"] == "artifacts");
    let told: Vec<(String, String)> =
        all.map(|one| (one["level"].as_str().expect("a level").into(), one["what"].to_string())).collect();
    for (level, words) in [
        ("problem", "there is no file `data/gone`"),
        ("problem", "git tracks `file`"),
        ("problem", "`data` cannot be an artifact: it is a folder"),
        ("note", "git does not ignore `seen`"),
        ("problem", "there is no command `no-such-command-anywhere`"),
    ] {
        assert!(told.iter().any(|(of, what)| of == level && what.contains(words)), "{words}: {told:#?}");
    }
    let healthy = with_file("there\n");
    let run = healthy.checkpoint(&["doctor"]);
    assert!(run.stdout.contains("artifacts: db can be saved"), "{run}");
}

#[test]
fn what_git_does_not_ignore_is_in_the_state_as_well() {
    let repo = with(&copied("seen.db"));
    repo.write("seen.db", "both\n");
    let taken = take(&repo);
    assert_eq!(stored(&repo, &id(&taken), "db"), b"both\n");
    let commit = taken["commit"].as_str().expect("a commit");
    assert_eq!(repo.git(&["show", &format!("{commit}:seen.db")]), "both");
}
