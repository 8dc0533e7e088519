//! What is meant where nothing is named: never a state that a check decided against.

use super::*;

const HOUR: i64 = 3600;

#[track_caller]
fn is(repo: &TestRepo, selector: &str, taken: &Value) {
    assert_eq!(repo.checkpoint_ok(&["show", selector, "--json"]).json()["id"], taken["id"], "{selector}");
}

#[test]
fn what_failed_is_passed_over() {
    let repo = repository();
    let first = taken(&repo, 0, &[]);
    repo.advance(HOUR);
    repo.write("file", "good too\n");
    let second = taken(&repo, 0, &[]);
    repo.advance(HOUR);
    repo.write("file", "not looked at\n");
    let unseen = taken(&repo, 0, &["--no-verify"]);
    repo.advance(HOUR);
    repo.write("file", "bad\n");
    let failed = taken(&repo, 1, &[]);
    configure(&repo, &check("unit", "exit 125", &[]));
    let inconclusive = taken(&repo, 1, &[]);
    repo.advance(HOUR);
    is(&repo, "latest", &unseen);
    is(&repo, "latest~1", &second);
    is(&repo, "latest~2", &first);
    is(&repo, "good", &second);
    is(&repo, "good~1", &first);
    is(&repo, "@{30 minutes ago}", &unseen);
    is(&repo, "@{3 hours ago}", &second);
    for taken in [&failed, &inconclusive] {
        is(&repo, &id(taken), taken);
        is(&repo, &id(taken)[..30], taken);
    }
    assert_eq!(repo.checkpoint(&["show", "latest~3"]).code, 2);
    let none = repo.checkpoint(&["show", "good~2"]);
    assert!(none.code == 2 && none.stderr.contains("not so many"), "{none}");
    // The configuration with which a rollback begins decides.
    configure(&repo, &good());
    let went = repo.checkpoint_ok(&["rollback", "--yes", "good", "--json"]).json();
    assert_eq!(repo.read_text("file"), "good too\n", "{went}");
}

#[test]
fn the_one_of_a_slot_is_one_that_passed() {
    let repo = repository();
    repo.checkpoint_ok(&["start", "phase2"]);
    repo.advance(4 * HOUR);
    repo.write("file", "bad\n");
    let failed = taken(&repo, 1, &[]);
    let none = repo.checkpoint(&["show", "T+4h"]);
    assert!(none.code == 2 && none.stderr.contains("no checkpoint that passed its checks is of T+4h"), "{none}");
    assert!(none.stderr.contains(&id(&failed)) && none.stderr.contains("`phase2-checkpoint-T+0m`"), "{none}");
    repo.write("file", "good again\n");
    let passed = taken(&repo, 0, &[]);
    assert_eq!(passed["tag"], "phase2-checkpoint-T+4h", "the name was not used up");
    is(&repo, "T+4h", &passed);
    repo.write("file", "bad again\n");
    taken(&repo, 1, &[]);
    is(&repo, "T+4h", &passed);
    // In a phase that began in a bad state there is none of its beginning.
    repo.checkpoint_ok(&["finish", "--no-verify"]);
    repo.checkpoint_ok(&["start", "phase3"]);
    let none = repo.checkpoint(&["show", "T+0m"]);
    assert!(none.code == 2 && none.stderr.contains("did not pass"), "{none}");
}

#[test]
fn where_nothing_passed_it_says_what_there_is() {
    let repo = repository();
    repo.write("file", "bad\n");
    let failed = taken(&repo, 1, &[]);
    for selector in ["latest", "good", "@{now}"] {
        let none = repo.checkpoint(&["show", selector]);
        assert!(none.code == 2 && none.stderr.contains(&id(&failed)), "{none}");
        assert!(none.stderr.contains("did not pass"), "{none}");
    }
    let none = repo.checkpoint(&["rollback", "latest", "--yes"]);
    assert_eq!(none.code, 2, "{none}");
    assert_eq!(repo.read_text("file"), "bad\n");
}
