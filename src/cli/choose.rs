//! Lists on the whole screen: what each command has to choose from.

mod checkpoints;
mod commits;
mod operations;
mod patch;

pub(super) use self::{checkpoints::checkpoint, commits::commits, operations::operation};
use crate::{
    error::{Error, Result},
    git,
    ui::{
        Ui,
        pick::{List, Source},
    },
};

/// The entries that a person has chosen; an error where they leave.
fn pick(ui: &mut Ui, list: List, source: &mut dyn Source) -> Result<Vec<usize>> {
    // A signal only asks, so that the terminal is given back.
    git::ask_on_signals()?;
    let chosen = ui.pick(list, source);
    git::end_on_signals()?;
    chosen?.ok_or_else(|| Error::refused("nothing was changed"))
}

/// That there is no terminal for a list, with what to do instead.
pub(super) fn needs_terminal(ui: &Ui, instead: &str) -> Error {
    let why = match () {
        () if ui.is_json() => "the answer is to be JSON",
        () if !ui.is_interactive() => "standard input or standard error is none",
        () => "the variable TERM is not set, or `dumb`",
    };
    Error::usage("a list to choose from needs a terminal").because(why).hint(instead)
}
