//! `git checkpoint recover --good`: which commits come back is found out with the checks, through the program.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    check::{RAN, check, configure, runs},
    schema::assert_is,
    support::TestRepo,
};

mod attacks;
mod found;
mod refused;
mod verified;

/// Commits in a line, for `git fast-import`: each changes these files to these contents, one change a file.
pub(crate) struct Line {
    text: String,
    from: String,
    count: usize,
}

impl Line {
    /// On a new branch `broken`, from here.
    pub(crate) fn from(repo: &TestRepo) -> Self {
        Line { text: String::new(), from: repo.rev("HEAD"), count: 0 }
    }

    /// One more.
    pub(crate) fn commit(&mut self, files: &[(&str, &str)]) {
        let message = format!("change {}", self.count);
        let who = format!("Somebody <some@body> {} +0000", 1_795_000_000 + self.count);
        self.text +=
            &format!("commit refs/heads/broken\nauthor {who}\ncommitter {who}\ndata {}\n{message}\n", message.len());
        if self.count == 0 {
            self.text += &format!("from {}\n", self.from);
        }
        for (name, content) in files {
            self.text += &format!("M 100644 inline {name}\ndata {}\n{content}\n", content.len());
        }
        self.count += 1;
    }

    /// Makes them; their names, oldest first.
    pub(crate) fn make(&self, repo: &TestRepo) -> Vec<String> {
        repo.git_with_input(&["fast-import", "--quiet", "--force"], &self.text);
        let range = format!("{}..broken", self.from);
        repo.git(&["rev-list", "--reverse", &range]).lines().map(str::to_owned).collect()
    }
}

/// A check that fails where there is a file `bad…`, and tells that it ran.
pub(crate) fn no_bad(more: &[&str]) -> String {
    check("unit", &format!("{RAN}; ! ls | grep -q '^bad'"), more)
}

/// A history with culprits, and commits that do not apply without others.
pub(crate) struct Planted {
    pub(crate) repo: TestRepo,
    pub(crate) commits: Vec<String>,
    culprits: BTreeSet<usize>,
    /// The one that each needs.
    needs: Vec<Option<usize>>,
}

impl Planted {
    /// So many commits; each culprit adds a file that the check fails for, and what needs another changes its file.
    pub(crate) fn new(config: &str, total: usize, culprits: &[usize], needs: &[(usize, usize)]) -> Self {
        let repo = TestRepo::with_commit();
        configure(&repo, config);
        let culprits: BTreeSet<usize> = culprits.iter().copied().collect();
        let mut of: Vec<Option<usize>> = vec![None; total];
        for (one, other) in needs {
            of[*one] = Some(*other);
        }
        let mut line = Line::from(&repo);
        for n in 0..total {
            let bad = format!("bad{n}");
            let changed = of[n].map(|mut root| {
                while let Some(next) = of[root] {
                    root = next;
                }
                (format!("file{root}"), format!("changed by {n}\n"))
            });
            let (own, content) = changed.unwrap_or((format!("file{n}"), format!("made by {n}\n")));
            let mut files = vec![(own.as_str(), content.as_str())];
            if culprits.contains(&n) {
                files.push((&bad, "x\n"));
            }
            line.commit(&files);
        }
        let commits = line.make(&repo);
        assert_eq!(commits.len(), total);
        Planted { repo, commits, culprits, needs: of }
    }

    /// Whether a commit, or one that it needs, is a culprit.
    fn is_lost(&self, mut n: usize) -> bool {
        loop {
            match (self.culprits.contains(&n), self.needs[n]) {
                (true, _) => return true,
                (false, None) => return false,
                (false, Some(other)) => n = other,
            }
        }
    }

    /// What is to become of each.
    fn expected(&self) -> Vec<&'static str> {
        (0..self.commits.len())
            .map(|n| match (self.needs[n].is_some_and(|other| self.is_lost(other)), self.culprits.contains(&n)) {
                (true, _) => "conflicts",
                (false, true) => "breaks",
                (false, false) => "picked",
            })
            .collect()
    }

    /// `recover main..broken --good`, with its exit code; the answer is as described.
    #[track_caller]
    pub(crate) fn recover(&self, code: i32, more: &[&str]) -> Value {
        let run = self.repo.checkpoint(&[&["recover", "main..broken", "--good", "--json"], more].concat());
        assert_eq!(run.code, code, "{run}");
        let value = run.json();
        assert_is(&value, if value["error"].is_object() { "error" } else { "recover" });
        value
    }

    /// That exactly what was planted was found, within the limit where one was asked at a time.
    #[track_caller]
    pub(crate) fn assert_found(&self, answer: &Value, is_bound: bool) {
        assert_eq!(fates(answer), self.expected(), "{answer}");
        let count = usize::try_from(answer["validations"].as_u64().expect("a number")).expect("small");
        let found = self.expected().iter().filter(|fate| **fate == "breaks").count();
        let most = git_checkpoint::model::search::limit(self.commits.len(), found);
        assert!(!is_bound || count <= most, "{count} are more than {most}");
        for (n, fate) in answer["fates"].as_array().expect("fates").iter().enumerate() {
            assert_eq!(fate["commit"], self.commits[n].as_str());
            let without: Vec<&str> =
                fate["without"].as_array().expect("commits").iter().filter_map(Value::as_str).collect();
            match self.expected()[n] {
                "breaks" => assert_eq!((fate["check"].as_str(), without.len()), (Some("unit"), 0), "{fate}"),
                "conflicts" => {
                    assert!(!without.is_empty(), "{fate}");
                    let lost = |commit: &&str| {
                        let at = self.commits.iter().position(|known| known == commit).expect("one of them");
                        at < n && self.expected()[at] != "picked"
                    };
                    assert!(without.iter().all(lost), "{fate}");
                }
                _ => assert!(fate["check"].is_null() && without.is_empty(), "{fate}"),
            }
        }
    }
}

/// What becomes of each commit, oldest first.
pub(crate) fn fates(answer: &Value) -> Vec<&str> {
    let fates = answer["fates"].as_array().expect("fates");
    fates.iter().map(|fate| fate["fate"].as_str().expect("a word")).collect()
}

/// Numbers that are the same at every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Less than `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).expect("few")).expect("few")
    }
}
