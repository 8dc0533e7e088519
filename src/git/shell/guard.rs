//! The small process that ends commands when this program is gone, `kill -9` included.
//!
//! One looks after all commands that run, since to start one takes as long as a quick command. It is there before the first
//! command is, and holds the other end of a pipe of ours, which the kernel closes.

use std::{
    io::{self, Write},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{Mark, group, strays};

/// Each line that it reads says what there is to look after: `+` and a mark that a command is about to begin, a number that its
/// group is this, and `-` with both that it is none of its business any more. When the pipe is closed before all have ended, it
/// ends their groups, and where there is a /proc all that carries one of their marks, until twice nothing is found.
const SCRIPT: &str = r#"
groups=' ' marks=' '
while read -r line; do
    case $line in
    +*) marks="$marks-e ${line#+}= " ;;
    -*)
        line=${line#-} group=${line%% *} mark="-e ${line#* }="
        case $groups in *" $group "*) groups="${groups%% $group *} ${groups#* $group }" ;; esac
        case $marks in *" $mark "*) marks="${marks%% $mark *} ${marks#* $mark }" ;; esac
        ;;
    *) groups="$groups$line " ;;
    esac
done
[ "$marks" = ' ' ] && exit 0
for group in $groups; do
    kill -s KILL -- "-$group"
done
quiet=0 round=0
while [ "$quiet" -lt 2 ] && [ "$round" -lt 100 ]; do
    quiet=$((quiet + 1)) round=$((round + 1))
    for file in $(grep -lsF $marks /proc/[0-9]*/environ); do
        pid=${file#/proc/}
        kill -s KILL -- "${pid%/environ}" && quiet=0
    done
    sleep 0.1 || sleep 1
done
"#;

/// The present one, as long as somebody needs it.
static PRESENT: Mutex<Weak<Guard>> = Mutex::new(Weak::new());

/// The process that ends commands when this one is gone.
#[derive(Debug)]
pub(super) struct Guard {
    process: Child,
    // Closed when this process ends, in whatever way.
    alive: io::PipeWriter,
    _registered: strays::Registered,
}

impl Guard {
    /// The one that looks after everything; it is started where there is none.
    pub(super) fn present() -> io::Result<Arc<Self>> {
        let mut present = PRESENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guard) = present.upgrade() {
            return Ok(guard);
        }
        let guard = Arc::new(Self::start()?);
        *present = Arc::downgrade(&guard);
        Ok(guard)
    }

    #[allow(clippy::disallowed_methods, reason = "this is the module that runs commands")]
    fn start() -> io::Result<Self> {
        let (end, alive) = io::pipe()?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).current_dir("/");
        command.stdin(end).stdout(Stdio::null()).stderr(Stdio::null());
        group::own(&mut command);
        let (registered, process) = strays::register(|| command.spawn().map(|child| (child.id(), child)))?;
        Ok(Guard { process, alive, _registered: registered })
    }

    /// A command is about to be started; the one that looks after it.
    pub(super) fn announce(mark: &Mark) -> io::Result<Watched> {
        let (line, mark) = (format!("+{}\n", mark.name()), mark.name().to_owned());
        let guard = Self::present()?;
        if guard.say(&line).is_ok() {
            return Ok(Watched { guard, group: 0, mark });
        }
        // Somebody has ended it.
        *PRESENT.lock().unwrap_or_else(PoisonError::into_inner) = Weak::new();
        let guard = Self::present()?;
        guard.say(&line)?;
        Ok(Watched { guard, group: 0, mark })
    }

    fn say(&self, line: &str) -> io::Result<()> {
        // In one piece, as a pipe takes so little; others write too.
        (&self.alive).write_all(line.as_bytes())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// A command that the guard knows of. It is to be dropped when nothing is left of the command that is to end with this
/// process, and before the number of its group is free.
#[derive(Debug)]
pub(super) struct Watched {
    guard: Arc<Guard>,
    group: u32,
    mark: String,
}

impl Watched {
    /// From now on the group `leader` ends with this process too.
    pub(super) fn has_begun(&mut self, leader: u32) {
        self.group = leader;
        // Nobody is there to be told of a guard that is gone; the next command gets another.
        let _gone = self.guard.say(&format!("{leader}\n"));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _gone = self.guard.say(&format!("-{} {}\n", self.group, self.mark));
    }
}
