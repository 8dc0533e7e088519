//! Names of tags and branches from templates: `{phase}-checkpoint-T+{slot}`.

use chrono::NaiveDateTime;
use gix::bstr::{BString, ByteSlice};

/// A template that names only known fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Phase,
    Elapsed,
    Slot,
    Number,
    Day,
    Date,
    Time,
    Branch,
    Short,
}

const FIELDS: [(&str, Field); 9] = [
    ("phase", Field::Phase),
    ("elapsed", Field::Elapsed),
    ("slot", Field::Slot),
    ("n", Field::Number),
    ("day", Field::Day),
    ("date", Field::Date),
    ("time", Field::Time),
    ("branch", Field::Branch),
    ("short", Field::Short),
];

/// What the fields of a template stand for. A field whose value is `None` makes the template unusable here.
#[derive(Debug, Clone)]
pub struct TemplateValues {
    /// `{phase}`: the phase's name.
    pub phase: Option<String>,
    /// `{elapsed}`: the time since the phase began, as `4h` or `90m`.
    pub elapsed: Option<String>,
    /// `{slot}`: the elapsed time rounded down to the phase's interval.
    pub slot: Option<String>,
    /// `{n}`: how many checkpoints the phase has, this one included.
    pub number: Option<u64>,
    /// `{day}`: the day of the phase, from 1.
    pub day: Option<u64>,
    /// `{date}` and `{time}`: local time, as `20261121` and `143000`.
    pub now: NaiveDateTime,
    /// `{branch}`: the branch's short name, or `HEAD`.
    pub branch: String,
    /// `{short}`: the first digits of HEAD's commit, or `unborn`.
    pub short: String,
}

impl Template {
    /// Reads a template; the error names the field that is not known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(open);
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let Some((name, after)) = after.strip_prefix('{').and_then(|after| after.split_once('}')) else {
                return Err(format!("`{text}` has a brace without its partner"));
            };
            let field = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
            parts.push(Part::Field(field.ok_or_else(|| {
                let known: Vec<_> = FIELDS.iter().map(|(known, _)| format!("{{{known}}}")).collect();
                format!("`{{{name}}}` is not a field of a name template; known are {}", known.join(" "))
            })?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Template { parts })
    }

    /// The name, which is valid as the last part of a ref's name; the error says what is missing or wrong.
    pub fn render(&self, values: &TemplateValues) -> Result<BString, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(field) => out.push_str(&field.value(values)?),
            }
        }
        valid_ref_name(out)
    }

    /// Whether a field of it has a value only within a phase.
    pub fn needs_phase(&self) -> bool {
        use Field::{Day, Elapsed, Number, Phase, Slot};
        self.parts.iter().any(|part| matches!(part, Part::Field(Phase | Elapsed | Slot | Number | Day)))
    }
}

/// `name` as the last part of a tag's or a branch's full name, if git takes it.
pub fn valid_ref_name(name: impl Into<BString>) -> Result<BString, String> {
    let name = name.into();
    let full = [b"refs/tags/".as_slice(), &name].concat();
    match gix::validate::reference::name(full.as_bstr()) {
        Ok(_) if !name.starts_with(b"-") && name != "HEAD" => Ok(name),
        _ => Err(format!("`{}` is not a valid name for a ref", super::quote_path(name.as_bstr()))),
    }
}

impl Field {
    fn value(self, values: &TemplateValues) -> Result<String, String> {
        let no_phase = |name: &str| format!("`{{{name}}}` needs a phase, and this branch is in none");
        match self {
            Field::Phase => values.phase.clone().ok_or_else(|| no_phase("phase")),
            Field::Elapsed => values.elapsed.clone().ok_or_else(|| no_phase("elapsed")),
            Field::Slot => values.slot.clone().ok_or_else(|| no_phase("slot")),
            Field::Number => values.number.map(|n| n.to_string()).ok_or_else(|| no_phase("n")),
            Field::Day => values.day.map(|n| n.to_string()).ok_or_else(|| no_phase("day")),
            Field::Date => Ok(values.now.format("%Y%m%d").to_string()),
            Field::Time => Ok(values.now.format("%H%M%S").to_string()),
            Field::Branch => Ok(values.branch.clone()),
            Field::Short => Ok(values.short.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> TemplateValues {
        TemplateValues {
            phase: Some("phase2".into()),
            elapsed: Some("4h".into()),
            slot: Some("4h".into()),
            number: Some(3),
            day: Some(2),
            now: chrono::NaiveDate::from_ymd_opt(2026, 11, 21)
                .and_then(|date| date.and_hms_opt(14, 30, 0))
                .expect("a valid time"),
            branch: "topic/x".into(),
            short: "1a2b3c4".into(),
        }
    }

    #[test]
    fn names_come_out_as_the_template_says() {
        for (template, name) in [
            ("{phase}-checkpoint-T+{slot}", "phase2-checkpoint-T+4h"),
            ("{phase}-broken-{date}-{time}", "phase2-broken-20261121-143000"),
            ("day_{day}_complete", "day_2_complete"),
            ("{branch}/{short}.{n}", "topic/x/1a2b3c4.3"),
        ] {
            let rendered = Template::parse(template).and_then(|template| template.render(&values()));
            assert_eq!(rendered, Ok(name.into()), "{template}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for template in ["{phse}", "{", "a}b", "{phase", "a b", "x:y", "", "-x", "a..b", "x.lock", "/x", "HEAD"] {
            assert!(Template::parse(template).and_then(|template| template.render(&values())).is_err(), "{template}");
        }
        let without_phase = TemplateValues { phase: None, ..values() };
        assert!(Template::parse("{phase}").expect("known").render(&without_phase).is_err());
    }
}
