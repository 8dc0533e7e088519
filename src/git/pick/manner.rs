//! The ways in which a pick can differ from a plain one, by options of git's.

use crate::error::{Error, Result};

/// How commits are picked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manner {
    /// `-x`: the message names the commit that was picked.
    pub record_origin: bool,
    /// `--signoff`: the committer signs off.
    pub signoff: bool,
    /// `-X`: options of git's merge, as git takes them.
    strategy: Vec<String>,
}

/// Options of git's merge that have no value.
const WORDS: [&str; 13] = [
    "ours",
    "theirs",
    "subtree",
    "patience",
    "histogram",
    "ignore-space-change",
    "ignore-all-space",
    "ignore-space-at-eol",
    "ignore-cr-at-eol",
    "renormalize",
    "no-renormalize",
    "no-renames",
    "find-renames",
];

/// What `diff-algorithm=` may name.
const ALGORITHMS: [&str; 5] = ["myers", "default", "minimal", "patience", "histogram"];

impl Manner {
    /// With these options of git's merge; a usage error that names one which it would not know.
    pub fn with_strategy(mut self, strategy: &[String]) -> Result<Self> {
        if let Some(unknown) = strategy.iter().find(|option| !is_known(option)) {
            return Err(Error::usage(format!("`{}` is no option of git's merge", unknown.escape_debug()))
                .hint("`-X ours`, `-X theirs`, `-X find-renames=<percent>`, `-X ignore-space-change` and others are")
                .hint("`git help merge` tells all, below \"ort\""));
        }
        self.strategy = strategy.to_vec();
        Ok(self)
    }

    /// The options of git's merge.
    pub fn strategy(&self) -> &[String] {
        &self.strategy
    }

    /// The same as options of `git cherry-pick`.
    pub fn options(&self) -> Vec<String> {
        let mut options: Vec<String> = self.strategy.iter().map(|option| format!("-X{option}")).collect();
        options.extend(self.record_origin.then(|| "-x".to_owned()));
        options.extend(self.signoff.then(|| "--signoff".to_owned()));
        options
    }

    /// Whether every merge that is clean without the options of git's merge is the same with them: those only say how
    /// conflicts are settled.
    pub(super) fn only_settles(&self) -> bool {
        self.strategy.iter().all(|option| option == "ours" || option == "theirs")
    }
}

fn is_known(option: &str) -> bool {
    let value = |name: &str| option.strip_prefix(name);
    WORDS.contains(&option)
        || value("subtree=").is_some()
        || value("diff-algorithm=").is_some_and(|name| ALGORITHMS.contains(&name))
        || value("find-renames=").or(value("rename-threshold=")).is_some_and(is_score)
}

/// A number, with a point or a `%` behind it or not, as git reads how much of a file has to be the same.
fn is_score(text: &str) -> bool {
    let number = text.strip_suffix('%').unwrap_or(text);
    number.split('.').count() <= 2 && number.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_merge_are_known_or_refused() {
        for known in ["ours", "theirs", "find-renames", "find-renames=40%", "rename-threshold=0.5", "subtree=a b"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["", "our", "find-renames=x", "find-renames=1.2.3", "diff-algorithm=", "--ours", "no-renames=1"]
        {
            let refused = Manner::default().with_strategy(&[unknown.to_owned()]);
            assert_eq!(refused.expect_err(unknown).kind(), crate::error::Kind::Usage, "{unknown}");
        }
    }

    #[test]
    fn what_only_settles_conflicts_is_told_from_the_rest() {
        let with = |options: &[&str]| {
            let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
            Manner::default().with_strategy(&options).expect("they are known")
        };
        assert!(with(&[]).only_settles());
        assert!(with(&["ours", "theirs"]).only_settles());
        assert!(!with(&["ours", "no-renames"]).only_settles());
    }
}
