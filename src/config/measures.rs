//! `measure` of a `[[check]]`: which numbers are read from its output, and what they are compared with.

use std::{collections::HashSet, fmt, ops::Range, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use toml::Spanned;

use super::{order::refused, schema::from_text};
use crate::{
    error::Result,
    model::{Better, Measure, Pattern, Percent, Selector, TimeLimit},
};

/// The longest unit, in characters.
const MAX_UNIT: usize = 16;

/// More matches than this are not counted.
const MAX_SAMPLES: usize = 10_000;

/// One table, or several.
#[derive(Default)]
pub(super) struct MeasureForms(Vec<MeasureForm>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MeasureForm {
    pattern: Spanned<Text<Pattern>>,
    unit: Option<Text<Unit>>,
    #[serde(default)]
    better: Better,
    warn: Option<Spanned<f64>>,
    fail: Option<Spanned<f64>>,
    drift: Option<Spanned<Text<Percent>>>,
    against: Option<Spanned<Text<Selector>>>,
    #[serde(rename = "for")]
    sustained: Option<Spanned<Text<TimeLimit>>>,
    samples: Option<Spanned<usize>>,
}

/// A value that people write as text.
struct Text<T>(T);

impl<'de, T: FromStr<Err = String>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer).map(Text)
    }
}

struct Unit(String);

impl FromStr for Unit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        // A digit would run into the number, and `-` stands for none where units are stored.
        let is_word = !text.is_empty() && text != "-" && !text.starts_with(|c: char| c.is_ascii_digit());
        if !is_word || text.chars().count() > MAX_UNIT || text.contains(is_odd) {
            return Err(format!("a unit is a word of up to {MAX_UNIT} characters without blanks, as `ms`"));
        }
        Ok(Unit(text.to_owned()))
    }
}

// An untagged enum would lose the places that the errors name.
impl<'de> Deserialize<'de> for MeasureForms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = MeasureForms;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table with `pattern`, or several in an array")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                MeasureForm::deserialize(MapAccessDeserializer::new(map)).map(|one| MeasureForms(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut forms = Vec::new();
                while let Some(form) = seq.next_element()? {
                    forms.push(form);
                }
                Ok(MeasureForms(forms))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

impl MeasureForms {
    /// The measures of the check of this name, or what is wrong with them; `text` is the whole file.
    pub(super) fn measures(self, check: &str, text: &str) -> Result<Vec<Measure>> {
        let mut names = HashSet::new();
        for form in &self.0 {
            for name in form.pattern.get_ref().0.names().map(|name| name.unwrap_or(check)) {
                if !names.insert(name.to_owned()) {
                    let why = format!("there are two measurements named `{name}` in this check");
                    let hint = "give each a name of its own, with a group in its pattern: `(?<name>[0-9.]+)`";
                    return Err(refused(text, &form.pattern.span(), &why, hint));
                }
            }
        }
        self.0.into_iter().map(|form| form.measure(text)).collect()
    }
}

impl MeasureForm {
    fn measure(self, text: &str) -> Result<Measure> {
        if let Some((span, why, hint)) = self.fault() {
            return Err(refused(text, &span, &why, hint));
        }
        Ok(Measure {
            pattern: self.pattern.into_inner().0,
            unit: self.unit.map(|unit| unit.0.0).unwrap_or_default(),
            better: self.better,
            warn: self.warn.map(Spanned::into_inner),
            fail: self.fail.map(Spanned::into_inner),
            drift: self.drift.map(|drift| drift.into_inner().0),
            against: self.against.map(|against| against.into_inner().0),
            sustained: self.sustained.map(|sustained| sustained.into_inner().0),
            samples: self.samples.map_or(1, Spanned::into_inner),
        })
    }

    /// What does not go together, where it stands, and what to write instead.
    fn fault(&self) -> Option<(Range<usize>, String, &'static str)> {
        for (key, limit) in [("warn", &self.warn), ("fail", &self.fail)] {
            if let Some(limit) = limit.as_ref().filter(|limit| !limit.get_ref().is_finite()) {
                let why = format!("`{key}` is {}, which no number is beyond", limit.get_ref());
                return Some((limit.span(), why, "write a number, or leave the key out"));
            }
        }
        if let (Some(warn), Some(fail)) = (&self.warn, &self.fail)
            && !self.better.is_worse(*fail.get_ref(), *warn.get_ref())
        {
            let (side, better) = match self.better {
                Better::Lower => ("under", "lower"),
                Better::Higher => ("over", "higher"),
            };
            let why = format!("`warn` is not {side} `fail`, so it would never be told (`better` is \"{better}\")");
            return Some((warn.span(), why, "swap them, or set `better`"));
        }
        if let Some(drift) = self.drift.as_ref().filter(|drift| drift.get_ref().0.fraction() >= 1.0)
            && self.better == Better::Higher
        {
            let why = "no number is lower by so much than one over zero".to_owned();
            return Some((drift.span(), why, "write less than `100%`"));
        }
        if let Some(against) = self.against.as_ref().filter(|_| self.drift.is_none()) {
            let why = "`against` says what `drift` is measured from, and there is no `drift`".to_owned();
            return Some((against.span(), why, "add `drift = \"20%\"`, or leave `against` out"));
        }
        if let Some(lasting) = self.sustained.as_ref().filter(|_| self.drift.is_none() && self.fail.is_none()) {
            let why = "`for` says how long `fail` or `drift` has to be crossed, and there is neither".to_owned();
            return Some((lasting.span(), why, "add `fail` or `drift`, or leave `for` out"));
        }
        let samples = self.samples.as_ref().filter(|samples| !(1..=MAX_SAMPLES).contains(samples.get_ref()))?;
        Some((samples.span(), format!("`samples` is not from 1 to {MAX_SAMPLES}"), "write how many matches are wanted"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Consent};

    fn measures(keys: &str) -> Vec<Measure> {
        let text = format!("[[check]]\nname = 'load'\nrun = 'true'\n{keys}\n");
        let config = Config::parse(&text).unwrap_or_else(|error| panic!("{keys}: {}", error.chain().join("\n")));
        config.checks(&Consent::for_tests(text.as_bytes())).expect("trusted")[0].measures.clone()
    }

    #[test]
    fn one_table_or_several() {
        assert_eq!(measures(""), []);
        let one = measures("measure = { pattern = '([0-9.]+)' }").remove(0);
        assert_eq!(one.names("load").collect::<Vec<_>>(), ["load"]);
        assert_eq!((one.unit.as_str(), one.better, one.samples), ("", Better::Lower, 1));
        assert_eq!((one.warn, one.fail, one.drift, one.against, one.sustained), (None, None, None, None, None));
        let two = measures(
            "measure = [\n  { pattern = 'p95=(?<p95>\\S+)', unit = 's', warn = 2, fail = 3.0, drift = '20%', for = '5m' },\n  \
             { pattern = 'rps=(?<rps>\\S+) (?<ok>\\d+)', better = 'higher', warn = 9, fail = 5, drift = '7.5 %', against = 'v1', samples = 3 },\n]",
        );
        let names: Vec<_> = two.iter().flat_map(|one| one.names("load")).collect();
        assert_eq!(names, ["p95", "rps", "ok"]);
        assert_eq!((two[0].warn, two[0].fail, two[0].unit.as_str()), (Some(2.0), Some(3.0), "s"));
        assert_eq!(two[0].sustained, "5m".parse().ok());
        assert_eq!((two[1].against.clone(), two[1].samples), (Some(Selector::Name("v1".into())), 3));
        assert_eq!(two[1].drift.map(|drift| drift.to_string()).as_deref(), Some("7.5%"));
        let tables = "[[check.measure]]\npattern = '(?<a>\\d+)'\n[[check.measure]]\npattern = '(?<b>\\d+)'";
        assert_eq!(measures(tables).len(), 2);
        assert_eq!(measures("[check.measure]\npattern = '(?<a>\\d+)'").len(), 1);
    }

    #[test]
    fn the_examples_of_the_documentation_are_understood() {
        let documentation = include_str!("../../docs/measure.md");
        let blocks: Vec<_> =
            documentation.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 2);
        for block in blocks {
            let _config = Config::parse(block).unwrap_or_else(|error| panic!("{}", error.chain().join("\n")));
        }
    }

    #[test]
    fn mistakes_are_told_with_their_line_and_column() {
        for (measure, place, why) in [
            ("{ pattern = '(' }", "line 4, column 23", "does not compile: unclosed group, at its byte 1"),
            ("{ pattern = '' }", "line 4, column 23", "an empty pattern"),
            ("{ pattern = 'p95: [0-9]+' }", "line 4, column 23", "can never be a number"),
            ("{ pattern = '(GET|PUT) (\\d+)' }", "line 4, column 23", "the first group can never be a number"),
            ("{ pattern = '(?<x>\\d)(?<x>\\d)' }", "line 4, column 23", "duplicate capture group name"),
            ("{ pattern = 5 }", "line 4, column 23", "expected a string"),
            ("{ unit = 's' }", "line 4, column 11", "missing field `pattern`"),
            ("{ patern = '(\\d)' }", "line 4, column 13", "unknown field `patern`"),
            ("'([0-9.]+)'", "line 4, column 11", "expected a table with `pattern`"),
            ("['(\\d)']", "line 4, column 12", "invalid type"),
            ("{ pattern = '(\\d)', unit = 'a b' }", "line 4, column 38", "without blanks"),
            ("{ pattern = '(\\d)', unit = '' }", "line 4, column 38", "without blanks"),
            ("{ pattern = '(\\d)', unit = '-' }", "line 4, column 38", "without blanks"),
            ("{ pattern = '(\\d)', better = 'hihger' }", "line 4, column 40", "unknown variant `hihger`"),
            ("{ pattern = '(\\d)', warn = '2' }", "line 4, column 38", "expected f64"),
            ("{ pattern = '(\\d)', warn = nan }", "line 4, column 38", "`warn` is NaN"),
            ("{ pattern = '(\\d)', fail = inf }", "line 4, column 38", "`fail` is inf"),
            ("{ pattern = '(\\d)', warn = 3, fail = 2 }", "line 4, column 38", "`warn` is not under `fail`"),
            ("{ pattern = '(\\d)', warn = 3, fail = 3 }", "line 4, column 38", "`warn` is not under `fail`"),
            (
                "{ pattern = '(\\d)', warn = 2, fail = 3, better = 'higher' }",
                "line 4, column 38",
                "`warn` is not over `fail`",
            ),
            ("{ pattern = '(\\d)', drift = 0.2 }", "line 4, column 39", "expected a string"),
            ("{ pattern = '(\\d)', drift = '20' }", "line 4, column 39", "`20` is no percentage"),
            ("{ pattern = '(\\d)', drift = '-20%' }", "line 4, column 39", "`-20%` is no percentage"),
            ("{ pattern = '(\\d)', drift = 'NaN%' }", "line 4, column 39", "`NaN%` is no percentage"),
            ("{ pattern = '(\\d)', drift = 'inf%' }", "line 4, column 39", "`inf%` is no percentage"),
            ("{ pattern = '(\\d)', drift = '%' }", "line 4, column 39", "`%` is no percentage"),
            ("{ pattern = '(\\d)', drift = '100%', better = 'higher' }", "line 4, column 39", "no number is lower"),
            ("{ pattern = '(\\d)', fail = 2, against = 'v1' }", "line 4, column 51", "there is no `drift`"),
            ("{ pattern = '(\\d)', drift = '2%', against = '' }", "line 4, column 55", "an empty selector"),
            ("{ pattern = '(\\d)', warn = 2, for = '5m' }", "line 4, column 47", "there is neither"),
            ("{ pattern = '(\\d)', fail = 2, for = '5' }", "line 4, column 47", "`5` is not a time limit"),
            ("{ pattern = '(\\d)', samples = 0 }", "line 4, column 41", "`samples` is not from 1"),
            ("{ pattern = '(\\d)', samples = 10001 }", "line 4, column 41", "`samples` is not from 1"),
            ("{ pattern = '(\\d)', samples = -1 }", "line 4, column 41", "invalid value"),
            (
                "[{ pattern = '(\\d)' },\n  { pattern = 'x(\\d)' }]",
                "line 5, column 15",
                "two measurements named `load`",
            ),
            (
                "[{ pattern = '(?<a>\\d)' },\n  { pattern = 'x(?<a>\\d)' }]",
                "line 5, column 15",
                "two measurements named `a`",
            ),
        ] {
            let text = format!("[[check]]\nname = 'load'\nrun = 'true'\nmeasure = {measure}\n");
            let error = Config::parse(&text).expect_err(measure);
            let chain = error.chain().join("\n");
            assert!(chain.contains(place) && chain.contains(why), "{measure}: {chain}");
            assert_eq!(error.kind().exit_code(), 2, "{measure}");
            assert!(!error.hints().is_empty(), "{measure}");
        }
    }
}
