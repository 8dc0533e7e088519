//! What became of a command that was tried.

use std::fmt;

use gix::bstr::BString;

use super::{Oid, RecordId, State};

/// A command that was run with a way back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The command and its arguments, as they were given.
    pub command: Vec<BString>,
    /// Whether it was run file by file.
    pub each: bool,
    /// How the last run of it ended; `None` while that is not known.
    pub exit: Option<Exit>,
    /// What became of what it did; `None` while that is not known.
    pub fate: Option<Fate>,
    /// The checkpoint that was made of the result.
    pub checkpoint: Option<RecordId>,
    /// The state that it made. While it runs file by file: the state with all that is kept so far.
    pub result: Option<State>,
    /// The files that something became of, in the order in which they were tried.
    pub files: Vec<Tried>,
}

/// What became of what a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays, or some of it.
    Kept,
    /// The state before is back.
    PutBack,
}

impl Fate {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Fate::Kept => "kept",
            Fate::PutBack => "put-back",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Fate::Kept, Fate::PutBack].into_iter().find(|fate| fate.as_str() == word)
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It was ended when its time was up.
    TimedOut,
    /// A person has stopped it.
    Stopped,
    /// It could not be started.
    NotStarted,
}

impl Exit {
    /// The words in trailers and in the journal.
    pub fn to_words(self) -> String {
        match self {
            Exit::Code(code) => format!("code {code}"),
            Exit::Signal(number) => format!("signal {number}"),
            Exit::TimedOut => "timed-out".into(),
            Exit::Stopped => "stopped".into(),
            Exit::NotStarted => "not-started".into(),
        }
    }

    /// Reads the words.
    pub fn from_words(words: &str) -> Option<Self> {
        let number = |prefix: &str| words.strip_prefix(prefix)?.parse().ok();
        match words {
            "timed-out" => Some(Exit::TimedOut),
            "stopped" => Some(Exit::Stopped),
            "not-started" => Some(Exit::NotStarted),
            _ => number("code ").map(Exit::Code).or_else(|| number("signal ").map(Exit::Signal)),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "the command exited with code {code}"),
            Exit::Signal(number) => write!(f, "signal {number} ended the command"),
            Exit::TimedOut => f.write_str("the command was ended when its time was up"),
            Exit::Stopped => f.write_str("the command was stopped"),
            Exit::NotStarted => f.write_str("the command could not be started"),
        }
    }
}

/// A file that a command was run for, and what became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Its path from the top of the worktree.
    pub path: BString,
    /// What became of it.
    pub turn: Turn,
    /// Why it was left out, in one line; empty where it was not.
    pub reason: String,
    /// The commit that has what was made, where that was put back.
    pub made: Option<Oid>,
}

/// What became of what a command did for one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It stays.
    Kept,
    /// It was put back.
    LeftOut,
    /// There was nothing to decide about.
    Unchanged,
}

impl Turn {
    /// The word in trailers and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Turn::Kept => "kept",
            Turn::LeftOut => "left-out",
            Turn::Unchanged => "unchanged",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Turn::Kept, Turn::LeftOut, Turn::Unchanged].into_iter().find(|turn| turn.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_end_are_read_again() {
        for exit in [Exit::Code(0), Exit::Code(-3), Exit::Signal(9), Exit::TimedOut, Exit::Stopped, Exit::NotStarted] {
            assert_eq!(Exit::from_words(&exit.to_words()), Some(exit));
        }
        for words in ["", "code", "code x", "signal ", "gone"] {
            assert_eq!(Exit::from_words(words), None, "{words}");
        }
    }
}
