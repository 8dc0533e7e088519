//! A repository that one side of a comparison works in, and can be put back.

use std::{
    cell::Cell,
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::Duration,
};

use super::world::World;

/// Where [`Place::change`] puts new files.
const NEW: &str = "new-in-this-round";

/// A repository in a world of its own, and the state it is put back to.
pub(crate) struct Place<'w> {
    world: &'w World,
    path: PathBuf,
    base: String,
    refs: BTreeSet<String>,
    files: Vec<String>,
    round: Cell<usize>,
}

impl<'w> Place<'w> {
    /// The repository at `path`, which has a commit and no changes.
    pub(super) fn at(world: &'w World, path: PathBuf) -> Result<Self, String> {
        let mut place =
            Place { world, path, base: String::new(), refs: BTreeSet::new(), files: Vec::new(), round: Cell::new(0) };
        let listed = place.git(&["ls-files", "-s"])?;
        let plain = listed.lines().filter(|line| line.starts_with("100644") && !line.ends_with('"'));
        place.files = plain.filter_map(|line| line.split_once('\t').map(|(_, path)| path.to_owned())).collect();
        place.keep()?;
        Ok(place)
    }

    /// A clone of `origin` named `name`, with an index that is newer than every file.
    pub(super) fn clone_of(world: &'w World, origin: &Path, name: &str) -> Result<Self, String> {
        let path = world.root().join(name);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| error.to_string())?;
        }
        let mut clone = world.command("git".as_ref(), world.root());
        run(clone.args(["clone", "-q", "--no-hardlinks", "--"]).arg(origin).arg(&path))?;
        let place = Self::at(world, path)?;
        place.settle()?;
        Ok(place)
    }

    /// Two clones of this one: for the program, and for what it is compared with.
    pub(crate) fn two(&self) -> Result<(Self, Self), String> {
        let clone = |name| Self::clone_of(self.world, &self.path, name);
        Ok((clone("ours")?, clone("theirs")?))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The commit it is put back to.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// How many files can be changed.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Makes the present commit and refs what [`Place::reset`] goes back to.
    pub(crate) fn keep(&mut self) -> Result<(), String> {
        self.base = self.git(&["rev-parse", "HEAD"])?.trim_end().to_owned();
        self.refs = self.ref_names()?;
        Ok(())
    }

    /// Waits until the index can be newer than every file and makes it so: git and this program read again what could
    /// have changed within the clock's resolution, and that would be measured.
    pub(crate) fn settle(&self) -> Result<(), String> {
        sleep(Duration::from_millis(1100));
        fs::remove_file(self.path.join(".git/index")).map_err(|error| error.to_string())?;
        self.git(&["reset", "-q"]).map(drop)
    }

    /// Puts everything back: branch, index, files and refs.
    pub(crate) fn reset(&self) -> Result<(), String> {
        self.git(&["reset", "-q", "--hard", &self.base])?;
        let new = self.path.join(NEW);
        if new.exists() {
            fs::remove_dir_all(new).map_err(|error| error.to_string())?;
        }
        let extra = self.ref_names()?.difference(&self.refs).map(|name| format!("delete {name}\n")).collect::<String>();
        if !extra.is_empty() {
            self.git_with_input(&["update-ref", "--stdin"], extra.as_bytes())?;
        }
        Ok(())
    }

    /// Changes `count` files, one in ten of them new, to what they never were before.
    pub(crate) fn change(&self, count: usize) -> Result<(), String> {
        let round = self.round.get() + 1;
        self.round.set(round);
        let new = count / 10;
        for n in 0..new {
            self.write(&format!("{NEW}/{}/{n}", n % 10), format!("round {round} file {n}\n").as_bytes())?;
        }
        (0..count - new).try_for_each(|n| self.append(n * self.len() / (count - new), &format!("round {round}\n")))
    }

    /// Adds text to the end of one of the files, by number.
    pub(crate) fn append(&self, file: usize, text: &str) -> Result<(), String> {
        self.append_bytes(file, text.as_bytes())
    }

    /// As [`Place::append`], for any bytes.
    pub(crate) fn append_bytes(&self, file: usize, bytes: &[u8]) -> Result<(), String> {
        let path = self.path.join(&self.files[file % self.files.len()]);
        let opened = fs::OpenOptions::new().append(true).open(&path);
        opened.and_then(|mut file| file.write_all(bytes)).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.path.join(path);
        let folder = path.parent().ok_or("a file is in a folder")?;
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes)).map_err(|error| error.to_string())
    }

    /// Runs git; its standard output.
    pub(crate) fn git(&self, args: &[&str]) -> Result<String, String> {
        run(self.command("git").args(args))
    }

    /// Runs git with `input` as standard input.
    pub(crate) fn git_with_input(&self, args: &[&str], input: &[u8]) -> Result<String, String> {
        let file = self.world.root().join("input");
        let opened = fs::write(&file, input).and_then(|()| fs::File::open(&file)).map_err(|error| error.to_string())?;
        run(self.command("git").args(args).stdin(opened))
    }

    /// Runs the program.
    pub(crate) fn ours(&self, args: &[&str]) -> Result<(), String> {
        discard(self.our_command().args(args))
    }

    /// Fails unless the program's last call left a record: a ratio of something that did not happen is worth nothing.
    pub(crate) fn expect_record(&self) -> Result<(), String> {
        let extra = self.ref_names()?.difference(&self.refs).any(|name| name.starts_with("refs/checkpoint/records/"));
        extra.then_some(()).ok_or_else(|| "the program left no record".into())
    }

    /// The program, to be run here.
    pub(crate) fn our_command(&self) -> Command {
        self.command(installed())
    }

    /// Another program, to be run here.
    pub(crate) fn other_command(&self, program: &Path) -> Command {
        self.world.advance(1);
        self.world.command(program.as_os_str(), &self.path)
    }

    /// Commits all that is in the worktree, and makes it what [`Place::reset`] goes back to.
    pub(crate) fn commit_all(&mut self) -> Result<(), String> {
        self.git(&["add", "-A"])?;
        self.git(&["commit", "-q", "-m", "Set up"])?;
        self.keep()?;
        self.settle()
    }

    /// git, to be run here.
    pub(crate) fn git_command(&self) -> Command {
        self.command("git")
    }

    /// Runs git calls one after the other, as a script would, with their output thrown away.
    pub(crate) fn script(&self, calls: &[&[&str]]) -> Result<(), String> {
        calls.iter().try_for_each(|args| discard(self.command("git").args(*args)))
    }

    fn command(&self, program: &str) -> Command {
        // Names that are made from the time are all different.
        self.world.advance(1);
        self.world.command(program.as_ref(), &self.path)
    }

    fn ref_names(&self) -> Result<BTreeSet<String>, String> {
        Ok(self.git(&["for-each-ref", "--format=%(refname)"])?.lines().map(str::to_owned).collect())
    }
}

/// A copy of the program, as `cargo install` makes one and as git is one. What a linker has just written lies in memory in
/// small pieces, which makes each start of it slower, by a tenth of a short call, until it is read from the disk again.
fn installed() -> &'static str {
    static COPY: OnceLock<String> = OnceLock::new();
    COPY.get_or_init(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_git-checkpoint"));
        let copy = || {
            let folder = built.parent()?.join("measured");
            fs::create_dir_all(&folder).ok()?;
            let copy = folder.join(built.file_name()?);
            let _earlier = fs::remove_file(&copy);
            fs::copy(built, &copy).ok()?;
            forget(&copy);
            copy.to_str().map(str::to_owned)
        };
        copy().unwrap_or_else(|| built.display().to_string())
    })
}

/// Has the system read the file from the disk when it is wanted next, where the system can be told to.
fn forget(file: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(file) = fs::File::open(file).and_then(|file| file.sync_all().map(|()| file)) {
        let _best_effort = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command.stderr(Stdio::piped()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{program} {}`: {}: {}", args.join(" "), output.status, said.trim_end()))
}

/// Runs it; its standard output goes where nobody reads it, so that printing costs both sides the same.
pub(crate) fn discard(command: &mut Command) -> Result<(), String> {
    run(command.stdout(Stdio::null())).map(drop)
}
