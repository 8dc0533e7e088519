//! Where git looks for hook files: every place that can be set, and those in which nothing may be put.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

/// Refused, with nothing changed and something to do said.
#[track_caller]
fn refused(repo: &TestRepo, code: i32, words: &str) {
    let before = everything(repo.path());
    let run = repo.checkpoint(&["hooks", "install"]);
    assert_eq!(run.code, code, "{run}");
    let said = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(words) && run.stderr.contains("hint: "), "{run}");
    assert_eq!(everything(repo.path()), before, "{run}");
    assert!(!repo.exists(".git/checkpoint/hooks"));
}

/// Installed, called, and taken away without a trace; `folder` is where the files go.
#[track_caller]
fn works_in(repo: &TestRepo, folder: &Path) {
    let parent = folder.parent().expect("it is in one").to_owned();
    let before = everything(&parent);
    repo.checkpoint_ok(&["hooks", "install"]);
    assert!(folder.join("post-commit").is_file());
    arrived(repo);
    witnessed(repo);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(repo), ["post-commit"]);
    assert_eq!(witnessed(repo), "post-commit|post-commit|\n");
    let installed = everything(folder);
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(everything(folder), installed);
    assert!(!repo.git(&["status", "--porcelain"]).contains("post-merge"), "git does not show ours as new");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    let hooks_only = |all: BTreeMap<PathBuf, String>| -> BTreeMap<PathBuf, String> {
        all.into_iter().filter(|(path, _)| !path.to_string_lossy().contains("/.git/")).collect()
    };
    assert_eq!(hooks_only(everything(&parent)), hooks_only(before));
}

#[test]
fn a_folder_that_is_set_for_this_repository() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    for name in [".husky/_", "../beside", "it's a \"folder\"\twith $HOME `x` *"] {
        witness(&repo, format!("{name}/post-commit"), 0);
        if !name.starts_with("..") {
            repo.write(".gitignore", "*\n");
        }
        repo.git(&["config", "core.hooksPath", name]);
        works_in(&repo, &repo.path().join(name).canonicalize().expect("it was made"));
        let absolute = repo.path().join(name);
        repo.git(&["config", "core.hooksPath", &absolute.to_string_lossy()]);
        works_in(&repo, &absolute.canonicalize().expect("it was made"));
    }
}

#[test]
fn a_folder_with_a_line_end_in_its_name() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    let repo = {
        let path = repo.root().join("two\nlines and 'quotes'");
        fs::rename(repo.path(), &path).expect("the same file system");
        repo.at(path)
    };
    witness(&repo, ".git/hooks/post-commit", 0);
    works_in(&repo, &repo.path().join(".git/hooks"));
}

#[test]
fn a_folder_that_does_not_exist_comes_and_goes() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    repo.git(&["config", "core.hooksPath", ".git/a/b"]);
    repo.checkpoint_ok(&["hooks", "install"]);
    assert!(repo.exists(".git/a/b/post-commit"));
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert!(!repo.exists(".git/a/b"));
}

#[test]
fn folders_of_everybody_are_refused() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    let folder = repo.dir("../shared");
    let shared = folder.to_string_lossy().into_owned();
    repo.git(&["config", "--global", "core.hooksPath", &shared]);
    refused(&repo, 1, "core.hooksPath is set for all repositories of this user");
    // What the hint says works.
    let own = repo.git(&["rev-parse", "--path-format=absolute", "--git-common-dir"]) + "/hooks";
    repo.git(&["config", "--local", "core.hooksPath", &own]);
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    repo.git(&["config", "--local", "--unset", "core.hooksPath"]);
    repo.git(&["config", "--global", "--unset", "core.hooksPath"]);
    repo.set_var("GIT_CONFIG_COUNT", "1");
    repo.set_var("GIT_CONFIG_KEY_0", "core.hooksPath");
    repo.set_var("GIT_CONFIG_VALUE_0", &shared);
    refused(&repo, 1, "core.hooksPath is set for this call only");
    repo.set_var("GIT_CONFIG_COUNT", "0");
    // A link out of the repository is such a folder as well.
    let _may_be_missing = fs::remove_dir(repo.path().join(".git/hooks"));
    symlink(&folder, repo.path().join(".git/hooks")).expect("it is gone");
    refused(&repo, 1, "is a link to");
    assert_eq!(fs::read_dir(&folder).expect("it was made").count(), 0);
}

#[test]
fn settings_that_lead_nowhere_are_refused() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    repo.git(&["config", "core.hooksPath", ""]);
    refused(&repo, 1, "core.hooksPath is empty");
    repo.git(&["config", "core.hooksPath", "."]);
    refused(&repo, 1, "is not for hooks alone");
    repo.git(&["config", "core.hooksPath", "file"]);
    refused(&repo, 1, "is no folder");
    let bare = repo.at("../bare.git");
    bare.git(&["init", "-q", "--bare", "."]);
    let run = bare.checkpoint(&["hooks", "install"]);
    assert_eq!(run.code, 4, "{run}");
    assert!(run.stderr.contains("is a bare repository"), "{run}");
}

#[test]
fn tracked_hooks_are_refused_all_at_once_and_may_call_us_themselves() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    for event in ["post-commit", "pre-push"] {
        hook(&repo, format!(".githooks/{event}"), "#!/bin/sh\n");
    }
    repo.commit("hooks");
    repo.git(&["config", "core.hooksPath", ".githooks"]);
    refused(&repo, 1, "post-commit` is a file of the worktree");
    refused(&repo, 1, "pre-push` is a file of the worktree");
    for event in ["post-commit", "pre-push"] {
        let shot = repo.root().join("arrived");
        let text = format!("#!/bin/sh\n: git-checkpoint hook {event} \"$@\"\necho {{}} >>'{}'\n", shot.display());
        hook(&repo, format!(".githooks/{event}"), text);
    }
    repo.commit("they call us");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!((state(&repo, "post-commit").as_str(), state(&repo, "post-merge").as_str()), ("by-hand", "installed"));
    assert_eq!(repo.git(&["status", "--porcelain"]), "", "ours are kept out of git's sight");
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(repo.git(&["status", "--porcelain", "--ignored"]), "");
}

#[test]
fn a_place_that_cannot_be_chained_installs_nothing() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-commit", 0);
    repo.dir(".git/hooks/pre-push");
    refused(&repo, 1, "pre-push` is a folder");
    repo.remove(".git/hooks/pre-push");
    let made = repo.command("mkfifo").arg(".git/hooks/post-merge").status().expect("there is one");
    assert!(made.success());
    refused(&repo, 1, "post-merge` is a pipe, socket or device");
}

#[test]
fn a_folder_that_cannot_be_written_installs_nothing() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-commit", 0);
    repo.dir(".git/checkpoint");
    let before = everything(repo.path());
    let locked = repo.path().join(".git/hooks");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).expect("it is ours");
    let mut command = repo.checkpoint_command(&["hooks", "install"]);
    if rustix::process::geteuid().is_root() {
        // Nothing is closed to root; so somebody else tries it.
        fn give(path: &Path) {
            std::os::unix::fs::lchown(path, Some(65534), Some(65534)).expect("root may");
            if path.is_dir() && !path.is_symlink() {
                fs::read_dir(path).expect("root may").flatten().for_each(|entry| give(&entry.path()));
            }
        }
        give(repo.root());
        let program = command.get_program().to_owned();
        let mut other = repo.command("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).args(["hooks", "install"]);
        command = other;
    }
    let output = command.output().expect("it can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert_eq!(said.matches("nothing was changed").count(), 1, "{said}");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o755)).expect("it is ours");
    assert_eq!(everything(repo.path()), before);
    if rustix::process::geteuid().is_root() {
        chown(repo.path(), Some(0), Some(0)).expect("root may");
    }
}

#[test]
fn linked_worktrees_share_what_is_installed() {
    let repo = probed();
    witness(&repo, ".git/hooks/post-commit", 0);
    let linked = repo.linked_worktree("linked");
    let before = everything(&repo.path().join(".git/hooks"));
    linked.checkpoint_ok(&["hooks", "install"]);
    for place in [&repo, &linked] {
        arrived(&repo);
        place.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
        assert_eq!(events(&repo), ["post-commit"]);
        assert_eq!(witnessed(&repo), "post-commit|post-commit|\n");
        assert_eq!(place.checkpoint_ok(&["hooks", "install", "--dry-run"]).stdout, "nothing would be changed\n");
    }
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(everything(&repo.path().join(".git/hooks")), before);
}

#[test]
fn a_submodule_has_hooks_of_its_own() {
    let repo = probed();
    let library = TestRepo::clone_of(&repo);
    repo.git(&["submodule", "--quiet", "add", &library.path().to_string_lossy(), "library"]);
    repo.commit("with a submodule");
    let inside = repo.at("library");
    inside.checkpoint_ok(&["hooks", "install"]);
    arrived(&repo);
    inside.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "outside of it"]);
    assert!(arrived(&repo).is_empty());
    inside.checkpoint_ok(&["hooks", "uninstall"]);
    assert!(!repo.exists(".git/modules/library/checkpoint/hooks"));
}

#[test]
fn a_folder_that_is_set_later_is_told_and_mended() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-commit", 0);
    let before = everything(&repo.path().join(".git/hooks"));
    repo.checkpoint_ok(&["hooks", "install"]);
    repo.dir(".git/other");
    repo.git(&["config", "core.hooksPath", ".git/other"]);
    let run = repo.checkpoint_ok(&["hooks"]);
    assert!(run.stderr.contains("git looks elsewhere now"), "{run}");
    repo.checkpoint_ok(&["hooks", "install"]);
    assert_eq!(everything(&repo.path().join(".git/hooks")), before, "those that nobody calls are as they were");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
    repo.git(&["config", "--unset", "core.hooksPath"]);
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert!(repo.exists(".git/other") && !repo.exists(".git/other/post-commit"));
}

#[test]
fn a_folder_of_the_worktree_that_cannot_be_written_about_is_refused() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    repo.git(&["config", "core.hooksPath", "two\nlines"]);
    refused(&repo, 1, "cannot be kept out of git's sight");
}

#[test]
fn a_copy_of_a_repository_leaves_the_hooks_of_the_first_alone() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    witness(&repo, ".git/hooks/post-merge", 0);
    repo.checkpoint_ok(&["hooks", "install"]);
    let copied = repo.command("cp").args(["-R", ".", "../copy"]).status().expect("there is a cp");
    assert!(copied.success());
    let (copy, before) = (repo.at("../copy"), everything(repo.path()));
    // The list of folders was copied too, and names those of the first one.
    let status = copy.checkpoint_ok(&["hooks"]);
    assert_eq!(status.stderr, "", "{status}");
    assert!(copy.checkpoint_ok(&["doctor"]).stdout.ends_with("nothing is wrong\n"));
    copy.checkpoint_ok(&["hooks", "install"]);
    copy.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(everything(repo.path()), before, "that was another repository");
    assert!(!copy.exists(".git/hooks/post-commit") && !copy.exists(".git/checkpoint/hooks"));
    copy.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), [""; 0]);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    assert_eq!(events(&repo), ["post-commit"]);
}

#[test]
fn a_folder_below_folders_that_do_not_exist_comes_and_goes_with_them() {
    let repo = probed();
    if skip_unless(&repo, false) {
        return;
    }
    repo.git(&["config", "core.hooksPath", "my hooks/of/all"]);
    let before = everything(repo.path());
    repo.checkpoint_ok(&["hooks", "install"]);
    assert!(repo.exists("my hooks/of/all/post-commit"));
    repo.checkpoint_ok(&["hooks", "uninstall"]);
    assert_eq!(everything(repo.path()), before);
}
