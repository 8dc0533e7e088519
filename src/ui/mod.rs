//! Streams, colour, prompts and text for people; knows nothing of git beside the words.
//!
//! Data goes to standard output, everything else to standard error. A reader that has gone away ends the program
//! quietly.

pub mod pick;
mod progress;
mod spark;
mod text;

use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use progress::Progress;
pub use spark::sparkline;
use text::screen;
pub use text::{age, plural, table};

pub use crate::model::{clean, exact};

use crate::error::{Context, Error, Kind, Result};

/// Where a command's words go.
pub struct Ui {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    json: bool,
    color: bool,
    color_of_errors: bool,
    interactive: bool,
    screen: bool,
    blocks: bool,
    progress: Progress,
}

/// What the user wants of a command's output.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// JSON instead of text.
    pub json: bool,
    /// Colour; automatic means on a terminal only, and not where `NO_COLOR` is set.
    pub color: ColorChoice,
    /// Whether a person can be asked.
    pub interactive: bool,
    /// Whether the terminal can do more than show one line after the other.
    pub screen: bool,
    /// Whether it shows more than ASCII.
    pub blocks: bool,
}

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[33m";
const GREEN: &str = "\x1b[32m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

impl Ui {
    /// On the process's own streams.
    pub fn new(options: Options) -> Self {
        // The streams themselves are plain: what a file has in it goes out as it is.
        let is_color = |automatic: ColorChoice| match options.color {
            ColorChoice::Auto => automatic != ColorChoice::Never,
            wanted => wanted != ColorChoice::Never,
        };
        Ui {
            out: Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
            err: Box::new(io::stderr()),
            json: options.json,
            color: is_color(AutoStream::choice(&io::stdout())),
            color_of_errors: is_color(AutoStream::choice(&io::stderr())),
            interactive: options.interactive,
            screen: options.screen,
            blocks: options.blocks,
            progress: Progress::default(),
        }
    }

    /// A line that goes away with whatever is shown next; on a terminal only.
    pub fn progress(&mut self, text: &str) -> Result<()> {
        // What is to be read stands above it.
        written(self.out.flush())?;
        self.progress.show(&clean(text));
        Ok(())
    }

    /// Whether the answer is to be JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether standard output shows colours.
    pub fn is_color(&self) -> bool {
        self.color
    }

    /// Whether a person can be asked.
    pub fn is_interactive(&self) -> bool {
        self.interactive && !self.json
    }

    /// Whether a person can choose from a list on the whole screen.
    pub fn can_pick(&self) -> bool {
        self.is_interactive() && self.screen
    }

    /// A line of the answer.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.progress.clear();
        written(writeln!(self.out, "{}", screen(text.as_ref())))
    }

    /// A line of the answer that says that all is well.
    pub fn done(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.progress.clear();
        let text = painted(self.color, GREEN, &screen(text.as_ref()));
        written(writeln!(self.out, "{text}"))
    }

    /// Bytes of the answer, as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.progress.clear();
        written(self.out.write_all(bytes))
    }

    /// The answer as JSON, on one line.
    pub fn value(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line =
            serde_json::to_vec(value).map_err(|error| Error::bug("an answer cannot be JSON").because(error))?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// A line that a person has to see before they are asked, whatever standard output is.
    pub fn tell(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.flush()?;
        written(writeln!(self.err, "{}", screen(text.as_ref())))
    }

    /// Something worth knowing that is not the answer.
    pub fn note(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.flush()?;
        let text = painted(self.color_of_errors, DIM, &screen(text.as_ref()));
        written(writeln!(self.err, "{text}"))
    }

    /// Something that is not as it should be, though the command goes on.
    pub fn warn(&mut self, text: impl AsRef<str>) -> Result<()> {
        self.flush()?;
        let warning = painted(self.color_of_errors, YELLOW, "warning:");
        written(writeln!(self.err, "{warning} {}", screen(text.as_ref())))
    }

    /// What failed, why, and what to do next.
    pub fn error(&mut self, error: &Error) {
        self.progress.clear();
        let chain = error.chain();
        let mark = |code, word| painted(self.color_of_errors, code, word);
        let mut text = format!("{} {}\n", mark(RED, "error:"), clean(&chain[0]));
        for cause in &chain[1..] {
            for line in cause.lines() {
                text.push_str(&format!("  {}\n", clean(line)));
            }
        }
        for hint in error.hints() {
            text.push_str(&format!("{} {}\n", mark(BOLD, "hint:"), clean(hint)));
        }
        // There is nowhere left to tell of a failure to tell of a failure.
        let _ = self.err.write_all(text.as_bytes());
        if self.json {
            let _ = self.value(&ErrorValue::of(error));
        }
    }

    /// Asks a person for a yes; `false` where nobody can be asked.
    pub fn confirm(&mut self, question: &str) -> Result<bool> {
        if !self.is_interactive() {
            return Ok(false);
        }
        self.flush()?;
        let asked = dialoguer::Confirm::new().with_prompt(clean(question)).default(false).interact_opt();
        Ok(asked.context("cannot ask on this terminal")?.unwrap_or(false))
    }

    /// Brings everything out.
    pub fn flush(&mut self) -> Result<()> {
        self.progress.clear();
        written(self.out.flush())
    }
}

fn painted(color: bool, code: &str, text: &str) -> String {
    if color { format!("{code}{text}{RESET}") } else { text.to_owned() }
}

#[derive(Serialize)]
struct ErrorValue<'e> {
    error: ErrorFields<'e>,
}

#[derive(Serialize)]
struct ErrorFields<'e> {
    kind: &'static str,
    exit_code: u8,
    message: String,
    causes: Vec<String>,
    hints: &'e [String],
}

impl<'e> ErrorValue<'e> {
    fn of(error: &'e Error) -> Self {
        let mut causes = error.chain();
        let message = causes.remove(0);
        let kind = match error.kind() {
            Kind::Refused => "refused",
            Kind::Usage => "usage",
            Kind::Conflict => "conflict",
            Kind::Environment => "environment",
            Kind::Bug => "bug",
        };
        let exit_code = error.kind().exit_code();
        ErrorValue { error: ErrorFields { kind, exit_code, message, causes, hints: error.hints() } }
    }
}

fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write the output"),
    }
}
