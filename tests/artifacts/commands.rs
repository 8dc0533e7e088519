//! `save` and `restore` commands: what they are told, what of them is believed, and what follows when they fail.

use super::{engine::Engine, *};

fn command(rest: &str) -> String {
    format!("[[artifact]]\nname = 'db'\n{rest}\n")
}

/// A "server": its data is the file `data/server`, and it takes no file that says `poison`.
fn server() -> String {
    command(
        "save = 'grep -v corrupt data/server > \"$CHECKPOINT_FILE\"'\n\
         restore = 'cp \"$CHECKPOINT_FILE\" data/server; if grep -q poison data/server; then echo half >> data/server; echo no; exit 3; fi'",
    )
}

#[test]
fn a_command_is_told_what_it_needs_and_its_file_is_kept() {
    let repo = with(&command(
        "save = 'env | grep ^CHECKPOINT_ | grep -v CHECKPOINT_CHECK_ | sort > \"$CHECKPOINT_FILE\"'\nrestore = 'true'",
    ));
    let taken = take(&repo);
    let text = String::from_utf8(stored(&repo, &id(&taken), "db")).expect("text");
    for line in ["CHECKPOINT_ARTIFACT=db", "CHECKPOINT_STAGE=checkpoint", "CHECKPOINT_PHASE=", "CHECKPOINT_ELAPSED="] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    let commit = taken["commit"].as_str().expect("a commit");
    assert!(text.contains(&format!("CHECKPOINT_COMMIT={commit}\n")), "{text}");
    assert!(text.contains("/.git/checkpoint/artifacts/"), "{text}");
    assert_eq!(taken["artifacts"][0]["form"], "command");
    assert_nothing_left(&repo);
}

#[test]
fn a_save_that_fails_stops_the_checkpoint() {
    for (rest, words) in [
        (
            "save = 'echo the server is down; exit 4'\nrestore = 'true'",
            &["exited with code 4", "| the server is down", ".log"][..],
        ),
        ("save = 'true'\nrestore = 'true'", &["wrote no file", "CHECKPOINT_FILE"]),
        ("save = ': > \"$CHECKPOINT_FILE\"'\nrestore = 'true'", &["the file is empty"]),
        ("save = 'ln -s /etc/passwd \"$CHECKPOINT_FILE\"'\nrestore = 'true'", &["no plain file"]),
        ("save = 'mkfifo \"$CHECKPOINT_FILE\"'\nrestore = 'true'", &["no plain file"]),
        ("save = 'sleep 60'\nrestore = 'true'\ntimeout = '1s'", &["took longer than 1s"]),
        ("save = 'kill -9 $$'\nrestore = 'true'", &["signal 9"]),
        ("path = 'data/gone'\nsave = 'echo x > \"$CHECKPOINT_FILE\"'", &["is not there", "data/gone"]),
    ] {
        let repo = with(&command(rest));
        repo.write("file", "changed\n");
        let before = repo.state();
        refused(&repo, words);
        before.assert_same(&repo.state());
        let left_out = repo.checkpoint(&["create", "--no-artifacts"]);
        assert_eq!(left_out.code, 0, "{left_out}");
    }
}

#[test]
fn what_a_command_prints_reaches_no_terminal_raw() {
    let repo = with(&command("save = 'printf \"\\\\033]0;owned\\\\007\\\\n\"; exit 1'\nrestore = 'true'"));
    let run = refused(&repo, &["owned"]);
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\u{7}'), "{:?}", run.stderr);
}

#[test]
fn a_dump_is_loaded_and_what_was_there_comes_back_with_an_undo() {
    let repo = with(&server());
    repo.write("data/server", "one\n");
    let first = saved(&repo);
    repo.write("data/server", "two\n");
    let engine = Engine::of(&repo);
    let answers = engine.ask(&[&format!("differing {first}"), &format!("restore {first}")]);
    assert_eq!(answers, ["db Unknown", "db ByCommand"]);
    assert_eq!(repo.read_text("data/server"), "one\n");
    let answers = engine.ask(&[&format!("restore {first}"), "undo"]);
    assert_eq!(answers, ["db Already", "db Already"]);
    repo.write("data/server", "two\n");
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert_eq!(repo.read_text("data/server"), "two\n");
    assert_nothing_left(&repo);
}

#[test]
fn a_restore_that_fails_half_way_puts_back_what_was_there() {
    let repo = with(&server());
    repo.write("data/server", "poison\n");
    let bad = saved(&repo);
    repo.write("data/server", "good\n");
    let answer = Engine::of(&repo).ask(&[format!("restore {bad}")]).remove(0);
    assert!(answer.contains("exited with code 3") && answer.contains("what was there before is back"), "{answer}");
    assert_eq!(repo.read_text("data/server"), "good\n");
    assert_nothing_left(&repo);
}

#[test]
fn what_cannot_be_saved_is_not_replaced() {
    let repo = with(&server());
    repo.write("data/server", "one\n");
    let first = saved(&repo);
    // Its `save` finds nothing in it, and there is no file to be copied instead.
    repo.write("data/server", "corrupt\n");
    let answer = Engine::of(&repo).ask(&[format!("restore {first}")]).remove(0);
    assert!(answer.contains("cannot be saved") && answer.contains("nothing was changed"), "{answer}");
    assert_eq!(repo.read_text("data/server"), "corrupt\n");
}

#[test]
fn a_damaged_file_is_kept_as_it_is_and_stands_in_nobodys_way() {
    let repo = with(&(server() + "path = 'data/server'\n"));
    repo.write("data/server", "one\n");
    let first = saved(&repo);
    repo.write("data/server", "corrupt\n");
    let engine = Engine::of(&repo);
    let answers = engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert_eq!(answers, ["db ByCommand", "db Put"]);
    assert_eq!(repo.read_text("data/server"), "corrupt\n");
    // Where `restore` fails too, the damaged bytes are back.
    repo.write("data/server", "poison\n");
    let bad = saved(&repo);
    repo.write("data/server", "corrupt\n");
    let answer = engine.ask(&[format!("restore {bad}")]).remove(0);
    assert!(answer.contains("what was there before is back"), "{answer}");
    assert_eq!(repo.read_text("data/server"), "corrupt\n");
}

#[test]
fn a_dump_takes_the_place_of_the_file_where_there_is_no_restore() {
    let repo = with(&command("path = 'data/db'\nsave = 'tr a-z A-Z < data/db > \"$CHECKPOINT_FILE\"'"));
    repo.write("data/db", "one\n");
    repo.chmod("data/db", 0o640);
    let first = saved(&repo);
    repo.write("data/db", "two\n");
    let engine = Engine::of(&repo);
    assert_eq!(engine.ask(&[format!("differing {first}"), format!("restore {first}")]), ["db Yes", "db Put"]);
    assert_eq!(repo.read_text("data/db"), "ONE\n");
    // It is the bytes that were replaced which come back, not what `save` makes of them.
    repo.write("data/db", "three\n");
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert_eq!(repo.read_text("data/db"), "three\n");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&repo.path().join("data/db").metadata().expect("there").permissions());
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn the_recipe_for_a_folder_does_what_the_documentation_says() {
    let text = include_str!("../../docs/artifacts.md");
    let recipe = text.split("```toml\n").find(|block| block.contains("name = \"uploads\"")).expect("it is there");
    let repo = with(recipe.split("```").next().expect("it ends"));
    let path = |name: &str| format!("storage/uploads/{name}");
    repo.write(".git/info/exclude", "/storage/\n");
    repo.write(path("a.png"), noise(10_000, 1));
    repo.write(path("deep/b c.png"), "b\n");
    let first = saved(&repo);
    repo.remove(path("deep"));
    repo.write(path("a.png"), "changed\n");
    repo.write(path("since.png"), "since\n");
    let engine = Engine::of(&repo);
    assert_eq!(engine.ask(&[format!("restore {first}")]), ["uploads ByCommand"]);
    assert!(repo.read(path("a.png")) == noise(10_000, 1) && repo.read_text(path("deep/b c.png")) == "b\n");
    assert!(!repo.exists(path("since.png")) && !repo.exists("storage/.new"));
    repo.write(path("since.png"), "since\n");
    engine.ask(&[format!("restore {first}"), "undo".into()]);
    assert!(repo.exists(path("since.png")));
}
