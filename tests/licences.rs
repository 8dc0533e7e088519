//! Every dependency, of every platform, has a licence that `deny.toml` allows.
//!
//! The check itself asks cargo for the licences and is left to CI: `cargo test --locked -- --ignored licence`.

use std::{path::Path, process::Command};

/// Whether `expression` (SPDX; an old `/` means `OR`) can be met with `allowed` licences alone.
fn is_allowed(expression: &str, allowed: &[String]) -> Result<bool, String> {
    let spaced = ["(", ")"].iter().fold(expression.replace('/', " OR "), |text, p| text.replace(p, &format!(" {p} ")));
    let mut tokens: Vec<&str> = spaced.split_whitespace().rev().collect();
    let answer = any_of(&mut tokens, allowed)?;
    match tokens.pop() {
        None => Ok(answer),
        Some(token) => Err(format!("`{token}` is one too many in `{expression}`")),
    }
}

fn any_of(tokens: &mut Vec<&str>, allowed: &[String]) -> Result<bool, String> {
    let mut answer = all_of(tokens, allowed)?;
    while tokens.pop_if(|token| *token == "OR").is_some() {
        answer |= all_of(tokens, allowed)?;
    }
    Ok(answer)
}

fn all_of(tokens: &mut Vec<&str>, allowed: &[String]) -> Result<bool, String> {
    let mut answer = one(tokens, allowed)?;
    while tokens.pop_if(|token| *token == "AND").is_some() {
        answer &= one(tokens, allowed)?;
    }
    Ok(answer)
}

fn one(tokens: &mut Vec<&str>, allowed: &[String]) -> Result<bool, String> {
    match tokens.pop() {
        Some("(") => {
            let answer = any_of(tokens, allowed)?;
            tokens.pop_if(|token| *token == ")").map(|_| answer).ok_or_else(|| "a `)` is missing".into())
        }
        Some(id) if !matches!(id, ")" | "AND" | "OR" | "WITH") => {
            let mut name = id.to_owned();
            if tokens.pop_if(|token| *token == "WITH").is_some() {
                name = format!("{name} WITH {}", tokens.pop().ok_or("an exception is missing")?);
            }
            Ok(allowed.contains(&name))
        }
        other => Err(format!("a licence is missing before {other:?}")),
    }
}

#[test]
#[ignore = "asks cargo about every platform's dependencies, which may need to be fetched"]
#[allow(clippy::disallowed_methods, reason = "a test starts processes")]
fn every_dependency_has_an_allowed_licence() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deny = std::fs::read_to_string(top.join("deny.toml")).expect("deny.toml is there");
    let deny: toml::Table = deny.parse().expect("deny.toml is TOML");
    let allowed: Vec<String> = deny["licenses"]["allow"].clone().try_into().expect("a list of names");
    let args = ["metadata", "--locked", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(args).current_dir(top).output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo gives JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    assert!(packages.len() > 50, "cargo listed {} packages only", packages.len());
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| !is_allowed(package["license"].as_str().unwrap_or_default(), &allowed).unwrap_or(false))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml:\n{}", refused.join("\n"));
}

#[test]
fn expressions_are_met_or_not() {
    let allowed = ["MIT", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned);
    for (expression, answer) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("Apache-2.0/MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT AND Unicode-3.0", true),
        ("(GPL-3.0-only OR MIT) AND Unicode-3.0", true),
        ("MIT AND (GPL-3.0-only OR LGPL-2.1-or-later)", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), Ok(answer), "{expression}");
    }
    for malformed in ["", "MIT OR", "(MIT", "MIT)", "MIT MIT", "AND MIT", "MIT WITH"] {
        assert!(is_allowed(malformed, &allowed).is_err(), "{malformed}");
    }
}
