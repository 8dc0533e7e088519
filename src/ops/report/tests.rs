//! Whatever a record holds, its page is a whole page and nothing of a text becomes part of it.

use proptest::prelude::*;

use super::*;
use crate::ops::incident::tests::full;

/// Elements that have no end.
const VOID: [&str; 3] = ["meta", "link", "br"];

/// What is wrong with the tags of a page: one that is never closed, or closes another.
fn unbalanced(page: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>')?;
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('!') || VOID.contains(&name) || tag.ends_with('/') {
            continue;
        }
        if !name.chars().all(|c| c.is_ascii_alphanumeric()) || name.is_empty() {
            return Some(format!("<{tag}> is no element"));
        }
        match tag.strip_prefix('/') {
            None => open.push(name),
            Some(_) if open.last() == Some(&name) => drop(open.pop()),
            Some(_) => return Some(format!("</{name}> closes {:?}", open.last())),
        }
    }
    (!open.is_empty()).then(|| format!("{open:?} are never closed"))
}

fn course(text: &str, values: &[f64]) -> Course {
    let moment = |n: usize| DateTime::from_timestamp(1_795_269_600 + 3600 * i64::try_from(n).unwrap_or(0), 0);
    let point = |(n, value): (usize, &f64)| Point {
        id: text.to_owned(),
        name: text.to_owned(),
        at: time(moment(n).expect("in range")),
        value: *value,
        level: ["good", "warn", "fail", "unknown"][n % 4],
        moment: moment(n).expect("in range"),
    };
    Course {
        check: text.to_owned(),
        name: "p95".into(),
        unit: Some(text.to_owned()),
        better: Some("lower"),
        warn: Some(2.0),
        fail: values.first().copied(),
        points: values.iter().enumerate().map(point).collect(),
    }
}

fn pages(text: &str, values: &[f64]) -> [String; 3] {
    let facts = full(text);
    let at = DateTime::from_timestamp(1_795_269_600, 0).expect("in range");
    let operation = Operation {
        id: facts.id.clone(),
        kind: "rollback",
        at: facts.at.clone(),
        summary: text.into(),
        reason: Some(text.into()),
        tag: Some(text.into()),
        branch: Some(text.into()),
        phase: Some(text.into()),
        state: None,
        verification: Some("failed"),
        severity: Some("critical"),
        emergency: true,
        backup: Some(text.into()),
        seconds: Some(1.0),
        checks_passed: 1,
        checks: 2,
        undone: true,
        elsewhere: true,
    };
    let later =
        Operation { at: "2026-11-22T14:30:00Z".into(), kind: "create", state: Some("validated"), ..operation.clone() };
    let story = Story {
        repository: text.into(),
        at: time(at),
        branch: Some(text.into()),
        phase: Some(text.into()),
        since: Some(time(at)),
        totals: Totals { checkpoints: 1, rollbacks: 1, ..Totals::default() },
        operations: vec![later, operation],
        left_out: 3,
        numbers: vec![course(text, values)],
        rollbacks: vec![facts.clone()],
    };
    let page = operation_page(&facts, at).expect("the page can be made");
    [page, story_page(&story).expect("the page can be made"), markdown(&story).expect("it can be written")]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_page_is_whole_whatever_it_tells_of(
        text in prop_oneof![
            "[<>&\"'/a-z =!-]{0,40}",
            "(<script>|</script>|<!--|-->|</style>|\\{\\{ id \\}\\}|\\{% if %\\}|onload=|&#x3c;|javascript:| |\n){0,8}",
            "\\PC{0,20}",
            any::<String>(),
        ],
        values in prop::collection::vec(prop_oneof![-1e9..1e9, Just(0.0), Just(f64::MAX), Just(f64::MIN_POSITIVE)], 1..8),
    ) {
        let [operation, story, text] = pages(&text, &values);
        for page in [&operation, &story] {
            prop_assert_eq!(unbalanced(page), None, "{}", page);
            let lower = page.to_lowercase();
            prop_assert!(!lower.contains("<script") && !lower.contains("<img") && !lower.contains("<iframe"));
            prop_assert!(!page.contains("NaN") && !page.contains("inf,") && !page.contains(",inf"));
            prop_assert_eq!(page.matches("<style>").count(), 1);
        }
        prop_assert!(!text.contains('<'), "{}", text);
        let all = [operation, story, text].concat();
        let is_obeyed = |c: char| c.is_control() && c != '\n' && c != '\t' || ('\u{202a}'..='\u{202e}').contains(&c);
        prop_assert!(!all.chars().any(is_obeyed));
    }
}

#[test]
fn the_page_may_load_nothing() {
    for page in &pages("x", &[1.0, 2.0])[..2] {
        assert!(
            page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"),
            "{page}"
        );
        for word in ["http://", "https://", "src=", "url(", "@import", " on", "javascript"] {
            let found = page.match_indices(word).find(|(at, _)| word != " on" || is_handler(&page[*at..]));
            assert!(found.is_none(), "{word} at {found:?}");
        }
        assert!(page.contains("@media print") && page.contains("prefers-color-scheme: dark"));
        assert!(page.contains("<html lang=\"en\">") && page.contains("<main id=\"content\">"));
    }
}

/// ` onclick=`, not the word ` one`.
fn is_handler(text: &str) -> bool {
    let word: String = text.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
    text.trim_start()[word.len()..].starts_with('=')
}

#[test]
fn what_is_unbalanced_is_found() {
    assert_eq!(unbalanced("<p>a<br>b</p><path d=\"x\"/>"), None);
    for page in ["<p>", "<p></b>", "</p>", "<p></p></p>", "<b><i></b></i>", "< p>"] {
        assert!(unbalanced(page).is_some(), "{page}");
    }
}
