//! The moments at which git calls this program.

use std::{fmt, str::FromStr};

/// An event of git that a hook is installed for, by git's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookEvent {
    /// After a commit, a cherry-pick or a revert.
    PostCommit,
    /// After a merge or a pull that changed something.
    PostMerge,
    /// After a switch of branches, a checkout of files or a clone.
    PostCheckout,
    /// After `commit --amend` and at the end of a rebase; the pairs of commits stand on standard input.
    PostRewrite,
    /// After each patch of `git am`.
    PostApplypatch,
    /// Before anything is sent to a remote; the refs stand on standard input. The only one that may say no.
    PrePush,
}

impl HookEvent {
    /// All that are installed, in the order in which they are shown.
    ///
    /// `reference-transaction` is left out on purpose: it is called several times for every ref that changes.
    pub const ALL: [HookEvent; 6] = [
        HookEvent::PostCommit,
        HookEvent::PostMerge,
        HookEvent::PostCheckout,
        HookEvent::PostRewrite,
        HookEvent::PostApplypatch,
        HookEvent::PrePush,
    ];

    /// Its name for git, which is that of the hook's file.
    pub fn as_str(self) -> &'static str {
        match self {
            HookEvent::PostCommit => "post-commit",
            HookEvent::PostMerge => "post-merge",
            HookEvent::PostCheckout => "post-checkout",
            HookEvent::PostRewrite => "post-rewrite",
            HookEvent::PostApplypatch => "post-applypatch",
            HookEvent::PrePush => "pre-push",
        }
    }
}

impl fmt::Display for HookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HookEvent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|event| event.as_str() == text);
        found.ok_or_else(|| format!("there is no hook for `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for event in HookEvent::ALL {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
        assert!("reference-transaction".parse::<HookEvent>().is_err());
    }
}
