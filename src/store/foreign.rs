//! Which records were made elsewhere and fetched: a statement of this repository, as the records say nothing of it.

use std::collections::{BTreeMap, HashSet};

use gix::bstr::{BString, ByteSlice};

use super::{
    Store,
    names::{self, FETCHED, PINS, PRUNED},
};
use crate::{
    error::Result,
    git::refs,
    model::{Oid, RecordId},
};

impl Store<'_> {
    /// The records that came from other clones. What those say was done was not done here.
    pub fn foreign(&self) -> Result<HashSet<RecordId>> {
        let names = refs::names(self.repo, FETCHED)?;
        Ok(names.iter().filter_map(|name| name.rsplit_str("/").next()?.to_str().ok()?.parse().ok()).collect())
    }

    /// The marks of fetched records, by record.
    pub fn marks(&self) -> Result<BTreeMap<RecordId, Vec<(BString, Oid)>>> {
        let mut marks: BTreeMap<RecordId, Vec<(BString, Oid)>> = BTreeMap::new();
        for (name, id) in refs::list(self.repo, FETCHED)? {
            let record = name.rsplit_str("/").next().and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
            if let Some(record) = record {
                marks.entry(record).or_default().push((name, id));
            }
        }
        Ok(marks)
    }

    /// The records that are pinned here.
    pub fn pins(&self) -> Result<HashSet<RecordId>> {
        Ok(refs::names(self.repo, PINS)?.iter().filter_map(|name| names::id_of(name.as_ref(), PINS)).collect())
    }

    /// What prunes removed and is still kept, by prune.
    pub fn pruned(&self) -> Result<BTreeMap<RecordId, Vec<(BString, Oid)>>> {
        let mut pruned: BTreeMap<RecordId, Vec<(BString, Oid)>> = BTreeMap::new();
        for (name, id) in refs::list(self.repo, PRUNED)? {
            let by = name[PRUNED.len()..].split_str("/").next().and_then(|id| id.to_str().ok());
            if let Some(by) = by.and_then(|id| id.parse().ok()) {
                pruned.entry(by).or_default().push((name, id));
            }
        }
        Ok(pruned)
    }
}
