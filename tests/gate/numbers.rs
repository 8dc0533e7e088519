//! Numbers that decide about a checkpoint, from the command that prints them to what people see.

use super::*;

fn load(measure: &str) -> String {
    check(
        "load",
        &format!("{RAN}; cat number"),
        &[&format!("measure = {{ pattern = 'p95=([0-9.]+)', unit = 's'{measure} }}")],
    )
}

/// A repository whose configuration is in no tree, so that it can change while the tree stays.
fn measured(measure: &str, number: &str) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write(".git/info/exclude", ".checkpoint.toml\n");
    repo.write("number", format!("p95={number}\n"));
    repo.commit("Measure");
    limit(&repo, measure);
    repo
}

fn limit(repo: &TestRepo, measure: &str) {
    repo.write(".checkpoint.toml", load(measure));
    trust(repo);
}

/// The checkpoint's state, the verdict, and the level of the number.
fn level(taken: &Value) -> (&str, &str, &str) {
    let check = &taken["checks"][0];
    (
        taken["state"].as_str().expect("a state"),
        check["verdict"].as_str().expect("a verdict"),
        check["measurements"][0]["level"].as_str().unwrap_or("-"),
    )
}

#[test]
fn limits_decide_and_what_is_known_is_judged_anew() {
    let repo = measured(", warn = 2.0, fail = 3.0", "1.5");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "good"));
    repo.write("number", "p95=2.5\n");
    let warned = repo.checkpoint(&["create", "--json"]);
    assert_eq!(level(&warned.json()), ("validated", "pass", "warn"), "{warned}");
    assert!(warned.stderr.contains("2.5 s"), "a pass that is warned of is told: {warned}");
    repo.write("number", "p95=3.5\n");
    assert_eq!(level(&taken(&repo, 1, &[])), ("failed", "fail", "fail"));
    assert_eq!(runs(&repo), 3);
    // The command passed, so its number is known, and other limits say other things of it.
    limit(&repo, ", warn = 2.0, fail = 4.0");
    let again = taken(&repo, 0, &[]);
    assert_eq!((level(&again), &again["checks"][0]["cached"]), (("validated", "pass", "warn"), &true.into()));
    limit(&repo, ", fail = 1.0");
    let again = taken(&repo, 1, &[]);
    assert_eq!((level(&again), &again["checks"][0]["cached"]), (("failed", "fail", "fail"), &true.into()));
    assert_eq!(runs(&repo), 3, "nothing was measured again");
    limit(&repo, ", fail = 1.0, samples = 2");
    assert_eq!(level(&taken(&repo, 1, &[])).1, "inconclusive", "too few numbers");
    assert_eq!(runs(&repo), 4, "another reading is another check");
    repo.write("number", "no number\n");
    limit(&repo, "");
    let none = taken(&repo, 1, &[]);
    assert_eq!(level(&none), ("inconclusive", "inconclusive", "-"));
}

#[test]
fn the_first_number_has_nothing_to_drift_from() {
    let repo = measured(", drift = '20%'", "1.0");
    let first = taken(&repo, 1, &[]);
    assert_eq!(level(&first), ("inconclusive", "inconclusive", "unknown"));
    assert!(first["checks"][0]["why"].as_str().is_some_and(|why| why.contains("no baseline yet")), "{first}");
    repo.write("number", "p95=1.1\n");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "good"));
    repo.write("number", "p95=1.4\n");
    let drifted = taken(&repo, 1, &[]);
    assert_eq!(level(&drifted), ("failed", "fail", "fail"));
    repo.write("number", "p95=1.3\n");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "good"), "the last good one is what counts");
    repo.write("number", "p95=1.5\n");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "good"));
    // And back: the same files are known, and stand against what is the baseline now.
    repo.write("number", "p95=1.0\n");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "good"), "better is no drift");
}

/// The number that a known verdict has is compared with itself, as it is the only one there is.
#[test]
fn the_same_tree_again_is_judged_by_its_own_first_number() {
    let repo = measured(", drift = '20%'", "1.0");
    assert_eq!(level(&taken(&repo, 1, &[])).0, "inconclusive");
    let again = taken(&repo, 0, &[]);
    assert_eq!(level(&again), ("validated", "pass", "good"));
}

#[test]
fn a_limit_may_be_crossed_for_a_while() {
    let repo = measured(", fail = 3.0, for = '5m'", "4.0");
    limit(&repo, ", fail = 3.0, for = '5m'");
    let config = repo.read_text(".checkpoint.toml") + "cache = false\n";
    repo.write(".checkpoint.toml", config);
    trust(&repo);
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "warn"));
    repo.advance(120);
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "warn"));
    repo.advance(300);
    assert_eq!(level(&taken(&repo, 1, &[])), ("failed", "fail", "fail"));
    repo.write("number", "p95=1.0\n");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "good"));
    repo.write("number", "p95=4.0\n");
    assert_eq!(level(&taken(&repo, 0, &[])), ("validated", "pass", "warn"), "the time begins anew");
}

#[test]
fn people_see_them() {
    let repo = measured(", warn = 2.0, fail = 3.0", "1.0");
    taken(&repo, 0, &["--name", "a"]);
    repo.write("number", "p95=2.0\n");
    taken(&repo, 0, &["--name", "b"]);
    repo.write("number", "p95=4.0\n");
    let failed = taken(&repo, 1, &[]);
    let shown = repo.checkpoint_ok(&["show", &id(&failed)]).stdout;
    assert!(shown.contains("load  4 s  fail") && shown.contains("p95=4.0"), "{shown}");
    let difference = repo.checkpoint_ok(&["diff", "a", "b"]).stdout;
    assert!(difference.contains("1 s") && difference.contains("+100%"), "{difference}");
    let listed = repo.checkpoint_ok(&["list"]).stdout;
    assert!(listed.contains("from 1 s to 2 s"), "{listed}");
    let listed = repo.checkpoint_ok(&["list", "--all"]).stdout;
    assert!(listed.contains("from 1 s to 4 s") && listed.contains("failed (load: "), "{listed}");
}
