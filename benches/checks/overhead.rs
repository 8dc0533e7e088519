//! What this program adds to the checks themselves.

use std::{fs, process::Stdio};

use super::tools::Ours;
use crate::harness::{
    measure::{AS_IS, Plan, Row, Side, above, added, compare},
    memory::peak,
    place::{Place, discard},
};

/// The time from the first to the last moment, without the longest check.
pub(crate) fn over_the_longest(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for count in [1, 8, 20] {
        let (ours, _) = origin.two()?;
        let commands: Vec<String> = (0..count).map(|n| format!("sleep 0.5 && true {n}")).collect();
        let ours = Ours::set_up(ours, &commands)?;
        let jobs = count.to_string();
        let check = || ours.run(&["check", "--jobs", &jobs]);
        let name = format!("check, {count} of 500 ms side by side / 500 ms");
        rows.push(above(plan, name, 50.0, &Side { prepare: &|| ours.change(), run: &check }, 500.0));
    }
    Ok(rows)
}

/// A thousand of them: the time of each, what they cost when all is known, and memory.
pub(crate) fn thousand(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (one, many) = origin.two()?;
    let commands: Vec<String> = (0..1000).map(|n| format!("true {n}")).collect();
    let mut one = Ours::set_up(one, &commands[..1])?;
    let mut many = Ours::set_up(many, &commands)?;
    // What a shell takes to start them, by turns, is the least that it can be.
    let loops = "n=0; while [ $n -lt 500 ]; do sh -c \"true $n\" & sh -c \"true $n\"; wait; n=$((n + 1)); done";
    let shell = || discard(many.place().other_command("sh".as_ref()).args(["-c", loops]));
    let check = || many.run(&["check"]);
    let cold = Side { prepare: &|| many.change(), run: &check };
    let mut rows =
        vec![compare(plan, "check, 1,000 / sh, two at once, cold", 2.0, &cold, &Side { prepare: AS_IS, run: &shell })];
    many.know()?;
    one.know()?;
    let check = || many.run(&["check"]);
    let single = || one.run(&["check"]);
    let (cached, known) = (Side { prepare: AS_IS, run: &check }, Side { prepare: AS_IS, run: &single });
    rows.push(added(plan, "check, 1,000 / 1, cached", 50.0, &cached, &known));
    one.change()?;
    let small = peak(&mut one.command(&["check"]))?;
    many.change()?;
    let large = peak(&mut many.command(&["check"]))?;
    rows.push(Row::of_values("peak memory, check, cold: 1,000 / 1", 2.0, large, small, "MiB"));
    Ok(rows)
}

/// `create` with a check whose verdict is known, and without any.
pub(crate) fn create(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (with, mut without) = origin.two()?;
    without.write("no-checks", b"")?;
    without.commit_all()?;
    let mut with = Ours::set_up(with, &["true 1".into()])?;
    with.know()?;
    let ours = Side { prepare: &|| with.place().reset(), run: &|| with.run(&["create"]) };
    let theirs = Side { prepare: &|| without.reset(), run: &|| without.ours(&["create"]) };
    let row = added(plan, "create, clean: cached check / no check", 5.0, &ours, &theirs);
    with.place().expect_record()?;
    let tags = with.place().git(&["tag", "--list", "*checkpoint*"])?;
    if tags.trim().is_empty() {
        return Err("the checkpoint has no tag, so its check did not pass".into());
    }
    Ok(vec![row])
}

/// The hook as git calls it before a push, with a check whose verdict is known, and without any.
pub(crate) fn pre_push(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (with, mut without) = origin.two()?;
    without.write("no-checks", b"")?;
    without.commit_all()?;
    let mut ours = Ours::set_up(with, &["true 1".into()])?;
    ours.know()?;
    for place in [ours.place(), &without] {
        let head = place.git(&["rev-parse", "HEAD"])?;
        let line = format!("refs/heads/main {} refs/heads/other {}\n", head.trim(), "0".repeat(head.trim().len()));
        place.write(".git/pushed", line.as_bytes())?;
    }
    let hook = |command: &mut std::process::Command, place: &Place<'_>| -> Result<(), String> {
        let lines = fs::File::open(place.path().join(".git/pushed")).map_err(|error| error.to_string())?;
        discard(command.args(["hook", "pre-push", "origin", "/nowhere"]).stdin(Stdio::from(lines)))
    };
    let (with, theirs) = (
        Side { prepare: AS_IS, run: &|| hook(&mut ours.command(&[]), ours.place()) },
        Side { prepare: AS_IS, run: &|| hook(&mut without.our_command(), &without) },
    );
    Ok(vec![added(plan, "pre-push: cached check / no check", 5.0, &with, &theirs)])
}
