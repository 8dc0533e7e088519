//! Phases: `refs/checkpoint/phases/<phase>` is the newest record of each, so that nothing has to be listed.

use gix::bstr::{BStr, BString};

use super::{
    Store,
    names::{PHASES, RECORDS},
};
use crate::{
    error::Result,
    git::refs,
    model::{Oid, Record},
};

/// The full name of the ref of a phase.
pub fn phase_ref(phase: &str) -> BString {
    format!("{PHASES}{phase}").into()
}

/// The ref that a record moves: that of its phase, if it says how to go on with it.
pub fn ref_of(record: &Record) -> Option<BString> {
    record.phase.as_ref().filter(|mark| mark.course.is_some()).map(|mark| phase_ref(&mark.name))
}

impl Store<'_> {
    /// The newest record of a phase, and its object; `None` where there is no such phase.
    pub fn newest_of_phase(&self, phase: &str) -> Result<Option<(Oid, Record)>> {
        let Some(object) = refs::find(self.repo, phase_ref(phase).as_ref())? else { return Ok(None) };
        Ok(self.record_of_object(object)?.map(|record| (object, record)))
    }

    /// The object of the newest record of the same phase, but for `record` itself; reads records until it has one.
    pub(super) fn before_in_phase(&self, record: &Record) -> Result<Option<Oid>> {
        let Some(name) = ref_of(record) else { return Ok(None) };
        for id in self.ids()?.iter().rev().filter(|id| **id != record.id) {
            if self.read(id).is_ok_and(|other| ref_of(&other).as_ref() == Some(&name)) {
                let record_ref: BString = format!("{RECORDS}{id}").into();
                return refs::find(self.repo, BStr::new(&record_ref));
            }
        }
        Ok(None)
    }
}
