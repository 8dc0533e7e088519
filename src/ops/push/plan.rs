//! What goes and what stays, from values alone.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::{BStr, BString};

use super::{
    Theirs,
    facts::{Facts, Unit},
};
use crate::{
    git::remote::Update,
    model::{Oid, RecordId},
    store::names::{self, NOTES, Named, PHASES, RECORDS},
};

/// What the user lets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Files git did not track.
    pub untracked: bool,
    /// Of these and of what is only staged, also what looks like a secret.
    pub secrets: bool,
}

/// What would go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Plan {
    /// The refs to change at the remote, in an order in which every beginning is whole.
    pub updates: Vec<Update>,
    /// What stays here, and why.
    pub left: Vec<Left>,
    /// What goes and has files whose names look like those of secrets: the record's name and the paths.
    pub secrets: Vec<(String, Vec<String>)>,
}

/// Something that stays here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The checkpoint's tag, the record's id or a ref.
    pub name: String,
    /// Why.
    pub why: Why,
    /// The paths it is about.
    pub paths: Vec<String>,
}

/// Why something stays here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It has files git did not track.
    Untracked,
    /// It has files that look like secrets.
    Secrets,
    /// The remote has another tag or branch of this name; the record goes all the same.
    NameTaken,
    /// The remote has another object for this record.
    RecordDiffers,
    /// It was removed there by a prune made here.
    Pruned,
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// The remote's newest record of the phase is not known here.
    PhaseUnknown,
}

impl Why {
    /// The word in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Why::Untracked => "untracked",
            Why::Secrets => "secrets",
            Why::NameTaken => "name-taken",
            Why::RecordDiffers => "record-differs",
            Why::Pruned => "pruned",
            Why::Unreadable(_) => "unreadable",
            Why::PhaseUnknown => "phase-unknown",
        }
    }
}

/// Decides what goes to a remote that has `theirs`.
pub fn plan(facts: &Facts, theirs: &Theirs, choice: Choice) -> Plan {
    let mut plan = Plan::default();
    for (name, why) in &facts.unreadable {
        plan.leave(name, Why::Unreadable(why.clone()), &[]);
    }
    let mut newest: BTreeMap<&BString, (&RecordId, Oid)> = BTreeMap::new();
    let mut there = BTreeSet::new();
    for unit in &facts.units {
        if !plan.add_unit(unit, facts, theirs, choice) {
            continue;
        }
        there.insert(&unit.id);
        if let Some(phase) = unit.phase.as_ref().filter(|phase| facts.phases.contains(*phase)) {
            // Oldest first, so the last one is the newest.
            newest.insert(phase, (&unit.id, unit.record.1));
        }
    }
    for (name, id) in &facts.pins {
        let is_there = names::id_of(name.as_ref(), names::PINS).is_some_and(|id| there.contains(&id));
        if is_there && !theirs.contains_key(name) {
            plan.updates.push(Update { name: name.clone(), old: None, new: Some(*id) });
        }
    }
    for (phase, newest) in newest {
        plan.add_phase(phase, newest, facts, theirs);
    }
    let notes = theirs.get(BStr::new(NOTES)).copied();
    if let Some(ours) = facts.notes.filter(|ours| Some(*ours) != notes) {
        plan.updates.push(Update { name: NOTES.into(), old: notes, new: Some(ours) });
    }
    plan
}

impl Plan {
    fn leave(&mut self, name: &str, why: Why, paths: &[String]) {
        self.left.push(Left { name: name.to_owned(), why, paths: paths.to_vec() });
    }

    /// Adds what of a record is not there; whether it will be there.
    fn add_unit(&mut self, unit: &Unit, facts: &Facts, theirs: &Theirs, choice: Choice) -> bool {
        let there = theirs.get(&unit.record.0).copied();
        let is_there = there == Some(unit.record.1);
        if !is_there {
            if there.is_some() && there != unit.replaces {
                self.leave(&unit.name, Why::RecordDiffers, &[]);
                return false;
            }
            if facts.pruned_there.contains(&unit.record.0) {
                self.leave(&unit.name, Why::Pruned, &[]);
                return false;
            }
            if !choice.untracked && !unit.untracked.is_empty() {
                self.leave(&unit.name, Why::Untracked, &unit.untracked);
                return false;
            }
            if !unit.secrets.is_empty() {
                if !choice.secrets {
                    self.leave(&unit.name, Why::Secrets, &unit.secrets);
                    return false;
                }
                self.secrets.push((unit.name.clone(), unit.secrets.clone()));
            }
        }
        // What the record needs comes before it, and what shows it after.
        if let Some((name, id)) = unit.files.as_ref().filter(|(name, id)| theirs.get(name) != Some(id)) {
            self.updates.push(Update { name: name.clone(), old: theirs.get(name).copied(), new: Some(*id) });
        }
        if !is_there {
            self.updates.push(Update { name: unit.record.0.clone(), old: there, new: Some(unit.record.1) });
        }
        self.add_shown(unit, theirs);
        true
    }

    fn add_shown(&mut self, unit: &Unit, theirs: &Theirs) {
        let Some((name, id)): Option<&Named> = unit.shown.as_ref() else { return };
        match theirs.get(name).copied() {
            Some(there) if there == *id => {}
            None => self.updates.push(Update { name: name.clone(), old: None, new: Some(*id) }),
            Some(there) if unit.replaces == Some(there) => {
                self.updates.push(Update { name: name.clone(), old: Some(there), new: Some(*id) });
            }
            Some(_) => self.leave(&crate::model::quote_path(name.as_ref()), Why::NameTaken, &[]),
        }
    }

    /// A phase moves forward only, to the newest of its records that will be there.
    fn add_phase(&mut self, phase: &BString, (id, object): (&RecordId, Oid), facts: &Facts, theirs: &Theirs) {
        let old = theirs.get(phase).copied();
        let update = Update { name: phase.clone(), old, new: Some(object) };
        let Some(there) = old.filter(|there| *there != object) else {
            self.updates.extend((old.is_none()).then_some(update));
            return;
        };
        let by_name = theirs.iter().find(|(name, other)| **other == there && name.starts_with(RECORDS.as_bytes()));
        let by_name = by_name.and_then(|(name, _)| names::id_of(name.as_ref(), RECORDS));
        let by_object = || facts.units.iter().find(|unit| unit.record.1 == there || unit.replaces == Some(there));
        match by_name.or_else(|| by_object().map(|unit| unit.id.clone())) {
            Some(their) if their <= *id => self.updates.push(update),
            Some(_) => {}
            None => self.leave(&format!("phase {}", &phase.to_string()[PHASES.len()..]), Why::PhaseUnknown, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(n: u8) -> Oid {
        Oid::Sha1([n; 20])
    }

    fn id(n: u8) -> RecordId {
        format!("20261121T1430{n:02}.000Z-create-{n:06}").parse().expect("an id")
    }

    fn unit(n: u8) -> Unit {
        Unit {
            id: id(n),
            name: format!("tag-{n}"),
            record: (names::record(&id(n)), oid(n)),
            files: None,
            shown: Some((format!("refs/tags/tag-{n}").into(), oid(n))),
            phase: Some("refs/checkpoint/phases/p".into()),
            untracked: Vec::new(),
            secrets: Vec::new(),
            replaces: None,
        }
    }

    fn facts(units: Vec<Unit>) -> Facts {
        Facts { units, phases: ["refs/checkpoint/phases/p".into()].into(), ..Facts::default() }
    }

    fn there(refs: &[(&str, u8)]) -> Theirs {
        refs.iter().map(|(name, n)| ((*name).into(), oid(*n))).collect()
    }

    /// `<name> <old>><new>` of each update, and `<name> <reason>` of what stays.
    fn told(plan: &Plan) -> (Vec<String>, Vec<String>) {
        let number = |id: Option<Oid>| id.map_or("-".into(), |id| id.as_bytes()[0].to_string());
        let short = |name: &BString| name.to_string().replace("refs/checkpoint/", "").replace("20261121T1430", "");
        let updates = plan.updates.iter().map(|u| format!("{} {}>{}", short(&u.name), number(u.old), number(u.new)));
        let left = plan.left.iter().map(|left| format!("{} {}", left.name, left.why.as_str()));
        (updates.collect(), left.collect())
    }

    const ONLY_TRACKED: Choice = Choice { untracked: false, secrets: false };
    const ALL: Choice = Choice { untracked: true, secrets: true };

    #[test]
    fn a_record_goes_with_its_refs_and_the_phase_to_the_newest() {
        let (updates, left) = told(&plan(&facts(vec![unit(1), unit(2)]), &Theirs::new(), ONLY_TRACKED));
        assert_eq!(
            updates,
            [
                "records/01.000Z-create-000001 ->1",
                "refs/tags/tag-1 ->1",
                "records/02.000Z-create-000002 ->2",
                "refs/tags/tag-2 ->2",
                "phases/p ->2"
            ]
        );
        assert_eq!(left, [""; 0]);
    }

    #[test]
    fn what_is_there_does_not_go_again() {
        let (first, second) = (names::record(&id(1)).to_string(), names::record(&id(2)).to_string());
        let theirs = there(&[(&first, 1), ("refs/tags/tag-1", 1), ("refs/checkpoint/phases/p", 2), (&second, 2)]);
        assert_eq!(told(&plan(&facts(vec![unit(1)]), &theirs, ONLY_TRACKED)), (vec![], vec![]));
    }

    #[test]
    fn untracked_files_and_secrets_stay_unless_they_are_let_go() {
        let mut all = facts(vec![unit(1), unit(2), unit(3)]);
        all.units[1].untracked = vec!["new".into()];
        all.units[2].untracked = vec![".env".into()];
        all.units[2].secrets = vec![".env".into()];
        let planned = |choice| plan(&all, &Theirs::new(), choice);
        assert_eq!(told(&planned(ONLY_TRACKED)).1, ["tag-2 untracked", "tag-3 untracked"]);
        // The phase goes to the newest that goes.
        assert!(told(&planned(ONLY_TRACKED)).0.contains(&"phases/p ->1".to_owned()));
        assert_eq!(told(&planned(Choice { untracked: true, secrets: false })).1, ["tag-3 secrets"]);
        assert_eq!(planned(ALL).secrets, [("tag-3".to_owned(), vec![".env".to_owned()])]);
        assert!(planned(ALL).left.is_empty());
    }

    #[test]
    fn a_name_that_is_taken_there_stays_taken_and_the_record_goes() {
        let (updates, left) = told(&plan(&facts(vec![unit(1)]), &there(&[("refs/tags/tag-1", 9)]), ALL));
        assert_eq!(updates, ["records/01.000Z-create-000001 ->1", "phases/p ->1"]);
        assert_eq!(left, ["refs/tags/tag-1 name-taken"]);
    }

    #[test]
    fn a_record_is_replaced_only_where_it_was_pending() {
        let name = names::record(&id(1)).to_string();
        let theirs = there(&[(&name, 8), ("refs/tags/tag-1", 8)]);
        let mut all = facts(vec![unit(1)]);
        assert_eq!(told(&plan(&all, &theirs, ALL)), (vec![], vec!["tag-1 record-differs".into()]));
        all.units[0].replaces = Some(oid(8));
        let (updates, left) = told(&plan(&all, &theirs, ALL));
        assert_eq!(updates, ["records/01.000Z-create-000001 8>1", "refs/tags/tag-1 8>1", "phases/p ->1"]);
        assert_eq!(left, [""; 0]);
    }

    #[test]
    fn a_phase_moves_forward_only() {
        let name = names::record(&id(5)).to_string();
        let theirs = |phase| there(&[(&name, 5), ("refs/checkpoint/phases/p", phase)]);
        let phase = |n: u8, theirs: &Theirs| {
            let (updates, left) = told(&plan(&facts(vec![unit(n)]), theirs, ALL));
            (updates.into_iter().find(|update| update.starts_with("phases")), left)
        };
        assert_eq!(phase(6, &theirs(5)), (Some("phases/p 5>6".into()), vec![]));
        assert_eq!(phase(4, &theirs(5)), (None, vec![]));
        assert_eq!(phase(6, &theirs(7)), (None, vec!["phase p phase-unknown".into()]));
    }

    #[test]
    fn verdicts_go_where_they_differ() {
        let facts = Facts { notes: Some(oid(3)), ..Facts::default() };
        assert_eq!(told(&plan(&facts, &Theirs::new(), ALL)).0, ["refs/notes/checkpoint ->3"]);
        assert_eq!(told(&plan(&facts, &there(&[(NOTES, 3)]), ALL)).0, [""; 0]);
        assert_eq!(told(&plan(&facts, &there(&[(NOTES, 4)]), ALL)).0, ["refs/notes/checkpoint 4>3"]);
    }
}
