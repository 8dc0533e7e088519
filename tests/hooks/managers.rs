//! The real husky, lefthook and pre-commit, where `.ci/managers` has installed them: `TEST_MANAGERS` names its folder.

use super::*;

/// A repository in which the managers are on PATH; `None`, said loudly, where they are not to be had.
fn with_managers() -> Option<TestRepo> {
    let Some(dir) = std::env::var_os("TEST_MANAGERS").map(PathBuf::from).filter(|dir| dir.join("bin").is_dir()) else {
        println!("SKIPPED: husky, lefthook and pre-commit are not here; `TEST_MANAGERS=$(.ci/managers <folder>)`");
        return None;
    };
    let repo = probed();
    let command = repo.command("git");
    let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).expect("it is set");
    let mut first = dir.join("bin").into_os_string();
    first.push(":");
    first.push(path);
    repo.set_var("PATH", first);
    // pre-commit keeps what it makes there.
    repo.set_var("PRE_COMMIT_HOME", repo.root().join("pre-commit"));
    Some(repo)
}

#[track_caller]
fn run(repo: &TestRepo, program: &str, args: &[&str]) {
    let output = repo.command(program).args(args).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {args:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Commits, amends and pushes; both the manager's hook and ours have to run for each.
#[track_caller]
fn both_run(repo: &TestRepo, when: &str) {
    let _nothing = (arrived(repo), witnessed(repo));
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!((events(repo), witnessed(repo).as_str()), (vec!["post-commit".to_owned()], "post-commit\n"), "{when}");
    let remote = format!("../remote-{}", repo.now().timestamp());
    repo.git(&["init", "-q", "--bare", &remote]);
    repo.git(&["push", "-q", &remote, "main"]);
    let shots = arrived(repo);
    let input = shots[0]["input"].as_str().expect("text").to_owned();
    assert_eq!((shots.len(), input.split(' ').next()), (1, Some("refs/heads/main")), "{when}");
    assert_eq!(witnessed(repo), format!("pre-push {input}"), "{when}");
}

#[track_caller]
fn install(repo: &TestRepo) {
    repo.checkpoint_ok(&["hooks", "install"]);
    let again = repo.checkpoint_ok(&["hooks", "install", "--dry-run"]);
    assert_eq!(again.stdout, "nothing would be changed\n");
    let status = repo.checkpoint_ok(&["hooks", "--json"]).json();
    assert_eq!((&status["state"], &status["troubles"]), (&"installed".into(), &serde_json::json!([])));
    assert_eq!(repo.checkpoint(&["doctor"]).code, 0, "{}", repo.checkpoint(&["doctor"]));
}

/// Whether every event arrives; where not, `status` says so and names the manager.
#[track_caller]
fn survives_or_is_told(repo: &TestRepo, manager: &str) {
    let status = repo.checkpoint_ok(&["hooks", "--json"]).json();
    if status["state"] != "installed" {
        let troubles = status["troubles"].to_string();
        assert!(troubles.contains(manager) && troubles.contains("hooks install"), "{troubles}");
        assert_eq!(repo.checkpoint(&["doctor"]).code, 1);
    }
}

#[test]
fn husky() {
    let Some(repo) = with_managers() else { return };
    let log = repo.root().join("witness").display().to_string();
    repo.write("package.json", "{}\n");
    run(&repo, "husky", &[]);
    repo.write(".husky/post-commit", format!("echo post-commit >>'{log}'\n"));
    repo.write(".husky/pre-push", format!("{{ printf 'pre-push '; cat; }} >>'{log}'\n"));
    repo.commit("husky");
    let before = everything(&repo.path().join(".husky"));
    install(&repo);
    both_run(&repo, "after husky");
    // As every `npm install` does it.
    run(&repo, "husky", &[]);
    survives_or_is_told(&repo, "husky");
    install(&repo);
    both_run(&repo, "after husky was called again");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    let without_times = |all: BTreeMap<PathBuf, String>| -> Vec<(PathBuf, String)> {
        let last = |text: String| text.rsplit(' ').next().unwrap_or_default().to_owned();
        all.into_iter().map(|(path, what)| (path, last(what))).collect()
    };
    assert_eq!(without_times(everything(&repo.path().join(".husky"))), without_times(before));
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn lefthook() {
    let Some(repo) = with_managers() else { return };
    let log = repo.root().join("witness").display().to_string();
    let config = format!(
        "post-commit:\n  commands:\n    one:\n      run: echo post-commit >>'{log}'\npre-push:\n  commands:\n    one:\n      \
         use_stdin: true\n      run: '{{{{ printf \"pre-push \"; cat; }}}} >>\"{log}\"'\n"
    );
    repo.write("lefthook.yml", config.replace("{{{{", "{").replace("}}}}", "}").replace("{{", "{").replace("}}", "}"));
    repo.commit("lefthook");
    run(&repo, "lefthook", &["install"]);
    let before = everything(&repo.path().join(".git/hooks"));
    install(&repo);
    both_run(&repo, "after lefthook");
    run(&repo, "lefthook", &["install", "--force"]);
    survives_or_is_told(&repo, "lefthook");
    install(&repo);
    both_run(&repo, "after lefthook was installed again");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    let names = |all: &BTreeMap<PathBuf, String>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&everything(&repo.path().join(".git/hooks"))), names(&before));
    repo.git(&["commit", "-q", "--allow-empty", "-m", "lefthook alone"]);
    assert!(witnessed(&repo).contains("post-commit"));
}

fn pre_commit_repo(repo: &TestRepo) {
    let log = repo.root().join("witness").display().to_string();
    hook(
        repo,
        "hooks.sh",
        format!(
            "#!/bin/sh\nif [ \"$1\" = pre-push ]; then echo \"pre-push $PRE_COMMIT_LOCAL_BRANCH\"; else echo $1; fi >>'{log}'\n"
        ),
    );
    let entry = |stage: &str| {
        format!(
            "  - id: {stage}\n    name: {stage}\n    language: script\n    entry: ./hooks.sh {stage}\n    stages: [{stage}]\n    \
             always_run: true\n    pass_filenames: false\n"
        )
    };
    let config = format!("repos:\n- repo: local\n  hooks:\n{}{}", entry("post-commit"), entry("pre-push"));
    repo.write(".pre-commit-config.yaml", config);
    repo.commit("pre-commit");
}

/// As [`both_run`]; pre-commit does not hand its standard input on.
#[track_caller]
fn both_run_with_pre_commit(repo: &TestRepo, when: &str) {
    let _nothing = (arrived(repo), witnessed(repo));
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!((events(repo), witnessed(repo).as_str()), (vec!["post-commit".to_owned()], "post-commit\n"), "{when}");
    let remote = format!("../remote-{}", repo.now().timestamp());
    repo.git(&["init", "-q", "--bare", &remote]);
    repo.git(&["push", "-q", &remote, "main"]);
    let shots = arrived(repo);
    assert!(shots[0]["input"].as_str().is_some_and(|input| input.starts_with("refs/heads/main ")), "{when}: {shots:?}");
    assert_eq!((shots.len(), witnessed(repo).as_str()), (1, "pre-push refs/heads/main\n"), "{when}");
}

#[test]
fn pre_commit() {
    let Some(repo) = with_managers() else { return };
    let args = ["install", "-t", "post-commit", "-t", "pre-push"];
    pre_commit_repo(&repo);
    run(&repo, "pre-commit", &args);
    let before = everything(&repo.path().join(".git/hooks"));
    install(&repo);
    both_run_with_pre_commit(&repo, "after pre-commit");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(everything(&repo.path().join(".git/hooks")), before);
    // The other way round: pre-commit keeps ours and runs it.
    repo.checkpoint_ok(&["hooks", "install"]);
    run(&repo, "pre-commit", &args);
    both_run_with_pre_commit(&repo, "pre-commit was installed over ours, which had kept it");
    install(&repo);
    both_run_with_pre_commit(&repo, "ours after that");
    run(&repo, "pre-commit", &args);
    both_run_with_pre_commit(&repo, "and pre-commit once more");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    arrived(&repo);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!((witnessed(&repo).as_str(), arrived(&repo).len()), ("post-commit\n", 0));
}
