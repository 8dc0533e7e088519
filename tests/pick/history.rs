//! Agreement with git over a real history, which somebody has to bring:
//!
//! ```text
//! PICK_HISTORY=/path/to/repository PICK_PAIRS=2000 \
//!     cargo test --test it -- --ignored --exact pick::history::agrees_with_git_on_a_real_history --nocapture
//! ```
//!
//! Nothing is changed in that repository: it is only borrowed from by a new one.

use super::machine_var;
use crate::support::TestRepo;

#[test]
#[ignore = "needs a repository, see above"]
fn agrees_with_git_on_a_real_history() {
    let Some(source) = machine_var("PICK_HISTORY") else {
        return;
    };
    let pairs: usize = machine_var("PICK_PAIRS").and_then(|pairs| pairs.parse().ok()).unwrap_or(2000);
    let repo = TestRepo::new();
    repo.write(".git/objects/info/alternates", format!("{}\n", source_objects(&source)));
    let commits = all_commits(&repo, &source);
    assert!(commits.len() > 100, "{source} has too few commits");
    let wanted = choose(&commits, pairs, 0x2545_f491_4f6c_dd1d);

    let started = std::time::Instant::now();
    let lines: Vec<String> = wanted.iter().map(|(base, onto, commit)| format!("{base} {onto} {commit}")).collect();
    let ours = repo.inside("pick::history::child", &lines);
    let (took, started) = (started.elapsed(), std::time::Instant::now());
    let asked: String = wanted.iter().map(|(base, onto, commit)| format!("{base} -- {onto} {commit}\n")).collect();
    let git = repo.git_with_input(&["merge-tree", "--write-tree", "--stdin", "--name-only", "--no-messages"], asked);
    let git_took = started.elapsed();
    let git = answers(&git);
    assert_eq!(git.len(), ours.len());

    let (mut clean, mut different) = (0, Vec::new());
    for ((wanted, ours), git) in wanted.iter().zip(&ours).zip(&git) {
        clean += usize::from(git.starts_with("clean"));
        // Markers name the sides differently, so the tree of a conflict is not compared.
        if ours != git && *ours != with_attributes(&repo, wanted) {
            different.push(format!("{wanted:?}\n  ours {ours}\n  git  {git}"));
        }
    }
    let told = format!("{} picks, {clean} clean: ours {took:?}, git in one process {git_took:?}", wanted.len());
    std::io::Write::write_all(&mut std::io::stderr(), format!("{told}\n").as_bytes()).expect("it is open");
    assert!(different.is_empty(), "{} of {told}\n{}", different.len(), different.join("\n"));
}

#[test]
#[ignore = "started by another test"]
fn child() {
    use git_checkpoint::{git::pick::Picker, model::Oid};
    crate::support::answer(|repo, line| {
        let repo = &*repo;
        let id = |word: &str| Oid::from_hex(word.as_bytes()).expect("a full name");
        let words: Vec<&str> = line.split(' ').collect();
        let tree = |word: &str| repo.tree_of(id(word)).expect("a commit");
        let mut picker = Picker::new(repo, &super::identity(repo)).expect("a picker");
        let merged = picker.merge(tree(words[0]), tree(words[1]), tree(words[2])).expect("they can be merged");
        if merged.clean {
            format!("clean {}", merged.tree)
        } else {
            format!("conflict {}", super::join(merged.conflicts.iter().map(ToString::to_string)))
        }
    });
}

/// The answer of git where it sees the attributes of the target, as `git cherry-pick` does; the one process cannot.
fn with_attributes(repo: &TestRepo, (base, onto, commit): &(String, String, String)) -> String {
    let (source, base) = (format!("--attr-source={onto}"), format!("--merge-base={base}"));
    let merge = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"];
    let output = repo.git_raw(&[&[source.as_str()], &merge[..], &[base.as_str(), onto, commit]].concat());
    let verdict = if output.status.success() { "1" } else { "0" };
    answers(&format!("{verdict}\0{}\0", String::from_utf8_lossy(&output.stdout))).remove(0)
}

pub(super) fn source_objects(source: &str) -> String {
    let git_dir = std::path::Path::new(source);
    let inner = git_dir.join(".git/objects");
    let objects = if inner.is_dir() { inner } else { git_dir.join("objects") };
    objects.to_string_lossy().into_owned()
}

pub(super) fn all_commits(repo: &TestRepo, source: &str) -> Vec<(String, Vec<String>)> {
    let list = repo.git(&["-C", source, "rev-list", "--topo-order", "--parents", "--all"]);
    let words = list.lines().map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    words.filter_map(|words| words.split_first().map(|(id, parents)| (id.clone(), parents.to_vec()))).collect()
}

/// Base, target and commit; the target is near the commit in the history, as in real use.
pub(super) fn choose(commits: &[(String, Vec<String>)], pairs: usize, mut state: u64) -> Vec<(String, String, String)> {
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % limit
    };
    let mut chosen = Vec::new();
    while chosen.len() < pairs {
        let at = below(commits.len());
        let reach = [5, 40, 400][below(3)];
        let onto = (at + reach).saturating_sub(below(2 * reach)).min(commits.len() - 1);
        let (commit, parents) = &commits[at];
        if let [parent] = &parents[..]
            && *parent != commits[onto].0
        {
            chosen.push((parent.clone(), commits[onto].0.clone(), commit.clone()));
        }
    }
    chosen
}

/// `<1 or 0>NUL<tree>NUL<paths, each NUL>NUL` for every merge.
fn answers(stdout: &str) -> Vec<String> {
    let mut fields = stdout.split('\0');
    let mut told = Vec::new();
    while let Some(verdict) = fields.next().filter(|verdict| !verdict.is_empty()) {
        let tree = fields.next().unwrap_or_default().to_owned();
        let paths: Vec<String> = fields.by_ref().take_while(|path| !path.is_empty()).map(str::to_owned).collect();
        told.push(if verdict == "1" { format!("clean {tree}") } else { format!("conflict {}", paths.join("\t")) });
    }
    told
}
