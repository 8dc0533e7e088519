//! The options of the commands that decide whether to roll back.

use clap::Args;

pub(in crate::cli) const ASSESS_EXAMPLES: &str = "\
Examples:
  git checkpoint assess                  run the checks once, and decide
  git checkpoint assess --time-to-fix 45m --environment production
  git checkpoint assess --json           the decision, the rule and the reasons";

pub(in crate::cli) const MONITOR_EXAMPLES: &str = "\
Examples:
  git checkpoint monitor --for 30m       after a deployment, say
  git checkpoint monitor --every 10s --exec 'cat >> decisions.log'
  git checkpoint monitor --auto          roll back where a rule says automatic";

#[derive(Debug, Args)]
pub(in crate::cli) struct Assess {
    #[command(flatten)]
    pub(in crate::cli) around: Around,
}

// What is known beside the checks. A doc comment would become the description of the command that takes it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Around {
    /// Where this runs, such as `production`; else git's configuration `checkpoint.environment`
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) environment: Option<String>,

    /// How long it would take to mend what is broken, such as `45m`
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) time_to_fix: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Monitor {
    /// Watch for so long, such as `30m`; else as .checkpoint.toml says, or until Ctrl-C
    #[arg(long = "for", value_name = "SPAN")]
    pub(in crate::cli) lasts: Option<String>,

    /// Run the checks every so often, such as `30s`; else as .checkpoint.toml says, or every minute
    #[arg(long, value_name = "SPAN")]
    pub(in crate::cli) every: Option<String>,

    /// Roll back, once, where a rule with `approval = "automatic"` decides, and stop
    #[arg(long)]
    pub(in crate::cli) auto: bool,

    /// With --auto, the state to go to, as in `rollback`; the newest good checkpoint from before the failures if left out
    #[arg(long, value_name = "STATE")]
    pub(in crate::cli) to: Option<String>,

    /// Run this by `sh -c` when the decision changes, with the decision as JSON on its standard input
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) exec: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) around: Around,
}
