//! Repositories that try to trust themselves, or to show one thing and run another.

use super::*;

/// The folder that consent is kept in, without variables.
fn state_home(repo: &TestRepo) -> PathBuf {
    repo.root().join("home/.local/state")
}

#[test]
fn a_repository_that_ships_its_own_trust_is_not_trusted() {
    let repo = untrusted();
    // Everything an attacker could know: a state folder that was right once, with the token and the key.
    let outside = repo.root().join("state");
    repo.set_var("XDG_STATE_HOME", &outside);
    assert_eq!(answer(&repo, "y").0, 0);
    assert_state(&repo, "trusted");
    let inside = repo.path().join("state");
    std::fs::rename(&outside, &inside).expect("it can be moved");
    repo.symlink(&inside, repo.root().join("link"));
    let in_git = repo.git_dir().join("state");
    repo.command("cp").arg("-r").arg(&inside).arg(&in_git).status().expect("cp can be run");
    for home in [inside.clone(), repo.root().join("link"), in_git, repo.path().join("x/../state")] {
        repo.set_var("XDG_STATE_HOME", &home);
        let shown = show(&repo);
        assert_eq!(shown["state"], "untrusted", "{}", home.display());
        assert!(shown["why"].as_str().is_some_and(|why| why.contains("inside the repository")), "{shown}");
    }
    assert_nothing_runs(&repo);
    // A relative path would be in the repository, so it is none.
    repo.set_var("XDG_STATE_HOME", "state");
    assert_state(&repo, "untrusted");
    assert_nothing_runs(&repo);
    // The repository is the home folder itself.
    repo.remove_var("XDG_STATE_HOME");
    repo.dir(".local");
    std::fs::rename(&inside, repo.path().join(".local/state")).expect("it can be moved");
    repo.set_var("HOME", repo.path());
    assert_state(&repo, "untrusted");
    // Consent cannot be kept there either.
    let mut session = Session::start(&repo, &["trust"]);
    session.expect("Let these commands run?");
    session.send("y");
    let (code, text) = session.end();
    assert!(code == 1 && text.contains("XDG_STATE_HOME"), "{text}");
}

#[test]
fn files_of_the_repository_that_set_variables_or_keys_agree_to_nothing() {
    let repo = untrusted();
    let hash = show(&repo)["hash"].as_str().expect("a hash").to_owned();
    let lines = format!("GIT_CHECKPOINT_TRUST={hash}\nXDG_STATE_HOME={}\n", repo.path().display());
    for name in [".env", ".envrc", ".git/checkpoint/trust", ".checkpoint.env", "trust"] {
        repo.write(name, format!("{lines}{hash}\n"));
    }
    repo.write(".git/checkpoint/trust-token", "a".repeat(64));
    repo.write(format!("git-checkpoint/trust/{hash}.toml"), config(&repo));
    for key in ["checkpoint.trust", "checkpoint.trusted", "core.trust"] {
        repo.git(&["config", key, &hash]);
    }
    repo.git(&["config", "checkpoint.stateHome", &repo.path().to_string_lossy()]);
    assert_state(&repo, "untrusted");
    assert_nothing_runs(&repo);
    for text in [
        format!("{}\n[trust]\nhash = \"{hash}\"\n", config(&repo)),
        format!("trust = true\n{}", config(&repo)),
        format!("include = \"other.toml\"\n{}", config(&repo)),
    ] {
        repo.write(".checkpoint.toml", text);
        assert_eq!(repo.checkpoint(&["trust", "--show"]).code, 2, "there are no such keys");
    }
}

#[test]
fn no_second_configuration_is_read() {
    let repo = untrusted();
    let evil = config(&repo).replace("name = \"mark\"", "name = \"evil\"");
    for name in [
        ".checkpoint.local.toml",
        "checkpoint.toml",
        ".checkpoint.json",
        ".config/checkpoint.toml",
        ".git/checkpoint.toml",
    ] {
        repo.write(name, &evil);
    }
    repo.write("inner/.checkpoint.toml", &evil);
    let inner = repo.at("inner");
    for place in [&repo, &inner] {
        let shown = show(place);
        assert_eq!(shown["commands"].as_array().map(Vec::len), Some(1), "{shown}");
        assert_eq!(shown["commands"][0]["name"], "mark");
    }
    // A pipe in such a place would hang whoever reads it.
    repo.remove(".checkpoint.local.toml");
    repo.command("mkfifo").arg(".checkpoint.local.toml").status().expect("mkfifo can be run");
    let hasty = repo.command("timeout").args(["20", "git", "checkpoint", "trust", "--show"]).status();
    assert_eq!(hasty.expect("it can be run").code(), Some(0));
}

#[test]
fn what_is_swapped_while_the_question_stands_is_not_trusted() {
    let repo = untrusted();
    let shown = repo.read_text(".checkpoint.toml");
    let swapped = shown.replace("touch", "touch --");
    let mut session = Session::start(&repo, &["trust"]);
    session.expect("Let these commands run?");
    repo.write(".checkpoint.toml", &swapped);
    session.send("y");
    let (code, text) = session.end();
    assert!(code == 0 && text.contains("another content by now"), "{text}");
    assert_state(&repo, "changed");
    repo.git(&["add", "-A"]);
    assert_nothing_runs(&repo);
    repo.write(".checkpoint.toml", &shown);
    assert_state(&repo, "trusted");
}

#[test]
fn another_repository_at_the_same_path_is_not_trusted() {
    let repo = untrusted();
    assert_eq!(answer(&repo, "y").0, 0);
    let (path, aside) = (repo.path().to_owned(), repo.root().join("aside"));
    std::fs::rename(&path, &aside).expect("it can be moved");
    assert_state(&repo.at(&aside), "untrusted");
    let other = repo.at(&path);
    other.git(&["init", "-q"]);
    other.write(".checkpoint.toml", config(&repo));
    other.commit("Look the same");
    assert_state(&other, "untrusted");
    other.git(&["remote", "add", "origin", "../remote.git"]);
    crate::pre_push::install_hook(&other);
    other.git(&["switch", "-q", "-c", "other"]);
    assert_nothing_runs(&other);
    // It has a consent of its own, to another content.
    other.write(".checkpoint.toml", config(&repo).replace("touch", "touch --"));
    assert_eq!(answer(&other, "y").0, 0);
    assert_state(&other, "trusted");
    other.write(".checkpoint.toml", config(&repo));
    assert_state(&other, "changed");
    std::fs::remove_dir_all(&path).expect("it can be removed");
    std::fs::rename(&aside, &path).expect("it can be moved");
    assert_state(&repo, "trusted");
}

#[test]
fn a_link_is_trusted_for_what_it_leads_to() {
    let repo = untrusted();
    repo.write("tools/checkpoint.toml", config(&repo));
    repo.remove(".checkpoint.toml");
    repo.symlink("tools/checkpoint.toml", ".checkpoint.toml");
    repo.commit("Make it a link");
    assert_eq!(answer(&repo, "y").0, 0);
    assert_state(&repo, "trusted");
    repo.write("tools/checkpoint.toml", config(&repo).replace("touch", "touch --"));
    assert_state(&repo, "changed");
    repo.write("tools/other.toml", config(&repo).replace("touch", "touch  --"));
    repo.remove(".checkpoint.toml");
    repo.symlink("tools/other.toml", ".checkpoint.toml");
    assert_state(&repo, "changed");
    // Out of the repository it leads nowhere, whatever is there.
    let outside = repo.root().join("outside.toml");
    std::fs::write(&outside, config(&repo)).expect("it can be written");
    repo.remove(".checkpoint.toml");
    repo.symlink(&outside, ".checkpoint.toml");
    assert_eq!(repo.checkpoint(&["trust", "--show"]).code, 2);
}

#[test]
fn only_folders_and_files_of_this_user_count() {
    let repo = untrusted();
    assert_eq!(answer(&repo, "y").0, 0);
    let trust = state_home(&repo).join("git-checkpoint/trust");
    let folders: Vec<_> = std::fs::read_dir(&trust).expect("it is there").flatten().map(|entry| entry.path()).collect();
    let [folder] = &folders[..] else { panic!("one folder is for one repository: {folders:?}") };
    let hash = show(&repo)["hash"].as_str().expect("a hash").to_owned();
    let file = folder.join(format!("{hash}.toml"));
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &PathBuf| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&trust), mode(folder), mode(&file)), (0o700, 0o700, 0o600));
    assert_eq!(std::fs::read_to_string(&file).expect("it can be read"), config(&repo));
    for (path, open, closed) in [(&trust, 0o777, 0o700), (folder, 0o770, 0o700), (&file, 0o666, 0o600)] {
        repo.chmod(path, open);
        assert_state(&repo, "untrusted");
        repo.chmod(path, closed);
        assert_state(&repo, "trusted");
    }
    let kept = repo.root().join("kept.toml");
    std::fs::rename(&file, &kept).expect("it can be moved");
    repo.symlink(&kept, &file);
    assert_state(&repo, "untrusted");
    repo.remove(&file);
    // Another text under that name is not the text that was trusted.
    repo.write(&file, config(&repo).replace("touch", "rm -rf"));
    repo.chmod(&file, 0o600);
    assert_state(&repo, "untrusted");
    repo.remove(&file);
    std::fs::rename(&kept, &file).expect("it can be moved");
    assert_state(&repo, "trusted");
}

#[test]
fn what_is_shown_hides_nothing_and_steers_no_terminal() {
    let repo = untrusted();
    let text = "[[check]] \non = [\"push\"]# \u{202e}desrever\u{2066}\u{200f}\u{200b}\u{e0041}\nname = \"mark\"\n\
                run = \"true \\u001b[2K\\u001b]0;title\\u0007 \\u202e\\r\\n\\u009b2J x\\u200b\"   \n";
    repo.write(".checkpoint.toml", text);
    let harmless = |shown: &str| {
        let is_bad = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2066}\u{200f}\u{200b}\u{e0041}".contains(c);
        assert!(!shown.contains(is_bad), "{shown:?}");
        for escape in ["\\u{202e}", "\\u{1b}", "\\u{200b}", "\\u{9b}"] {
            assert!(shown.contains(escape), "`{escape}` is not shown:\n{shown}");
        }
    };
    harmless(&repo.checkpoint_ok(&["trust", "--show"]).stdout);
    let mut session = Session::start(&repo, &["trust"]);
    session.expect("Let these commands run?");
    session.send("n");
    let shown = session.end().1.replace('\r', "");
    let before = shown.split("hash: ").next().expect("there is something before it");
    assert!(before.contains("\\u{d}\n"), "a carriage return is shown: {before}");
    harmless(before);
    for escape in ["\\u{e0041}", "\\u{200f}", "\\u{20}\\u{20}\\u{20}"] {
        assert!(before.contains(escape), "`{escape}` is not shown:\n{before}");
    }
    // A character that a terminal obeys, as it is, is no TOML at all.
    repo.write(".checkpoint.toml", "[[check]]\nname = \"a\"\nrun = \"b\" # \u{1b}[2K\n");
    let run = repo.checkpoint(&["trust", "--show"]);
    assert!(run.code == 2 && !run.stderr.contains('\u{1b}'), "{run}");
}

#[test]
fn the_question_is_seen_wherever_standard_output_goes() {
    let repo = untrusted();
    let mut session = Session::start_shell(&repo, "git checkpoint trust > /dev/null");
    session.expect("Let these commands run?");
    session.send("n");
    let (_, text) = session.end();
    assert!(text.contains("mark (on push): touch"), "{text}");
}
