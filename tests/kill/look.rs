//! What a user has, without the names that differ from run to run, and what must never be lost.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use crate::support::{Picture, TestRepo, with_input};

/// The state of a worktree and the branches and tags, with commits named by what is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    picture: Picture,
}

impl Look {
    pub(super) fn at(repo: &TestRepo) -> Self {
        let mut picture = repo.state();
        let name = picture.head.split(' ').next().unwrap_or_default().to_owned();
        picture.head = format!("{name} {}", repo.git(&["log", "--format=%T %an %at %s", "HEAD"]));
        let refs = repo.git(&["for-each-ref", "--format=%(refname) %(tree)%(*tree)", "refs/heads", "refs/tags"]);
        // Names of backups and tags have the time in them.
        let stable = |line: &str| {
            let (name, tree) = line.split_once(' ').unwrap_or((line, ""));
            let name = ["refs/heads/broken-", "refs/tags/checkpoint-"]
                .into_iter()
                .find(|p| name.starts_with(p))
                .unwrap_or(name);
            format!("ref {name} {tree}")
        };
        picture.status.extend(refs.lines().map(stable));
        let beside = ["CHERRY_PICK_HEAD", "MERGE_HEAD", "REVERT_HEAD", "sequencer"];
        let there = beside.into_iter().filter(|name| repo.git_dir().join(name).exists());
        picture.status.extend(there.map(|name| format!("beside {name}")));
        Look { picture }
    }

    pub(super) fn without_tags(&self) -> Self {
        let mut look = self.clone();
        look.picture.status.retain(|line| !line.starts_with("ref refs/tags/"));
        look
    }

    #[track_caller]
    pub(super) fn assert_same(&self, wanted: &Look) {
        wanted.picture.assert_same(&self.picture);
    }
}

/// Bytes and commits that must stay: in place, or in an object that a ref leads to.
pub(super) struct Treasure {
    commits: Vec<String>,
    staged: Vec<String>,
    files: Vec<(PathBuf, Vec<u8>, String)>,
}

impl Treasure {
    /// All that is there now: files of any sort, what is staged, what branches and tags lead to.
    pub(super) fn of(repo: &TestRepo) -> Self {
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
        let staged = repo.git(&["ls-files", "-s"]);
        let staged = staged.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned);
        let mut paths = Vec::new();
        collect(repo.path(), Path::new(""), &mut paths);
        Treasure {
            commits: words(repo.git(&["rev-list", "--all"])),
            staged: staged.collect(),
            files: files(repo, paths),
        }
    }

    pub(super) fn of_files(repo: &TestRepo, paths: &[&str]) -> Self {
        Treasure {
            commits: Vec::new(),
            staged: Vec::new(),
            files: files(repo, paths.iter().map(PathBuf::from).collect()),
        }
    }

    #[track_caller]
    pub(super) fn assert_safe(&self, repo: &TestRepo) {
        let reachable = repo.git(&["rev-list", "--objects", "--no-object-names", "--all", "--indexed-objects"]);
        let reachable: HashSet<&str> = reachable.lines().collect();
        for id in self.commits.iter().chain(&self.staged) {
            assert!(reachable.contains(id.as_str()), "{id} is not reachable");
        }
        for (path, bytes, id) in &self.files {
            let in_place = std::fs::read(repo.path().join(path)).is_ok_and(|now| now == *bytes);
            assert!(in_place || reachable.contains(id.as_str()), "`{}` is lost", path.display());
        }
    }
}

fn files(repo: &TestRepo, paths: Vec<PathBuf>) -> Vec<(PathBuf, Vec<u8>, String)> {
    let file = |path: PathBuf| {
        let bytes = repo.read(&path);
        let output = with_input(repo.command("git").args(["hash-object", "--stdin"]), &bytes);
        (path, bytes, String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    paths.into_iter().map(file).collect()
}

/// Regular files, without the repository itself.
fn collect(top: &Path, dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(top.join(dir)).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = dir.join(entry.file_name());
        let kind = entry.file_type().expect("an entry");
        if kind.is_dir() && path != Path::new(".git") {
            collect(top, &path, paths);
        } else if kind.is_file() {
            paths.push(path);
        }
    }
}

/// Locks and temporary files in the repository, but for objects on their way, which git itself removes in time.
pub(super) fn left_over(repo: &TestRepo) -> Vec<String> {
    let mut paths = Vec::new();
    walk(&repo.git_dir(), Path::new(""), &mut paths);
    let is_left = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.ends_with(".lock") || name.ends_with(".new") || name.starts_with("checkpoint-") || name.starts_with("tmp_")
    };
    paths.retain(|path| {
        is_left(path) && !path.starts_with("objects/") && !path.contains("refs/tags/") && !path.contains("COMMIT")
    });
    paths
}

fn walk(top: &Path, dir: &Path, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(top.join(dir)).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = dir.join(entry.file_name());
        if entry.file_type().expect("an entry").is_dir() {
            walk(top, &path, paths);
        } else {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
}
