//! A report for a terminal.

use crate::{
    model::amount,
    ops::{
        incident::{
            Facts,
            facts::{Artifact, Check, Commit, Commits, File, Files, FollowUp, Number, Step, Way},
        },
        report::{Course, Operation, Story},
    },
    ui::{clean, plural, sparkline, table},
};

/// So many of a list have room.
const SHOWN: usize = 12;

/// So many points of a course have room beside each other.
const WIDTH: usize = 60;

/// The whole story.
pub(super) fn story(story: &Story, blocks: bool) -> String {
    let totals = &story.totals;
    let mut out = Vec::new();
    out.push(format!(
        "{}: {} ({} validated, {} pending, {} did not pass), {} ({} verified), {} recovered, {} undone or redone",
        clean(&story.repository),
        plural(totals.checkpoints, "checkpoint"),
        totals.validated,
        totals.pending,
        totals.failed,
        plural(totals.rollbacks, "rollback"),
        totals.verified,
        totals.recoveries,
        totals.undos,
    ));
    if story.operations.is_empty() {
        out.push("\nnothing was done yet".to_owned());
        return out.join("\n");
    }
    out.push(String::new());
    out.push(table(story.operations.iter().map(operation_row).collect()));
    if story.left_out > 0 {
        out.push(format!("and {} left out", plural(story.left_out, "older operation")));
    }
    if !story.numbers.is_empty() {
        out.push("\nnumbers, the oldest left:".to_owned());
        out.push(table(story.numbers.iter().map(|course| course_row(course, blocks)).collect()));
    }
    out.push(
        "\n`git checkpoint report <id>` tells all about one; `-o report.html` makes a page with charts".to_owned(),
    );
    out.join("\n")
}

fn operation_row(operation: &Operation) -> Vec<String> {
    let mut said: Vec<String> = operation.state.or(operation.verification).map(str::to_owned).into_iter().collect();
    if operation.checks > 0 {
        said.push(format!("{} of {} checks", operation.checks_passed, operation.checks));
    }
    said.extend(operation.severity.map(str::to_owned));
    said.extend(operation.emergency.then(|| "emergency".to_owned()));
    said.extend(operation.undone.then(|| "undone".to_owned()));
    said.extend(operation.elsewhere.then(|| "elsewhere".to_owned()));
    let reason = operation.reason.as_deref().and_then(|reason| reason.lines().next());
    vec![
        moment(&operation.at),
        operation.summary.clone(),
        said.join(", "),
        reason.filter(|_| operation.kind != "create").unwrap_or_default().to_owned(),
        operation.id.clone(),
    ]
}

fn course_row(course: &Course, blocks: bool) -> Vec<String> {
    let unit = course.unit.as_deref().unwrap_or_default();
    let points = &course.points[course.points.len().saturating_sub(WIDTH)..];
    let values: Vec<Option<f64>> = points.iter().map(|point| Some(point.value)).collect();
    let newest = points.last().map(|point| format!("{} {}", amount(point.value, unit), point.level));
    let limit = |word: &str, limit: Option<f64>| limit.map(|limit| format!("{word} {}", amount(limit, unit)));
    let limits: Vec<String> = [limit("warn", course.warn), limit("fail", course.fail)].into_iter().flatten().collect();
    vec![label(&course.check, &course.name), sparkline(&values, blocks), newest.unwrap_or_default(), limits.join(", ")]
}

/// One operation.
pub(super) fn operation(facts: &Facts) -> String {
    let mut out = vec![clean(&facts.summary)];
    out.push(table(head(facts).into_iter().map(|(name, value)| vec![format!("  {name}"), value]).collect()));
    if let Some(reason) = &facts.reason {
        out.push("  why:".to_owned());
        out.extend(reason.lines().map(|line| format!("    {}", clean(line))));
    }
    let kept = &facts.uncommitted.listed;
    part(&mut out, "steps", &rows(&facts.steps, step_row));
    part(&mut out, commits_title(facts), &commits(&facts.commits));
    part(&mut out, "files", &files(&facts.files));
    part(&mut out, "not committed, and kept", &file_list(kept, kept.len()));
    part(&mut out, "artifacts", &rows(&facts.artifacts, artifact_row));
    part(&mut out, "checks before", &rows(&facts.checks_before, check_row));
    part(&mut out, "checks", &rows(&facts.checks, check_row));
    part(&mut out, "numbers", &rows(&facts.numbers, number_row));
    for log in facts.logs.iter().filter(|log| !log.lines.is_empty()) {
        let lines: Vec<String> = log.lines.iter().map(|line| format!("| {}", clean(line))).collect();
        part(&mut out, &format!("{} printed at last (`git show {}`)", log.check, log.revision), &lines.join("\n"));
    }
    part(&mut out, "since then", &rows(&facts.follow_ups, later_row));
    part(&mut out, "what next", &rows(&facts.ways_back, way_row));
    out.join("\n")
}

fn rows<T>(items: &[T], row: impl Fn(&T) -> Vec<String>) -> String {
    table(items.iter().map(row).collect())
}

fn artifact_row(one: &Artifact) -> Vec<String> {
    vec![one.name.clone(), format!("{} bytes", one.bytes), one.form.to_owned()]
}

fn later_row(one: &FollowUp) -> Vec<String> {
    vec![moment(&one.at), one.summary.clone(), one.id.clone()]
}

fn way_row(way: &Way) -> Vec<String> {
    vec![format!("`{}`", way.command), way.what.clone()]
}

/// The facts that are one line each.
fn head(facts: &Facts) -> Vec<(&'static str, String)> {
    let at = |branch: &Option<String>, commit: &Option<String>| {
        let commit = commit.as_deref().map_or("no commit", |commit| &commit[..commit.len().min(10)]);
        format!("{} at {commit}", branch.as_deref().unwrap_or("no branch"))
    };
    let subject = |subject: &Option<String>| subject.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
    let mut rows = vec![("when", moment(&facts.at))];
    let mut add = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    add("by", facts.by.clone());
    add("severity", facts.severity.map(str::to_owned));
    add("emergency", facts.emergency.then(|| "yes".to_owned()));
    add("state", facts.state.map(str::to_owned));
    add("verification", facts.verification.map(str::to_owned));
    add("only", facts.scope.filter(|scope| *scope != "everything").map(str::to_owned));
    add("paths", (!facts.paths.is_empty()).then(|| facts.paths.join(", ")));
    add(
        if facts.kind == "create" { "at" } else { "from" },
        Some(at(&facts.from.branch, &facts.from.commit) + &subject(&facts.from.subject)),
    );
    add("to", facts.to.as_ref().map(|to| format!("{} at {}{}", to.name, &to.commit[..10], subject(&to.subject))));
    add("of", facts.regards.as_ref().map(|of| of.summary.clone().unwrap_or_else(|| of.id.clone())));
    add("kept in", facts.backup.as_ref().map(|backup| format!("branch {}", backup.branch)));
    add("phase", facts.phase.clone());
    add("took", facts.seconds.map(seconds));
    add("taken back", facts.undone.then(|| "yes".to_owned()));
    add("elsewhere", facts.elsewhere.then(|| "done in another clone".to_owned()));
    add("id", Some(facts.id.clone()));
    rows
}

fn part(out: &mut Vec<String>, title: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    out.push(format!("  {}:", clean(title)));
    out.extend(text.lines().map(|line| format!("    {line}")));
}

fn commits_title(facts: &Facts) -> &'static str {
    if facts.kind == "recover" { "commits brought to the branch" } else { "commits taken from the branch" }
}

fn commits(commits: &Commits) -> String {
    let row = |commit: &Commit| {
        vec![
            commit.commit[..10].to_owned(),
            commit.subject.clone().unwrap_or_default(),
            commit.author.clone().unwrap_or_default(),
        ]
    };
    with_more(table(commits.listed.iter().take(SHOWN).map(row).collect()), commits.count)
}

fn files(files: &Files) -> String {
    file_list(&files.listed, files.count)
}

fn file_list(files: &[File], count: usize) -> String {
    let row = |file: &File| vec![file.status.to_string(), file.path.clone()];
    with_more(table(files.iter().take(SHOWN).map(row).collect()), count)
}

fn with_more(list: String, count: usize) -> String {
    match count.checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{list}\nand {more} more"),
        _ => list,
    }
}

fn step_row(step: &Step) -> Vec<String> {
    vec![step.outcome.to_owned(), step.name.clone(), seconds(step.seconds), step.detail.clone()]
}

fn check_row(check: &Check) -> Vec<String> {
    vec![
        check.verdict.to_owned(),
        check.name.clone(),
        check.severity.to_owned(),
        seconds(check.seconds),
        check.why.clone().unwrap_or_default(),
    ]
}

fn number_row(number: &Number) -> Vec<String> {
    let unit = number.unit.as_deref().unwrap_or_default();
    let value = |name: &str, value: Option<f64>| value.map(|value| format!("{} {name}", amount(value, unit)));
    let change = number.change_percent.map(|percent| format!("{:+.0}%", percent));
    vec![
        label(&number.check, &number.name),
        value("at the checkpoint", number.checkpoint).unwrap_or_default(),
        value("before", number.before).unwrap_or_default(),
        value("after", number.after).unwrap_or_default(),
        [change, number.trend.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>().join(" "),
        number.limit.clone().unwrap_or_default(),
    ]
}

/// The check and the measurement; a check's only number has its name.
fn label(check: &str, name: &str) -> String {
    if check == name { check.to_owned() } else { format!("{check} {name}") }
}

/// `2026-11-21 14:30`, of RFC 3339.
fn moment(at: &str) -> String {
    at.get(..16).unwrap_or(at).replace('T', " ")
}

fn seconds(seconds: f64) -> String {
    amount((seconds * 100.0).round() / 100.0, "s")
}
