//! `git checkpoint man` and `git checkpoint completions`, made from the command line's definition.
//!
//! One page has everything: `git checkpoint --help` shows it, and a page for each command would have to be installed
//! and looked for on its own.

use clap::{Arg, Command};
use clap_complete::Shell;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::args;
use crate::{
    config::Env,
    error::{Context, Error, Result},
    ui::Ui,
};

pub(super) fn run(args: &args::Man, env: &Env, ui: &mut Ui) -> Result<u8> {
    let page = page(super::command());
    if !args.install {
        ui.bytes(page.as_bytes())?;
        return Ok(0);
    }
    // man looks beside each folder of PATH: `bin/../share/man`.
    let exe = env.exe().context("cannot find this program's own file")?;
    let prefix = exe.parent().and_then(std::path::Path::parent);
    let dir = prefix.ok_or_else(|| Error::environment("this program is in no folder"))?.join("share/man/man1");
    let file = dir.join("git-checkpoint.1");
    let written = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&file, page));
    written.with_context(|| format!("cannot write `{}`", file.display())).map_err(|error| {
        error.hint("make that folder writable, or `git-checkpoint man > git-checkpoint.1` and put it where `man` looks")
    })?;
    ui.line(format!("wrote {}", file.display()))?;
    Ok(0)
}

/// The manual page, as roff.
fn page(mut command: Command) -> String {
    command.build();
    let version = format!("git-checkpoint {}", command.get_version().unwrap_or_default());
    let mut page = Roff::new();
    page.control("TH", ["GIT-CHECKPOINT", "1", "", &version, "Git Manual"]);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    page.control("SH", ["NAME"]).text([roman(format!("git-checkpoint - {about}"))]);
    page.control("SH", ["SYNOPSIS"]);
    let commands: Vec<&Command> =
        command.get_subcommands().filter(|sub| sub.get_name() != "help" && !sub.is_hide_set()).collect();
    usage(&command, &mut page);
    for sub in &commands {
        page.control("br", []);
        usage(sub, &mut page);
    }
    page.control("SH", ["DESCRIPTION"]);
    paragraphs(&long_about(&command), &mut page);
    page.control("SH", ["COMMANDS"]);
    for sub in &commands {
        page.control("SS", [format!("git checkpoint {}", sub.get_name()).as_str()]);
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        page.text(marked(&format!("{about}.")));
        let long = long_about(sub);
        if long != about {
            page.control("PP", []);
            paragraphs(&long, &mut page);
        }
        options(sub, false, &mut page);
        parts(sub, &mut page);
        examples(sub, &mut page);
    }
    page.control("SH", ["COMMON OPTIONS"]);
    options(&command, true, &mut page);
    page.control("SH", ["SEE ALSO"]).text([bold("git"), roman("(1), "), bold("git-tag"), roman("(1), ")]);
    page.text([bold("git-cherry-pick"), roman("(1), "), bold("git-stash"), roman("(1)")]);
    page.to_roff()
}

/// The commands of a command, each with its options.
fn parts(command: &Command, page: &mut Roff) {
    let is_told = |part: &&Command| part.get_name() != "help" && !part.is_hide_set();
    for part in command.get_subcommands().filter(is_told) {
        let about = part.get_about().map(ToString::to_string).unwrap_or_default();
        page.control("PP", []).text([bold(format!("git checkpoint {} {}", command.get_name(), part.get_name()))]);
        page.control("br", []).text(marked(&format!("{about}.")));
        options(part, false, page);
    }
}

/// What the long description adds to the short one.
fn long_about(command: &Command) -> String {
    let short = command.get_about().map(ToString::to_string).unwrap_or_default();
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    long.strip_prefix(&short).map_or_else(|| long.clone(), |rest| rest.trim_start().to_owned())
}

/// `git checkpoint rollback [OPTIONS] [SELECTOR]`, the words in bold and the values in italics.
fn usage(command: &Command, page: &mut Roff) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let word = |word: &str| if word.starts_with(['[', '<']) { italic(word) } else { bold(word) };
    page.text(usage.split(' ').flat_map(|part| [word(part), roman(" ")]).collect::<Vec<_>>());
}

/// The options and arguments of a command: those that every command has, or all others.
fn options(command: &Command, common: bool, page: &mut Roff) {
    let own = |arg: &&Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version");
    let is_common = |arg: &&Arg| (arg.get_help_heading() == Some(args::COMMON)) == common;
    for arg in command.get_arguments().filter(own).filter(is_common) {
        page.control("TP", []).text(name(arg));
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
        page.text(marked(&help));
        let values: Vec<_> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
        if arg.get_action().takes_values() && !values.is_empty() {
            page.text(marked(&format!("({})", values.join(", "))));
        }
    }
}

/// `-m, --message <TEXT>`, or `<SHELL>` for what is told by its place.
fn name(arg: &Arg) -> Vec<Inline> {
    let mut words = Vec::new();
    words.extend(arg.get_short().map(|short| bold(format!("-{short}"))));
    if arg.get_short().is_some() && arg.get_long().is_some() {
        words.push(roman(", "));
    }
    words.extend(arg.get_long().map(|long| bold(format!("--{long}"))));
    let values = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    for value in values.into_iter().flatten() {
        if !words.is_empty() {
            words.push(roman(" "));
        }
        words.push(italic(format!("<{value}>")));
    }
    words
}

fn examples(command: &Command, page: &mut Roff) {
    let Some(examples) = command.get_after_long_help().map(ToString::to_string) else { return };
    let mut lines = examples.lines();
    page.control("PP", []).text([roman(lines.next().unwrap_or_default())]);
    page.control("PP", []).control("nf", []);
    for line in lines {
        page.text([roman(line)]);
    }
    page.control("fi", []);
}

fn paragraphs(text: &str, page: &mut Roff) {
    for (number, paragraph) in text.split("\n\n").enumerate() {
        if number > 0 {
            page.control("PP", []);
        }
        page.text(marked(&paragraph.replace('\n', " ")));
    }
}

/// Text in which what stands in backticks is bold.
fn marked(text: &str) -> Vec<Inline> {
    let style = |(number, part): (usize, &str)| if number % 2 == 0 { roman(part) } else { bold(part) };
    text.split('`').enumerate().map(style).collect()
}

pub(super) fn completions(shell: Shell, ui: &mut Ui) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "git-checkpoint", &mut script);
    ui.bytes(&script)?;
    Ok(0)
}
