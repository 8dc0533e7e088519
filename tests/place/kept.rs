//! Kept worktrees: what stays, what is put right, and who has which.

use super::*;

#[test]
fn what_git_ignores_stays_and_all_else_is_that_of_the_commit() {
    let repo = repository();
    let first = repo.rev("HEAD");
    let user = User::of(&repo);
    let made = Job::kept(&repo, &[CLEAN, "mkdir -p built other && touch built/it other/it src/new && echo x >> file"])
        .ok(&repo);
    assert_eq!(made.changed, ["\"\"", "\"file\""]);
    let again = Job::kept(&repo, &[CLEAN, "test -f built/it && test ! -e other && test ! -e src/new"]).ok(&repo);
    assert_eq!(made.path, again.path);
    user.assert_untouched();
    repo.write("file", "second\n");
    repo.git(&["rm", "-rqf", "short"]);
    repo.write("short/now a folder", "");
    repo.commit("second");
    Job::kept(&repo, &["grep second file && test -f 'short/now a folder' && test -f built/it"]).ok(&repo);
    Job::kept(&repo, &[CLEAN, "grep first file && test -f built/it"]).at(&first).ok(&repo);
    assert_kept(&repo, 1);
    // Between two commands, what git does not track stays.
    Job::kept(&repo, &["touch here", "test -f here"]).ok(&repo);
}

/// Each does something to the worktree that the next must not see.
const DAMAGES: [&str; 22] = [
    "rm .git",
    "rm .git && git -C .. rev-parse 2>/dev/null; git clean -fdxq; git reset -q --hard; true",
    "rm .git && mkdir .git && touch .git/x",
    "rm .git && git init -q . && git add . && git -c user.name=x -c user.email=x commit -qm x",
    "rm .git && ln -s /etc .git",
    "rm -rf \"$PWD\"",
    "touch \"$(git rev-parse --git-dir)/index.lock\" \"$(git rev-parse --git-dir)/HEAD.lock\"",
    "echo garbage > \"$(git rev-parse --git-path index)\"",
    "echo garbage > \"$(git rev-parse --git-path HEAD)\"; echo ../.. > \"$PWD/.git\"",
    "rm -f \"$(git rev-parse --git-path index)\" \"$(git rev-parse --git-path HEAD)\"",
    "rm -rf \"$(git rev-parse --absolute-git-dir)\"",
    "git switch -qc other && echo x > file && git commit -qam 'on a branch'",
    "git update-index --assume-unchanged file && echo worse > file",
    "git update-index --skip-worktree file && rm file",
    "cp -p file /tmp/same.$$ && echo worst > file && touch -r /tmp/same.$$ file; rm /tmp/same.$$",
    "git sparse-checkout set src 2>/dev/null; git config core.sparseCheckout true",
    "rm -rf src && ln -s \"$USERS/src\" src",
    "rm -rf src && ln -s \"$USERS/src\" src && rm -rf file && ln -s \"$USERS\" file",
    "mkdir -p built/ro/x && touch built/ro/x/f src/ro && mkdir left && touch left/x && chmod 500 left built/ro src",
    "git checkout -q HEAD~1 && git -c user.name=x -c user.email=x merge -q --no-ff --no-commit HEAD@{1} 2>/dev/null; true",
    "chmod 0 file tool src",
    "git worktree prune; git gc -q --prune=now; git worktree list",
];

#[test]
fn whatever_a_command_does_there_is_put_right() {
    let repo = repository();
    repo.git(&["config", "user.name", "x"]);
    repo.write("src/untracked", "the user's\n");
    repo.set_var("USERS", repo.path());
    for damage in DAMAGES {
        let user = User::of(&repo);
        let other = Job::kept(&repo, &["true"]).ok(&repo).path;
        // Once found by the next command, and once by the next run.
        let within = Job::kept(&repo, &[damage, TRACKED]).answer(&repo);
        let ended = &within["results"][1]["ended"];
        assert!(ended == "Code(0)" || within["error"].is_string(), "{damage}: {within}");
        assert!(ended == "Code(0)" || damage.contains("absolute-git-dir"), "{damage}: {within}");
        let _as_it_may = Job::kept(&repo, &[damage]).answer(&repo);
        let next = Job::kept(&repo, &[CLEAN]).ok(&repo);
        assert_eq!(next.path, other, "{damage}");
        repo.git_raw(&["branch", "-q", "-D", "other"]);
        repo.git_raw(&["config", "--unset", "core.sparseCheckout"]);
        repo.git_raw(&["config", "--unset", "extensions.worktreeConfig"]);
        repo.git_raw(&["config", "--unset", "core.repositoryformatversion"]);
        repo.git(&["config", "core.repositoryformatversion", "0"]);
        let now = User::of(&repo);
        user.state.assert_same(&now.state);
        assert_eq!(user.refs, now.refs, "{damage}");
        assert_kept(&repo, 1);
    }
    repo.fsck();
}

#[test]
fn a_branch_that_a_command_has_left_checked_out_can_be_deleted() {
    let repo = repository();
    Job::kept(&repo, &["git switch -qc other"]).ok(&repo);
    repo.git(&["branch", "-d", "other"]);
    repo.git(&["branch", "topic"]);
    Job::kept(&repo, &["true"]).ok(&repo);
    repo.git(&["branch", "-d", "topic"]);
}

#[test]
fn no_hook_of_the_user_runs_and_nothing_of_theirs_leaks_in() {
    let repo = repository();
    let fired = repo.root().join("fired");
    for hook in
        ["post-checkout", "post-index-change", "reference-transaction", "post-rewrite", "pre-auto-gc", "monitor"]
    {
        let path = repo.git_dir().join("hooks").join(hook);
        repo.write(&path, format!("#!/bin/sh\necho {hook} >> '{}'\n", fired.display()));
        repo.chmod(&path, 0o755);
    }
    repo.git(&["config", "core.hooksPath", &repo.git_dir().join("hooks").to_string_lossy()]);
    repo.git(&["config", "core.fsmonitor", &repo.git_dir().join("hooks/monitor").to_string_lossy()]);
    repo.git(&["sparse-checkout", "set", "--cone", "nothing"]);
    repo.git(&["config", "--worktree", "user.name", "Only Here"]);
    assert!(!repo.exists("src/deep/file"), "it is sparse");
    let _may_be_missing = fs::remove_file(&fired);
    for make in [Job::kept, Job::pristine] {
        let checks = [CLEAN, "test \"$(git config user.name)\" = 'Only Here'", "echo x > file"];
        let job = make(&repo, &checks);
        let before = fs::read(&fired).unwrap_or_default();
        job.ok(&repo);
        // What commands of the check itself call is theirs: `git status` tells the monitor.
        let after = fs::read_to_string(&fired).unwrap_or_default();
        let new = &after[before.len()..];
        assert!(new.lines().all(|hook| hook == "monitor" || hook == "post-index-change"), "{new}");
    }
    let _may_be_missing = fs::remove_file(&fired);
    Job::kept(&repo, &["echo x > file"]).ok(&repo);
    Job::pristine(&repo, &["echo x > file"]).ok(&repo);
    assert!(!fired.exists(), "{}", fs::read_to_string(&fired).unwrap_or_default());
    assert!(!repo.exists("src/deep/file"), "it is sparse still");
}

#[test]
fn each_has_one_of_their_own_at_once() {
    let repo = repository();
    let user = User::of(&repo);
    let here = repo.root().join("here");
    fs::create_dir(&here).expect("it is new");
    let wait = format!("touch '{0}'/$$; while test $(ls '{0}' | wc -l) -lt 6; do sleep 0.02; done", here.display());
    let paths: Vec<PathBuf> = std::thread::scope(|scope| {
        let job = |_| scope.spawn(|| Job::kept(&repo, &[&wait, CLEAN]).ok(&repo).path);
        let all: Vec<_> = (0..6).map(job).collect();
        all.into_iter().map(|job| job.join().expect("it is well")).collect()
    });
    let different: std::collections::BTreeSet<_> = paths.iter().collect();
    assert_eq!(different.len(), 6, "{paths:?}");
    let make_older = |numbers: std::ops::RangeInclusive<u32>, hours: u64| {
        for number in numbers {
            let lock = repo.git_dir().join(format!("checkpoint/worktrees/{number}/lock"));
            let file = fs::File::options().write(true).open(lock).expect("it is there");
            let age = Duration::from_secs(hours * 60 * 60);
            file.set_modified(std::time::SystemTime::now() - age).expect("it is ours");
        }
    };
    // Those that are too many go when one is taken, but not while they may be needed again.
    Job::kept(&repo, &["true"]).ok(&repo);
    assert_kept(&repo, 6);
    make_older(2..=6, 2);
    Job::kept(&repo, &["true"]).ok(&repo);
    assert_kept(&repo, 4);
    // Those that were not used for long, too.
    make_older(2..=3, 15 * 24);
    Job::kept(&repo, &["true"]).ok(&repo);
    assert_kept(&repo, 2);
    user.assert_untouched();
}

#[test]
fn places_that_cannot_be_used_are_passed_over() {
    let repo = repository();
    let all = repo.git_dir().join("checkpoint/worktrees");
    repo.write(all.join("1"), "a file\n");
    repo.dir("elsewhere");
    repo.symlink(repo.path().join("elsewhere"), all.join("2"));
    repo.dir(all.join("3/lock"));
    repo.dir(all.join("4/git-checkpoint-kept/built"));
    repo.write(all.join("4/git-checkpoint-kept/built/it"), "");
    let made = Job::kept(&repo, &[CLEAN, "test -f built/it"]).ok(&repo);
    assert!(made.path.starts_with(all.join("4")), "what was left without an entry is adopted: {:?}", made.path);
    assert_eq!(fs::read_dir(repo.path().join("elsewhere")).expect("it is there").count(), 0);
    // A link in the place of the worktree leads nowhere.
    repo.remove(&made.path);
    repo.write("elsewhere/precious", "x\n");
    repo.symlink(repo.path().join("elsewhere"), &made.path);
    let next = Job::kept(&repo, &[CLEAN]).ok(&repo);
    assert_eq!(next.path, made.path);
    assert_eq!(repo.read_text("elsewhere/precious"), "x\n");
    assert!(!repo.exists("elsewhere/file"));
}

#[test]
fn sorts_of_repositories_that_are_special() {
    let plain = repository();
    let linked = plain.linked_worktree("linked");
    let sha256 = filled(TestRepo::sha256());
    let super_repo = TestRepo::clone_of(&plain);
    super_repo.git(&["submodule", "--quiet", "add", &plain.path().to_string_lossy(), "sub"]);
    let submodule = super_repo.at("sub");
    let elsewhere = plain.at(plain.root().join("elsewhere"));
    elsewhere.git(&["init", "-q", "--separate-git-dir", "../separate.git", "."]);
    elsewhere.write("file", "first\n");
    let elsewhere = filled(elsewhere);
    let named = plain.at(plain.root().join("named"));
    named.git(&["init", "-q", "."]);
    named.write("file", "first\n");
    let named = filled(named);
    named.git(&["config", "core.worktree", &named.path().to_string_lossy()]);
    for repo in [&linked, &sha256, &submodule, &elsewhere, &named] {
        repo.write("built/mine", "the user's, ignored\n");
        let user = User::of(repo);
        for make in [Job::kept, Job::pristine] {
            make(repo, &[CLEAN, "echo x > file; rm .git; git reset -q --hard; git clean -fdxq; rm -rf src", CLEAN])
                .ok(repo);
            make(repo, &[CLEAN]).ok(repo);
        }
        user.assert_untouched();
        assert_kept(repo, 1);
    }
}

#[test]
fn a_copy_of_a_repository_leaves_the_worktrees_of_the_first_alone() {
    let repo = repository();
    let first = Job::kept(&repo, &["mkdir -p built && touch built/first"]).ok(&repo);
    let copy = repo.at(repo.root().join("copy"));
    let copied = repo.command("cp").arg("-a").arg(repo.path().join(".")).arg(copy.path()).status().expect("a cp");
    assert!(copied.success());
    let second = Job::kept(&copy, &[CLEAN, "test -f built/first && touch built/second"]).ok(&copy);
    assert!(second.path.starts_with(copy.path()), "{:?}", second.path);
    assert_kept(&copy, 1);
    Job::kept(&repo, &[CLEAN, "test -f built/first && test ! -e built/second"]).ok(&repo);
    assert_kept(&repo, 1);
    // A repository that was moved.
    let moved = repo.at(repo.root().join("moved"));
    fs::remove_dir(moved.path()).expect("it is empty");
    fs::rename(repo.path(), moved.path()).expect("the name is free");
    let after = Job::kept(&moved, &[CLEAN, "test -f built/first"]).ok(&moved);
    assert!(after.path.starts_with(moved.path()) && !first.path.exists());
    assert_kept(&moved, 1);
}

#[test]
fn git_gc_and_prune_leave_them() {
    let repo = repository();
    Job::kept(&repo, &["mkdir -p built && touch built/it"]).ok(&repo);
    repo.git(&["worktree", "prune", "--expire=now", "-v"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    assert_kept(&repo, 1);
    Job::kept(&repo, &[CLEAN, "test -f built/it"]).ok(&repo);
    // What the user takes away is made again.
    let path = Job::kept(&repo, &["true"]).ok(&repo).path;
    repo.git(&["worktree", "remove", "--force", &path.to_string_lossy()]);
    Job::kept(&repo, &[CLEAN, "test ! -e built"]).ok(&repo);
    let doctor = repo.checkpoint(&["doctor"]);
    assert!(!doctor.stdout.contains("private worktree"), "{doctor}");
}

#[test]
fn a_failure_of_the_files_keeps_what_was_built() {
    let repo = repository();
    Job::kept(&repo, &["mkdir -p built && touch built/it"]).ok(&repo);
    repo.write(".gitattributes", "filtered filter=remote\n");
    repo.write("filtered", "x\n");
    let second = repo.commit("With a filter");
    repo.git(&["config", "filter.remote.smudge", "test -f \"$HOME/online\" && cat"]);
    repo.git(&["config", "filter.remote.clean", "cat"]);
    repo.git(&["config", "filter.remote.required", "true"]);
    Job::kept(&repo, &["true"]).at(&second).refused(&repo, "filter");
    repo.write(repo.root().join("home/online"), "");
    Job::kept(&repo, &[CLEAN, "test -f built/it && test -f filtered"]).at(&second).ok(&repo);
    assert_kept(&repo, 1);
}
