//! Refs: all or nothing, as expected or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use git_checkpoint::{
    error::Result,
    git::refs::{self, Along, RefEdit, Transaction, move_head, transaction},
    model::{Head, Oid},
};
use gix::bstr::ByteSlice;

use super::here::{Here, within};
use crate::support::TestRepo;

fn edit(name: &str, old: Option<Oid>, new: Option<Oid>) -> RefEdit {
    RefEdit { name: name.into(), old, new }
}

fn moved(name: &str) -> Transaction {
    Transaction::Moved(name.into())
}

fn apply(here: &Here, edits: &[RefEdit]) -> Transaction {
    transaction(&here.repo(), edits, "test: of refs").expect("nothing is in the way")
}

fn all_refs(here: &Here) -> String {
    here.git(&["for-each-ref", "--format=%(refname) %(objectname)"])
}

/// Once by gix, and once by git, which a hook makes necessary.
fn both_ways(here: &Here, body: impl Fn(&str)) {
    body("files");
    let hooks = here.path.join(".git/hooks");
    fs::create_dir_all(&hooks).expect("it can be made");
    let hook = hooks.join("reference-transaction");
    fs::write(&hook, "#!/bin/sh\ncat >/dev/null\necho \"$1\" >>.git/hooked\n").expect("it can be written");
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    body("program");
    fs::remove_file(hook).expect("it is ours");
}

#[test]
fn refs_are_made_moved_and_deleted() {
    within(TestRepo::with_commit, |here| {
        let (one, two) = (here.oid("HEAD"), here.commit("second"));
        both_ways(here, |way| {
            let (a, b) = (format!("refs/checkpoint/records/{way}"), format!("refs/heads/{way}/topic"));
            assert_eq!(apply(here, &[edit(&a, None, Some(one)), edit(&b, None, Some(two))]), Transaction::Done);
            assert_eq!(
                apply(here, &[edit(&a, Some(one), Some(two)), edit(&b, Some(two), Some(one))]),
                Transaction::Done
            );
            assert_eq!((here.oid(&a), here.oid(&b)), (two, one));
            let log = here.git(&["reflog", "show", "--format=%H %gs", &b]);
            assert_eq!(log, format!("{one} test: of refs\n{two} test: of refs"));
            here.git(&["pack-refs", "--all"]);
            assert_eq!(apply(here, &[edit(&a, Some(two), None), edit(&b, Some(one), None)]), Transaction::Done);
            assert!(!all_refs(here).contains(way), "{}", all_refs(here));
            here.assert_sound();
        });
        assert!(fs::read_to_string(here.path.join(".git/hooked")).expect("the hook ran").contains("committed"));
    });
}

#[test]
fn what_is_not_as_expected_changes_nothing() {
    within(TestRepo::with_commit, |here| {
        let (one, two) = (here.oid("HEAD"), here.commit("second"));
        here.git(&["branch", "there", &one.to_string()]);
        here.git(&["tag", "packed", &one.to_string()]);
        here.git(&["symbolic-ref", "refs/heads/symbolic", "refs/heads/there"]);
        here.git(&["pack-refs", "--all"]);
        here.git(&["branch", "loose", &one.to_string()]);
        both_ways(here, |_way| {
            let before = all_refs(here);
            for (name, old, new) in [
                // The same value is no excuse: it must not exist.
                ("refs/heads/there", None, Some(one)),
                ("refs/heads/loose", None, Some(one)),
                ("refs/heads/loose", None, None),
                ("refs/tags/packed", None, Some(two)),
                ("refs/tags/packed", Some(two), Some(one)),
                ("refs/tags/packed", Some(two), None),
                ("refs/heads/missing", Some(one), Some(two)),
                ("refs/heads/missing", Some(one), None),
                ("refs/heads/symbolic", Some(one), Some(two)),
                // Names in each other's way.
                ("refs/heads/there/below", None, Some(one)),
                ("refs/heads/loose/below/more", None, Some(one)),
                ("refs/tags/packed/below", None, Some(one)),
            ] {
                let edits = [edit("refs/heads/new", None, Some(two)), edit(name, old, new)];
                assert_eq!(apply(here, &edits), moved(name), "{name} {old:?} {new:?}");
                assert_eq!(all_refs(here), before);
            }
            here.assert_sound();
        });
        here.git(&["branch", "deep/er/one"]);
        here.git(&["tag", "down/below"]);
        here.git(&["pack-refs", "--all"]);
        here.git(&["branch", "loose2/below"]);
        for name in ["refs/heads/deep", "refs/heads/deep/er", "refs/tags/down", "refs/heads/loose2"] {
            assert_eq!(apply(here, &[edit(name, None, Some(one))]), moved(name));
        }
        // Empty folders that git left behind are in nobody's way.
        fs::create_dir_all(here.path.join(".git/refs/heads/empty/of/all")).expect("it can be made");
        assert_eq!(apply(here, &[edit("refs/heads/empty", None, Some(one))]), Transaction::Done);
        here.assert_sound();
    });
}

#[test]
fn a_lock_is_waited_for() {
    within(TestRepo::with_commit, |here| {
        let one = here.oid("HEAD");
        both_ways(here, |way| {
            let lock = here.path.join(format!(".git/refs/heads/{way}.lock"));
            fs::write(&lock, "").expect("it can be written");
            let release = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                fs::remove_file(lock).expect("it is still there");
            });
            assert_eq!(apply(here, &[edit(&format!("refs/heads/{way}"), None, Some(one))]), Transaction::Done);
            release.join().expect("it does not panic");
        });
    });
}

#[test]
fn a_lock_that_stays_is_named() {
    within(TestRepo::with_commit, |here| {
        let one = here.oid("HEAD");
        fs::write(here.path.join(".git/refs/heads/new.lock"), "").expect("it can be written");
        let edits = [edit("refs/heads/other", None, Some(one)), edit("refs/heads/new", None, Some(one))];
        let start = Instant::now();
        let error = transaction(&here.repo(), &edits, "test").expect_err("it is locked");
        assert!(start.elapsed() < Duration::from_secs(8));
        assert!(error.to_string().contains(".git/refs/heads/new.lock"), "{error}");
        assert!(error.hints()[0].contains("remove the file"), "{error:?}");
        assert_eq!(here.git(&["branch", "--format=%(refname)"]), "refs/heads/main");
    });
}

#[test]
fn a_hook_that_refuses_is_heard() {
    within(TestRepo::with_commit, |here| {
        let one = here.oid("HEAD");
        here.git(&["config", "core.hooksPath", "my-hooks"]);
        let hook = here.path.join("my-hooks/reference-transaction");
        fs::create_dir_all(here.path.join("my-hooks")).expect("it can be made");
        fs::write(&hook, "#!/bin/sh\necho not today >&2\ntest \"$1\" != prepared\n").expect("it can be written");
        fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
        let edits = [edit("refs/heads/new", None, Some(one))];
        let error = transaction(&here.repo(), &edits, "test").expect_err("the hook says no");
        assert!(error.chain().join("\n").contains("not today"), "{error:?}");
    });
}

fn on(name: &str, commit: Option<Oid>) -> Head {
    Head::Branch { name: format!("refs/heads/{name}").into(), commit }
}

/// Comes along with refs, and notes what it was asked for.
#[derive(Default)]
struct Asked {
    branch: Option<(PathBuf, Vec<u8>)>,
    contents: bool,
    names: bool,
}

impl Asked {
    fn assert_moved(&self, is: bool) {
        let Some((path, new)) = &self.branch else { return };
        assert_eq!(fs::read(path).is_ok_and(|now| now.starts_with(new)), is);
    }
}

impl Along for Asked {
    fn contents(&mut self) -> Result<()> {
        self.assert_moved(false);
        self.contents = true;
        Ok(())
    }

    fn names(&mut self) -> Result<Vec<PathBuf>> {
        assert!(self.contents, "the content comes before the name");
        self.assert_moved(true);
        self.names = true;
        Ok(vec![std::env::temp_dir()])
    }
}

#[test]
fn what_comes_along_has_its_content_before_and_its_name_after_the_refs() {
    within(TestRepo::with_commit, |here| {
        let (one, two) = (here.oid("HEAD"), here.commit("second"));
        both_ways(here, |_way| {
            for (from, to) in [(two, one), (one, two)] {
                let branch = here.path.join(".git/refs/heads/main");
                let mut asked = Asked { branch: Some((branch, to.to_string().into())), ..Asked::default() };
                let heads = (&on("main", Some(from)), &on("main", Some(to)));
                let done = move_head(&here.repo(), heads, "test", Some(&mut asked)).expect("nothing is in the way");
                assert_eq!(done, Transaction::Done);
                assert!(asked.contents && asked.names);
            }
        });
    });
}

fn go(here: &Here, dir: &Path, from: &Head, to: &Head) {
    let done = move_head(&here.repo_at(dir), (from, to), "checkpoint: go", None).expect("nothing is in the way");
    assert_eq!(done, Transaction::Done, "{from:?} → {to:?}");
    assert_eq!(here.repo_at(dir).head().expect("it is readable"), *to);
}

#[test]
fn head_goes_everywhere_and_logs_it() {
    within(TestRepo::with_commit, |here| {
        let (one, two) = (here.oid("HEAD"), here.commit("second"));
        both_ways(here, |way| {
            let other = format!("other-{way}");
            let detached = |commit| Head::Detached { commit };
            let path = [
                on("main", Some(two)),
                on("main", Some(one)),
                detached(two),
                detached(one),
                on(&other, Some(two)),
                on("main", Some(two)),
                on(&other, Some(one)),
                on("main", Some(two)),
            ];
            for step in path.windows(2) {
                let before = here.git(&["reflog", "show", "--format=%H", "HEAD"]).lines().count();
                go(here, Path::new("."), &step[0], &step[1]);
                let log = here.git(&["reflog", "show", "--format=%H %gs", "HEAD"]);
                assert_eq!(log.lines().count(), before + 1, "{step:?}\n{log}");
                let commit = step[1].commit().expect("they all have one");
                assert_eq!(log.lines().next(), Some(format!("{commit} checkpoint: go").as_str()), "{step:?}");
            }
            let last = fs::read_to_string(here.path.join(".git/logs/HEAD")).expect("it is there");
            assert!(last.lines().last().expect("it has lines").starts_with(&format!("{one} {two} ")), "{last}");
            here.assert_sound();
        });
    });
}

#[test]
fn head_that_moved_is_not_moved() {
    within(TestRepo::with_commit, |here| {
        let (one, two) = (here.oid("HEAD"), here.commit("second"));
        here.git(&["branch", "topic", &one.to_string()]);
        both_ways(here, |_way| {
            let before = (all_refs(here), fs::read(here.path.join(".git/HEAD")).expect("it is there"));
            for (from, to, name) in [
                (on("main", Some(one)), on("main", Some(two)), "refs/heads/main"),
                (on("topic", Some(one)), on("topic", Some(two)), "HEAD"),
                (on("topic", Some(one)), on("main", Some(one)), "HEAD"),
                (Head::Detached { commit: two }, Head::Detached { commit: one }, "HEAD"),
                (on("main", Some(one)), Head::Detached { commit: one }, "refs/heads/main"),
                (on("main", None), on("main", Some(one)), "refs/heads/main"),
            ] {
                let mut asked = Asked::default();
                let done = move_head(&here.repo(), (&from, &to), "test", Some(&mut asked));
                assert_eq!(done.expect("nothing is in the way"), moved(name), "{from:?} → {to:?}");
                assert!(!asked.names, "{from:?} → {to:?}");
                let after = (all_refs(here), fs::read(here.path.join(".git/HEAD")).expect("it is there"));
                assert_eq!(before, after);
            }
        });
    });
}

#[test]
fn head_can_be_unborn_before_and_after() {
    within(TestRepo::with_commit, |here| {
        let one = here.oid("HEAD");
        both_ways(here, |_way| {
            let here_dir = Path::new(".");
            go(here, here_dir, &on("main", Some(one)), &on("main", None));
            go(here, here_dir, &on("main", None), &on("main", Some(one)));
            go(here, here_dir, &on("main", Some(one)), &on("new", None));
            go(here, here_dir, &on("new", None), &on("main", Some(one)));
            here.assert_sound();
        });
    });
}

#[test]
fn a_linked_worktree_has_its_own_head() {
    let outside = || {
        let repo = TestRepo::with_commit();
        repo.linked_worktree("linked");
        repo
    };
    within(outside, |here| {
        let one = here.oid("HEAD");
        let linked = fs::canonicalize(
            here.git(&["worktree", "list", "--porcelain"])
                .lines()
                .filter_map(|line| {
                    line.strip_prefix("worktree ").filter(|path| path.ends_with("linked")).map(str::to_owned)
                })
                .next()
                .expect("it is listed"),
        )
        .expect("it exists");
        go(here, &linked, &on("linked", Some(one)), &Head::Detached { commit: one });
        assert_eq!(here.repo().head().expect("it is readable"), on("main", Some(one)));
        let log = here.path.join(".git/worktrees/linked/logs/HEAD");
        assert!(fs::read_to_string(log).expect("it is there").ends_with("checkpoint: go\n"));
        go(here, &linked, &Head::Detached { commit: one }, &on("linked", Some(one)));
    });
}

#[test]
fn no_identity_is_needed() {
    let outside = || {
        let repo = TestRepo::with_commit();
        repo.remove_identity();
        repo
    };
    within(outside, |here| {
        let one = here.oid("HEAD");
        both_ways(here, |way| {
            assert_eq!(apply(here, &[edit(&format!("refs/heads/{way}"), None, Some(one))]), Transaction::Done);
        });
        here.git(&["reflog", "show", "files"]);
    });
}

#[test]
fn a_shared_repository_stays_shared() {
    within(TestRepo::with_commit, |here| {
        here.git(&["config", "core.sharedRepository", "0660"]);
        assert_eq!(apply(here, &[edit("refs/new/dir/ref", None, Some(here.oid("HEAD")))]), Transaction::Done);
        let mode = |path: &str| {
            let data = fs::metadata(here.path.join(".git/refs").join(path)).expect("it is there");
            std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o7777
        };
        assert_eq!((mode("new"), mode("new/dir"), mode("new/dir/ref")), (0o2770, 0o2770, 0o660));
    });
}

#[test]
fn lists_are_what_git_lists() {
    within(TestRepo::with_commit, |here| {
        let (one, two) = (here.oid("HEAD"), here.commit("second"));
        let edits: Vec<_> = (0..150)
            .map(|n| edit(&format!("refs/x/{}/{n}", n % 7), None, Some(if n % 2 == 0 { one } else { two })))
            .collect();
        assert_eq!(apply(here, &edits), Transaction::Done);
        here.git(&["pack-refs", "--all"]);
        for n in (0..150).step_by(3) {
            here.git(&["update-ref", &format!("refs/x/{}/{n}", n % 7), "HEAD"]);
        }
        here.git(&["update-ref", "refs/x/loose", "HEAD"]);
        here.git(&["symbolic-ref", "refs/x/symbolic", "refs/heads/main"]);
        fs::write(here.path.join(".git/refs/x/held.lock"), "").expect("it can be written");
        let repo = here.repo();
        let list = refs::list(&repo, "refs/x/").expect("it is readable");
        let lines: Vec<_> = list.iter().map(|(name, id)| format!("{name} {id}")).collect();
        let expected = here.git(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/x/"]);
        assert_eq!(lines.join("\n"), expected);
        let names = refs::names(&repo, "refs/x/").expect("it is readable");
        assert_eq!(names, list.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        assert_eq!(refs::list(&repo, "refs/none/").expect("it is readable"), []);
        assert_eq!(refs::find(&repo, b"refs/x/loose".as_bstr()).expect("it is readable"), Some(two));
        assert_eq!(refs::find(&repo, b"refs/x/1".as_bstr()).expect("a folder is no ref"), None);
        here.git(&["update-ref", "refs/tags/refs/x/hidden", "HEAD"]);
        assert_eq!(refs::find(&repo, b"refs/x/hidden".as_bstr()).expect("it is readable"), None);
    });
}
