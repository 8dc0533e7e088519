//! Working states as people make them, each compared with git.

use super::oracle::check;
use crate::support::TestRepo;

/// One test for each state, made in a repository with some committed files.
macro_rules! states {
    ($($name:ident => |$repo:ident| $make:block)*) => {
        $(#[test]
        fn $name() {
            let $repo = &committed();
            $make
            check($repo);
        })*
    };
}

/// A repository with files in several folders, a program, a link and an ignore rule.
pub(super) fn committed() -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.write("src/main.rs", "fn main() {}\n");
    repo.write("src/deep/er/lib.rs", "pub fn lib() {}\n");
    repo.write("src-old/lib.rs", "// old\n");
    repo.write("docs/a.md", "a\n");
    repo.write("docs/b.md", "b\n");
    repo.write("run.sh", "#!/bin/sh\n");
    repo.chmod("run.sh", 0o755);
    repo.symlink("file", "link");
    repo.write(".gitignore", "*.log\n/target/\n!keep.log\n");
    repo.commit("files");
    repo
}

states! {
    clean => |repo| {}

    everything_at_once => |repo| {
        repo.write("file", "changed\n");
        repo.write("docs/a.md", "staged\n");
        repo.git(&["add", "docs/a.md"]);
        repo.write("docs/a.md", "staged and changed\n");
        repo.remove("docs/b.md");
        repo.git(&["mv", "src/main.rs", "src/start.rs"]);
        repo.write("new/deep/file", "new\n");
        repo.write("x.log", "ignored\n");
        repo.write("keep.log", "not ignored\n");
        repo.write("target/out", "ignored\n");
    }

    staged_only => |repo| {
        repo.write("new", "new\n");
        repo.git(&["add", "new"]);
        repo.git(&["rm", "-q", "docs/a.md"]);
    }

    staged_then_taken_back_on_disk => |repo| {
        let old = repo.read("file");
        repo.write("file", "staged\n");
        repo.git(&["add", "file"]);
        repo.write("file", old);
    }

    same_size_right_after_add => |repo| {
        repo.write("file", "aaaa\n");
        repo.git(&["add", "file"]);
        repo.write("file", "bbbb\n");
    }

    touched_only => |repo| {
        let old = repo.read("file");
        std::fs::remove_file(repo.path().join("file")).expect("it is there");
        repo.write("file", old);
    }

    mode_changes => |repo| {
        repo.chmod("file", 0o755);
        repo.chmod("run.sh", 0o644);
        repo.write("new.sh", "#!/bin/sh\n");
        repo.chmod("new.sh", 0o700);
    }

    modes_do_not_count => |repo| {
        repo.git(&["config", "core.fileMode", "false"]);
        repo.chmod("file", 0o755);
        repo.chmod("run.sh", 0o644);
        repo.write("run.sh", "#!/bin/sh\necho\n");
        repo.write("new.sh", "#!/bin/sh\n");
        repo.chmod("new.sh", 0o755);
    }

    links_do_not_exist => |repo| {
        repo.git(&["config", "core.symlinks", "false"]);
        repo.remove("link");
        repo.write("link", "elsewhere");
    }

    file_becomes_link => |repo| {
        repo.remove("file");
        repo.symlink("run.sh", "file");
        repo.remove("run.sh");
        repo.symlink("file", "run.sh");
    }

    link_becomes_file => |repo| {
        repo.remove("link");
        repo.write("link", "a file now\n");
        repo.symlink("nowhere", "broken");
    }

    file_becomes_folder => |repo| {
        repo.remove("file");
        repo.write("file/inside", "x\n");
        repo.write("file/deep/inside", "y\n");
        repo.remove("link");
        repo.write("link/inside", "z\n");
    }

    folder_becomes_file => |repo| {
        repo.remove("src");
        repo.write("src", "a file\n");
        repo.remove("docs");
    }

    folder_becomes_link => |repo| {
        repo.remove("src");
        repo.symlink("docs", "src");
    }

    folder_becomes_link_to_the_same_files => |repo| {
        std::fs::rename(repo.path().join("src"), repo.path().join("moved")).expect("the names are free");
        repo.symlink("moved", "src");
    }

    names_that_sort_badly => |repo| {
        for name in ["src.rs", "src-", "src0", "src/a", "docs.md", "docs!"] {
            repo.write(name, name);
        }
    }

    strange_names => |repo| {
        for name in ["new\nline", "tab\there", "quo\"te", " lead", "back\\slash", "-dash", ":colon", "ünï", "*", "[a]"] {
            repo.write(name, name);
            repo.write(format!("dir {name}/file"), name);
        }
    }

    empty_files_and_folders => |repo| {
        repo.write("empty", "");
        repo.dir("empty-folder/deeper");
        repo.write("file", "");
    }

    intent_to_add => |repo| {
        repo.write("planned", "text\n");
        repo.write("planned-and-gone", "text\n");
        repo.write("planned-empty", "");
        repo.git(&["add", "-N", "planned", "planned-and-gone", "planned-empty"]);
        repo.remove("planned-and-gone");
    }

    tracked_but_ignored => |repo| {
        repo.write("target/kept", "1\n");
        repo.write("target/other", "ignored\n");
        repo.git(&["add", "-f", "target/kept"]);
        repo.git(&["commit", "-q", "-m", "ignored but tracked"]);
        repo.write("target/kept", "2\n");
    }

    nested_ignore_rules => |repo| {
        repo.write("a/.gitignore", "*\n!.gitignore\n!b/\n!b/*.keep\n");
        repo.write("a/x", "ignored\n");
        repo.write("a/b/y.keep", "kept\n");
        repo.write("a/b/z", "ignored\n");
        repo.write("a/b/c/d.keep", "ignored\n");
        repo.write(".git/info/exclude", "secret\n");
        repo.write("docs/secret", "ignored\n");
        repo.write("docs/.gitignore", "/only-here\n");
        repo.write("docs/only-here", "ignored\n");
        repo.write("docs/sub/only-here", "kept\n");
    }

    ignore_file_of_the_user => |repo| {
        repo.write(repo.root().join("home/ignore"), "*.tmp\n");
        repo.git(&["config", "core.excludesFile", "~/ignore"]);
        repo.write("x.tmp", "ignored\n");
    }

    ignore_file_that_is_a_link => |repo| {
        repo.write("rules", "*.tmp\n");
        repo.symlink("../rules", "docs/.gitignore");
        repo.write("docs/x.tmp", "not ignored\n");
    }

    detached => |repo| {
        repo.git(&["switch", "-q", "--detach", "HEAD~1"]);
        repo.write("file", "changed\n");
    }

    line_ends => |repo| {
        repo.write("with-crlf", "a\r\nb\r\n");
        repo.commit("CRLF in the index");
        repo.git(&["config", "core.autocrlf", "true"]);
        repo.git(&["config", "core.safecrlf", "true"]);
        repo.write("with-crlf", "a\r\nb\r\nc\r\n");
        repo.write("file", "a\r\nb\r\n");
        repo.write("new.txt", "a\r\nb\n");
        repo.write("binary", "a\r\n\0b\r\n");
    }

    attributes => |repo| {
        let rules = "*.txt text eol=crlf\n*.bin -text\n*.auto text=auto\n*.id ident\n*.u16 working-tree-encoding=UTF-16LE\n";
        repo.write(".gitattributes", rules);
        repo.write("a.txt", "a\r\nb\r\n");
        repo.write("a.bin", "a\r\nb\r\n");
        repo.write("a.auto", "a\r\nb\r\n");
        repo.write("a.id", "$Id: something $\n");
        repo.write("a.u16", b"a\0\n\0");
        repo.write("docs/.gitattributes", "*.txt -text\n");
        repo.write("docs/a.txt", "a\r\n");
    }

    encoding_that_only_git_knows => |repo| {
        repo.write(".gitattributes", "*.u16 working-tree-encoding=UTF-16LE-BOM\n");
        repo.write("a.u16", b"\xff\xfea\0\n\0");
        repo.write("file", "changed\n");
        repo.write("new/file", "new\n");
        repo.remove("docs/a.md");
        repo.git(&["rm", "-q", "--cached", "docs/b.md"]);
        repo.write("x.log", "ignored\n");
    }

    clean_filter => |repo| {
        repo.git(&["config", "filter.up.clean", "tr a-z A-Z"]);
        repo.git(&["config", "filter.path.clean", "sed s,^,%f:,"]);
        repo.git(&["config", "filter.here.clean", "cat - run.sh"]);
        repo.write(".gitattributes", "*.up filter=up\n*.path filter=path\n*.here filter=here\n*.none filter=missing\n");
        repo.write("a.up", "shout\n");
        repo.write("docs/a.path", "text\n");
        repo.write("docs/a.here", "text\n");
        repo.write("a.none", "as it is\n");
    }

    filter_that_fails => |repo| {
        repo.git(&["config", "filter.bad.clean", "false"]);
        repo.write(".gitattributes", "*.bad filter=bad\n");
        repo.write("a.bad", "as it is\n");
    }

    rules_of_git_itself_in_conflict => |repo| {
        repo.git(&["switch", "-q", "-c", "side"]);
        repo.write("file", "theirs\n");
        repo.write("both", "theirs\n");
        repo.git(&["rm", "-q", "docs/a.md"]);
        repo.write("docs/b.md", "theirs\n");
        repo.commit("side");
        repo.git(&["switch", "-q", "main"]);
        repo.write("file", "ours\n");
        repo.write("both", "ours\n");
        repo.write("docs/a.md", "ours\n");
        repo.git(&["rm", "-q", "docs/b.md"]);
        repo.commit("main");
        assert!(!repo.git_raw(&["merge", "side"]).status.success());
        repo.remove("both");
    }

    split_index => |repo| {
        repo.git(&["config", "core.splitIndex", "true"]);
        repo.git(&["update-index", "--split-index"]);
        repo.write("file", "staged\n");
        repo.git(&["add", "file"]);
        repo.write("docs/a.md", "changed\n");
        repo.write("new", "new\n");
    }

    untracked_cache_and_version_4 => |repo| {
        repo.git(&["update-index", "--untracked-cache", "--index-version", "4"]);
        repo.git(&["status"]);
        repo.write("docs/new", "new\n");
        repo.write("file", "changed\n");
    }

    no_extension_about_trees => |repo| {
        repo.git(&["read-tree", "HEAD"]);
        repo.git(&["rm", "-q", "--cached", "docs/a.md"]);
        repo.write("file", "changed\n");
    }

    index_that_knows_no_file => |repo| {
        repo.git(&["read-tree", "HEAD"]);
        repo.write("file", "changed\n");
    }

    index_removed => |repo| {
        repo.remove(".git/index");
        repo.write("file", "changed\n");
    }

    assume_unchanged_and_skip_worktree => |repo| {
        repo.git(&["update-index", "--assume-unchanged", "file"]);
        repo.git(&["update-index", "--skip-worktree", "docs/a.md", "docs/b.md"]);
        repo.git(&["update-index", "--assume-unchanged", "src/main.rs"]);
        repo.remove("docs/b.md");
    }

    removed_from_the_index_only => |repo| {
        repo.git(&["rm", "-q", "--cached", "file", "run.sh"]);
        repo.git(&["rm", "-q", "--cached", "-r", "src"]);
        repo.remove("run.sh");
    }

    everything_gone => |repo| {
        for name in ["file", "src", "src-old", "docs", "run.sh", "link", ".gitignore"] {
            repo.remove(name);
        }
    }
}

#[test]
fn flagged_files_that_differ_are_taken_all_the_same() {
    let repo = committed();
    repo.git(&["update-index", "--assume-unchanged", "file"]);
    repo.git(&["update-index", "--skip-worktree", "docs/a.md"]);
    repo.write("file", "changed unseen\n");
    repo.write("docs/a.md", "changed unseen\n");
    let taken = super::oracle::take(&repo, &super::oracle::everything(&repo));
    assert_eq!(taken.text("worktree"), super::oracle::worktree_tree(&repo, &[]));
    assert_eq!(repo.git(&["show", &format!("{}:docs/a.md", taken.text("worktree"))]), "changed unseen");
    assert_eq!(taken.changes(), [0, 2, 0, 0]);
}

#[test]
fn another_case_of_a_name_is_not_lost() {
    let repo = committed();
    repo.git(&["config", "core.ignoreCase", "true"]);
    std::fs::rename(repo.path().join("file"), repo.path().join("File")).expect("the name is free");
    std::fs::rename(repo.path().join("docs"), repo.path().join("Docs")).expect("the name is free");
    let taken = super::oracle::take(&repo, &super::oracle::everything(&repo));
    let files = repo.git(&["ls-tree", "-r", "--name-only", taken.text("worktree")]);
    assert!(files.contains("File\n") && files.contains("Docs/a.md\n"), "{files}");
}

#[test]
fn unborn_and_empty() {
    check(&TestRepo::new());
}

#[test]
fn unborn_with_files() {
    let repo = TestRepo::new();
    repo.write("staged", "1\n");
    repo.git(&["add", "staged"]);
    repo.write("new", "2\n");
    check(&repo);
}

#[test]
fn unborn_with_untracked_files_only() {
    let repo = TestRepo::new();
    repo.write("a/b", "2\n");
    check(&repo);
}

#[test]
fn sha256() {
    let repo = TestRepo::sha256();
    repo.write("file", "changed\n");
    repo.git(&["add", "file"]);
    repo.write("file", "changed again\n");
    repo.write("dir/new", "new\n");
    repo.symlink("file", "dir/link");
    check(&repo);
}

#[test]
fn linked_worktree() {
    let main = committed();
    main.write("file", "only in the main worktree\n");
    let repo = main.linked_worktree("side");
    repo.write("docs/a.md", "staged\n");
    repo.git(&["add", "docs/a.md"]);
    repo.write("new", "new\n");
    check(&repo);
    check(&main);
}

#[test]
fn from_a_folder_within() {
    let repo = committed();
    repo.git(&["config", "filter.here.clean", "cat - run.sh"]);
    repo.write(".gitattributes", "*.here filter=here\n");
    repo.write("docs/a.here", "text\n");
    repo.write("new", "new\n");
    let taken = super::oracle::take(&repo.at("docs"), &super::oracle::everything(&repo));
    assert_eq!(taken.text("worktree"), super::oracle::worktree_tree(&repo, &[]));
}
