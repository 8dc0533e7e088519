//! Whether every record can be read, and everything it would need to go back is there.

use super::{Finding, Ground};
use crate::{
    error::Result,
    git::{objects, refs},
    model::Oid,
    store::Store,
};

/// Where this program's refs are.
const OURS: &str = "refs/checkpoint/";

pub(super) fn check(ground: &Ground<'_>) -> Result<Vec<Finding>> {
    let store = Store::new(ground.repo);
    let ids = store.ids()?;
    let mut found = Vec::new();
    for record in store.read_all(&ids)? {
        if let Err(error) = record {
            found.push(Finding::problem("records", error.chain().join(": ")).fix(
                "`git fsck` tells what is damaged; the record's objects may still be in another clone or a backup",
            ));
        }
    }
    let tips: Vec<Oid> = refs::list(ground.repo, OURS)?.into_iter().map(|(_, id)| id).collect();
    let missing = objects::missing(ground.repo, &tips)?;
    if let Some(first) = missing.first() {
        let what = format!("{} of the records are missing, as {first}", counted(missing.len(), "object"));
        let fix = "`git fsck --no-dangling` names them all; fetch them from a clone that has them, or restore a backup of `.git`";
        found.push(Finding::problem("records", what).fix(fix));
    }
    if found.is_empty() {
        found.push(Finding::ok(
            "records",
            format!("{} readable, and all they need is there", counted(ids.len(), "record")),
        ));
    }
    Ok(found)
}

fn counted(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}
