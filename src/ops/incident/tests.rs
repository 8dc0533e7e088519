//! Facts with everything in them, and what is made of them.

use super::{Document, Facts, built_in, facts::*};

/// An operation of which everything is known, with `text` wherever there is text of others.
pub(in crate::ops) fn full(text: &str) -> Facts {
    let text = || text.to_owned();
    let some = || Some(text());
    let check = |verdict| Check { name: text(), verdict, severity: "high", seconds: 1.5, cached: true, why: some() };
    let file = || File { status: 'M', path: text() };
    let oid = || "1".repeat(40);
    let time = || "2026-11-21T14:30:00Z".to_owned();
    Facts {
        repository: text(),
        id: "20261121T143000.123Z-rollback-9f3a2c".into(),
        kind: "rollback",
        at: time(),
        summary: text(),
        by: some(),
        reason: some(),
        severity: Some("critical"),
        emergency: true,
        scope: Some("code"),
        paths: vec![text()],
        phase: some(),
        elapsed_seconds: Some(18_000),
        state: Some("validated"),
        verification: Some("failed"),
        seconds: Some(4.2),
        undone: true,
        elsewhere: true,
        from: Place { branch: some(), commit: Some(oid()), subject: some() },
        to: Some(Target {
            asked: text(),
            name: text(),
            commit: oid(),
            subject: some(),
            checkpoint: some(),
            at: Some(time()),
            age_seconds: Some(5400),
            state: Some("validated"),
        }),
        backup: Some(Backup { branch: text(), commit: oid() }),
        regards: Some(Regards { id: text(), summary: some() }),
        commits: Commits {
            count: 12,
            listed: vec![Commit { commit: oid(), author: some(), at: Some(time()), subject: some() }],
        },
        files: Files { count: 3, added: 1, modified: 1, deleted: 1, listed: vec![file()] },
        uncommitted: Uncommitted { staged: 1, unstaged: 1, untracked: 1, listed: vec![file()] },
        skipped: vec![Left { path: text(), reason: "too-large" }],
        artifacts: vec![Artifact { name: text(), path: some(), bytes: 1536, form: "copy", sha256: "4".repeat(64) }],
        checks_before: vec![check("fail")],
        checks: vec![check("inconclusive")],
        numbers: vec![Number {
            check: text(),
            name: "p95".into(),
            unit: some(),
            checkpoint: Some(1.0),
            before: Some(3.4),
            after: Some(1.9),
            change_percent: Some(-44.1),
            trend: Some("better"),
            limit: some(),
            level: Some("good"),
        }],
        steps: vec![Step { name: text(), outcome: "failed", seconds: 0.5, detail: text() }],
        logs: vec![Log { check: text(), revision: text(), lines: vec![text(), String::new(), text()] }],
        ways_back: vec![Way { what: text(), command: text() }],
        follow_ups: vec![FollowUp { id: text(), kind: "undo", at: time(), summary: text() }],
    }
}

#[test]
fn the_example_has_every_variable() {
    fn shape(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => fields
                .iter()
                .map(|(name, inner)| (name.clone(), shape(inner)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            serde_json::Value::Array(items) => items.first().map(shape).into_iter().collect::<Vec<_>>().into(),
            _ => serde_json::Value::Null,
        }
    }
    let example: serde_json::Value =
        serde_json::from_str(include_str!("../../../templates/report/example.json")).expect("it is JSON");
    let facts = serde_json::to_value(full("x")).expect("they are plain values");
    assert_eq!(shape(&example), shape(&facts));
}

#[test]
fn the_program_s_own_templates_take_any_operation() {
    for facts in
        [full("x"), Facts { id: "20261121T143000.123Z-create-9f3a2c".into(), kind: "create", ..Facts::default() }]
    {
        for document in Document::ALL {
            let text = built_in(document, &facts);
            assert!(text.as_ref().is_ok_and(|text| text.starts_with('#') && text.contains(&facts.id)), "{text:?}");
        }
    }
}

#[test]
fn the_document_fits_what_happened() {
    let of = |reason: &str, steps: &[&str]| {
        let step = |name: &&str| Step { name: (*name).into(), outcome: "done", seconds: 0.0, detail: String::new() };
        let steps = steps.iter().map(step).collect();
        Document::fitting(&Facts { reason: Some(reason.into()), steps, ..Facts::default() })
    };
    assert_eq!(of("mail is not sent", &["restore"]), Document::CriticalFailure);
    assert_eq!(of("mail is not sent", &["before: php artisan down"]), Document::ProductionIncident);
    assert_eq!(of("Outage of the shop", &[]), Document::ProductionIncident);
    assert_eq!(of("CVE-2026-1234 in the parser", &["before: php artisan down"]), Document::SecurityIncident);
    assert_eq!(of("", &[]), Document::CriticalFailure);
}
