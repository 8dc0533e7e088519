//! The program and git side by side, as whole processes, interleaved.
//!
//!     cargo bench --bench compare --locked -- [--quick] [--only WORDS] [REPOSITORY …]
//!
//! Without a repository, generated ones of 1,000, 10,000 and 50,000 files are used; a given one is cloned first and
//! never written to. `--quick` takes the smallest and few rounds; `--only` takes the cases whose name has WORDS. Ends
//! with 1 where a case could not be run; a target that is missed is shown and does not change the exit code.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is a program")]

mod cases;
mod generate;
mod measure;
mod memory;
mod place;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/world.rs"]
mod world;

use std::{path::PathBuf, process::ExitCode};

use self::{
    measure::{Plan, Row},
    place::Place,
    world::World,
};

/// Sizes of the generated repositories, in files.
const SIZES: [usize; 3] = [1_000, 10_000, 50_000];

fn main() -> ExitCode {
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
                eprintln!("error: `{arg}` is not known; see benches/compare/main.rs");
                return ExitCode::from(2);
            }
            _ => given.push(PathBuf::from(arg)),
        }
    }
    match run(&plan, &given) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Plan, given: &[PathBuf]) -> Result<bool, String> {
    let mut all_ran = true;
    let mut bench = |name: &str, origin: &Place| -> Result<(), String> {
        println!("\n{name}: {} files", origin.git(&["ls-files"])?.lines().count());
        println!("{}", Row::heading());
        for case in cases::ALL.iter().filter(|case| plan.takes(case.name)) {
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
    let sizes = if given.is_empty() { &SIZES[..if plan.quick { 1 } else { SIZES.len() }] } else { &[] };
    for size in sizes {
        let world = World::new();
        bench("generated", &generate::repository(&world, *size)?)?;
    }
    Ok(all_ran)
}
