//! `docs/cli.md` is what the program says of itself; `UPDATE_DOCS=1 cargo test reference` writes it anew.

#![allow(clippy::disallowed_methods, reason = "whether to write the reference is asked of whoever runs the test")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::path::Path;

use crate::support::TestRepo;

const INTRODUCTION: &str = "\
# The command line

Made from `--help`; `UPDATE_DOCS=1 cargo test reference` writes it anew, and a test fails when it is stale. `git checkpoint
<command> -h` is the short form. Every command takes the common options that stand under `git checkpoint`.
";

fn help(repo: &TestRepo, args: &[&str]) -> String {
    repo.set_var("COLUMNS", "80");
    repo.checkpoint_ok(args).stdout
}

/// The commands, as the help of the program lists them.
fn commands(repo: &TestRepo) -> Vec<String> {
    listed(&help(repo, &["-h"]))
}

fn listed(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list of commands");
    let name = |line: &str| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned);
    list.lines().filter_map(name).filter(|name| !name.is_empty() && name != "help").collect()
}

/// Without the options that every command has.
fn without_common(help: &str) -> String {
    let (before, common) = help.split_once("Common options:").expect("every command has them");
    // They are indented; what follows them is not.
    let after = common.split_once("\nExamples:").map_or(String::new(), |(_, after)| format!("Examples:{after}"));
    format!("{before}{after}")
}

#[test]
fn the_reference_is_what_the_program_says() {
    let repo = TestRepo::new();
    let mut text = String::from(INTRODUCTION);
    let mut add = |title: &str, help: &str| {
        let help = help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        text.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end()));
    };
    add("git checkpoint", &help(&repo, &["--help"]));
    for command in commands(&repo) {
        let page = help(&repo, &[&command, "--help"]);
        add(&format!("git checkpoint {command}"), &without_common(&page));
        for part in if page.contains("Commands:\n") { listed(&page) } else { Vec::new() } {
            add(
                &format!("git checkpoint {command} {part}"),
                &without_common(&help(&repo, &[&command, &part, "--help"])),
            );
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).expect("docs/cli.md can be written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "docs/cli.md is stale; `UPDATE_DOCS=1 cargo test reference` writes it anew");
}

#[test]
fn the_short_help_fits_a_terminal() {
    let repo = TestRepo::new();
    let mut pages = vec![help(&repo, &["-h"])];
    pages.extend(commands(&repo).iter().map(|command| help(&repo, &[command, "-h"])));
    assert!(pages.len() > 10);
    for page in pages {
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        // The list of commands is looked through, not read.
        let list = if page.contains("Commands:\n") { listed(&page).len() } else { 0 };
        assert!(page.lines().count() <= 42.max(30 + list), "more than anybody reads:\n{page}");
    }
}

#[test]
fn the_manual_page_is_one_that_man_can_show() {
    let repo = TestRepo::new();
    let page = repo.checkpoint_ok(&["man"]).stdout;
    repo.write("page.1", &page);
    for command in commands(&repo) {
        assert!(page.contains(&format!(".SS \"git checkpoint {command}\"")), "{command}");
    }
    assert!(page.contains("git checkpoint schedule start"), "commands of commands are in it");
    assert!(!page.contains('`'), "marks are shown as bold text");
    let shown = repo.command("man").args(["--warnings=all", "-l", "page.1"]).env("MANWIDTH", "80").output();
    match shown {
        Ok(shown) => {
            let (text, warnings) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
            assert!(shown.status.success() && warnings.is_empty(), "{warnings}");
            assert!(text.contains("--uncommitted") && text.contains("git checkpoint recover --all"), "{text}");
        }
        Err(_) => println!("skipped: there is no `man` here"),
    }
}
