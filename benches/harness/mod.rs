//! What the benchmarks share: repositories, rounds of two sides in turn, and the command line.

mod generate;
pub(crate) mod measure;
pub(crate) mod memory;
pub(crate) mod place;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/world.rs"]
mod world;

use std::{path::PathBuf, process::ExitCode};

use self::{
    measure::{Plan, Row},
    place::Place,
    world::World,
};

/// One case, which may give several rows.
pub(crate) struct Case {
    /// What `--only` looks at.
    pub(crate) name: &'static str,
    /// Runs it on clones of a repository.
    pub(crate) run: fn(&Plan, &Place<'_>) -> Result<Vec<Row>, String>,
}

/// Runs these cases as the command line says; on generated repositories of so many files, where it names none.
pub(crate) fn main(cases: &[Case], sizes: &[usize]) -> ExitCode {
    let mut plan = Plan { quick: false, only: String::new() };
    let mut given = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => plan.quick = true,
            "--only" => plan.only = args.next().unwrap_or_default(),
            // cargo adds it.
            "--bench" => {}
            _ if arg.starts_with('-') => {
                eprintln!("error: `{arg}` is not known; see the beginning of the benchmark's main.rs");
                return ExitCode::from(2);
            }
            _ => given.push(PathBuf::from(arg)),
        }
    }
    match run(&plan, cases, (&given, sizes)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Plan, cases: &[Case], (given, sizes): (&[PathBuf], &[usize])) -> Result<bool, String> {
    let mut all_ran = true;
    let mut bench = |name: &str, origin: &Place| -> Result<(), String> {
        println!("\n{name}: {} files", origin.git(&["ls-files"])?.lines().count());
        println!("{}", Row::heading());
        for case in cases.iter().filter(|case| plan.takes(case.name)) {
            let rows = (case.run)(plan, origin).unwrap_or_else(|error| vec![Row::failed(case.name, &error)]);
            for row in rows {
                all_ran &= row.ran();
                println!("{row}");
            }
        }
        Ok(())
    };
    for path in given {
        let world = World::new();
        let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        bench(&path.display().to_string(), &Place::clone_of(&world, &path, "origin")?)?;
    }
    let sizes = if given.is_empty() { &sizes[..if plan.quick { 1 } else { sizes.len() }] } else { &[] };
    for size in sizes {
        let world = World::new();
        bench("generated", &generate::repository(&world, *size)?)?;
    }
    Ok(all_ran)
}
