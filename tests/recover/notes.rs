//! Notes follow where the configuration says so.

use super::{broken, hook};

#[test]
fn notes_follow_and_are_taken_back_by_undo() {
    for by_git in [false, true] {
        let repo = broken();
        if by_git {
            hook(&repo, "post-commit", "true");
        }
        repo.git(&["notes", "--ref", "review", "add", "-m", "looks good", "one"]);
        repo.git(&["notes", "--ref", "other", "add", "-m", "stays", "one"]);
        let before = repo.rev("refs/notes/review");
        repo.checkpoint_ok(&["recover", "one", "-x"]);
        assert!(!repo.git_raw(&["notes", "--ref", "review", "show", "HEAD"]).status.success());
        repo.checkpoint_ok(&["undo", "--yes"]);

        repo.git(&["config", "notes.rewriteRef", "refs/notes/rev*"]);
        let run = repo.checkpoint_ok(&["recover", "one", "-x"]);
        assert!(run.stdout.contains("main is at "), "{run}");
        assert_eq!(repo.git(&["notes", "--ref", "review", "show", "HEAD"]), "looks good");
        assert_eq!(repo.git(&["notes", "--ref", "review", "show", "one"]), "looks good");
        assert!(!repo.git_raw(&["notes", "--ref", "other", "show", "HEAD"]).status.success());
        repo.checkpoint_ok(&["undo", "--yes"]);
        assert_eq!(repo.rev("HEAD"), repo.rev("saved^0"));
        assert_eq!(repo.rev("refs/notes/review"), before);
        repo.checkpoint_ok(&["redo", "--yes"]);
        assert_eq!(repo.git(&["notes", "--ref", "review", "show", "HEAD"]), "looks good");
        repo.fsck();
    }
}

#[test]
fn notes_that_were_written_since_stay() {
    let repo = broken();
    repo.git(&["config", "notes.rewriteRef", "refs/notes/commits"]);
    repo.git(&["notes", "add", "-m", "first", "one"]);
    repo.checkpoint_ok(&["recover", "one"]);
    repo.git(&["notes", "add", "-m", "mine", "saved"]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!(repo.rev("HEAD"), repo.rev("saved^0"));
    assert_eq!(repo.git(&["notes", "show", "saved"]), "mine");
}
