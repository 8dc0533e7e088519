//! What is written into the worktree, where the configuration says so: the log, and the documents.

use std::{fs, process::Stdio};

use super::fixture::{self, CONFIG, write, write_nth};
use crate::support::TestRepo;

const LOG: &str = "ROLLBACK_LOG.md";

/// A repository with two rollbacks and this in `[rollback]`.
fn with_rules(rules: &str) -> TestRepo {
    let repo = fixture::told("plain");
    repo.write(".checkpoint.toml", format!("{CONFIG}\n[rollback]\n{rules}\n"));
    repo
}

#[test]
fn without_being_asked_nothing_is_written_but_into_the_record() {
    let repo = fixture::told("plain");
    let before = repo.fingerprint();
    let said = write(&repo);
    assert_eq!(said, "report true log - document - brought [] troubles []");
    before.assert_same(&repo.fingerprint());
    let id = repo.checkpoint_ok(&["report", "rollback", "--json"]).json()["id"].as_str().expect("an id").to_owned();
    let kept = repo.git(&["show", &format!("refs/checkpoint/files/{id}:report.md")]);
    assert!(
        kept.starts_with("# rollback to phase2-checkpoint-T+40h") && kept.contains("invoices are sent twice"),
        "{kept}"
    );
    // What was there before has stayed.
    let log = repo.git(&["show", &format!("refs/checkpoint/files/{id}:logs/mail")]);
    assert!(log.contains("sending 1 of 3"), "{log}");
    let shown = repo.checkpoint_ok(&["show", &id]);
    assert!(shown.stdout.contains(&format!("report: `git show refs/checkpoint/files/{id}:report.md`")), "{shown}");
    repo.fsck();
    assert_eq!(write(&repo), said, "a second time changes nothing");
}

#[test]
fn the_log_gets_an_entry_once_and_keeps_what_is_there() {
    let repo = with_rules("log = 'docs/ROLLBACK_LOG.md'\ndocuments = 'docs/incidents'");
    let said = write(&repo);
    let document = "docs/incidents/2026-11-24-critical-failure-00000a.md";
    assert_eq!(said, format!("report true log docs/ROLLBACK_LOG.md document {document} brought [] troubles []"));
    let log = repo.read_text("docs/ROLLBACK_LOG.md");
    assert!(log.starts_with("# Rollback log\n") && log.contains("## 2026-11-24 06:07:00 UTC: rollback"), "{log}");
    assert!(repo.read_text(document).starts_with("# Critical failure: rollback to phase2-checkpoint-T+40h"));
    let filled = log.replace("- [ ] Root cause:", "- [x] Root cause: a retry without a lock");
    repo.write("docs/ROLLBACK_LOG.md", &filled);
    assert_eq!(write(&repo), "report true log - document - brought [] troubles []");
    assert_eq!(repo.read_text("docs/ROLLBACK_LOG.md"), filled);
    // Another rollback: the document is chosen by what was done.
    let said = write_nth(&repo, 0);
    assert!(said.contains("document docs/incidents/2026-11-22-production-incident-000006.md"), "{said}");
    let log = repo.read_text("docs/ROLLBACK_LOG.md");
    assert!(log.starts_with(&filled) && log.matches("\n## ").count() == 2, "{log}");
    assert!(leftovers(&repo).is_empty(), "{:?}", leftovers(&repo));
}

fn leftovers(repo: &TestRepo) -> Vec<String> {
    let names = |dir: &str| fs::read_dir(repo.path().join(dir)).into_iter().flatten().flatten();
    let all = ["", "docs", "docs/incidents"].into_iter().flat_map(names);
    all.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| name.starts_with("tmp_")).collect()
}

#[test]
fn files_of_every_sort_are_gone_on_with() {
    for (there, end) in [("notes", "\n"), ("notes\n", "\n"), ("# Mine\r\n\r\nnotes", "\r\n"), ("", "\n")] {
        let repo = with_rules("log = 'ROLLBACK_LOG.md'");
        repo.write(LOG, there);
        repo.chmod(LOG, 0o640);
        assert!(write(&repo).contains("log ROLLBACK_LOG.md"));
        let log = repo.read_text(LOG);
        assert!(log.starts_with(there) && log.contains(&format!("{end}## 2026-11-24")), "{there:?}: {log:?}");
        assert_eq!(log.matches("\r\n").count() == log.matches('\n').count(), end == "\r\n", "{log:?}");
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(repo.path().join(LOG)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}

#[test]
fn nothing_is_written_through_a_link_that_leads_out_or_over_what_is_no_text() {
    let outside = |repo: &TestRepo| repo.root().join("outside");
    for case in ["file", "folder", "nothing", "directory", "binary", "git"] {
        let repo = with_rules(if case == "git" {
            "log = 'sub/log.md'"
        } else {
            "log = 'docs/log.md'\ndocuments = 'docs/new'"
        });
        fs::create_dir(outside(&repo)).expect("it is new");
        fs::write(outside(&repo).join("log.md"), "theirs\n").expect("it is new");
        match case {
            "file" => repo.symlink(outside(&repo).join("log.md"), "docs/log.md"),
            "folder" => repo.symlink(outside(&repo), "docs"),
            "nothing" => repo.symlink("nowhere", "docs/log.md"),
            "directory" => drop(repo.dir("docs/log.md")),
            "binary" => repo.write("docs/log.md", b"\x00\x01\xff"),
            _ => repo.symlink(".git", "sub"),
        }
        let said = write(&repo);
        assert!(said.starts_with("report true log - ") && said.contains("cannot write"), "{case}: {said}");
        assert_eq!(fs::read(outside(&repo).join("log.md")).expect("it is there"), b"theirs\n", "{case}");
        assert_eq!(fs::read_dir(outside(&repo)).expect("it is there").count(), 1, "{case}");
        if case == "binary" {
            assert_eq!(repo.read("docs/log.md"), b"\x00\x01\xff");
        }
        assert!(!repo.git_dir().join("log.md").exists(), "{case}");
    }
    // A link that stays inside is followed, and stays a link.
    let repo = with_rules("log = 'log.md'");
    repo.write("docs/real.md", "mine\n");
    repo.symlink("docs/real.md", "log.md");
    assert!(write(&repo).contains("log log.md"));
    assert!(repo.read_text("docs/real.md").starts_with("mine\n\n## 2026-11-24"));
    assert!(fs::symlink_metadata(repo.path().join("log.md")).expect("it is there").is_symlink());
}

#[test]
fn a_folder_that_cannot_be_written_to_costs_the_entry_only() {
    let repo = with_rules("log = 'docs/log.md'");
    repo.write("docs/log.md", "mine\n");
    repo.chmod("docs", 0o555);
    let said = write(&repo);
    repo.chmod("docs", 0o755);
    // An administrator may write anywhere.
    if !said.contains("log docs/log.md") {
        assert!(said.contains("report true log -") && said.contains("writable"), "{said}");
        assert_eq!(repo.read_text("docs/log.md"), "mine\n");
    }
}

#[test]
fn a_broken_template_is_told_and_the_entry_is_written() {
    let repo = with_rules("log = 'log.md'");
    repo.write(".checkpoint/templates/rollback-log.md", "## {{ triger }}\n");
    let said = write(&repo);
    assert!(said.contains("log log.md") && said.contains("there is no variable `triger`"), "{said}");
    assert!(repo.read_text("log.md").contains("- **Trigger:** invoices are sent twice"));
}

#[test]
fn those_who_write_at_once_lose_nothing() {
    let repo = with_rules("log = 'log.md'");
    repo.write("log.md", "begin\n");
    let edited = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..6)
            .map(|n| {
                scope.spawn({
                    let repo = &repo;
                    move || write_nth(repo, n % 2)
                })
            })
            .collect();
        // Somebody edits it as an editor does that appends.
        let mut lines = 0;
        while writers.iter().any(|writer| !writer.is_finished()) {
            let mut append = repo.command("sh");
            append.args(["-c", &format!("printf 'edited {lines}\\n' >> log.md")]).stdin(Stdio::null());
            assert!(append.status().expect("sh can be run").success());
            lines += 1;
            std::thread::sleep(std::time::Duration::from_millis(15));
        }
        for writer in writers {
            let said = writer.join().expect("it ends");
            assert!(said.ends_with("troubles []"), "{said}");
        }
        lines
    });
    let log = repo.read_text("log.md");
    assert!(log.starts_with("begin\n") && log.matches("<!-- checkpoint ").count() == 2, "{log}");
    let missing: Vec<usize> = (0..edited).filter(|n| !log.contains(&format!("edited {n}\n"))).collect();
    // One that was being written to the file in the moment of the exchange goes to the one that came out.
    assert!(missing.len() <= 1, "{missing:?}\n{log}");
}

#[test]
fn a_rollback_takes_no_entry_and_no_document_away() {
    let repo = fixture::told("plain");
    repo.write(".checkpoint.toml", "[rollback]\nlog = 'log.md'\ndocuments = 'incidents'\n");
    repo.commit("Configure");
    repo.checkpoint_ok(&["create", "--name", "saved"]);
    assert!(write(&repo).contains("log log.md"));
    repo.write("src/more.php", "more\n");
    repo.commit("With the log and the document of an incident");
    let (log, documents) = (repo.read_text("log.md"), list(&repo, "incidents"));
    let answered = log.replace("- [ ] Root cause:", "- [x] Root cause: known");
    repo.write("log.md", &answered);
    repo.advance(4 * 86_400);
    repo.checkpoint_ok(&["rollback", "saved", "--yes", "--reason", "again"]);
    if repo.exists("log.md") && repo.read_text("log.md").contains("again") {
        // The rollback itself has written.
    } else {
        assert!(write(&repo).contains("brought"));
    }
    let now = repo.read_text("log.md");
    assert!(now.starts_with(answered.trim_end()) && now.contains("- **Trigger:** again"), "{now}");
    assert_eq!(documents.len(), 1);
    let now = list(&repo, "incidents");
    assert!(now.len() == 2 && documents.iter().all(|name| now.contains(name)), "{now:?}");
}

fn list(repo: &TestRepo, dir: &str) -> Vec<String> {
    let entries = fs::read_dir(repo.path().join(dir)).expect("the folder is there").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
