//! Just enough of Rust's grammar to tell code from comments and text, and to read `use` trees.

/// The code with comments and the content of string and character literals taken out; lines stay where they are.
pub(super) fn without_comments_and_text(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let after_word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if c == '"' {
            quoted(rest)
        } else if let Some(length) = raw_string(rest).filter(|_| !after_word) {
            length
        } else if let Some(length) = character(rest) {
            length
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.push(' ');
        out.extend(rest[..length].chars().filter(|c| *c == '\n'));
        rest = &rest[length..];
    }
    out
}

/// The first names after each `prefix`, through the braces of a `use` tree: `config` and `git` in
/// `crate::{config::Env, git::{Repo, refs}}`.
pub(super) fn identifiers_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let steps: Vec<&str> = prefix.split_inclusive("::").map(|step| step.trim_end_matches("::")).collect();
    let tokens = tokens(code);
    let mut names = Vec::new();
    for start in 0..tokens.len() {
        let before = start.checked_sub(1).map(|at| tokens[at]);
        let mut at = start;
        let matches = steps.iter().all(|step| {
            let here = tokens.get(at) == Some(step) && tokens.get(at + 1) == Some(&"::");
            at += 2;
            here
        });
        if matches && before != Some("::") {
            names.extend(tree_roots(&tokens[at..]));
        }
    }
    names
}

fn tree_roots<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    if tokens.first() != Some(&"{") {
        return tokens.first().copied().into_iter().collect();
    }
    let (mut depth, mut names, mut at_start) = (0, Vec::new(), false);
    for token in tokens {
        match *token {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => {}
            name if depth == 1 && at_start => names.push(name),
            _ => {}
        }
        at_start = matches!(*token, "{" | ",");
        if depth == 0 {
            break;
        }
    }
    names
}

/// Names, `::`, and every other character that is no space.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(c) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = if is_name(c) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let start = ["r", "br", "cr"].into_iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let inner = start.trim_start_matches('#');
    let hashes = start.len() - inner.len();
    let body = inner.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

/// A character literal; a lifetime has no second quote right after its first character.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        let skip = escape.chars().next()?.len_utf8();
        return escape[skip..].find('\'').map(|at| 1 + 1 + skip + at + 1);
    }
    let first = inner.chars().next()?.len_utf8();
    inner[first..].starts_with('\'').then_some(1 + first + 1)
}
