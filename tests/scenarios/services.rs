//! What the scenarios with services have in common: the steps around a rollback, and the database that goes with the code.

use serde_json::Value;

use super::*;

/// The shop is closed and stopped first; then its caches are cleared, it starts, and has to work before it opens.
pub(super) const STEPS: &str = "[rollback]\nbefore = [\n  { name = \"close\", run = \"python3 manage.py down\" },\n  \
                                { name = \"shut\", run = \"python3 validate.py closed\", continue-on-error = true },\n  \
                                { name = \"stop\", run = \"python3 manage.py stop worker server\" },\n]\nafter = [\n  \
                                { name = \"clear caches\", run = \"python3 manage.py clear-cache\" },\n  \
                                { name = \"start\", run = \"python3 manage.py start server worker\", timeout = \"60s\" },\n  \
                                { name = \"health\", run = \"python3 validate.py health closed\" },\n  \
                                { name = \"open\", run = \"python3 manage.py up\" },\n]\n";

/// The database, in a copy that is whole whoever writes to it.
pub(super) const DATABASE: &str = "[[artifact]]\nname = \"db\"\npath = \"var/shop.sqlite\"\n\
                                   save = \"python3 manage.py save-database\"\n\n";

/// What has to hold once it is open again.
pub(super) const PROVED: &str = "[[check]]\nname = \"proved\"\nrun = \"python3 validate.py health total rows work opened\"\n\
                                 on = [\"rollback\", \"monitor\"]\nseverity = \"critical\"\nisolation = \"none\"\ncache = false\n";

/// The steps of the configuration that were run, in their order.
#[track_caller]
pub(super) fn steps(answer: &Value) -> Vec<(&str, bool)> {
    let steps = answer["steps"].as_array().expect("a list");
    steps.iter().map(|step| (step["name"].as_str().expect("a name"), step["ok"] == true)).collect()
}

/// Asserts that these were run, in this order, and succeeded; what the tool does itself is between them.
#[track_caller]
pub(super) fn expect_steps(answer: &Value, names: &[&str]) {
    let run = steps(answer);
    assert!(run.iter().all(|(_, ok)| *ok), "{answer:#}");
    let mut left = names.iter().peekable();
    for (name, _) in &run {
        left.next_if(|wanted| name.ends_with(**wanted));
    }
    assert_eq!(left.next(), None, "{names:?} in their order: {answer:#}");
}

/// The tables of the database with their number of rows, as `count` prints them.
#[track_caller]
pub(super) fn tables(project: &Project) -> String {
    project.manage("count")
}
