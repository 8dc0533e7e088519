//! Random histories: every commit of one branch onto the other.

use std::collections::BTreeSet;

use super::{Told, clone_of, git_pick, machine_var, picks};
use crate::support::TestRepo;

/// A small reproducible source of choices (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    pub(super) fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

#[test]
fn random_histories_are_picked_as_git_picks_them() {
    let rounds = machine_var("PICK_ROUNDS").and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let first = machine_var("PICK_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut outcomes = [0, 0, 0];
    for seed in first..first + rounds {
        let mut random = Random(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15) | 1);
        let repo = history(&mut random);
        let clone = clone_of(&repo);
        let mut wanted = Vec::new();
        for (branch, other) in [("one", "two"), ("two", "one")] {
            let commits = repo.git(&["rev-list", "--reverse", &format!("main..{branch}")]);
            wanted.extend(commits.lines().map(|commit| (commit.to_owned(), other)));
        }
        let pairs: Vec<(&str, &str, usize)> = wanted.iter().map(|(commit, onto)| (commit.as_str(), *onto, 0)).collect();
        let ours = picks(&repo, &pairs);
        for ((commit, onto, _), ours) in pairs.iter().zip(ours) {
            let git = git_pick(&clone, commit, &format!("refs/all/heads/{onto}"), 0);
            let (ours, git) = (without_labels(ours), without_labels(git));
            assert_eq!(ours, git, "seed {seed}: picking {commit} onto {onto}");
            outcomes[match ours {
                Told::Commit { redundant: false, .. } => 0,
                Told::Commit { redundant: true, .. } => 1,
                _ => 2,
            }] += 1;
        }
        repo.fsck();
    }
    assert!(outcomes[0] > 0 && outcomes[2] > 0, "the histories are one-sided: {outcomes:?}");
}

/// Where a file and a folder want one path, git renames the file to `<path>~<what its side is called>`.
pub(super) fn without_labels(told: Told) -> Told {
    let Told::Conflict(paths) = told else {
        return told;
    };
    let plain = |path: &String| path.split_once('~').map_or(path.clone(), |(path, _)| path.to_owned());
    Told::Conflict(paths.iter().map(plain).collect::<BTreeSet<_>>().into_iter().collect())
}

pub(super) fn history(random: &mut Random) -> TestRepo {
    let repo = TestRepo::new();
    for (n, path) in
        ["a", "b.txt", "src/one.rs", "src/two.rs", "src/deep/three.rs", "doc/x", "doc/y", "crlf.txt"].iter().enumerate()
    {
        let end = if path.contains("crlf") { "\r\n" } else { "\n" };
        repo.write(path, (0..14).map(|line| format!("{n} line {line} of {path}{end}")).collect::<String>());
    }
    repo.write("binary", (0..300u16).map(|n| (n % 7) as u8).collect::<Vec<_>>());
    repo.symlink("a", "link");
    if random.below(3) == 0 {
        repo.write(".gitattributes", "src/deep/* -merge\n*.txt merge=union\n");
    }
    repo.commit("base");
    for branch in ["one", "two"] {
        repo.git(&["checkout", "-q", "-b", branch, "main"]);
        for n in 0..6 {
            for _ in 0..=random.below(3) {
                change(&repo, random);
            }
            repo.commit(&format!("{branch} {n}\n\nbody  \n\n\n{n}"));
        }
    }
    repo
}

fn files(repo: &TestRepo) -> Vec<String> {
    repo.git(&["ls-files", "-co", "--exclude-standard"])
        .lines()
        .filter(|path| repo.path().join(path).symlink_metadata().is_ok_and(|data| !data.is_dir()))
        .filter(|path| *path != ".gitattributes")
        .map(str::to_owned)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn change(repo: &TestRepo, random: &mut Random) {
    let files = files(repo);
    if files.is_empty() {
        return repo.write("again", "again\n");
    }
    let path = random.of(&files).clone();
    let is_link = repo.path().join(&path).is_symlink();
    match random.below(20) {
        0..=8 if !is_link => edit(repo, &path, random),
        9 => repo.remove(&path),
        10 => write_new(
            repo,
            random.of::<&str>(&["new", "src/new.rs", "doc/new", "other/new", "a/b", "src/deep/new"]),
            "new\n",
        ),
        11 => write_new(repo, &format!("n{}/m{}", random.below(2), random.below(3)), &format!("{}\n", random.below(2))),
        12 if !is_link => repo.chmod(&path, *random.of(&[0o755, 0o644])),
        13 => {
            repo.remove(&path);
            repo.symlink(random.of(&["a", "b.txt", "src"]), &path);
        }
        14 | 15 => {
            let to = *random.of(&["moved", "src/moved.rs", "doc/moved", "lib/moved"]);
            rename(repo, &path, to);
        }
        16 => {
            let (from, to) =
                random.of(&[("src", "lib"), ("doc", "manual"), ("src/deep", "src/deeper"), ("lib", "src")]);
            if repo.path().join(from).is_dir() {
                rename(repo, from, to);
            }
        }
        17 => {
            let (moved, to) = (path.clone(), format!("{path}.moved"));
            rename(repo, &moved, &to);
            if repo.exists(&to) && !is_link {
                edit(repo, &to, random);
            }
        }
        18 => {
            repo.remove(&path);
            repo.write(format!("{path}/inside"), "a folder now\n");
        }
        _ if !is_link => {
            let mut bytes = repo.read(&path);
            bytes.push(random.below(4) as u8);
            repo.write(&path, bytes);
        }
        _ => {}
    }
}

/// Writes a file, unless something is in its way.
fn write_new(repo: &TestRepo, path: &str, text: &str) {
    let path = repo.path().join(path);
    if std::fs::create_dir_all(path.parent().expect("it is below the top")).is_ok() && !path.is_dir() {
        std::fs::write(path, text).ok();
    }
}

/// Changes, adds or removes a line.
fn edit(repo: &TestRepo, path: &str, random: &mut Random) {
    let text = repo.read(path);
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let at = random.below(lines.len() + 1);
    let new = format!("changed {}\n", random.below(3)).into_bytes();
    match random.below(3) {
        0 if at < lines.len() => drop(lines.remove(at)),
        1 => lines.insert(at, new),
        _ if at < lines.len() => lines[at] = new,
        _ => lines.push(new),
    }
    repo.write(path, lines.concat());
}

fn rename(repo: &TestRepo, from: &str, to: &str) {
    let parent = repo.path().join(to).parent().expect("it is below the top").to_owned();
    if !repo.exists(to) && std::fs::create_dir_all(parent).is_ok() {
        std::fs::rename(repo.path().join(from), repo.path().join(to)).ok();
    }
}
