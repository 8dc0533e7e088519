//! What README.md shows works: its `sh` blocks are run in order, in one repository.
//!
//! Each block is a script of its own (`sh -eu`) in a repository with one commit, where `git checkpoint` is the program
//! under test; files and variables of git stay from block to block, shell variables do not. A block that begins with
//! `sh ignore` is for reading only.

use std::path::Path;

use crate::support::TestRepo;

/// A block of shell commands, and the line that it begins at.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    script: String,
}

/// The blocks of a Markdown text that are to be run; the error says where it is malformed.
fn blocks(markdown: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut lines = markdown.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let indent = line.len() - line.trim_start().len();
        let mut script = String::new();
        loop {
            let Some((_, line)) = lines.next() else {
                return Err(format!("the block at line {} has no end", number + 1));
            };
            if line.trim() == "```" {
                break;
            }
            script.push_str(line.get(indent..).unwrap_or_else(|| line.trim_start()));
            script.push('\n');
        }
        match info.split_whitespace().collect::<Vec<_>>()[..] {
            ["sh"] => found.push(Block { line: number + 1, script }),
            ["sh", "ignore"] => {}
            ["sh", ..] => return Err(format!("line {}: `{info}` is neither `sh` nor `sh ignore`", number + 1)),
            _ => {}
        }
    }
    Ok(found)
}

#[test]
fn the_readme_does_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    if !path.exists() {
        return;
    }
    let readme = std::fs::read_to_string(path).expect("README.md is UTF-8");
    let blocks = blocks(&readme).unwrap_or_else(|error| panic!("README.md: {error}"));
    assert!(!blocks.is_empty(), "README.md has no `sh` block that can be run");
    let repo = TestRepo::with_commit();
    for Block { line, script } in blocks {
        if script.contains("git checkpoint check") {
            // What a project has, and what a person said to it.
            repo.write(".checkpoint.toml", "[[check]]\nname = \"unit\"\nrun = \"git diff --check\"\n");
            crate::jobs::trust(&repo);
        }
        let output = repo.command("sh").args(["-euc", &script]).output().expect("sh can be run");
        assert!(
            output.status.success(),
            "README.md, the block at line {line}: {}\n{script}\nstdout: {}\nstderr: {}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    repo.fsck();
}

#[test]
fn blocks_are_found_and_told_apart() {
    let text = "# T\n```sh\na\nb\n```\n```sh ignore\nc\n```\n```toml\n[x]\n```\n- item\n  ```sh\n  d\n    e\n  ```\n";
    let expected = vec![Block { line: 2, script: "a\nb\n".into() }, Block { line: 13, script: "d\n  e\n".into() }];
    assert_eq!(blocks(text), Ok(expected));
    assert_eq!(blocks("no block\n"), Ok(vec![]));
    assert!(blocks("```sh\na\n").is_err(), "a block without an end");
    assert!(blocks("```sh ignroe\na\n```\n").is_err(), "a misspelt mark");
}
