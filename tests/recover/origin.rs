//! A second recover knows what is back already.

use super::{broken, json};

fn reason(told: &serde_json::Value) -> (String, String) {
    let left_out = &told["left_out"][0];
    let text = |key: &str| left_out[key].as_str().unwrap_or_default().to_owned();
    (text("reason"), text("back_as"))
}

#[test]
fn a_conflict_that_was_settled_differently_is_known() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    assert_eq!(repo.checkpoint(&["recover", "one"]).code, 3);
    repo.write("doc/c", "settled\n");
    repo.write("src/b", "other\n");
    repo.git(&["add", "-A"]);
    repo.checkpoint_ok(&["recover", "--continue"]);
    let made = repo.rev("HEAD");
    repo.write("later", "later\n");
    repo.commit("later");
    let told = json(&repo, &["recover", "one"]);
    assert_eq!(reason(&told), ("already-applied".into(), made.clone()), "{told}");
    let text = repo.checkpoint_ok(&["recover", "one"]);
    assert!(text.stdout.contains(&format!("it is here as {}", &made[..10])), "{text}");
    let listed = json(&repo, &["recover"]);
    assert_eq!(listed["candidates"][0]["back_as"], made, "{listed}");
}

#[test]
fn what_was_undone_is_not_back() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    repo.checkpoint_ok(&["recover", "one", "-X", "ours"]);
    let told = json(&repo, &["recover", "one", "--dry-run"]);
    assert_eq!(reason(&told), ("already-applied".into(), repo.rev("HEAD")), "{told}");
    repo.checkpoint_ok(&["undo", "--yes"]);
    let told = json(&repo, &["recover", "one", "--dry-run"]);
    assert_eq!(told["left_out"], serde_json::json!([]), "{told}");
}

#[test]
fn a_date_that_lies_hides_nothing() {
    // Of 2100, and of 1970.
    for date in ["@4102444800 +0000", "@1 +0000"] {
        let repo = broken();
        repo.git(&["switch", "-q", "-c", "other", "two"]);
        repo.set_var("GIT_COMMITTER_DATE", date);
        repo.write("doc/c", "theirs\n");
        repo.write("more", "theirs\n");
        let theirs = repo.commit("theirs");
        repo.remove_var("GIT_COMMITTER_DATE");
        repo.git(&["switch", "-q", "-"]);
        repo.write("doc/c", "ours\n");
        repo.commit("ours");
        repo.checkpoint_ok(&["recover", &theirs, "-X", "ours"]);
        repo.checkpoint_ok(&["recover", "one", "-X", "ours"]);
        let told = json(&repo, &["recover", &theirs, "--dry-run"]);
        assert_eq!(reason(&told), ("already-applied".into(), repo.rev("HEAD~")), "{date}: {told}");
    }
}

#[test]
fn a_chain_of_recovers_is_followed() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    repo.git(&["tag", "base"]);
    repo.checkpoint_ok(&["recover", "one", "-X", "ours"]);
    repo.git(&["tag", "first"]);
    repo.checkpoint_ok(&["rollback", "base", "--yes"]);
    repo.write("src/b", "ours as well\n");
    repo.commit("more of ours");
    repo.checkpoint_ok(&["recover", "first", "-X", "ours"]);
    let told = json(&repo, &["recover", "one", "--dry-run"]);
    assert_eq!(reason(&told), ("already-applied".into(), repo.rev("HEAD")), "{told}");
}

#[test]
fn what_git_says_in_the_message_counts() {
    let repo = broken();
    repo.write("doc/c", "ours\n");
    repo.commit("ours");
    repo.git(&["cherry-pick", "-x", "-X", "ours", "one"]);
    let told = json(&repo, &["recover", "one", "--dry-run"]);
    assert_eq!(reason(&told), ("already-applied".into(), repo.rev("HEAD")), "{told}");
    repo.git(&["commit", "-q", "--amend", "-m", "one, without the line"]);
    assert_eq!(json(&repo, &["recover", "one", "--dry-run"])["left_out"], serde_json::json!([]));
}

#[test]
fn the_same_patch_is_named() {
    let repo = broken();
    repo.write("own", "own\n");
    repo.commit("own");
    repo.git(&["cherry-pick", "one"]);
    let made = repo.rev("HEAD");
    repo.git(&["commit", "-q", "--allow-empty", "-m", "later"]);
    let told = json(&repo, &["recover", "one", "--dry-run"]);
    assert_eq!(reason(&told), ("already-applied".into(), made), "{told}");
}
