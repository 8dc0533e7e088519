//! What `jobs` says, and what it takes.

use super::{expect_state, pending, with_check};

#[test]
fn a_job_is_named_as_everything_else() {
    let repo = with_check("true");
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    let done = expect_state(&repo, &id, "passed");
    let tag = done["tag"].as_str().expect("a tag");
    for name in [&id, &id[..18], "latest", tag, &tag[..15]] {
        assert_eq!(repo.checkpoint_ok(&["jobs", "show", name, "--json"]).json()["id"], id.as_str(), "{name}");
    }
    let near = repo.checkpoint(&["jobs", "show", &tag.replace("checkpoint", "chekpoint")]);
    assert!(near.code == 2 && near.stderr.contains(&format!("did you mean `{tag}`?")), "{near}");
    assert_eq!(repo.checkpoint(&["jobs", "logs", ""]).code, 2);
    assert_eq!(repo.checkpoint(&["jobs", "cancel"]).code, 2);
    let check = repo.checkpoint(&["jobs", "logs", &id, "--check", "nonesuch"]);
    assert!(check.code == 0 || check.code == 2, "{check}");
    let second = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &second]);
    expect_state(&repo, &second, "passed");
    let both = repo.checkpoint(&["jobs", "show", "2026"]);
    assert!(both.code == 2 && both.stderr.contains(&id) && both.stderr.contains(&second), "{both}");
    let stats = repo.checkpoint_ok(&["jobs", "stats", "--json"]).json();
    assert_eq!((&stats["states"]["passed"], &stats["pass_rate"]), (&2.into(), &1.0.into()), "{stats}");
    assert!(repo.checkpoint_ok(&["jobs", "stats"]).stdout.contains("100 %"));
}

#[test]
fn output_can_be_followed_to_its_end() {
    let repo = with_check("for n in 1 2 3 4 5; do echo line $n; sleep 0.1; done; printf end");
    let id = pending(&repo);
    repo.checkpoint_ok(&["jobs", "retry", &id]);
    let followed = repo.checkpoint_ok(&["jobs", "logs", &id, "--follow"]);
    assert_eq!(followed.stdout, "line 1\nline 2\nline 3\nline 4\nline 5\nend\n", "{followed}");
    expect_state(&repo, &id, "passed");
    assert_eq!(repo.checkpoint_ok(&["jobs", "logs", &id, "--check", "heavy"]).stdout, followed.stdout);
    let unknown = repo.checkpoint(&["jobs", "logs", &id, "--check", "nonesuch"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("`heavy`"), "{unknown}");
}
