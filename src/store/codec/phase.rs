//! The phase that a record belongs to.
//!
//! What only a later version understands (a schedule of another sort, say) costs the phase its course, never the
//! record: the state in it must be found again whatever is said of phases.

use chrono::{DateTime, SecondsFormat, Utc};

use super::trailers::{Reader, Writer};
use crate::model::{Course, PhaseMark};

pub(super) fn write(mark: &PhaseMark, out: &mut Writer) {
    out.add_text("Phase", mark.name.as_bytes());
    out.add_all("Elapsed", mark.elapsed.iter());
    if let Some(course) = &mark.course {
        out.add("Phase-Began", course.began.to_rfc3339_opts(SecondsFormat::Secs, true));
        out.add("Phase-Schedule", &course.schedule);
        out.add("Phase-Slot", course.slot);
        out.add("Phase-Number", course.number);
    }
    if let Some(event) = mark.event {
        out.add("Phase-Event", event.as_str());
    }
}

pub(super) fn read(reader: &Reader<'_>) -> Result<Option<PhaseMark>, String> {
    let Some(name) = reader.text("Phase")? else { return Ok(None) };
    let elapsed = reader.parse_optional("Elapsed")?;
    let event = reader.find("Phase-Event").and_then(|word| word.parse().ok());
    Ok(Some(PhaseMark { name, elapsed, course: course(reader), event }))
}

fn course(reader: &Reader<'_>) -> Option<Course> {
    let began = DateTime::parse_from_rfc3339(reader.find("Phase-Began")?).ok()?;
    Some(Course {
        began: began.with_timezone(&Utc),
        schedule: reader.parse("Phase-Schedule").ok()?,
        slot: reader.parse("Phase-Slot").ok()?,
        number: reader.parse("Phase-Number").ok()?,
    })
}
