//! A repository with a worktree, opened once, with everything that would make it unsafe to work on refused first.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use gix::bstr::{BStr, BString, ByteSlice};

use super::{Git, private, tree::Compared};
use crate::{
    config::{Clock, Env},
    error::{Context, Error, Result},
    model::{Head, Oid},
};

/// An opened repository and the paths that belong to it.
///
/// Objects written through [`Repo::gix`] stay in memory until `objects::flush` makes them durable, so computing
/// a plan leaves nothing behind.
pub struct Repo {
    gix: gix::Repository,
    workdir: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    prefix: BString,
    clock: Clock,
    compared: Compared,
}

/// An operation of git's own that has begun and not ended; see [`Repo::git_operation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitOperation {
    /// `git rebase`.
    Rebase,
    /// `git am`.
    ApplyMailbox,
    /// `git bisect`.
    Bisect,
    /// `git merge`.
    Merge,
    /// `git cherry-pick`, of one or more commits.
    CherryPick,
    /// `git revert`, of one or more commits.
    Revert,
}

impl GitOperation {
    /// The git command whose `--continue`, `--abort` or `reset` ends it.
    pub fn command(self) -> &'static str {
        match self {
            GitOperation::Rebase => "rebase",
            GitOperation::ApplyMailbox => "am",
            GitOperation::Bisect => "bisect",
            GitOperation::Merge => "merge",
            GitOperation::CherryPick => "cherry-pick",
            GitOperation::Revert => "revert",
        }
    }

    /// Whether it is kept in files under `.git` that a snapshot cannot hold, so that no state may be restored
    /// under it.
    pub fn blocks_restore(self) -> bool {
        matches!(self, GitOperation::Rebase | GitOperation::ApplyMailbox | GitOperation::Bisect)
    }
}

/// So many bytes of objects that were read stay in memory: the same trees are read again and again, by one part of an
/// operation after the other, and a loose one costs six system calls each time.
const OBJECT_CACHE: usize = 8 << 20;

impl Repo {
    /// Opens the repository that `env`'s directory is in, as git would find it, `GIT_DIR` included.
    ///
    /// Refused, before anything is read or written: no repository, a bare one or no worktree, ref storage or
    /// extensions that gix cannot handle.
    pub fn open(env: &Env) -> Result<Self> {
        let mut gix = open_gix(env)?;
        let storage = gix.config_snapshot().string("extensions.refStorage").filter(|value| *value != "files");
        if let Some(storage) = storage {
            return Err(Error::environment(format!("refs stored as `{storage}` are not supported"))
                .hint("convert the repository with `git refs migrate --ref-format=files`"));
        }
        refuse_unknown_format(&gix)?;
        let Some(workdir) = gix.workdir() else {
            return Err(Error::environment(format!(
                "`{}` is a bare repository: it has no working files to save",
                gix.git_dir().display()
            ))
            .hint("run it in a worktree of the repository, such as one made by `git worktree add`"));
        };
        let absolute =
            |path: &Path| gix::path::realpath(env.cwd().join(path)).context("cannot resolve a path of the repository");
        let workdir = absolute(workdir)?;
        let cwd = gix::path::realpath(env.cwd()).context("cannot resolve the current directory")?;
        let prefix = match cwd.strip_prefix(&workdir) {
            Ok(inside) => {
                let inside = gix::path::into_bstr(inside).context("cannot read the current directory's name")?;
                gix::path::to_unix_separators_on_windows(inside).into_owned()
            }
            Err(_outside) => BString::default(),
        };
        gix.object_cache_size_if_unset(OBJECT_CACHE);
        cache_packs(&mut gix);
        Ok(Repo {
            git_dir: absolute(gix.git_dir())?,
            common_dir: absolute(gix.common_dir())?,
            workdir,
            prefix,
            clock: env.clock(),
            compared: Compared::default(),
            gix: gix.with_object_memory(),
        })
    }

    /// Whether there is a repository of any sort, even one that [`Repo::open`] refuses.
    pub fn is_at(env: &Env) -> bool {
        open_gix(env).is_ok()
    }

    /// Clones the repository at `from`, or makes an empty one where there is none, into `to`, with objects borrowed
    /// from it and without files, hooks and templates.
    pub fn scratch(from: Option<&Path>, to: &Path) -> Result<()> {
        let quiet = ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"];
        let call = match from {
            Some(from) => Git::in_dir(from, quiet)
                .arg("clone")
                .arg("--quiet")
                .arg("--shared")
                .arg("--no-checkout")
                .arg("--template=")
                // Whatever the user would have it called.
                .arg("--origin=origin")
                .arg("--")
                .arg(from),
            None => Git::in_dir(Path::new("."), quiet).arg("init").arg("--quiet").arg("--template="),
        };
        call.arg(to).run().map(|_| ())
    }

    /// The trees that were compared last.
    pub(super) fn compared(&self) -> &Compared {
        &self.compared
    }

    /// The present moment: a repository may be open for hours.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The repository as gix sees it; objects written through it stay in memory (see [`Repo`]).
    pub fn gix(&self) -> &gix::Repository {
        &self.gix
    }

    /// As [`Repo::gix`], to change its in-memory objects.
    pub fn gix_mut(&mut self) -> &mut gix::Repository {
        &mut self.gix
    }

    /// The top of the worktree, absolute.
    pub fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// The `.git` folder of this worktree, absolute: HEAD, index and the state of merges.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The folder that all worktrees share, absolute: objects and refs.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Where the command was called, relative to the top of the worktree, with `/`; empty at the top.
    pub fn prefix(&self) -> &BString {
        &self.prefix
    }

    /// The index of this worktree. `GIT_INDEX_FILE` is ignored: a hook's temporary index is not the user's state.
    pub fn index_path(&self) -> PathBuf {
        self.git_dir.join("index")
    }

    /// This program's own folder for what is local and never shared, `<common-dir>/checkpoint`.
    pub fn state_dir(&self) -> PathBuf {
        self.common_dir.join("checkpoint")
    }

    /// A call of the `git` program in this repository.
    pub fn git<I, S>(&self, args: I) -> Git
    where
        I: IntoIterator<Item = S>,
        S: Into<std::ffi::OsString>,
    {
        Git::new(&self.git_dir, &self.workdir, args)
    }

    /// Where HEAD is now, read afresh.
    pub fn head(&self) -> Result<Head> {
        let head = self.gix.head().context("cannot read HEAD").map_err(|error| error.hint(ASK_GIT))?;
        if let gix::head::Kind::Symbolic(branch) = &head.kind
            && let gix::refs::TargetRef::Symbolic(target) = branch.target.to_ref()
        {
            let (branch, target) = (branch.name.shorten().to_str_lossy(), target.shorten().to_str_lossy());
            return Err(Error::refused(format!("HEAD is on `{branch}`, which is only another name for `{target}`"))
                .because("a branch that is a symbolic ref is not supported")
                .hint(format!("`git switch {target}` first")));
        }
        let commit = head.id().map(gix::Id::detach);
        Ok(match (head.referent_name(), commit) {
            (Some(name), commit) => Head::Branch { name: name.as_bstr().to_owned(), commit },
            (None, Some(commit)) => Head::Detached { commit },
            (None, None) => return Err(Error::environment("HEAD names neither a branch nor a commit")),
        })
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: Oid) -> Result<Oid> {
        let commit = self.gix.find_commit(commit).with_context(|| format!("cannot read commit {commit}"))?;
        Ok(commit.tree_id().context("cannot decode a commit")?.detach())
    }

    /// The tree of HEAD; the empty tree while there is no commit.
    pub fn head_tree(&self, head: &Head) -> Result<Oid> {
        head.commit().map_or_else(|| Ok(Oid::empty_tree(self.gix.object_hash())), |commit| self.tree_of(commit))
    }

    /// Whether a worktree of this repository, this one included, has the branch of this full name checked out.
    pub fn is_checked_out(&self, branch: &BStr) -> Result<bool> {
        let listed = self.git(["worktree", "list", "--porcelain", "-z"]).run()?;
        let line = [b"branch ".as_slice(), branch].concat();
        Ok(listed.split(|byte| *byte == 0).any(|field| field == line))
    }

    /// Another worktree that has the branch of this full name checked out.
    pub fn other_worktree_with(&self, branch: &BStr) -> Result<Option<BString>> {
        if !self.common_dir.join("worktrees").is_dir() {
            return Ok(None);
        }
        let line = [b"branch ".as_slice(), branch].concat();
        let listed = self.git(["worktree", "list", "--porcelain", "-z"]).run()?;
        let worktrees = listed.split_str(b"\0\0").enumerate().filter_map(|(at, fields)| {
            let mut fields = fields.split(|byte| *byte == 0);
            let path = fields.next()?.strip_prefix(b"worktree ")?;
            let (mut has_branch, mut is_gone) = (false, false);
            for field in fields {
                has_branch |= field == line;
                is_gone |= field.starts_with(b"prunable");
            }
            // The main one comes first, by a name that `core.worktree` does not change.
            let is_this = if at == 0 { self.git_dir == self.common_dir } else { self.is_workdir(path.as_bstr()) };
            (has_branch && !is_gone && !is_this).then(|| path.into())
        });
        Ok({ worktrees }.next())
    }

    /// The tops of the other worktrees of this repository that are there, but for this program's own.
    pub fn other_worktrees(&self) -> Vec<PathBuf> {
        let linked = std::fs::read_dir(self.common_dir.join("worktrees"));
        let top = |entry: std::io::Result<std::fs::DirEntry>| {
            let dir = entry.ok()?.path();
            let dot_git = std::fs::read(dir.join("gitdir")).ok()?;
            let dot_git = dir.join(gix::path::from_bstr(dot_git.trim_ascii_end().as_bstr()).ok()?);
            gix::path::realpath(dot_git.parent()?).ok()
        };
        let main = self.common_dir.parent().filter(|_| self.common_dir.ends_with(".git"));
        let all = main.map(Path::to_owned).into_iter().chain(linked.into_iter().flatten().filter_map(top));
        all.filter(|path| *path != self.workdir && path.join(".git").exists() && !private::is_private(path)).collect()
    }

    fn is_workdir(&self, path: &BStr) -> bool {
        gix::path::from_bstr(path).is_ok_and(|path| gix::path::realpath(path).is_ok_and(|path| path == self.workdir))
    }

    /// Whether git ignores this path, relative to the top of the worktree.
    pub fn is_ignored(&self, path: &BStr) -> Result<bool> {
        let input = [path.as_bytes(), b"\0"].concat();
        let call = self.git(["check-ignore", "--quiet", "--stdin", "-z"]).stdin(input).output()?;
        match call.code {
            0 => Ok(true),
            1 => Ok(false),
            _ => Err(call.error("git check-ignore")),
        }
    }

    /// Whether git fetches objects that are missing from where the repository was cloned.
    pub fn has_promisor(&self) -> bool {
        let config = self.gix.config_snapshot();
        let mut remotes = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let is_promised = |name: &BStr| config.boolean(&format!("remote.{name}.promisor")).unwrap_or(false);
        config.string("extensions.partialClone").is_some()
            || remotes.any(|section| section.header().subsection_name().is_some_and(is_promised))
    }

    /// The operation of git's own that has begun and not ended in this worktree, if any.
    pub fn git_operation(&self) -> Option<GitOperation> {
        let has = |name: &str| self.git_dir.join(name).exists();
        if has("rebase-apply/applying") {
            Some(GitOperation::ApplyMailbox)
        } else if has("rebase-apply") || has("rebase-merge") {
            Some(GitOperation::Rebase)
        } else if has("CHERRY_PICK_HEAD") {
            Some(GitOperation::CherryPick)
        } else if has("REVERT_HEAD") {
            Some(GitOperation::Revert)
        } else if has("MERGE_HEAD") {
            Some(GitOperation::Merge)
        } else if has("sequencer/todo") {
            Some(GitOperation::CherryPick)
        } else if has("BISECT_LOG") {
            Some(GitOperation::Bisect)
        } else {
            None
        }
    }
}

/// What to do where the repository itself is damaged.
const ASK_GIT: &str = "`git status` and `git fsck` tell what is wrong with the repository";

/// As git does: what an extension changes cannot be known, so a repository with an unknown one is left alone.
fn refuse_unknown_format(gix: &gix::Repository) -> Result<()> {
    const KNOWN: [&str; 7] = [
        "noop",
        "objectformat",
        "partialclone",
        "preciousobjects",
        "refstorage",
        "relativeworktrees",
        "worktreeconfig",
    ];
    let config = gix.config_snapshot();
    let version = config.integer("core.repositoryFormatVersion").unwrap_or(0);
    if version > 1 {
        return Err(Error::environment(format!("the repository is of format {version}, this version reads up to 1"))
            .hint("update git-checkpoint"));
    }
    if version == 0 {
        return Ok(());
    }
    for section in config.plumbing().sections_by_name("extensions").into_iter().flatten() {
        let unknown = |name: &String| !KNOWN.contains(&name.to_ascii_lowercase().as_str());
        if let Some(name) = section.value_names().find(unknown) {
            return Err(Error::environment(format!(
                "the repository has the extension `{name}`, which is not known here"
            ))
            .hint("update git-checkpoint"));
        }
    }
    Ok(())
}

#[allow(clippy::disallowed_methods)]
fn open_gix(env: &Env) -> Result<gix::Repository> {
    let not_found = |error: gix::Error| {
        let what = format!("`{}` is not in a usable git repository", env.cwd().display());
        let failure = Error::environment(what);
        if env.var("GIT_DIR").is_some() {
            failure.because(error).hint("GIT_DIR is set: unset it, or let it name a repository")
        } else if ["Could not find a git", "Failed to access a dir"]
            .iter()
            .any(|start| error.to_string().starts_with(start))
        {
            failure.because(error.to_string()).hint("change to a repository, or name one with `-C <dir>`")
        } else {
            failure.because(error).hint(ASK_GIT)
        }
    };
    let repo = match env.var("GIT_DIR") {
        Some(git_dir) => {
            let mut repo = gix::open(env.cwd().join(git_dir)).map_err(not_found)?;
            if let Some(workdir) = env.var("GIT_WORK_TREE") {
                repo.set_workdir(env.cwd().join(workdir)).context("cannot use GIT_WORK_TREE")?;
            } else if repo.workdir().is_none() && !repo.is_bare() {
                repo.set_workdir(env.cwd().to_owned()).context("cannot use the current directory as worktree")?;
            }
            repo
        }
        None => gix::discover(env.cwd()).map_err(not_found)?,
    };
    Ok(repo)
}

/// Keeps what was inflated last of packs: of a chain of deltas, each object is otherwise made from the first one on. gix
/// does not by itself, neither at first nor on another thread.
pub fn cache_packs(repo: &mut gix::Repository) {
    repo.objects.set_pack_cache(|| Box::<gix_pack::cache::lru::StaticLinkedList<64>>::default());
}
