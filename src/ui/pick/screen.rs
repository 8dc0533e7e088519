//! The terminal while a list is on it, and how it is given back: at the end, at an error, at a panic, and at a stop.
//!
//! Everything goes to standard error, as standard output may be a file. The other screen is used, so that what stood
//! there before is there again. A terminal that hangs up ends the program at once: there is nothing to give back.

use std::{
    io::{self, Stderr, stderr},
    panic::{PanicHookInfo, set_hook, take_hook},
    sync::Arc,
    time::Duration,
};

use ratatui_core::terminal::{Frame, Terminal};
use ratatui_crossterm::{
    CrosstermBackend,
    crossterm::{
        cursor::Show,
        event::{Event, poll, read},
        execute,
        terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};

use super::key::Key;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// What came from the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// A key.
    Key(Key),
    /// All of it has to be drawn, as it has another size or somebody else had it.
    Resized,
    /// Something that means nothing.
    Nothing,
}

/// The terminal, as long as this is there.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    signals: signals::Signals,
    hook: Arc<Hook>,
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn take() -> io::Result<Self> {
        let signals = signals::Signals::register()?;
        let hook = Arc::new(take_hook());
        let before = Arc::clone(&hook);
        // What it has to say is to be read where it stays.
        set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        let entered = enter().and_then(|()| Terminal::new(CrosstermBackend::new(stderr())));
        match entered {
            Ok(terminal) => Ok(Screen { terminal, signals, hook }),
            Err(error) => {
                give_back();
                put_back(&hook);
                Err(error)
            }
        }
    }

    pub(super) fn draw(&mut self, with: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(with).map(drop)
    }

    /// Forgets what is to be seen, so that all of it is drawn.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        // Another one, as to clear this one asks the terminal where its cursor is, and not every terminal answers.
        self.terminal = Terminal::new(CrosstermBackend::new(stderr()))?;
        execute!(stderr(), Clear(ClearType::All))
    }

    /// What comes from the terminal within this time.
    pub(super) fn input(&mut self, within: Duration) -> io::Result<Option<Input>> {
        if self.signals.is_to_stop() {
            self.suspend()?;
            return Ok(Some(Input::Resized));
        }
        if self.signals.was_continued() {
            // Whoever had the terminal meanwhile has left it as they like it.
            self.take_anew()?;
            return Ok(Some(Input::Resized));
        }
        if !poll(within)? {
            return Ok(None);
        }
        Ok(Some(match read()? {
            Event::Key(event) => Key::of(event).map_or(Input::Nothing, Input::Key),
            Event::Resize(..) => Input::Resized,
            _ => Input::Nothing,
        }))
    }

    /// Gives the terminal to the shell until it goes on with this program.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        self.signals.stop();
        self.take_anew()
    }

    fn take_anew(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        enter()?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        if !std::thread::panicking() {
            put_back(&self.hook);
        }
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stderr(), EnterAlternateScreen)
}

/// Leaves the terminal as it was. Nothing is left to be done where that fails.
fn give_back() {
    let _left = execute!(stderr(), LeaveAlternateScreen, Show);
    let _lost = disable_raw_mode();
}

fn put_back(hook: &Arc<Hook>) {
    let hook = Arc::clone(hook);
    drop(take_hook());
    set_hook(Box::new(move |panic| hook(panic)));
}

#[cfg(unix)]
mod signals {
    //! Stops and goes on with the shell, and ends with the terminal.

    use std::{
        io,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use rustix::process::{Signal, getpgrp, getpid, getsid, kill_current_process_group};
    use signal_hook::{
        SigId,
        consts::{SIGCONT, SIGHUP, SIGTSTP},
        flag,
        low_level::unregister,
    };

    pub(super) struct Signals {
        stop: Arc<AtomicBool>,
        continued: Arc<AtomicBool>,
        registered: Vec<SigId>,
    }

    impl Signals {
        pub(super) fn register() -> io::Result<Self> {
            let (stop, continued) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let always = Arc::new(AtomicBool::new(true));
            let registered = vec![
                flag::register(SIGTSTP, Arc::clone(&stop))?,
                flag::register(SIGCONT, Arc::clone(&continued))?,
                flag::register_conditional_default(SIGHUP, always)?,
            ];
            Ok(Signals { stop, continued, registered })
        }

        pub(super) fn is_to_stop(&self) -> bool {
            self.stop.load(Ordering::SeqCst)
        }

        pub(super) fn was_continued(&self) -> bool {
            self.continued.swap(false, Ordering::SeqCst)
        }

        /// Stops this process, and git, which has started it, as the terminal would; where there is no shell to go on with
        /// them, it does not.
        pub(super) fn stop(&self) {
            let has_shell = getsid(None).is_ok_and(|session| session != getpgrp() && session != getpid());
            if has_shell {
                // All at once, and by the signal that nobody can handle: a shell may go on with the first that has stopped.
                let _stopped = kill_current_process_group(Signal::STOP);
            }
            self.stop.store(false, Ordering::SeqCst);
            self.continued.store(false, Ordering::SeqCst);
        }
    }

    impl Drop for Signals {
        fn drop(&mut self) {
            for id in self.registered.drain(..) {
                unregister(id);
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    //! There is no shell that stops programs.

    pub(super) struct Signals;

    impl Signals {
        pub(super) fn register() -> std::io::Result<Self> {
            Ok(Signals)
        }

        pub(super) fn is_to_stop(&self) -> bool {
            false
        }

        pub(super) fn was_continued(&self) -> bool {
            false
        }

        pub(super) fn stop(&self) {}
    }
}
