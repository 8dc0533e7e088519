//! The layers and the house rules that a compiler does not check, checked on the text of `src/`.
//!
//! [`violations`] is a function of a file's name and text, so that the samples below can show that each rule is able
//! to fail.

mod code;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::code::{identifiers_after, without_comments_and_text};

/// Top to bottom; each may use itself and those before it.
const LAYERS: [&str; 10] = ["error", "model", "config", "system", "git", "store", "check", "ops", "ui", "cli"];

/// Layers that may use less than all before them.
const NARROW: [(&str, &[&str]); 1] = [("ui", &["error", "model", "ui"])];

/// What only some files may mention.
const RESERVED: [(&[&str], &[&str], &str); 4] = [
    // `git/` runs git with a repository's variables set right; `system/` runs what has nothing to do with one.
    (&["Command::new", "duct::"], &["src/git/", "src/system/"], "starts processes"),
    (&["gix::open", "gix::discover", "gix::init", "ThreadSafeRepository::"], &["src/git/"], "opens repositories"),
    (&["env::var", "env::current_dir", "env::set_"], &["src/config/env.rs"], "reads the environment"),
    (&["SystemTime::now", "Utc::now", "Local::now"], &["src/config/env.rs"], "reads the clock"),
];

/// What no file may have, and what to do instead.
const FORBIDDEN: [(&str, &str); 6] = [
    ("println!", "print through `ui`"),
    ("eprintln!", "print through `ui`"),
    ("print!", "print through `ui`"),
    ("eprint!", "print through `ui`"),
    (".unwrap()", "use `expect(\"why it holds\")`"),
    ("dbg!", "take it out"),
];

/// The most lines that a file may have.
const MAX_LINES: usize = 500;

#[test]
fn every_file_keeps_to_its_layer_and_to_the_house_rules() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&top.join("src"), &mut files);
    assert!(files.len() > 10, "the sources were not found");
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let name = file.strip_prefix(top).expect("it is below the top").to_string_lossy().replace('\\', "/");
            violations(&name, &fs::read_to_string(file).expect("sources are UTF-8"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_tests_that_the_architecture_names_exist() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(top.join("docs/architecture.md")).expect("it is there");
    let rows =
        document.lines().skip_while(|line| !line.contains("attacked by")).take_while(|line| line.starts_with('|'));
    let named: Vec<&str> = rows.flat_map(|row| row.split('`')).filter(|text| is_path(text)).collect();
    assert!(named.len() > 10, "the table of safety rules was not found");
    let missing = |test: &&str| {
        let (module, name) = test.rsplit_once("::").expect("it is a path");
        let file = top.join("tests").join(format!("{}.rs", module.replace("::", "/")));
        !fs::read_to_string(file).is_ok_and(|source| source.contains(&format!("fn {name}(")))
    };
    let missing: Vec<&str> = named.into_iter().filter(missing).collect();
    assert!(missing.is_empty(), "docs/architecture.md names tests that do not exist: {missing:#?}");
}

fn is_path(text: &str) -> bool {
    text.contains("::") && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c))
}

/// What is wrong with the file `name` (`src/git/repo.rs`), one line each.
fn violations(name: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code = without_comments_and_text(source);
    for (number, line) in code.lines().enumerate() {
        let mut report = |what: String| found.push(format!("{name}:{}: {what}", number + 1));
        for (words, places, what) in RESERVED {
            let may = places.iter().any(|place| name.starts_with(place));
            for word in words.iter().filter(|word| mentions(line, word) && !may) {
                report(format!("`{word}`: only {} {what}", places.join(" and ")));
            }
        }
        for (word, instead) in FORBIDDEN.iter().filter(|(word, _)| mentions(line, word)) {
            report(format!("`{word}`: {instead}"));
        }
    }
    if let Some(layer) = layer_of(name) {
        for used in used_layers(name, &code).into_iter().filter(|used| !may_use(layer, used)) {
            found.push(format!("{name}: `{layer}` may not use `{used}`"));
        }
    } else if !matches!(name, "src/lib.rs" | "src/main.rs") {
        found.push(format!("{name}: belongs to no layer; add it to `LAYERS` and to docs/architecture.md"));
    }
    let lines = source.lines().count();
    if lines > MAX_LINES {
        found.push(format!("{name}: {lines} lines are more than {MAX_LINES}; split it by concept"));
    }
    found
}

fn layer_of(name: &str) -> Option<&'static str> {
    let first = name.strip_prefix("src/")?.split(['/', '.']).next()?;
    LAYERS.into_iter().find(|layer| *layer == first)
}

fn may_use(layer: &str, used: &str) -> bool {
    let place = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    match NARROW.iter().find(|(narrow, _)| *narrow == layer) {
        Some((_, allowed)) => allowed.contains(&used),
        // `ui` is for `cli` alone: an operation has no words for the screen.
        None => place(used) <= place(layer),
    }
}

/// The layers that paths from the crate's root lead to: `crate::…` and as many `super::` as lead there.
fn used_layers(name: &str, code: &str) -> Vec<&'static str> {
    let mut names = identifiers_after(code, "crate::");
    let depth = name.trim_end_matches("/mod.rs").matches('/').count();
    names.extend(identifiers_after(code, &"super::".repeat(depth)));
    let mut layers: Vec<_> = LAYERS.into_iter().filter(|layer| names.iter().any(|name| name == layer)).collect();
    layers.dedup();
    layers
}

/// Whether `word` stands in `line` as a word of its own, not as the end of a longer one.
fn mentions(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !word.starts_with(is_part) || !line[..at].ends_with(is_part))
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("the folder exists") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn good_samples_pass() {
    for (name, source) in [
        ("src/git/repo.rs", "use super::Git;\nuse crate::{config::Env, error::{Context, Result}, model::Oid};"),
        ("src/cli/list.rs", "use crate::{ops::list, ui::Table};\nlet x = crate::git::Repo::open(env);"),
        ("src/check/run.rs", "use crate::{config::Check, git::shell::Shell, store::verdicts};"),
        ("src/ui/mod.rs", "use crate::model::Head;\n// crate::git is not known here, and println! neither"),
        ("src/model/id.rs", "let text = \"crate::git .unwrap() println!(\"; let c = '\"'; /* crate::ops */"),
        ("src/model/head.rs", "const RAW: &str = r#\"say \"println!\" crate::cli\"#; fn f<'a>(x: &'a str) {}"),
        ("src/git/child.rs", "let command = duct::cmd(\"git\", args);"),
        ("src/system/program.rs", "use crate::config::Env;\nlet command = duct::cmd(\"crontab\", args);"),
        ("src/config/env.rs", "std::env::var_os(\"HOME\"); Utc::now();"),
        ("src/ui/out.rs", "writeln!(out, \"x\"); x.unwrap_or_default(); pprintln!()"),
        ("src/git/capture/mod.rs", "use super::super::model::Oid; use super::repo;"),
        ("src/lib.rs", "pub mod cli;"),
    ] {
        assert_eq!(violations(name, source), [""; 0], "{name}");
    }
}

#[test]
fn bad_samples_fail() {
    for (name, source, expected) in [
        ("src/model/id.rs", "use crate::git::Repo;", "`model` may not use `git`"),
        ("src/git/refs.rs", "use crate::{\n    error::Result,\n    store::{Store, Published},\n};", "use `store`"),
        ("src/git/refs.rs", "use crate::{model::{Oid, ops}, store as s};", "use `store`"),
        ("src/store/mod.rs", "fn f(x: crate::ops::Plan) {}", "`store` may not use `ops`"),
        ("src/store/notes.rs", "use crate::check::Checked;", "`store` may not use `check`"),
        ("src/check/run.rs", "use crate::ops::Session;", "`check` may not use `ops`"),
        ("src/check/run.rs", "duct::cmd(\"sh\", args).start()", "only src/git/ and src/system/ starts processes"),
        ("src/ui/mod.rs", "use crate::check::Checked;", "`ui` may not use `check`"),
        ("src/ops/create.rs", "use crate::ui::Style;", "`ops` may not use `ui`"),
        ("src/ui/mod.rs", "use crate::{error::Error, git::Repo};", "`ui` may not use `git`"),
        ("src/ui/mod.rs", "use crate::config::Env;", "`ui` may not use `config`"),
        ("src/config/mod.rs", "use super::store::Store;", "`config` may not use `store`"),
        ("src/git/capture/mod.rs", "use super::super::ops::create;", "`git` may not use `ops`"),
        ("src/git/capture/extras.rs", "use super::super::super::cli;", "`git` may not use `cli`"),
        ("src/error.rs", "pub(in crate::model) use crate :: model;", "`error` may not use `model`"),
        ("src/ops/undo.rs", "std::process::Command::new(\"git\")", "only src/git/ and src/system/ starts processes"),
        ("src/system/mod.rs", "use crate::git::Repo;", "`system` may not use `git`"),
        ("src/ops/undo.rs", "let repo = gix::discover(dir)?;", "only src/git/ opens repositories"),
        ("src/git/child.rs", "std::env::var(\"HOME\")", "only src/config/env.rs reads the environment"),
        ("src/cli/mod.rs", "let now = chrono::Utc::now();", "only src/config/env.rs reads the clock"),
        ("src/cli/mod.rs", "println!(\"done\");", "print through `ui`"),
        ("src/cli/mod.rs", "if c == '\\'' { x.unwrap() }", "use `expect"),
        ("src/extra/mod.rs", "", "belongs to no layer"),
        ("src/cli/mod.rs", &"\n".repeat(MAX_LINES + 1), "split it by concept"),
    ] {
        let found = violations(name, source);
        assert!(found.iter().any(|line| line.contains(expected)), "{name}: {source}\nfound {found:?}");
    }
}
