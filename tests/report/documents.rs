//! The documents and the reports, as they are written, and as templates of a project write them.

use insta::assert_snapshot;

use super::fixture::{self, HOSTILE};
use crate::{
    schema::answers,
    support::{Run, TestRepo},
};

const DOCUMENTS: [&str; 6] =
    ["rollback-log", "critical-failure", "security-incident", "production-incident", "checklist", "report"];

fn document(repo: &TestRepo, name: &str) -> Run {
    repo.checkpoint(&["report", "20261122T080000", "--document", name])
}

#[test]
fn what_is_known_is_filled_in_and_the_rest_is_a_question() {
    let repo = fixture::told("plain");
    for name in DOCUMENTS {
        let run = document(&repo, name);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        assert!(run.stdout.contains("phase2-checkpoint-T+8h"), "{run}");
        assert_eq!(run.stdout.contains("- [ ] Root cause:"), name != "report", "{run}");
        assert!(!run.stdout.contains("\n\n\n") && run.stdout.ends_with('\n'), "{run}");
        assert_snapshot!(name, run);
    }
    // The newest rollback where none is named.
    let run = repo.checkpoint_ok(&["report", "--document", "rollback-log"]);
    assert!(run.stdout.contains("invoices are sent twice") && run.stdout.contains(", an emergency"), "{run}");
}

#[test]
fn a_report_is_text_markdown_json_or_a_page() {
    let repo = fixture::told("plain");
    assert_snapshot!("story-text", repo.checkpoint_ok(&["report"]));
    assert_snapshot!("story-markdown", repo.checkpoint_ok(&["report", "--format", "markdown"]));
    assert_snapshot!("operation-text", repo.checkpoint_ok(&["report", "20261122T080000"]));
    let page = |args: &[&str]| {
        let run = repo.checkpoint_ok(&[args, &["--format", "html"]].concat());
        let (before, rest) = run.stdout.split_once("<style>").expect("it has a style");
        let (_, after) = rest.split_once("</style>").expect("it has an end");
        run.filter(&format!("{before}<style></style>{after}"))
    };
    assert_snapshot!("story-page", page(&["report"]));
    assert_snapshot!("operation-page", page(&["report", "20261122T080000"]));
    assert_eq!(page(&["report", "undo"]), page(&["report", "undo"]), "the same facts make the same page");
    let story = answers(&repo, 0, "report", &["report"]);
    assert_eq!((&story["totals"]["checkpoints"], &story["totals"]["validated"]), (&6.into(), &4.into()), "{story}");
    assert_eq!(story["numbers"][1]["points"].as_array().map(Vec::len), Some(9), "{story}");
    let since = answers(&repo, 0, "report", &["report", "--since", "2026-11-23"]);
    assert_eq!(since["operations"].as_array().map(Vec::len), Some(2), "{since}");
    for id in
        ["rollback", "create", "recover", "undo", "20261122T080000", "phase2-checkpoint-T+4h", "phase2-broken-1080"]
    {
        answers(&repo, 0, "report_operation", &["report", id]);
    }
    let said = answers(&repo, 0, "report_document", &["report", "rollback", "--document", "checklist"]);
    assert_eq!((&said["document"], &said["own_template"]), (&"checklist".into(), &false.into()), "{said}");
    let log = answers(&repo, 0, "log", &["log"]);
    assert_eq!((&log[0]["verification"], &log[0]["emergency"]), (&"failed".into(), &true.into()), "{log}");
    let log = repo.checkpoint_ok(&["log"]);
    assert!(log.stdout.contains("T+40h (failed, emergency: invoices are sent twice)"), "{log}");
    assert!(log.stdout.contains("(undone) rollback to phase2-checkpoint-T+8h (verified, critical: mail"), "{log}");
}

#[test]
fn what_is_not_there_is_named() {
    let repo = TestRepo::with_commit();
    assert_snapshot!("nothing", repo.checkpoint(&["report"]));
    let mut said = String::new();
    for args in [
        &["report", "rollback"][..],
        &["report", "nonesuch"],
        &["report", "--document", "checklist"],
        &["report", "--since", "soon"],
        &["report", "--json", "--format", "html"],
    ] {
        said.push_str(&format!("{}\n", repo.checkpoint(args)));
    }
    assert_snapshot!("refused", said);
}

#[test]
fn a_file_is_written_once_and_its_name_says_how() {
    let repo = fixture::told("plain");
    for (file, begins) in
        [("r.html", "<!DOCTYPE html>"), ("r.md", "# repo"), ("r.json", "{"), ("r.txt", "repo: 6 checkpoints")]
    {
        let run = repo.checkpoint_ok(&["report", "-o", file]);
        assert!(run.stdout.is_empty() && repo.read_text(file).starts_with(begins), "{run}\n{}", repo.read_text(file));
    }
    repo.write("r.md", "mine\n");
    let run = repo.checkpoint(&["report", "-o", "r.md"]);
    assert!(run.code == 1 && run.stderr.contains("`r.md` is there already"), "{run}");
    assert_eq!(repo.read_text("r.md"), "mine\n");
    repo.checkpoint_ok(&["report", "-o", "r.md", "--force"]);
    assert!(repo.read_text("r.md").starts_with("# repo"));
    let run = repo.checkpoint(&["report", "-o", "no/such/folder.md"]);
    assert_eq!(run.code, 4, "{run}");
}

#[test]
fn nothing_of_a_hostile_text_means_anything() {
    let repo = fixture::told(HOSTILE);
    let is_harmless = |text: &str| !text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}');
    let mut pages = Vec::new();
    for id in [&[][..], &["rollback"], &["20261122T080000"], &["undo"], &["create"]] {
        for format in ["text", "markdown", "html", "json"] {
            let run = repo.checkpoint_ok(&[&["report"], id, &["--format", format]].concat());
            if format != "json" {
                assert!(is_harmless(&run.stdout), "{run}");
            }
            match format {
                "markdown" => pages.push(run.stdout),
                "html" => assert!(!run.stdout.contains("<script") && !run.stdout.contains("&amp;amp;amp;"), "{run}"),
                _ => {}
            }
        }
    }
    pages.extend(DOCUMENTS.map(|name| document(&repo, name).stdout));
    for page in pages {
        // What checks printed stands in indented code, where nothing has a meaning.
        for line in page.lines().filter(|line| !line.starts_with("    ")) {
            assert!(!line.contains('<') || line.starts_with("<!--"), "{line}");
            assert!(!line.contains("[x](") && !line.contains("[x]("), "{line}");
        }
        assert!(is_harmless(&page), "{page}");
    }
}

#[test]
fn a_project_has_its_own_templates() {
    let repo = fixture::told("plain");
    repo.write(".checkpoint/templates/checklist.md", "# {{ severity | upper }}: {{ reason | lines | first }}\n{% for step in steps %}\n- {{ step.name }} {{ step.seconds | duration }}\n{% endfor %}\n{% if to %}{{ to.name }}{% endif %}\n");
    let run = document(&repo, "checklist");
    assert!(
        run.code == 0 && run.stderr.is_empty() && run.stdout.starts_with("# CRITICAL: mail is not sent any more\n"),
        "{run}"
    );
    assert!(run.stdout.contains("- measure 2.4 s\n") && run.stdout.ends_with("phase2-checkpoint-T+8h\n"), "{run}");
    let said = answers(&repo, 0, "report_document", &["report", "rollback", "--document", "checklist"]);
    assert_eq!(said["own_template"], true, "{said}");
}

#[test]
fn a_broken_template_never_costs_the_document() {
    let repo = fixture::told("plain");
    let built_in = document(&repo, "checklist").stdout;
    let secret = repo.root().join("secret");
    std::fs::write(&secret, "a secret of the machine").expect("the folder is writable");
    let mut said = String::new();
    for (name, text) in [
        ("unknown", "# {{ id }}\n\n{{ triger }}\n"),
        ("misspelt", "{{ severty }}"),
        ("field", "a\n{{ to.comit }}"),
        ("loop", "{% for step in steps %}\n{{ step.nmae }}\n{% endfor %}"),
        ("branch that is not taken", "{% if undone and emergency %}{{ nonesuch }}{% endif %}"),
        ("syntax", "fine\n{% if x %}"),
        ("filter", "{{ id | shuot }}"),
        ("include", "{% include '/etc/passwd' %}"),
        ("endless", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"),
        ("huge", "{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}"),
        ("deep", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
        ("bytes", "\u{0}{{ id"),
    ] {
        repo.write(".checkpoint/templates/checklist.md", text);
        let run = document(&repo, "checklist");
        assert!(run.code == 0 && run.stdout == built_in, "{name}: {run}");
        said.push_str(&format!("--- {name}\n{}", run.filter(&run.stderr)));
    }
    repo.remove(".checkpoint/templates/checklist.md");
    repo.symlink(&secret, ".checkpoint/templates/checklist.md");
    let run = document(&repo, "checklist");
    assert!(run.code == 0 && run.stdout == built_in && !run.to_string().contains("a secret of"), "{run}");
    said.push_str(&format!("--- link that leads out\n{}", run.filter(&run.stderr)));
    repo.remove(".checkpoint/templates/checklist.md");
    repo.git(&["init", "-q", "--bare", ".checkpoint/templates/checklist.md"]);
    let run = document(&repo, "checklist");
    assert!(run.code == 0 && run.stdout == built_in, "{run}");
    said.push_str(&format!("--- folder\n{}", run.filter(&run.stderr)));
    assert_snapshot!("broken-templates", said);
}
