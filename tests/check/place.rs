//! Where a check runs: among the user's files only where they are what is to be validated.

use std::fs;

use super::*;

/// Says where it runs: `in place`, or the folder.
fn place(repo: &TestRepo, answer: &Value) -> String {
    let log = fs::read_to_string(answer["checks"][0]["log"].as_str().expect("a log")).expect("it is there");
    let first = log.lines().next().expect("a line").to_owned();
    if first == repo.path().to_string_lossy() { "in place".into() } else { first }
}

fn where_is_it(more: &[&str]) -> String {
    check("unit", "pwd -P; ls -A", &[&["cache = false"], more].concat())
}

#[test]
fn it_is_in_place_where_the_files_are_the_tree() {
    let repo = configured(&where_is_it(&[]));
    repo.write(".gitignore", "built\n");
    repo.commit("Ignore");
    repo.write("built", "output of the user's build\n");
    let said = answer(&repo, 0, &[]);
    assert_eq!(place(&repo, &said), "in place");
    let log = fs::read_to_string(said["checks"][0]["log"].as_str().expect("a log")).expect("it is there");
    assert!(log.lines().any(|line| line == "built"), "it sees ignored files: {log}");
    assert_eq!(place(&repo, &answer(&repo, 0, &["HEAD"])), "in place", "a commit that is what is on disk");
    repo.write("file", "dirty\n");
    repo.write("new", "x\n");
    assert_eq!(place(&repo, &answer(&repo, 0, &[])), "in place", "the working state is what is to be validated");
    let private = place(&repo, &answer(&repo, 0, &["HEAD"]));
    assert!(private.contains("git-checkpoint-kept"), "{private}");
    repo.checkpoint_ok(&["create", "--name", "now"]);
    assert_eq!(place(&repo, &answer(&repo, 0, &["now"])), "in place", "the checkpoint is what is on disk");
}

#[test]
fn what_no_commit_can_hold_keeps_it_from_running_in_place() {
    let repo = configured(&("[capture]\nmax-file-size = '1KiB'\n".to_owned() + &where_is_it(&[])));
    repo.write("large", vec![b'x'; 2000]);
    let said = answer(&repo, 0, &[]);
    assert!(place(&repo, &said).contains("git-checkpoint-kept"), "{said}");
    repo.remove("large");
    assert_eq!(place(&repo, &answer(&repo, 0, &[])), "in place");

    let repo = TestRepo::with_commit();
    let inner = repo.at(beside(&repo, "inner"));
    inner.git(&["init", "-q", "-b", "main"]);
    inner.write("inside", "1\n");
    inner.commit("inside");
    repo.git(&["submodule", "--quiet", "add", &inner.path().to_string_lossy(), "sub"]);
    configure(&repo, &where_is_it(&[]));
    assert_eq!(place(&repo, &answer(&repo, 0, &[])), "in place");
    repo.write("sub/inside", "changed\n");
    let said = answer(&repo, 0, &[]);
    assert!(place(&repo, &said).contains("git-checkpoint-kept"), "{said}");
}

#[test]
fn isolation_is_as_configured() {
    let repo = configured(&where_is_it(&["isolation = 'worktree'"]));
    assert!(place(&repo, &answer(&repo, 0, &[])).contains("git-checkpoint-kept"));
    configure(&repo, &where_is_it(&["isolation = 'none'"]));
    repo.write("file", "dirty\n");
    assert_eq!(place(&repo, &answer(&repo, 0, &["HEAD"])), "in place", "it looks at no files");
    configure(&repo, &where_is_it(&["clean = true"]));
    let said = answer(&repo, 0, &[]);
    let private = place(&repo, &said);
    assert!(private != "in place" && !private.contains("kept") && !PathBuf::from(&private).exists(), "{private}");
}

#[test]
fn a_kept_worktree_keeps_what_is_ignored_and_a_clean_one_has_nothing() {
    let count = "ls built 2>/dev/null | wc -l; mkdir -p built; touch built/$$";
    let of = |repo: &TestRepo| {
        let said = answer(repo, 0, &[]);
        let log = fs::read_to_string(said["checks"][0]["log"].as_str().expect("a log")).expect("it is there");
        log.trim().to_owned()
    };
    for (more, expected) in [("isolation = 'worktree'", ["0", "1", "2"]), ("clean = true", ["0", "0", "0"])] {
        let repo = TestRepo::with_commit();
        repo.write(".gitignore", "built/\n");
        configure(&repo, &check("unit", count, &[more, "cache = false"]));
        assert_eq!([of(&repo), of(&repo), of(&repo)], expected, "{more}");
    }
}

#[test]
fn a_private_worktree_is_made_ready() {
    let repo = TestRepo::with_commit();
    repo.write(".gitignore", "deps/\nnode_modules\n");
    repo.write("deps.lock", "1\n");
    repo.write("node_modules/tool", "#!/bin/sh\necho tool\n");
    repo.chmod("node_modules/tool", 0o755);
    let setup = "echo setup >> \"$HOME/../setups\"; mkdir -p deps; cp deps.lock deps/";
    let more = [
        &format!("setup = '''{setup}'''"),
        "setup-when = ['*.lock']",
        "link = ['node_modules']",
        "isolation = 'worktree'",
        "cache = false",
    ];
    configure(&repo, &check("unit", "node_modules/tool && cmp deps.lock deps/deps.lock", &more));
    let setups = || fs::read_to_string(beside(&repo, "setups")).unwrap_or_default().lines().count();
    let before = repo.state();
    answer(&repo, 0, &[]);
    answer(&repo, 0, &[]);
    before.assert_same(&repo.state());
    assert_eq!(setups(), 1, "nothing has changed");
    repo.write("deps.lock", "2\n");
    answer(&repo, 0, &[]);
    assert_eq!(setups(), 2);
    assert_eq!(repo.read_text("node_modules/tool"), "#!/bin/sh\necho tool\n");
    // What cannot be made ready gives no answer, and the log says why.
    configure(&repo, &check("unit", RAN, &["setup = 'echo broken; exit 3'", "isolation = 'worktree'"]));
    let said = answer(&repo, 1, &[]);
    assert!(verdicts(&said) == "unit=inconclusive" && why(&said).contains("setup"), "{said}");
    assert_eq!(runs(&repo), 0);
}

#[test]
fn nothing_of_the_users_is_touched_and_no_hook_is_called() {
    let tamper =
        "git add -A; git commit -qm theirs; git checkout -q -b theirs; git tag theirs; git config user.name X; true";
    let repo = configured(&check("unit", &format!("echo x > file; {tamper}"), &["isolation = 'worktree'"]));
    let (user, hooks) = (repo.git(&["config", "-l"]), repo.git_dir().join("hooks"));
    for hook in
        ["post-checkout", "post-index-change", "reference-transaction", "pre-commit", "post-commit", "pre-auto-gc"]
    {
        let path = hooks.join(hook);
        repo.write(
            &path,
            "#!/bin/sh\necho \"$0 $*\" >> \"$HOME/../hooked\"\ntest -t 0 || cat >> \"$HOME/../hooked\"\n",
        );
        repo.chmod(&path, 0o755);
    }
    let own = "printf x > \"$HOME/../run\"";
    configure_quietly(&repo, &check("unit", own, &["isolation = 'worktree'", "clean = true"]));
    repo.write("file", "dirty\n");
    let before = (repo.state(), repo.fingerprint(), repo.git(&["rev-parse", "HEAD"]));
    let _forget = fs::remove_file(beside(&repo, "hooked"));
    for args in [&[][..], &["HEAD"], &["HEAD", "--no-cache"]] {
        answer(&repo, 0, args);
    }
    before.0.assert_same(&repo.state());
    before.1.assert_same(&repo.fingerprint());
    assert_eq!((before.2, user), (repo.git(&["rev-parse", "HEAD"]), repo.git(&["config", "-l"])));
    let hooked = fs::read_to_string(beside(&repo, "hooked")).unwrap_or_default();
    // Only who wants to know of refs is told, of the one that is everybody's.
    let others = |line: &&str| !line.ends_with("refs/notes/checkpoint") && !line.contains("/reference-transaction ");
    assert_eq!(hooked.lines().find(others), None, "a hook of the user's was called: {hooked}");
    assert_eq!(fs::read_to_string(beside(&repo, "run")).expect("it ran"), "x");
    repo.fsck();
}

/// As [`configure`], without a commit that would call hooks.
fn configure_quietly(repo: &TestRepo, config: &str) {
    repo.write(".checkpoint.toml", config);
    repo.git(&["add", "-A"]);
    repo.git(&["-c", "core.hooksPath=/nowhere", "commit", "-qm", "Configure"]);
    trust(repo);
}
