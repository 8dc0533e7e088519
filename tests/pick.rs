//! Picks are what `git cherry-pick` makes of the same commits.

mod agreement;
mod cases;
mod history;
mod random;

use git_checkpoint::{
    config::Env,
    git::{
        Repo,
        capture::Identity,
        objects,
        pick::{Pick, Picker, applied_by},
    },
    model::Oid,
};

use crate::support::{TestRepo, answer};

/// What a pick gave: the commit's text without its committer, or the paths in conflict, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    Commit { redundant: bool, text: String },
    Conflict(Vec<String>),
    Refused(String),
}

/// Picks `commit` onto `onto` with this program.
#[track_caller]
fn pick(repo: &TestRepo, commit: &str, onto: &str, mainline: usize) -> Told {
    picks(repo, &[(commit, onto, mainline)]).remove(0)
}

#[track_caller]
fn picks(repo: &TestRepo, wanted: &[(&str, &str, usize)]) -> Vec<Told> {
    let lines: Vec<String> =
        wanted.iter().map(|(commit, onto, mainline)| format!("pick {commit} {onto} {mainline}")).collect();
    let answers = repo.inside("pick::child", &lines);
    let told = answers.iter().map(|answer| match answer.split_once(' ').unwrap_or((answer, "")) {
        ("clean", id) => Told::Commit { redundant: false, text: commit_text(repo, id) },
        ("redundant", id) => Told::Commit { redundant: true, text: commit_text(repo, id) },
        ("conflict", paths) => Told::Conflict(list(paths, '\t')),
        (_, why) => Told::Refused(why.to_owned()),
    });
    told.collect()
}

/// Picks `commit` onto `onto` with git, in `clone`.
#[track_caller]
fn git_pick(clone: &TestRepo, commit: &str, onto: &str, mainline: usize) -> Told {
    let nth = mainline.to_string();
    let options = ["-m", &nth];
    git_pick_with(clone, commit, onto, if mainline > 0 { &options } else { &[] })
}

/// The same with options of `git cherry-pick`.
#[track_caller]
fn git_pick_with(clone: &TestRepo, commit: &str, onto: &str, options: &[&str]) -> Told {
    clone.git(&["checkout", "-q", "--detach", "--force", onto]);
    clone.git(&["clean", "-qfdx"]);
    let mut args = vec!["cherry-pick", "--allow-empty", "--keep-redundant-commits"];
    args.extend(options);
    args.push(commit);
    let output = clone.git_raw(&args);
    if output.status.success() {
        let redundant = clone.rev("HEAD^{tree}") == clone.rev(&format!("{onto}^{{tree}}"));
        return Told::Commit { redundant, text: commit_text(clone, "HEAD") };
    }
    let unmerged = clone.git(&["diff", "--name-only", "-z", "--diff-filter=U"]);
    let paths = list(&unmerged, '\0');
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if paths.is_empty() && stderr.starts_with("error: commit") {
        let why = stderr.lines().next().unwrap_or_default();
        return Told::Refused(why.trim_start_matches("error: ").trim_end_matches('.').to_owned());
    }
    clone.git(&["reset", "-q", "--hard"]);
    Told::Conflict(paths)
}

fn list(paths: &str, separator: char) -> Vec<String> {
    paths.split(separator).filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

fn commit_text(repo: &TestRepo, id: &str) -> String {
    let output = repo.git_raw(&["cat-file", "commit", id]);
    assert!(output.status.success(), "there is no commit {id}");
    let text = output.stdout.escape_ascii().to_string();
    let lines: Vec<&str> = text.split("\\n").collect();
    let kept = lines.iter().map(|line| if line.starts_with("committer ") { "committer" } else { line });
    kept.collect::<Vec<_>>().join("\n")
}

/// Asserts that both make the same of it.
#[track_caller]
fn assert_same_pick(repo: &TestRepo, clone: &TestRepo, commit: &str, onto: &str) -> Told {
    let (ours, git) = (pick(repo, commit, onto, 0), git_pick(clone, commit, onto, 0));
    assert_eq!(ours, git, "picking {commit} onto {onto}");
    ours
}

/// A clone to try git in, and one with the objects of its own that this program makes.
fn clone_of(repo: &TestRepo) -> TestRepo {
    let clone = TestRepo::clone_of(repo);
    clone.git(&["fetch", "-q", "origin", "+refs/*:refs/all/*"]);
    clone
}

fn identity(repo: &Repo) -> Identity {
    let committer = repo.gix().committer().expect("it is set").expect("its date is valid");
    Identity { signature: committer.to_owned().expect("its date is valid"), is_fallback: false }
}

#[test]
#[ignore = "started by other tests"]
fn child() {
    let mut held: Option<Vec<String>> = None;
    answer(|repo, line| {
        let words: Vec<&str> = line.split(' ').collect();
        let id = |word: &str| repo.gix().rev_parse_single(word).expect("it exists").detach();
        match words[..] {
            ["pick", commit, onto, mainline] => {
                let mainline = mainline.parse().ok().filter(|nth| *nth > 0);
                let mut picker = Picker::new(repo, &identity(repo)).expect("a picker");
                let told = match picker.pick(id(commit), id(onto), mainline) {
                    Ok(Pick::Clean(id)) => format!("clean {id}"),
                    Ok(Pick::Redundant { commit, .. }) => format!("redundant {commit}"),
                    Ok(Pick::Conflict(paths)) => format!("conflict {}", join(paths.iter().map(ToString::to_string))),
                    Err(error) => format!("refused {error}"),
                };
                objects::flush(repo).expect("objects can be written");
                told
            }
            ["candidates", ..] => {
                held = Some(words[1..].iter().filter(|word| !word.is_empty()).map(|word| (*word).to_owned()).collect());
                String::new()
            }
            ["applied", upstream] => {
                let candidates: Vec<Oid> = held.iter().flatten().map(|word| id(word)).collect();
                let found = applied_by(repo, &candidates, id(upstream)).expect("it can be told");
                let mut found: Vec<String> = found.keys().map(ToString::to_string).collect();
                found.sort();
                found.join(" ")
            }
            _ => panic!("unknown request {line}"),
        }
    });
}

fn join(paths: impl Iterator<Item = String>) -> String {
    paths.collect::<Vec<_>>().join("\t")
}

/// The environment of the machine, for the tests that somebody starts by hand.
fn machine_var(name: &str) -> Option<String> {
    Env::from_process().var(name).map(|value| value.to_string_lossy().into_owned())
}
