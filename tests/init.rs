//! `init`: a configuration that fits, written once.

use crate::{
    support::TestRepo,
    terminal::{Session, console_text},
};

#[test]
fn the_file_fits_the_project_and_is_written_once() {
    let repo = TestRepo::with_commit();
    repo.write("Cargo.toml", "[package]\n");
    repo.write("package.json", r#"{"scripts":{"test":"jest"}}"#);
    repo.write("pnpm-lock.yaml", "");
    let inner = repo.at("inner/folder");
    let dry = inner.checkpoint_ok(&["init", "--dry-run"]);
    assert!(!repo.exists(".checkpoint.toml"), "{dry}");
    let run = inner.checkpoint_ok(&["init"]);
    assert!(run.stdout.contains("wrote .checkpoint.toml for cargo, pnpm"), "{run}");
    assert!(run.stderr.contains("git checkpoint trust"), "{run}");
    assert!(!inner.exists(".checkpoint.toml"), "it stands at the top");
    let text = repo.read_text(".checkpoint.toml");
    assert_eq!(text, dry.stdout);
    assert!(text.contains("pnpm install --frozen-lockfile && pnpm run test"), "{text}");
    assert!(repo.exists(".git/hooks/pre-push") || repo.git(&["config", "--get-regexp", "^hook"]).contains("pre-push"));
    // It is understood without a word, and nothing is trusted by it.
    let status = repo.checkpoint_ok(&["status", "--json"]);
    assert_eq!((status.stderr.as_str(), status.json()["trust"].as_str()), ("", Some("untrusted")));

    let (fingerprint, git) = (repo.fingerprint(), repo.git_dir_fingerprint());
    let again = repo.checkpoint_ok(&["init"]);
    assert!(again.stdout.contains("is there already"), "{again}");
    assert_eq!(repo.checkpoint_ok(&["init", "--dry-run"]).stdout, again.stdout);
    fingerprint.assert_same(&repo.fingerprint());
    git.assert_same(&repo.git_dir_fingerprint());
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", "# mine\n");
    repo.checkpoint_ok(&["init"]);
    assert_eq!(repo.read_text(".checkpoint.toml"), "# mine\n");
    repo.write(".checkpoint.toml", "[captrue]\n");
    assert_eq!(repo.checkpoint(&["init"]).code, 2, "a mistake in it is told");
    repo.remove(".checkpoint.toml");
    let outside = repo.root().join("outside.toml");
    repo.symlink(&outside, ".checkpoint.toml");
    assert_eq!(repo.checkpoint(&["init"]).code, 2);
    assert!(!outside.exists(), "it does not write through a link");
    let closed = TestRepo::with_commit();
    closed.set_var("GIT_CHECKPOINT", "0");
    closed.checkpoint_ok(&["init"]);
    assert!(!closed.exists(".checkpoint.toml"), "it is switched off");
}

#[test]
fn at_a_terminal_it_asks_for_trust() {
    let repo = TestRepo::with_commit();
    repo.write("go.mod", "module x\n");
    let mut session = Session::start(&repo, &["init"]);
    session.expect("Let these commands run?");
    session.send("y");
    let (code, text) = session.end();
    let text = console_text(&text);
    assert!(code == 0 && text.contains("go vet ./... && go test ./..."), "{text}");
    assert_eq!(repo.checkpoint_ok(&["status", "--json"]).json()["trust"], "trusted");
    // A no leaves the file, and is no failure: it was written.
    let repo = TestRepo::with_commit();
    repo.write("go.mod", "module x\n");
    let mut session = Session::start(&repo, &["init"]);
    session.expect("Let these commands run?");
    session.send("n");
    let (code, text) = session.end();
    assert!(code == 0 && text.contains("do not run before"), "{text}");
    assert_eq!(repo.checkpoint_ok(&["status", "--json"]).json()["trust"], "untrusted");
}
