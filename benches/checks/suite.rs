//! The same suite by everybody.

use super::tools::{Ours, Suite, Tool};
use crate::harness::{
    measure::{AS_IS, Plan, Row, Side, compare},
    place::Place,
};

/// Looks for what is nowhere in the first files.
const SEARCH: &str = "#!/bin/sh\n! git ls-files | head -n 200 | xargs grep -q \"nowhere-$1\"\n";
/// A script that works a little.
const COUNT: &str = "#!/bin/sh\nn=0\nwhile [ $n -lt 1000 ]; do n=$((n + 1)); done\ntest $n -gt \"$1\"\n";

/// Twenty that each take milliseconds.
pub(crate) fn quick(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let command = |n: usize| match n % 4 {
        0 | 1 => format!("true {n}"),
        2 => format!("sh suite/search {n}"),
        _ => format!("sh suite/count {n}"),
    };
    run(plan, origin, ("20 quick", &Suite { commands: (0..20).map(command).collect(), at_once: None }))
}

/// Four that take a while, among quick ones.
pub(crate) fn waiting(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let command = |n: usize| match n {
        3 | 7 | 11 | 15 => format!("sleep 0.{:02} && true {n}", 5 * (n / 4 + 1)),
        _ => format!("true {n}"),
    };
    run(
        plan,
        origin,
        ("4 of 50-200 ms, 16 quick", &Suite { commands: (0..20).map(command).collect(), at_once: Some(20) }),
    )
}

fn run(plan: &Plan, origin: &Place<'_>, (what, suite): (&str, &Suite)) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for tool in Tool::ALL {
        let name = format!("check / {}, {what}", tool.name());
        let Some(program) = tool.find() else {
            rows.push(Row::left_out(&name, "it is neither in TEST_MANAGERS nor on PATH"));
            continue;
        };
        let (ours, mut theirs) = origin.two()?;
        for place in [&ours, &theirs] {
            place.write("suite/search", SEARCH.as_bytes())?;
            place.write("suite/count", COUNT.as_bytes())?;
        }
        let ours = Ours::set_up(ours, &suite.commands)?;
        tool.set_up(&mut theirs, suite)?;
        let at_once = suite.at_once.map(|count| count.to_string());
        let args: Vec<&str> = match &at_once {
            Some(count) => vec!["check", "--jobs", count],
            None => vec!["check"],
        };
        let check = || ours.run(&args);
        let tools = || tool.run(&program, &theirs, suite);
        let change = || theirs.reset().and_then(|()| theirs.change(1));
        let cold = Side { prepare: &|| ours.change(), run: &check };
        rows.push(compare(plan, format!("{name}, cold"), 1.0, &cold, &Side { prepare: &change, run: &tools }));
        let again = Side { prepare: AS_IS, run: &check };
        rows.push(compare(plan, format!("{name}, cached"), 1.0, &again, &Side { prepare: AS_IS, run: &tools }));
    }
    Ok(rows)
}
