//! The deliberate break of each scenario.

use std::path::Path;

use super::{artifact, mess, scenario::Scenario, write};
use crate::{
    error::{Context, Result},
    git::Git,
    ops::Session,
};

/// The file that an older state has, and the state before the break does not.
pub(super) const OLDER: &str = "drill/older.txt";

/// What was broken, in words; or why nothing could be.
pub(super) type Broken = Result<String, &'static str>;

/// Breaks the copy that `session` is in.
pub(super) fn make(session: &Session, scenario: Scenario) -> Result<Broken> {
    match scenario {
        Scenario::BadCommit => bad_commit(session),
        Scenario::DeletedFiles => delete(session),
        Scenario::CorruptArtifact => {
            let damaged = artifact::corrupt(session.repo.workdir(), &artifact::files(&session.config))?;
            Ok(damaged.map(|file| format!("`{file}` is damaged")).ok_or("no file of an artifact is there"))
        }
        // What fails comes later; there has to be something to go back from.
        Scenario::FailingCheck | Scenario::FailingStep => mess::make(session).map(|mess| Ok(mess.describe())),
    }
}

/// A commit with a new file, and with a change of one that was there.
fn bad_commit(session: &Session) -> Result<Broken> {
    let repo = &session.repo;
    let head = repo.head()?;
    if head.commit().is_none() {
        return Ok(Err("the branch has no commit yet"));
    }
    if !mess::can_commit(session)? {
        return Ok(Err("there are conflicts that are not settled, and git would not commit"));
    }
    let victim = mess::victims_of(session, repo.head_tree(&head)?)?.into_iter().next();
    let mut paths = vec!["drill/bad.txt"];
    write(repo.workdir(), paths[0], b"this broke it\n")?;
    if let Some(victim) = &victim {
        write(repo.workdir(), victim, b"spoilt by the drill\n")?;
        paths.push(victim);
    }
    let id = mess::commit_only(session, "Break it", &paths)?;
    Ok(Ok(format!("commit {} changes {} files", id.get(..10).unwrap_or(&id), paths.len())))
}

/// Files that a checkpoint has are gone, tracked or not; the first of them from the index as well.
fn delete(session: &Session) -> Result<Broken> {
    let repo = &session.repo;
    let victims = mess::victims_of(session, session.capture()?.state.worktree)?;
    let Some(first) = victims.first() else { return Ok(Err("there is no file that could be deleted")) };
    for name in &victims {
        std::fs::remove_file(repo.workdir().join(name)).with_context(|| format!("cannot delete `{name}`"))?;
    }
    let unstage = ["--literal-pathspecs", "rm", "--quiet", "--cached", "--ignore-unmatch", "--force", "--sparse", "--"];
    repo.git(unstage).arg(first).run()?;
    Ok(Ok(format!("{} deleted", if victims.len() == 1 { "1 file".into() } else { format!("{} files", victims.len()) })))
}

/// Adds what an older state has.
pub(super) fn make_older(dir: &Path) -> Result<()> {
    write(dir, OLDER, b"from before\n")?;
    Git::in_dir(dir, ["add", "--force", "--sparse", "--", OLDER]).run().map(drop)
}

/// Takes it away again.
pub(super) fn take_older_away(dir: &Path) -> Result<()> {
    Git::in_dir(dir, ["rm", "--quiet", "--force", "--sparse", "--", OLDER]).run().map(drop)
}
