//! Agreement with `git cherry-pick` itself: the same tree, the same message, the same paths in conflict, over real
//! histories that somebody has to bring,
//!
//! ```text
//! TEST_HISTORIES=/path/to/one:/path/to/other TEST_PICKS=700 \
//!     cargo test --test it -- --ignored --exact pick::agreement::real_histories --nocapture
//! ```
//!
//! and over generated ones for every run. Nothing is changed in those repositories: new ones borrow their objects.

use git_checkpoint::{
    git::{
        objects,
        pick::{Manner, Pick, Picker},
    },
    model::Oid,
};

use super::{
    Told, commit_text, machine_var,
    random::{Random, history as generated, without_labels},
};
use crate::support::{TestRepo, answer};

/// One pick: the commit, where to, and options of `git cherry-pick`.
type Wanted = (String, String, Vec<&'static str>);

/// What options are tried; most picks have none.
const OPTIONS: [&[&str]; 10] = [
    &[],
    &[],
    &[],
    &["-x"],
    &["-x", "--signoff"],
    &["--signoff"],
    &["-Xours"],
    &["-Xtheirs", "-x"],
    &["-Xno-renames"],
    &["-Xfind-renames=80%", "-Xignore-space-change"],
];

const ONLY_CHERRY_PICK: &str = "this git cannot say beforehand what `-X` leads to";

#[derive(Debug, Default)]
struct Tally {
    picks: usize,
    clean: usize,
    conflicting: usize,
    different: Vec<String>,
}

#[test]
#[ignore = "needs repositories, see above"]
fn real_histories() {
    let Some(histories) = machine_var("TEST_HISTORIES") else { return };
    let picks: usize = machine_var("TEST_PICKS").and_then(|picks| picks.parse().ok()).unwrap_or(700);
    let mut all = Vec::new();
    for source in histories.split(':').filter(|source| !source.is_empty()) {
        let (ours, git) = (borrowing(source), borrowing(source));
        let commits = super::history::all_commits(&ours, source);
        let mut random = Random(seed());
        let wanted: Vec<Wanted> = super::history::choose(&commits, picks, seed())
            .into_iter()
            .map(|(_, onto, commit)| (commit, onto, random.of(&OPTIONS).to_vec()))
            .collect();
        let tally = compare(&ours, &git, &wanted);
        let told = format!(
            "{source}: {} picks, {} clean, {} conflicting, {} disagreements\n",
            tally.picks,
            tally.clean,
            tally.conflicting,
            tally.different.len()
        );
        std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).expect("it is open");
        all.extend(tally.different);
    }
    assert!(all.is_empty(), "{}", all.join("\n\n"));
}

#[test]
fn generated_histories_with_options() {
    let mut tally = Tally::default();
    for round in 1..=3 {
        let mut random = Random(u64::wrapping_mul(seed() + round, 0x9e37_79b9_7f4a_7c15) | 1);
        let repo = generated(&mut random);
        let clone = super::clone_of(&repo);
        let mut wanted = Vec::new();
        for (branch, other) in [("one", "two"), ("two", "one")] {
            for commit in repo.git(&["rev-list", &format!("main..{branch}")]).lines() {
                wanted.push((commit.to_owned(), repo.rev(other), random.of(&OPTIONS).to_vec()));
            }
        }
        let more = compare(&repo, &clone, &wanted);
        tally.picks += more.picks;
        tally.clean += more.clean;
        tally.conflicting += more.conflicting;
        tally.different.extend(more.different);
    }
    assert!(tally.different.is_empty(), "{}", tally.different.join("\n\n"));
    assert!(tally.clean > 5 && tally.conflicting > 5, "the histories are one-sided: {tally:?}");
}

fn seed() -> u64 {
    machine_var("TEST_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(0x2545_f491_4f6c_dd1d)
}

/// A new repository that has the objects of `source`.
fn borrowing(source: &str) -> TestRepo {
    let repo = TestRepo::new();
    repo.write(".git/objects/info/alternates", format!("{}\n", super::history::source_objects(source)));
    repo
}

fn compare(repo: &TestRepo, clone: &TestRepo, wanted: &[Wanted]) -> Tally {
    let lines: Vec<String> =
        wanted.iter().map(|(commit, onto, options)| format!("{commit} {onto} {}", options.join(" "))).collect();
    let answers = repo.inside("pick::agreement::child", &lines);
    let version = repo.git(&["version"]);
    let is_old = (0..44).any(|minor| version.starts_with(&format!("git version 2.{minor}.")));
    let mut tally = Tally { picks: wanted.len(), ..Tally::default() };
    for (wanted, answer) in wanted.iter().zip(answers) {
        let ours = match answer.split_once(' ').unwrap_or((&answer, "")) {
            (word @ ("clean" | "redundant"), id) => {
                Told::Commit { redundant: word == "redundant", text: commit_text(repo, id) }
            }
            ("conflict", paths) => Told::Conflict(super::list(paths, '\t')),
            (_, why) => Told::Refused(why.to_owned()),
        };
        // Before git 2.44 only `git cherry-pick` takes options of the merge, and a recover leaves such picks to it.
        if ours == Told::Refused(ONLY_CHERRY_PICK.to_owned()) && is_old {
            continue;
        }
        let git = super::git_pick_with(clone, &wanted.0, &wanted.1, &wanted.2);
        let (ours, git) = (without_labels(ours), without_labels(git));
        match &git {
            Told::Commit { .. } => tally.clean += 1,
            _ => tally.conflicting += 1,
        }
        if ours != git {
            tally.different.push(format!("{wanted:?}\n  ours {ours:?}\n  git  {git:?}"));
        }
    }
    tally
}

#[test]
#[ignore = "started by other tests"]
fn child() {
    answer(|repo, line| {
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let mut id = || Oid::from_hex(words.next().expect("two names").as_bytes()).expect("a full name");
        let (commit, onto) = (id(), id());
        let options: Vec<&str> = words.collect();
        let strategy: Vec<String> =
            options.iter().filter_map(|option| option.strip_prefix("-X")).map(str::to_owned).collect();
        let mut manner = Manner::default();
        manner.record_origin = options.contains(&"-x");
        manner.signoff = options.contains(&"--signoff");
        let manner = manner.with_strategy(&strategy).expect("git knows them");
        let picker = Picker::new(repo, &super::identity(repo)).expect("a picker");
        let mut picker = picker.in_manner(manner);
        let told = match picker.pick(commit, onto, None) {
            Ok(Pick::Clean(id)) => format!("clean {id}"),
            Ok(Pick::Redundant { commit, .. }) => format!("redundant {commit}"),
            Ok(Pick::Conflict(paths)) => format!("conflict {}", super::join(paths.iter().map(ToString::to_string))),
            Err(error) => format!("refused {error}"),
        };
        objects::flush(repo).expect("objects can be written");
        told
    });
}
