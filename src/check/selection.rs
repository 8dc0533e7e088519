//! Which checks are meant, and what makes one the same as another.

use std::collections::{HashMap, HashSet};

use crate::{
    config::{Check, Isolation, Moment},
    store::verdicts::Definition,
};

/// Which of the configured checks are run.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// Those of this moment; `None` for any.
    pub moment: Option<Moment>,
    /// Those of these names; empty for any.
    pub only: &'a [String],
}

/// The checks that are meant, and those that they need, in the order of the configuration.
pub fn select<'c>(checks: &'c [Check], selection: &Selection<'_>) -> Vec<&'c Check> {
    let is_meant = |check: &&Check| {
        selection.moment.is_none_or(|moment| check.on.contains(&moment))
            && (selection.only.is_empty() || selection.only.contains(&check.name))
    };
    let by_name: HashMap<&str, &Check> = checks.iter().map(|check| (check.name.as_str(), check)).collect();
    let mut open: Vec<&Check> = checks.iter().filter(is_meant).collect();
    let mut wanted: HashSet<&str> = open.iter().map(|check| check.name.as_str()).collect();
    while let Some(check) = open.pop() {
        let needed = check.needs.iter().filter_map(|name| by_name.get(name.as_str()).copied());
        open.extend(needed.filter(|other| wanted.insert(&other.name)));
    }
    checks.iter().filter(|check| wanted.contains(check.name.as_str())).collect()
}

/// What a verdict of a check depends on beside the tree. A limit for a number does not belong to it: the number is kept
/// with the verdict and judged whenever it is looked up.
pub fn definition(check: &Check) -> Definition {
    let setup = check.setup.as_deref().map(|setup| format!("setup {setup}"));
    let salt = Some(&check.salt).filter(|salt| !salt.is_empty()).map(|salt| format!("salt {salt}"));
    let clean = check.clean.then(|| "clean".to_owned());
    let links = check.link.iter().map(|link| format!("link {link}"));
    let numbers = check.measures.iter().map(|measure| format!("measure {}", measure.reading()));
    let parts: Vec<String> = setup.into_iter().chain(salt).chain(clean).chain(links).chain(numbers).collect();
    Definition::of(&check.run, &parts)
}

/// Whether a verdict of this check is about the tree, so that it can be kept for it.
pub(super) fn is_of_the_tree(check: &Check) -> bool {
    check.cache && check.isolation != Isolation::None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_is_meant_comes_with_what_it_needs() {
        let text = "[[check]]\nname = 'lint'\nrun = 'l'\n[[check]]\nname = 'load'\nrun = 'x'\non = ['monitor']\nneeds = ['up']\n\
                    [[check]]\nname = 'up'\nrun = 'u'\non = ['rollback']\nneeds = ['lint']";
        let config = Config::parse(text).expect("valid");
        let names = |moment, only: &[&str]| {
            let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
            let selected = select(config.checks_for_tests(), &Selection { moment, only: &only });
            selected.iter().map(|check| check.name.as_str()).collect::<Vec<_>>().join(" ")
        };
        for (moment, only, expected) in [
            (None, &[][..], "lint load up"),
            (Some(Moment::Checkpoint), &[], "lint"),
            (Some(Moment::Monitor), &[], "lint load up"),
            (Some(Moment::Rollback), &[], "lint up"),
            (Some(Moment::Assess), &[], ""),
            (None, &["up"], "lint up"),
            (Some(Moment::Push), &["up"], ""),
            (None, &["nothing"], ""),
        ] {
            assert_eq!(names(moment, only), expected, "{moment:?} {only:?}");
        }
    }

    #[test]
    fn whatever_the_answer_depends_on_makes_another_check() {
        let text = |more: &str| format!("[[check]]\nname = 'a'\nrun = 'make'\n{more}");
        let of = |more: &str| definition(&Config::parse(&text(more)).expect("valid").checks_for_tests()[0]);
        let plain = of("");
        assert_eq!(plain, of("severity = 'low'\ntimeout = '1s'\non = ['push']\nbackground = true\nsetup-when = ['x']"));
        let others = [
            "measure = { pattern = '(\\d)' }",
            "measure = { pattern = '(\\d)', samples = 2 }",
            "measure = { pattern = '(\\d\\d)' }",
            "measure = { pattern = '(\\d)', unit = 's' }",
            "salt = '2'",
            "setup = '2'",
            "clean = true",
            "link = ['2']",
            "link = ['2', '3']",
        ];
        let limits = |more: &str| of(&format!("measure = {{ pattern = '(\\d)'{more} }}"));
        assert_eq!(limits(""), limits(", fail = 3, warn = 2, drift = '1%', for = '5m'"));
        let all: HashSet<_> = others.iter().map(|more| format!("{:?}", of(more))).collect();
        assert_eq!(all.len(), others.len());
        assert!(others.iter().all(|more| of(more) != plain));
    }
}
