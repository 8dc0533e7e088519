//! Procedures A and C: what becomes slow, too large, or slowly worse gets no tag; the fix is proved with numbers.

use serde_json::Value;

use super::*;

/// The dashboard answers within half a second, needs no more queries than before, and the server stays small.
const NUMBERS: &str = "[[check]]\nname = \"performance\"\nrun = \"python3 validate.py performance\"\n\
                       on = [\"checkpoint\"]\nisolation = \"none\"\ncache = false\nmeasure = [\n  \
                       { pattern = 'p95=(?<p95>\\S+)', unit = \"s\", fail = 0.5 },\n  \
                       { pattern = 'queries=(?<queries>\\d+)', drift = \"20%\" },\n  \
                       { pattern = 'memory=(?<memory>\\S+)', unit = \"MB\", warn = 400, fail = 500 },\n]\n";

/// One query for each user, as a careless loop makes them.
const LOOP: &str = "users = database.rows(\"SELECT id FROM users\")\n    \
                    return [database.rows(\"SELECT user, SUM(amount) FROM orders WHERE user = ?\", user)[0] for (user,) in users]";

const ONE: &str = "return database.rows(\"SELECT user, SUM(amount) FROM orders GROUP BY user ORDER BY user\")";

/// One measurement of the check for performance: its value and its level.
#[track_caller]
fn measured<'a>(answer: &'a Value, name: &str) -> (f64, &'a str) {
    let numbers = check(answer, "performance")["measurements"].as_array().expect("a list");
    let number = numbers.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}: {answer:#}"));
    (number["value"].as_f64().expect("a number"), number["level"].as_str().expect("a level"))
}

#[test]
fn what_got_slow_is_gone_back_from_and_the_fix_is_proved_with_numbers() {
    let Some(project) = Project::new(&[CODE, NUMBERS].concat()) else { return };
    // The first numbers can be compared with nothing; from then on there is a baseline.
    let first = project.said(1, &["create", "--name", "first"]);
    assert_eq!((&first["state"], measured(&first, "queries")), (&"inconclusive".into(), (2.0, "unknown")));
    project.write("notes.md", "measured\n");
    let fast = project.said(0, &["create", "--name", "fast"]);
    assert_eq!((&fast["state"], measured(&fast, "queries")), (&"validated".into(), (2.0, "good")));
    let (seconds, level) = measured(&fast, "p95");
    assert!(level == "good" && (0.02..0.5).contains(&seconds), "{fast:#}");
    assert_eq!(measured(&fast, "memory").1, "good");
    let good = project.state();

    // Over the limit: no tag, whatever else passes.
    project.edit("shop/query.py", ONE, LOOP);
    project.commit("Ask for each user");
    project.deploy();
    let slow = project.said(1, &["create", "--name", "slow"]);
    assert_eq!((&slow["state"], &slow["tag"]), (&"failed".into(), &Value::Null));
    expect_verdicts(&slow, "code=pass performance=fail");
    let (seconds, level) = measured(&slow, "p95");
    assert!(level == "fail" && seconds >= 0.6, "{slow:#}");
    assert_eq!(measured(&slow, "queries"), (62.0, "fail"));
    assert_eq!(project.tags(), ["fast"]);

    // It is not mended in half an hour, so the last good state is gone back to.
    project.advance(1800);
    let back = project.said(0, &["rollback", "good", "--reason", "the dashboard is slow", "--yes"]);
    assert_eq!(back["verification"], "verified");
    project.state().assert_same(&good);
    project.deploy();
    project.expect_healthy();
    let checked = project.said(0, &["check"]);
    assert_eq!((&checked["verdict"], measured(&checked, "queries").0), (&"pass".into(), 2.0));
    drifts(&project);
    fix_on_a_branch(&project);
}

/// Within every limit, and worse than the last good one.
fn drifts(project: &Project) {
    project.edit("shop/dashboard.py", "    return {", "    query.orders(database)\n    return {");
    project.deploy();
    let drifted = project.said(1, &["create", "--name", "drifted"]);
    expect_verdicts(&drifted, "code=pass performance=fail");
    assert_eq!((measured(&drifted, "queries"), measured(&drifted, "p95").1), ((3.0, "fail"), "good"), "{drifted:#}");
    let said = project.checkpoint(&["show", drifted["id"].as_str().expect("an id")]).stdout;
    assert!(said.contains("queries") && said.contains("20%"), "{said}");
    project.said(0, &["rollback", "good", "--path", "shop/dashboard.py", "--yes"]);
}

/// A branch of its own, numbers before and after, and back into the main line.
fn fix_on_a_branch(project: &Project) {
    project.commit("Notes");
    project.git(&["switch", "-q", "-c", "faster"]);
    project.edit("shop/query.py", ONE, &ONE.replace("SUM(amount) ", "SUM(amount), COUNT(*) "));
    project.edit("shop/dashboard.py", "    return {", "    amounts = query.amounts(database)\n    return {");
    project.edit("shop/dashboard.py", "for _, amount in query.amounts(database)", "for _, amount, _ in amounts");
    project.edit("shop/dashboard.py", "query.orders(database)", "sum(orders for _, _, orders in amounts)");
    project.commit("Ask once");
    project.deploy();
    let faster = project.said(0, &["create", "--name", "faster-dashboard"]);
    assert_eq!((&faster["state"], measured(&faster, "queries")), (&"validated".into(), (1.0, "good")), "{faster:#}");
    let compared = project.said(0, &["diff", "fast", "faster-dashboard"]);
    let queries = compared["numbers"].as_array().expect("a list").iter().find(|one| one["name"] == "queries");
    let queries = queries.expect("it was measured");
    assert_eq!(
        (queries["from"].as_f64(), queries["to"].as_f64(), &queries["trend"], queries["change_percent"].as_f64()),
        (Some(2.0), Some(1.0), &"better".into(), Some(-50.0)),
        "{compared:#}"
    );
    project.git(&["switch", "-q", "main"]);
    project.git(&["merge", "-q", "--no-ff", "-m", "Merge the faster dashboard", "faster"]);
    let merged = project.said(0, &["create", "--name", "merged"]);
    assert_eq!((&merged["state"], measured(&merged, "queries")), (&"validated".into(), (1.0, "good")), "{merged:#}");
    project.expect_healthy();
    // The failed attempts are kept, with their numbers, and without a tag.
    assert_eq!(project.tags(), ["fast", "faster-dashboard", "merged"]);
    let all = project.said(0, &["list", "--all"]);
    let states: Vec<&str> = all.as_array().expect("a list").iter().filter_map(|one| one["state"].as_str()).collect();
    assert_eq!(states, ["validated", "validated", "failed", "failed", "validated", "inconclusive"], "{all:#}");
    project.fsck();
}
