//! `[retention]`: what `prune` keeps.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::schema::from_text;
use crate::model::{Elapsed, Policy};

/// What `prune` keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// How many, and how old.
    pub policy: Policy,
    /// Patterns of tags that stay in any case, as in `.gitignore`.
    pub pinned: Vec<String>,
    /// How long what was removed is kept for `undo`.
    pub grace: Elapsed,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { policy: Policy::DEFAULT, pinned: Vec::new(), grace: Elapsed::from_minutes(7 * 24 * 60) }
    }
}

/// `[retention]` as it stands in the file. With one of the numbers or `within`, those that are left out keep nothing.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RetentionForm {
    last: Option<usize>,
    hourly: Option<usize>,
    daily: Option<usize>,
    weekly: Option<usize>,
    #[serde(deserialize_with = "span")]
    within: Option<Elapsed>,
    #[serde(deserialize_with = "patterns")]
    pinned: Vec<String>,
    #[serde(deserialize_with = "span")]
    grace: Option<Elapsed>,
}

impl From<RetentionForm> for Retention {
    fn from(form: RetentionForm) -> Self {
        let default = Retention::default();
        let says =
            form.within.is_some() || [form.last, form.hourly, form.daily, form.weekly].iter().any(Option::is_some);
        let policy = Policy {
            last: form.last.unwrap_or_default(),
            hourly: form.hourly.unwrap_or_default(),
            daily: form.daily.unwrap_or_default(),
            weekly: form.weekly.unwrap_or_default(),
            within: form.within,
        };
        Retention {
            policy: if says { policy } else { default.policy },
            pinned: form.pinned,
            grace: form.grace.unwrap_or(default.grace),
        }
    }
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Elapsed>, D::Error> {
    from_text(deserializer).map(Some)
}

fn patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let patterns = Vec::<String>::deserialize(deserializer)?;
    if patterns.iter().any(String::is_empty) {
        return Err(D::Error::custom("an empty pattern matches nothing"));
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use crate::{config::Config, model::Policy};

    #[test]
    fn what_is_said_counts_alone() {
        let policy = |text: &str| Config::parse(text).expect(text).retention.policy;
        assert_eq!(policy(""), Policy::DEFAULT);
        assert_eq!(policy("[retention]\npinned = ['v*']\ngrace = '1d'"), Policy::DEFAULT);
        assert_eq!(policy("[retention]\nlast = 3"), Policy { last: 3, ..Policy::default() });
        let within = policy("[retention]\nwithin = '3d'\nweekly = 2");
        assert_eq!(within.to_string(), "weekly 2, within 72h");
    }
}
