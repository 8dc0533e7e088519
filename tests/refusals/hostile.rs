//! Text and objects made to hurt: nothing of them reaches the terminal raw, and nothing leaves the repository.

use super::*;

const ESCAPE: &str = "\u{1b}[31mred\u{1b}]0;title\u{7} \u{202e}desrever\u{9b}2J";

#[test]
fn names_and_messages_do_not_reach_the_screen_raw() {
    let repo = TestRepo::with_commit();
    let path = format!("evil {ESCAPE}\n.txt");
    repo.write(&path, "one\n");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--cleanup=verbatim", "-m", &format!("subject {ESCAPE}\r over\n\nbody {ESCAPE}\n")]);
    repo.git(&["switch", "-q", "-c", "branch-\u{202e}desrever-\u{9b}2J"]);
    repo.git(&["tag", "tag-\u{202e}desrever-\u{9b}2J"]);
    repo.checkpoint_ok(&["create", "-m", &format!("message {ESCAPE}\r\n\nmore {ESCAPE}\nError: none")]);
    repo.write(&path, "two\n");
    repo.write(format!("untracked {ESCAPE}"), "new\n");
    repo.write(".checkpoint.toml", "[capture]\nmax-file-size = '100B'\n");
    repo.write(format!("large {ESCAPE}\n"), vec![b'x'; 500]);
    repo.commit(&format!("break {ESCAPE}"));
    repo.write(format!("large too {ESCAPE}\n"), vec![b'x'; 500]);
    repo.write(&path, "three\n");
    let mut runs = Vec::new();
    for args in [
        &["create", "--dry-run"][..],
        &["status"],
        &["list"],
        &["show"],
        &["diff", "--name-status"],
        &["diff", "--stat"],
        &["rollback", "tag-\u{202e}desrever-\u{9b}2J", "--dry-run"],
        &["rollback", "latest", "--yes", "--reason", ESCAPE],
        &["recover"],
        &["recover", "--all"],
        &["recover", "--all"],
        &["undo", "--yes"],
        &["undo", "--yes"],
        &["redo", "--yes"],
        &["log"],
    ] {
        let run = repo.checkpoint(args);
        assert!(run.code == 0 || !run.stderr.is_empty(), "{run}");
        assert_harmless(&run);
        runs.push(run);
    }
    for args in
        [&["show", ESCAPE][..], &["rollback", ESCAPE, "--yes"], &["recover", ESCAPE], &["create", "--name", ESCAPE]]
    {
        runs.push(refuse(&repo, USAGE, args));
    }
    assert_said("hostile_text", &runs);
}

/// A tree with these entries exactly as given: mode, name, object.
fn raw_tree(repo: &TestRepo, entries: &[(&str, &str, &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, object) in entries {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        let hex = |at: usize| u8::from_str_radix(&object[at..at + 2], 16).expect("an object's name");
        bytes.extend((0..object.len()).step_by(2).map(hex));
    }
    repo.git_with_input(&["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], bytes)
}

/// A record with this worktree, and these extras, as somebody else could have made it.
fn plant(repo: &TestRepo, number: u32, worktree: &str, extras: Option<&str>) -> String {
    let (head, index) = (repo.rev("HEAD"), repo.rev("HEAD^{tree}"));
    let who = "A <a@example.com> 1795269600 +0000";
    let commit = format!("tree {worktree}\nparent {head}\nauthor {who}\ncommitter {who}\n\nunstaged\n");
    let tip = repo.git_with_input(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], commit);
    let id = format!("20261121T1500{number:02}.000Z-create-0000{number:02}");
    let files = extras.map_or_else(String::new, |tree| format!("Checkpoint-Files: {tree}\n"));
    let text = format!(
        "object {tip}\ntype commit\ntag {id}\ntagger {who}\n\nfrom elsewhere\n\nCheckpoint-Format: 1\n\
         Checkpoint-Kind: create\nCheckpoint-Id: {id}\nCheckpoint-Time: 2026-11-21T14:00:00Z\n\
         Checkpoint-State: unvalidated\nCheckpoint-Branch: refs/heads/main\nCheckpoint-Head: {head}\n\
         Checkpoint-Index: {index}\nCheckpoint-Worktree: {worktree}\n{files}"
    );
    let object = repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--stdin"], text);
    let name = format!("planted-{number}");
    repo.git(&["update-ref", &format!("refs/tags/{name}"), &object]);
    name
}

#[test]
fn trees_that_lead_out_of_the_repository_are_refused() {
    let repo = TestRepo::with_commit();
    repo.git(&["tag", "start"]);
    let evil = repo.git_with_input(&["hash-object", "-w", "--stdin"], "evil\n");
    let out = repo.git_with_input(&["hash-object", "-w", "--stdin"], "..");
    let inside = raw_tree(&repo, &[("100644", "evil", &evil)]);
    let hook = raw_tree(&repo, &[("100755", "post-checkout", &evil)]);
    let git = raw_tree(&repo, &[("100644", "config", &evil), ("40000", "hooks", &hook)]);
    let trees = [
        raw_tree(&repo, &[("40000", "..", &inside)]),
        raw_tree(&repo, &[("100644", "../evil", &evil)]),
        raw_tree(&repo, &[("100644", "../../evil", &evil)]),
        raw_tree(&repo, &[("100644", "/tmp/evil-of-git-checkpoint", &evil)]),
        raw_tree(&repo, &[("40000", ".git", &git)]),
        raw_tree(&repo, &[("40000", ".GIT", &git)]),
        raw_tree(&repo, &[("40000", "git~1", &git)]),
        raw_tree(&repo, &[("40000", ".", &git)]),
        raw_tree(&repo, &[("40000", "", &inside)]),
        raw_tree(&repo, &[("120000", "link", &out), ("40000", "link", &inside)]),
        raw_tree(&repo, &[("40000", "link", &inside), ("120000", "link", &out)]),
    ];
    let config = repo.read(".git/config");
    for (number, tree) in (1..).zip(&trees) {
        let name = plant(&repo, number, tree, None);
        for args in [&["rollback", &name, "--yes"][..], &["rollback", &name, "--yes", "--path", "."]] {
            let (state, run) = (repo.state(), repo.checkpoint(args));
            assert_harmless(&run);
            assert!(!repo.exists("../evil") && !repo.root().join("../evil").exists(), "{run}");
            assert!(!std::path::Path::new("/tmp/evil-of-git-checkpoint").exists(), "{run}");
            assert_eq!(repo.read(".git/config"), config, "{run}");
            assert!(!repo.exists(".git/hooks/post-checkout"), "{run}");
            if run.code == 0 {
                repo.checkpoint_ok(&["undo", "--yes"]);
            } else {
                assert!([1, 2, 4].contains(&run.code), "{run}");
                if repo.checkpoint(&["rollback", "--abort"]).code == 0 {
                    panic!("it began what it could not end: {run}");
                }
            }
            repo.state().assert_same(&state);
        }
    }
}

#[test]
fn what_is_kept_beside_the_index_stays_inside_of_git() {
    let repo = TestRepo::with_commit();
    repo.write("file", "changed\n");
    let evil = repo.git_with_input(&["hash-object", "-w", "--stdin"], "evil\n");
    let worktree = repo.rev("HEAD^{tree}");
    let with = |entries: &[(&str, &str, &str)]| {
        let inner = raw_tree(&repo, entries);
        raw_tree(&repo, &[("40000", "git-dir", &inner)])
    };
    let up = raw_tree(&repo, &[("100644", "evil", &evil)]);
    let hooks = raw_tree(&repo, &[("100755", "post-checkout", &evil)]);
    let sequencer = raw_tree(&repo, &[("100644", "../../../evil", &evil), ("120000", "todo", &evil)]);
    let index = |list: &str| {
        let list = repo.git_with_input(&["hash-object", "-w", "--stdin"], list);
        let inner = raw_tree(&repo, &[("100644", "unmerged", &list)]);
        raw_tree(&repo, &[("40000", "index", &inner)])
    };
    let raw = |entries: &[(&str, &str, &str)]| {
        let inner = raw_tree(&repo, entries);
        raw_tree(&repo, &[("40000", "raw", &inner)])
    };
    let extras = [
        with(&[("40000", "..", &up)]),
        with(&[("100644", "../../evil", &evil)]),
        with(&[("100644", "config", &evil), ("100644", "HEAD", &evil), ("40000", "hooks", &hooks)]),
        with(&[("40000", "sequencer", &sequencer)]),
        with(&[("120000", "MERGE_MSG", &evil)]),
        index(&format!("100644 {evil} 1\t../../evil\0")),
        index(&format!("100644 {evil} 1\t.git/config\0")),
        index("garbage\0"),
        raw(&[("40000", "..", &up)]),
        raw(&[("40000", ".git", &up)]),
        raw(&[("100644", "../../evil", &evil)]),
        raw(&[("40000", "", &up)]),
        raw(&[("100644", "stray", &evil), ("120000", "file", &evil)]),
    ];
    let (config, head) = (repo.read(".git/config"), repo.read(".git/HEAD"));
    for (number, extras) in (1..).zip(&extras) {
        let name = plant(&repo, number, &worktree, Some(extras));
        let (state, run) = (repo.state(), repo.checkpoint(&["rollback", &name, "--yes"]));
        assert_harmless(&run);
        assert!(!repo.exists("../evil") && !repo.root().join("../evil").exists() && !repo.exists(".git/evil"), "{run}");
        assert_eq!((repo.read(".git/config"), repo.read(".git/HEAD")), (config.clone(), head.clone()), "{run}");
        assert!(!repo.exists(".git/hooks/post-checkout"), "{run}");
        // What it claims can be out of reach; then the verification fails, and the rollback can be undone.
        let ended = repo.checkpoint(&["undo", "--yes"]);
        assert_eq!(ended.code == 0, run.stdout.starts_with("rolled back"), "{run}{ended}");
        repo.state().assert_same(&state);
    }
}

#[test]
fn refs_of_a_planted_record_stay_refs() {
    let repo = TestRepo::with_commit();
    let (head, tree) = (repo.rev("HEAD"), repo.rev("HEAD^{tree}"));
    let names =
        ["refs/heads/../../../evil", "../evil", "HEAD", "refs/heads/main", "config", "refs/checkpoint/../../config"];
    let config = repo.read(".git/config");
    for (number, name) in (1..).zip(names) {
        let id = format!("20261121T1500{number:02}.000Z-recover-0000{number:02}");
        let text = format!(
            "object {head}\ntype commit\ntag {id}\ntagger A <a@example.com> 1795269600 +0000\n\nfrom elsewhere\n\n\
             Checkpoint-Format: 1\nCheckpoint-Kind: recover\nCheckpoint-Id: {id}\n\
             Checkpoint-Time: 2026-11-21T14:00:00Z\nCheckpoint-Source: x\nCheckpoint-Branch: refs/heads/main\n\
             Checkpoint-Head: {head}\nCheckpoint-Index: {tree}\nCheckpoint-Worktree: {tree}\n\
             Checkpoint-Ref: {head} - {name}\n"
        );
        let object = repo.git_with_input(&["hash-object", "-t", "tag", "-w", "--stdin"], text);
        repo.git(&["update-ref", &format!("refs/checkpoint/records/{id}"), &object]);
        let (state, run) = (repo.state(), repo.checkpoint(&["undo", &id, "--yes"]));
        assert_harmless(&run);
        // A ref that is as it would become is nothing to change.
        assert!(run.code != 0 || name == "refs/heads/main", "{name}: {run}");
        assert!(!repo.exists("../evil") && !repo.exists(".git/evil"), "{run}");
        assert_eq!(repo.read(".git/config"), config, "{run}");
        repo.state().assert_same(&state);
        assert_eq!(repo.rev("refs/heads/main"), head);
    }
}
