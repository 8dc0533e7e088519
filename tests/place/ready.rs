//! What makes a worktree ready: links to the user's folders, and a command.

use super::*;

#[test]
fn folders_of_the_user_are_links_and_stay_whole() {
    let repo = repository();
    repo.write("node_modules/left-pad/index.js", "x\n");
    repo.write("built/users", "x\n");
    repo.write("cache", "a file\n");
    let user = User::of(&repo);
    let shows = "test -L node_modules && test -f node_modules/left-pad/index.js && test -L built && test -f cache";
    for make in [Job::kept, Job::pristine] {
        let linked = |run: &[&str]| make(&repo, run).link(&["node_modules", "built", "cache", "absent"]);
        linked(&[shows, "test ! -e absent", "rm node_modules; mkdir -p node_modules/other", shows]).ok(&repo);
        linked(&[shows, "git reset -q --hard; git clean -fdq", "git clean -fdxq", shows]).ok(&repo);
        // Without them, they are gone.
        make(&repo, &["test ! -e node_modules && test ! -L built && test ! -e cache", CLEAN]).ok(&repo);
        user.assert_untouched();
        assert_eq!(repo.read_text("node_modules/left-pad/index.js"), "x\n");
    }
    repo.remove("node_modules");
    Job::kept(&repo, &["test ! -L node_modules"]).link(&["node_modules"]).ok(&repo);
}

#[test]
fn what_cannot_be_a_link_is_refused_by_name() {
    let repo = repository();
    repo.dir(repo.root().join("outside/in"));
    repo.symlink(repo.root().join("outside"), "cache");
    repo.write("node_modules/a/b", "");
    for (paths, words) in [
        (vec!["file"], "git tracks it"),
        (vec!["src"], "git tracks it"),
        (vec!["short/x"], "git tracks `short`"),
        (vec!["short"], "git tracks it"),
        (vec!["/etc"], "stays in the worktree"),
        (vec!["../outside"], "stays in the worktree"),
        (vec!["node_modules/../../outside"], "stays in the worktree"),
        (vec![".git"], "out of `.git`"),
        (vec![".GIT/hooks"], "out of `.git`"),
        (vec!["src/.git"], "out of `.git`"),
        (vec![""], "stays in the worktree"),
        (vec!["."], "stays in the worktree"),
        (vec!["node_modules/"], "stays in the worktree"),
        (vec!["cache/in"], "leads out"),
        (vec!["node_modules", "node_modules/a"], "it is in there"),
    ] {
        for make in [Job::kept, Job::pristine] {
            let job = make(&repo, &["true"]).link(&paths);
            job.refused(&repo, words);
            job.refused(&repo, &format!("`{}`", paths[paths.len() - 1]));
        }
    }
    assert!(repo.root().join("outside/in").is_dir());
}

#[test]
fn nothing_is_written_or_removed_through_a_link() {
    let repo = repository();
    repo.write("node_modules/pkg/file", "the user's\n");
    repo.write("built/deep/file", "the user's\n");
    let linked = Job::kept(&repo, &["true"]).link(&["node_modules", "built"]).ok(&repo);
    // From now on git tracks what was a link.
    repo.write("elsewhere/node_modules/pkg/file", "tracked\n");
    repo.git(&["--work-tree=elsewhere", "add", "-f", "node_modules/pkg/file"]);
    repo.git(&["commit", "-qm", "Track it"]);
    let tracked = repo.rev("HEAD");
    for (commit, run) in [
        (
            &tracked,
            "test ! -L node_modules && grep -qx tracked node_modules/pkg/file && echo x > node_modules/pkg/file",
        ),
        (&repo.rev("HEAD~1"), "test ! -e node_modules/pkg"),
    ] {
        let done = Job::kept(&repo, &[run]).at(commit).ok(&repo);
        assert_eq!(done.path, linked.path);
        assert_eq!(repo.read_text("node_modules/pkg/file"), "the user's\n");
    }
    // A link that a command has made, above a link that is wanted, and in the place of one.
    let outside = repo.root().join("outside");
    repo.write(outside.join("deep/file"), "precious\n");
    for (trap, link) in [
        (format!("rm -rf built && ln -s '{}' built", outside.display()), "built/deep"),
        (format!("rm -rf built && mkdir built && ln -s '{}' built/deep", outside.display()), "built/deep"),
        (format!("rm -rf built && ln -s '{}' built", outside.display()), "built"),
        ("rm -rf built && mkdir -p built/deep && touch built/deep/real && chmod 500 built/deep".to_owned(), "built"),
    ] {
        let job = Job::kept(&repo, &[&trap, "true"]).at(&repo.rev("HEAD~1")).link(&[link]);
        job.ok(&repo);
        let job = Job { run: vec![format!("test -L {link} && test -e built/deep/file")], ..job };
        let left = Job::kept(&repo, &[&trap]).at(&repo.rev("HEAD~1")).ok(&repo);
        assert_eq!(job.ok(&repo).path, left.path);
        Job::kept(&repo, &["true"]).at(&repo.rev("HEAD~1")).ok(&repo);
        assert_eq!(fs::read_to_string(outside.join("deep/file")).expect("it is there"), "precious\n", "{trap}");
        assert_eq!(repo.read_text("built/deep/file"), "the user's\n", "{trap}");
    }
}

/// A setup command that says that it ran.
fn counting(repo: &TestRepo) -> (String, impl Fn() -> usize) {
    let runs = repo.root().join("runs");
    let command = format!("echo run >> '{}'; mkdir -p built; echo \"$FROM_CALLER\" > built/ready", runs.display());
    (command, move || fs::read_to_string(&runs).unwrap_or_default().lines().count())
}

#[test]
fn setup_runs_when_it_has_to() {
    let repo = repository();
    repo.write("package-lock.json", "1\n");
    repo.write("crates/a/Cargo.lock", "1\n");
    repo.write("Cargo.lock", "1\n");
    repo.commit("Lock");
    let (command, runs) = counting(&repo);
    let when = ["package-lock.json", "**/Cargo.lock"];
    let ready = |expected: usize| {
        let done = Job::kept(&repo, &["grep -qx yes built/ready", CLEAN]).setup(&command, &when).ok(&repo);
        assert_eq!(runs(), expected);
        done.setup
    };
    assert!(ready(1));
    assert!(!ready(1));
    for (turn, file) in ["package-lock.json", "crates/a/Cargo.lock", "Cargo.lock"].iter().enumerate() {
        repo.write("src/other", format!("{turn}\n"));
        repo.commit("Something else");
        assert!(!ready(turn + 1));
        repo.write(file, "2\n");
        repo.commit("Lock again");
        assert!(ready(turn + 2), "{file}");
    }
    // Another command, another user of the place, and back.
    Job::kept(&repo, &["true"]).setup("true", &[]).ok(&repo);
    assert!(!ready(4));
    // A worktree that is made anew is not ready.
    let path = Job::kept(&repo, &["true"]).ok(&repo).path;
    repo.git(&["worktree", "remove", "--force", &path.to_string_lossy()]);
    assert!(ready(5));
    fs::remove_dir_all(&path).expect("it is there");
    assert!(ready(6));
    // A pristine one never is.
    for number in 7..9 {
        let done = Job::pristine(&repo, &["grep -qx yes built/ready"]).setup(&command, &when).ok(&repo);
        assert!(done.setup && runs() == number);
    }
}

#[test]
fn a_setup_that_fails_is_told_and_not_remembered() {
    let repo = repository();
    let online = repo.root().join("online");
    let command = format!("test -f '{}' || {{ echo no network; exit 3; }}", online.display());
    let job = Job::kept(&repo, &["true"]).setup(&command, &["file"]);
    for _ in 0..2 {
        job.refused(&repo, "it exited with code 3");
        job.refused(&repo, "setup");
    }
    repo.write(&online, "");
    assert!(job.ok(&repo).setup);
    assert!(!job.ok(&repo).setup);
    // One that worked with the files of before says nothing of these.
    fs::remove_file(&online).expect("it is there");
    let old = repo.rev("HEAD");
    repo.write("file", "second\n");
    repo.commit("second");
    Job { commit: repo.rev("HEAD"), ..job.clone() }.refused(&repo, "code 3");
    Job { commit: old, ..job.clone() }.refused(&repo, "code 3");
    Job::kept(&repo, &["true"]).setup("true", &[":(nonsense)x"]).refused(&repo, "setup-when");
    Job::kept(&repo, &["true"]).setup("kill -9 $$", &[]).refused(&repo, "signal 9");
}

#[test]
fn what_setup_does_to_tracked_files_is_taken_back() {
    let repo = repository();
    let job = Job::kept(&repo, &[CLEAN, "grep -qx first file && test -f built/it"]);
    job.setup("echo changed > file; rm tool; mkdir built; touch built/it", &[]).ok(&repo);
}
