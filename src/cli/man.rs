//! `git checkpoint man` and `git checkpoint completions`, made from the command line's definition.

use clap_complete::Shell;

use super::args;
use crate::{
    config::Env,
    error::{Context, Error, Result},
    ui::Ui,
};

pub(super) fn run(args: &args::Man, env: &Env, ui: &mut Ui) -> Result<u8> {
    let page = page()?;
    if !args.install {
        ui.bytes(&page)?;
        return Ok(0);
    }
    // man looks beside each folder of PATH: `bin/../share/man`.
    let exe = env.exe().context("cannot find this program's own file")?;
    let prefix = exe.parent().and_then(std::path::Path::parent);
    let dir = prefix.ok_or_else(|| Error::environment("this program is in no folder"))?.join("share/man/man1");
    let file = dir.join("git-checkpoint.1");
    let written = std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&file, page));
    written.with_context(|| format!("cannot write `{}`", file.display()))?;
    ui.line(format!("wrote {}", file.display()))?;
    Ok(0)
}

fn page() -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let command = super::command();
    clap_mangen::Man::new(command.clone()).render(&mut page).context("cannot make the manual page")?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone());
        page.extend_from_slice(format!(".SH \"GIT CHECKPOINT {}\"\n", sub.get_name().to_uppercase()).as_bytes());
        man.render_description_section(&mut page).context("cannot make the manual page")?;
        man.render_options_section(&mut page).context("cannot make the manual page")?;
    }
    Ok(page)
}

pub(super) fn completions(shell: Shell, ui: &mut Ui) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "git-checkpoint", &mut script);
    ui.bytes(&script)?;
    Ok(0)
}
