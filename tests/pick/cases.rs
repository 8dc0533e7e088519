//! One case each of what a pick can meet.

use super::{Told, assert_same_pick, clone_of, git_pick, pick, picks};
use crate::support::TestRepo;

/// Two branches from one commit, `one` and `two`, each changed by its function.
fn two_branches(base: impl Fn(&TestRepo), one: impl Fn(&TestRepo), two: impl Fn(&TestRepo)) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("keep", "keep\n");
    base(&repo);
    repo.commit("base");
    for (branch, change) in [("one", &one as &dyn Fn(&TestRepo)), ("two", &two)] {
        repo.git(&["checkout", "-q", "-b", branch, "main"]);
        change(&repo);
        repo.commit(branch);
    }
    repo
}

fn lines(changed: &[(usize, &str)]) -> String {
    let line =
        |n: usize| changed.iter().find(|(at, _)| *at == n).map_or(format!("line {n}"), |(_, text)| (*text).into());
    (0..20).map(|n| line(n) + "\n").collect()
}

#[track_caller]
fn assert_same(repo: &TestRepo) -> Told {
    let clone = clone_of(repo);
    for other in [("one", "two"), ("two", "one")] {
        let (commit, onto) = (repo.rev(other.0), repo.rev(other.1));
        assert_same_pick(repo, &clone, &commit, &onto);
    }
    repo.fsck();
    pick(repo, "one", "two", 0)
}

#[track_caller]
fn assert_clean(repo: &TestRepo) {
    let told = assert_same(repo);
    assert!(matches!(told, Told::Commit { redundant: false, .. }), "{told:?}");
}

#[track_caller]
fn assert_conflict(repo: &TestRepo, paths: &[&str]) {
    assert_eq!(assert_same(repo), Told::Conflict(paths.iter().map(|path| (*path).to_owned()).collect()));
}

#[test]
fn changes_in_one_file_are_merged() {
    let base = |repo: &TestRepo| repo.write("dir/file", lines(&[]));
    let one = |repo: &TestRepo| repo.write("dir/file", lines(&[(2, "one")]));
    assert_clean(&two_branches(base, one, |repo| repo.write("dir/file", lines(&[(15, "two")]))));
    assert_conflict(&two_branches(base, one, |repo| repo.write("dir/file", lines(&[(2, "two")]))), &["dir/file"]);
    assert_conflict(&two_branches(base, one, |repo| repo.remove("dir/file")), &["dir/file"]);
}

#[test]
fn attributes_of_the_target_decide_how_files_are_merged() {
    for attributes in ["file -merge\n", "file binary\n", "file merge=union\n", "file merge=binary\n", "file -text\n"] {
        let base = |repo: &TestRepo| {
            repo.write("dir/.gitattributes", attributes);
            repo.write("dir/file", lines(&[]));
        };
        let one = |repo: &TestRepo| repo.write("dir/file", lines(&[(2, "one")]));
        assert_same(&two_branches(base, one, |repo| repo.write("dir/file", lines(&[(15, "two")]))));
        assert_same(&two_branches(base, one, |repo| repo.write("dir/file", lines(&[(2, "two")]))));
    }
}

#[test]
fn renames_are_followed() {
    let base = |repo: &TestRepo| repo.write("dir/file", lines(&[]));
    let edit = |repo: &TestRepo| repo.write("dir/file", lines(&[(2, "one")]));
    assert_clean(&two_branches(base, edit, |repo| drop(repo.git(&["mv", "dir/file", "moved"]))));
    let move_to = |name: &'static str| move |repo: &TestRepo| drop(repo.git(&["mv", "dir/file", name]));
    let told = assert_same(&two_branches(base, move_to("here"), move_to("there")));
    assert!(matches!(told, Told::Conflict(_)), "{told:?}");
    let told = assert_same(&two_branches(base, move_to("here"), move_to("here")));
    assert!(matches!(told, Told::Commit { redundant: true, .. }), "{told:?}");
    assert_same(&two_branches(base, move_to("here"), |repo| repo.remove("dir/file")));
}

#[test]
fn files_added_to_a_renamed_folder_are_seen() {
    let base = |repo: &TestRepo| {
        for n in 0..4 {
            repo.write(format!("dir/{n}"), lines(&[(n, "own")]));
        }
    };
    let add = |repo: &TestRepo| repo.write("dir/new", "new\n");
    let told = assert_same(&two_branches(base, add, |repo| drop(repo.git(&["mv", "dir", "folder"]))));
    assert!(matches!(told, Told::Conflict(_)), "{told:?}");
    let repo = two_branches(base, add, |repo| drop(repo.git(&["mv", "dir", "folder"])));
    repo.git(&["config", "merge.directoryRenames", "true"]);
    let clone = clone_of(&repo);
    clone.git(&["config", "merge.directoryRenames", "true"]);
    let (commit, onto) = (repo.rev("one"), repo.rev("two"));
    let told = assert_same_pick(&repo, &clone, &commit, &onto);
    assert!(matches!(told, Told::Commit { redundant: false, .. }), "{told:?}");
}

#[test]
fn every_type_of_file_is_picked() {
    let base = |repo: &TestRepo| {
        repo.write("script", "#!/bin/sh\n");
        repo.write("binary", b"\0\x01\x02");
        repo.symlink("keep", "link");
        repo.write("crlf", "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\n");
    };
    let other = |repo: &TestRepo| repo.write("other", "other\n");
    assert_clean(&two_branches(base, |repo| repo.chmod("script", 0o755), other));
    assert_clean(&two_branches(base, |repo| repo.write("binary", b"\0\x01\x03"), other));
    assert_clean(&two_branches(
        base,
        |repo| repo.write("crlf", "ONE\r\ntwo\r\nthree\r\nfour\r\nfive\r\n"),
        |repo| {
            repo.write("crlf", "one\r\ntwo\r\nthree\r\nfour\r\nFIVE\r\n");
        },
    ));
    let relink = |target: &'static str| {
        move |repo: &TestRepo| {
            repo.remove("link");
            repo.symlink(target, "link");
        }
    };
    assert_clean(&two_branches(base, relink("other"), other));
    assert_conflict(&two_branches(base, relink("one"), relink("two")), &["link"]);
    let rewrite = |bytes: &'static [u8]| move |repo: &TestRepo| repo.write("binary", bytes);
    assert_conflict(&two_branches(base, rewrite(b"\0\x01"), rewrite(b"\0\x02")), &["binary"]);
    assert_clean(&two_branches(base, |repo| repo.chmod("script", 0o755), |repo| repo.write("script", "#!/bin/zsh\n")));
}

#[test]
fn submodules_are_picked_as_the_commits_they_are_at() {
    let at = |id: &'static str| {
        move |repo: &TestRepo| drop(repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},sub")]))
    };
    let (one, two) = ("1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222");
    let repo = TestRepo::with_commit();
    repo.git(&["checkout", "-q", "-b", "one"]);
    at(one)(&repo);
    repo.git(&["commit", "-q", "-m", "one"]);
    at(two)(&repo);
    repo.git(&["commit", "-q", "-m", "two"]);
    repo.git(&["checkout", "-q", "-f", "-b", "other", "main"]);
    repo.write("other", "other\n");
    repo.commit("other");
    let clone = clone_of(&repo);
    let other = repo.rev("other");
    for commit in ["one~1", "one"] {
        let commit = repo.rev(commit);
        assert_same_pick(&repo, &clone, &commit, &other);
    }
}

#[test]
fn root_commits_and_merges_are_picked_as_git_does() {
    let repo = two_branches(|_| {}, |repo| repo.write("a", "a\n"), |repo| repo.write("b", "b\n"));
    repo.git(&["merge", "-q", "--no-ff", "-m", "merge", "one"]);
    repo.git(&["checkout", "-q", "--orphan", "root"]);
    repo.git(&["rm", "-q", "-rf", "."]);
    repo.write("rooted/file", "rooted\n");
    repo.commit("a root");
    let clone = clone_of(&repo);
    let (root, merge, main) = (repo.rev("root"), repo.rev("two"), repo.rev("main"));
    assert_same_pick(&repo, &clone, &root, &main);
    assert_same_pick(&repo, &clone, &main, &root);
    for mainline in [0, 1, 2, 3] {
        let (ours, git) = (pick(&repo, &merge, &main, mainline), git_pick(&clone, &merge, &main, mainline));
        assert_eq!(ours, git, "-m {mainline}");
    }
    let one = repo.rev("one");
    for mainline in [1, 2] {
        assert_eq!(pick(&repo, &one, &root, mainline), git_pick(&clone, &one, &root, mainline), "-m {mainline}");
    }
}

#[test]
fn the_message_and_the_author_are_kept() {
    let repo = TestRepo::with_commit();
    let tree = repo.rev("HEAD^{tree}");
    let parent = repo.rev("HEAD");
    repo.write("other", "other\n");
    let onto = repo.commit("other");
    repo.git(&["rm", "-q", "file"]);
    repo.write("file", "changed\n");
    repo.git(&["add", "-A"]);
    let changed = repo.git(&["write-tree"]);
    drop(tree);
    let author = "author A U Thor <thor@example.com> 1700000000 -0730";
    let headers = format!("tree {changed}\nparent {onto}\n{author}\ncommitter C <c@d> 1700000001 +0100\n");
    let texts: [&[u8]; 9] = [
        b"\nplain\n",
        b"\nno line end",
        b"\n\n\n  leading and trailing  \n\n\n\nmany\n\n\n",
        b"\n",
        b"\n# a comment\n\nbody # no comment\n",
        b"\nnot utf-8 \xfcber\n",
        b"encoding ISO-8859-1\n\nlatin \xfcber\n\n\nend",
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\nsigned\n",
        b"change-id abcdef\nmergetag object 1\n type commit\n\nwith headers\n",
    ];
    let mut commits = Vec::new();
    for text in texts {
        let bytes = [headers.as_bytes(), text].concat();
        commits.push(repo.git_with_input(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], bytes));
    }
    for (n, commit) in commits.iter().enumerate() {
        repo.git(&["update-ref", &format!("refs/heads/text{n}"), commit]);
    }
    let clone = clone_of(&repo);
    for settings in [&[][..], &[("commit.cleanup", "strip")], &[("i18n.commitEncoding", "ISO-8859-1")]] {
        for (key, value) in settings {
            repo.git(&["config", key, value]);
            clone.git(&["config", key, value]);
        }
        for commit in &commits {
            assert_same_pick(&repo, &clone, commit, &parent);
        }
    }
}

#[test]
fn commits_are_signed_where_the_configuration_says_so() {
    let repo = two_branches(|_| {}, |repo| repo.write("a", "a\n"), |repo| repo.write("b", "b\n"));
    let clone = clone_of(&repo);
    let program = repo.root().join("sign");
    repo.write(
        &program,
        "#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\n\
         printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nnot one\\n-----END PGP SIGNATURE-----\\n'\n",
    );
    repo.chmod(&program, 0o755);
    for place in [&repo, &clone] {
        place.git(&["config", "commit.gpgSign", "true"]);
        place.git(&["config", "gpg.program", program.to_str().expect("UTF-8")]);
    }
    let (commit, onto) = (repo.rev("one"), repo.rev("two"));
    let told = assert_same_pick(&repo, &clone, &commit, &onto);
    let Told::Commit { text, .. } = told else { panic!("{told:?}") };
    assert!(text.contains("gpgsig -----BEGIN PGP SIGNATURE-----"), "{text}");
}

#[test]
fn what_was_applied_already_is_found_as_git_finds_it() {
    let repo = TestRepo::with_commit();
    repo.git(&["checkout", "-q", "-b", "work"]);
    let mut commits = Vec::new();
    for n in 0..6 {
        repo.write(format!("f{n}"), lines(&[(n, "work")]));
        commits.push(repo.commit(&format!("work {n}")));
    }
    repo.git(&["checkout", "-q", "-b", "up", "main"]);
    repo.write("own", "own\n");
    repo.commit("own");
    repo.git(&["cherry-pick", &commits[1], &commits[4]]);
    let ask = |candidates: &[String], upstream: &str| {
        let lines = [format!("candidates {}", candidates.join(" ")), format!("applied {upstream}")];
        repo.inside("pick::child", &lines).remove(1)
    };
    let mut expected = [commits[1].clone(), commits[4].clone()];
    expected.sort();
    assert_eq!(ask(&commits, "up"), expected.join(" "));
    assert_eq!(ask(&commits[..4], "up"), commits[1]);
    assert_eq!(ask(&[commits[4].clone(), commits[0].clone()], "up"), commits[4]);
    assert_eq!(ask(&commits, "main"), "");
    assert_eq!(ask(&[], "up"), "");
    assert_eq!(ask(&commits, "work~2"), "");
}

#[test]
fn a_chain_is_picked_in_one_go() {
    let repo =
        two_branches(|repo| repo.write("file", lines(&[])), |_| {}, |repo| repo.write("file", lines(&[(1, "two")])));
    repo.git(&["checkout", "-q", "one"]);
    for n in 0..4 {
        repo.write("file", lines(&[(8 + n, "one")]));
        repo.commit(&format!("one {n}"));
    }
    let clone = clone_of(&repo);
    let mut onto = repo.rev("two");
    for n in (0..4).rev() {
        let commit = repo.rev(&format!("one~{n}"));
        let told = picks(&repo, &[(&commit, &onto, 0)]).remove(0);
        assert_eq!(told, git_pick(&clone, &commit, &onto, 0), "one~{n}");
        onto = clone.rev("HEAD");
        repo.git(&["fetch", "-q", clone.path().to_str().expect("UTF-8"), &onto]);
    }
}
