//! Where consent is kept: `$XDG_STATE_HOME/git-checkpoint/trust/<key>/`, by default below `~/.local/state`.
//!
//! `<key>` is made of the path of the repository's common folder and of a random token that lies in that folder, below
//! `checkpoint/`, where no clone and no checkout puts a file. So a repository that is moved away and replaced by another
//! at the same path is another one, and a folder that somebody made in advance is the folder of no repository. In it are
//!
//! - `<hash>.toml`: each trusted text, whole. It is what was shown; trust is that its bytes are equal.
//! - `last`: the hash of the one trusted last, to show what has changed since.
//! - `repository`: the path, for people.
//!
//! Folders and files must belong to this user and be writable for nobody else, and the state folder must not be inside
//! the repository; anything else is no consent.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{ContentHash, Place, sha256};
use crate::{
    config::Env,
    error::{Context, Error, Result},
};

/// No configuration is as large, in bytes.
const MAX_LENGTH: u64 = 1 << 20;

/// The consents for one repository.
#[derive(Debug, Clone)]
pub struct TrustFolder {
    dir: PathBuf,
}

impl TrustFolder {
    /// Where consents for the repository would be, whether there are any or not; the error says why there can be none.
    pub fn find(env: &Env, place: &Place<'_>) -> std::result::Result<Self, String> {
        let base = base(env, place)?;
        match token(place) {
            Some(token) => Ok(TrustFolder { dir: base.join(key(place, &token)) }),
            // Nobody has agreed to anything here yet.
            None => Ok(TrustFolder { dir: base.join("none") }),
        }
    }

    /// As [`TrustFolder::find`], made where it is missing.
    pub(super) fn make(env: &Env, place: &Place<'_>) -> Result<Self> {
        let cannot = |why: String| {
            Error::refused("consent cannot be kept")
                .because(why)
                .hint("set XDG_STATE_HOME to a folder of yours outside of the repository")
        };
        let base = base(env, place).map_err(cannot)?;
        let what = || format!("cannot make `{}`", base.display());
        let home = base.ancestors().nth(2).expect("two names were added to it");
        fs::create_dir_all(home).with_context(what)?;
        let parent = base.parent().expect("a name was added to it");
        make_private(parent).with_context(what)?;
        make_private(&base).with_context(what)?;
        check(parent, Wanted::SharedFolder).map_err(cannot)?;
        check(&base, Wanted::Folder).map_err(cannot)?;
        let token = match token(place) {
            Some(token) => token,
            None => new_token(place).context("cannot write to the repository's folder `checkpoint`")?,
        };
        let dir = base.join(key(place, &token));
        make_private(&dir).with_context(what)?;
        check(&dir, Wanted::Folder).map_err(cannot)?;
        let path = format!("{}\n", place.common_dir.display());
        write_private(&dir, "repository", path.as_bytes()).with_context(what)?;
        Ok(TrustFolder { dir })
    }

    /// Whether this very text is trusted; the error says why what is there counts for nothing.
    pub(super) fn has(&self, text: &str, hash: &ContentHash) -> std::result::Result<bool, String> {
        Ok(self.read(&format!("{hash}.toml"))?.is_some_and(|kept| kept == text))
    }

    /// The text that was trusted last.
    pub(super) fn last(&self) -> Option<String> {
        let hash = self.read("last").ok()??;
        let hash = hash.trim();
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let text = is_hash.then(|| self.read(&format!("{hash}.toml")).ok()).flatten()??;
        (ContentHash::of(text.as_bytes()).as_str() == hash).then_some(text)
    }

    /// Keeps a text, durably.
    pub(super) fn keep(&self, text: &str, hash: &ContentHash) -> Result<()> {
        let write = || {
            write_private(&self.dir, &format!("{hash}.toml"), text.as_bytes())?;
            write_private(&self.dir, "last", format!("{hash}\n").as_bytes())
        };
        write().with_context(|| format!("cannot write to `{}`", self.dir.display()))
    }

    /// How many texts are trusted.
    pub(super) fn count(&self) -> usize {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "toml")).count()
    }

    /// Removes all consents; how many there were.
    pub(super) fn remove(&self) -> Result<usize> {
        let what = || format!("cannot remove `{}`", self.dir.display());
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries.with_context(what)?,
        };
        let mut removed = 0;
        for entry in entries {
            let path = entry.with_context(what)?.path();
            fs::remove_file(&path).with_context(what)?;
            removed += usize::from(path.extension().is_some_and(|extension| extension == "toml"));
        }
        fs::remove_dir(&self.dir).with_context(what)?;
        Ok(removed)
    }

    /// A file of ours; `None` if there is none.
    fn read(&self, name: &str) -> std::result::Result<Option<String>, String> {
        let path = self.dir.join(name);
        let wanted = [Wanted::Folder, Wanted::Folder, Wanted::SharedFolder];
        for (dir, wanted) in self.dir.ancestors().zip(wanted) {
            match check(dir, wanted) {
                Err(_) if dir.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) => {
                    return Ok(None);
                }
                checked => checked?,
            }
        }
        if path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(None);
        }
        check(&path, Wanted::File)?;
        let unreadable = |error: io::Error| format!("`{}` cannot be read: {error}", path.display());
        let bytes = fs::read(&path).map_err(unreadable)?;
        String::from_utf8(bytes).map(Some).map_err(|_| format!("`{}` is not text", path.display()))
    }
}

/// `…/git-checkpoint/trust` in the state folder, if that is fit for it.
fn base(env: &Env, place: &Place<'_>) -> std::result::Result<PathBuf, String> {
    // A path that is not absolute is to be ignored, says the XDG Base Directory Specification; here it would be in the
    // repository.
    let absolute = |name: &str| env.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    let home = home.ok_or("neither XDG_STATE_HOME nor HOME is an absolute path")?;
    let base = home.join("git-checkpoint").join("trust");
    let real = resolved(&base);
    for inside in [place.top, place.common_dir] {
        if real.starts_with(resolved(inside)) {
            return Err(format!("the state folder `{}` is inside the repository", home.display()));
        }
    }
    Ok(base)
}

/// Without symbolic links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    for (depth, there) in path.ancestors().enumerate() {
        if let Ok(real) = there.canonicalize() {
            let missing: Vec<_> = path.components().rev().take(depth).collect();
            return missing.into_iter().rev().fold(real, |path, part| path.join(part));
        }
    }
    path.to_owned()
}

fn key(place: &Place<'_>, token: &str) -> String {
    let path = resolved(place.common_dir);
    sha256(&[b"git-checkpoint trust 1\0", path.as_os_str().as_encoded_bytes(), b"\0", token.as_bytes()])
}

fn token_path(place: &Place<'_>) -> PathBuf {
    place.common_dir.join("checkpoint").join("trust-token")
}

fn token(place: &Place<'_>) -> Option<String> {
    let path = token_path(place);
    let data = path.symlink_metadata().ok().filter(|data| data.is_file() && data.len() == 64)?;
    let token = fs::read_to_string(path).ok().filter(|token| token.len() as u64 == data.len())?;
    token.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(token)
}

/// A token that nobody can guess: the standard library seeds its hash maps from the system's random numbers.
fn new_token(place: &Place<'_>) -> io::Result<String> {
    let random = RandomState::new();
    let token: String = (0..4_u8).map(|number| format!("{:016x}", random.hash_one(number))).collect();
    let path = token_path(place);
    let dir = path.parent().expect("it is in a folder");
    fs::create_dir_all(dir)?;
    write_atomically(dir, "trust-token", token.as_bytes(), 0o644)?;
    Ok(token)
}

fn write_private(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    write_atomically(dir, name, bytes, 0o600)
}

/// Complete or not at all, durable when it returns.
fn write_atomically(dir: &Path, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("tmp_");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.tempfile_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(dir.join(name)).map_err(|error| error.error)?;
    #[cfg(unix)]
    fs::File::open(dir)?.sync_all()?;
    Ok(())
}

fn make_private(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

/// What a path has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    File,
    Folder,
    /// This program's folder, which others of its files are in too: what is in it is looked at on its own.
    SharedFolder,
}

/// Whether only this user can have put it there: no link, the right type, the right owner, writable for nobody else.
fn check(path: &Path, wanted: Wanted) -> std::result::Result<(), String> {
    let shown = path.display();
    let data = path.symlink_metadata().map_err(|error| format!("`{shown}` cannot be looked at: {error}"))?;
    match wanted {
        Wanted::File if !data.is_file() || data.len() > MAX_LENGTH => {
            return Err(format!("`{shown}` is not a file that was written here"));
        }
        Wanted::Folder | Wanted::SharedFolder if !data.is_dir() => return Err(format!("`{shown}` is not a folder")),
        _ => {}
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if data.uid() != rustix::process::geteuid().as_raw() {
            return Err(format!("`{shown}` belongs to somebody else"));
        }
        let others = if wanted == Wanted::SharedFolder { 0o002 } else { 0o022 };
        if data.mode() & others != 0 {
            return Err(format!("`{shown}` is writable for others"));
        }
    }
    Ok(())
}
