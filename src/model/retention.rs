//! Which records are kept: a function of their names, their times and a policy.
//!
//! Buckets are counted as `restic forget` counts them: the newest of an hour, a day, a week, and hours without any do not
//! count. Times are those of the ids, which never run backwards; a day and a week are those of the wall clock, an hour is
//! one of UTC, so that an hour that comes twice in autumn is two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};

use super::{Elapsed, RecordId};

/// What is to be kept of each group; a number says of how many hours, days or weeks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// The newest.
    pub last: usize,
    /// The newest of each hour.
    pub hourly: usize,
    /// The newest of each day.
    pub daily: usize,
    /// The newest of each week, which begins on Monday.
    pub weekly: usize,
    /// All that are no older than this before the newest.
    pub within: Option<Elapsed>,
}

impl Policy {
    /// What is kept where nobody has said anything.
    pub const DEFAULT: Policy = Policy { last: 10, hourly: 24, daily: 14, weekly: 8, within: None };

    /// Whether it keeps nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Policy::default()
    }
}

/// What the decision about one record depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The record, or what stands for it.
    pub id: RecordId,
    /// Records of one group are counted together: those of a branch, checkpoints apart from all other operations.
    pub group: String,
    /// When, by the wall clock.
    pub local: NaiveDateTime,
    /// What it takes back, for an undo: both stay or both go.
    pub takes_back: Option<RecordId>,
    /// Why it stays whatever the policy says.
    pub protected: Vec<Reason>,
}

/// Why a record is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It was pinned, or its tag matches `retention.pinned`.
    Pinned,
    /// It is the newest of its phase.
    Phase,
    /// The next `undo` takes it back.
    Undo,
    /// The next `redo` takes it back.
    Redo,
    /// What it removed is still kept, so that it can be undone.
    Grace,
    /// Its time is in the future: a clock is wrong, so its age is not known.
    Future,
    /// It is among the last.
    Last,
    /// It is the newest of an hour.
    Hourly,
    /// It is the newest of a day.
    Daily,
    /// It is the newest of a week.
    Weekly,
    /// It is recent.
    Within,
    /// It takes back, or was taken back by, this one, which is kept.
    GoesWith(RecordId),
}

impl Reason {
    /// The word in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Reason::Pinned => "pinned",
            Reason::Phase => "phase",
            Reason::Undo => "undo",
            Reason::Redo => "redo",
            Reason::Grace => "grace",
            Reason::Future => "future",
            Reason::Last => "last",
            Reason::Hourly => "hourly",
            Reason::Daily => "daily",
            Reason::Weekly => "weekly",
            Reason::Within => "within",
            Reason::GoesWith(_) => "goes-with",
        }
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = [("last", self.last), ("hourly", self.hourly), ("daily", self.daily), ("weekly", self.weekly)];
        let counts = counts.iter().filter(|(_, number)| *number > 0).map(|(name, number)| format!("{name} {number}"));
        let within = self.within.iter().map(|span| format!("within {span}"));
        f.write_str(&counts.chain(within).collect::<Vec<_>>().join(", "))
    }
}

/// Why each of `items` is kept, in their order; one without a reason goes.
pub fn retain(items: &[Item], policy: &Policy, now: DateTime<Utc>) -> Vec<Vec<Reason>> {
    let mut reasons: Vec<BTreeSet<Reason>> =
        items.iter().map(|item| item.protected.iter().cloned().collect()).collect();
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        match item.id.time() {
            Some(time) if time <= now => groups.entry(&item.group).or_default().push(at),
            _ => drop(reasons[at].insert(Reason::Future)),
        }
    }
    for mut members in groups.into_values() {
        members.sort_by(|a, b| items[*b].id.cmp(&items[*a].id));
        count(items, &members, policy, &mut reasons);
    }
    keep_together(items, &mut reasons);
    reasons.into_iter().map(|reasons| reasons.into_iter().collect()).collect()
}

/// The rules that count, for the members of one group, newest first.
fn count(items: &[Item], members: &[usize], policy: &Policy, reasons: &mut [BTreeSet<Reason>]) {
    for at in members.iter().take(policy.last) {
        reasons[*at].insert(Reason::Last);
    }
    let time = |at: usize| items[at].id.time();
    if let (Some(within), Some(newest)) = (policy.within, members.first().and_then(|at| time(*at))) {
        let span = chrono::Duration::minutes(i64::from(within.minutes()));
        for at in members.iter().filter(|at| time(**at).is_some_and(|time| newest - time <= span)) {
            reasons[*at].insert(Reason::Within);
        }
    }
    type Bucket = fn(&Item) -> (i32, u32, u32);
    let hour: Bucket = |item| item.id.time().map_or((0, 0, 0), |at| (at.year(), at.ordinal(), at.hour()));
    let day: Bucket = |item| (item.local.year(), item.local.ordinal(), 0);
    let week: Bucket = |item| (item.local.iso_week().year(), item.local.iso_week().week(), 0);
    for (wanted, bucket, reason) in [
        (policy.hourly, hour, Reason::Hourly),
        (policy.daily, day, Reason::Daily),
        (policy.weekly, week, Reason::Weekly),
    ] {
        let mut seen = BTreeSet::new();
        for at in members {
            if seen.len() == wanted {
                break;
            }
            if seen.insert(bucket(&items[*at])) {
                reasons[*at].insert(reason.clone());
            }
        }
    }
}

/// An undo and what it took back stay together: without the one, the other would say that it still holds.
fn keep_together(items: &[Item], reasons: &mut [BTreeSet<Reason>]) {
    let places: HashMap<&RecordId, usize> = items.iter().enumerate().map(|(at, item)| (&item.id, at)).collect();
    let pairs: Vec<(usize, usize)> = items
        .iter()
        .enumerate()
        .filter_map(|(at, item)| Some((at, *places.get(item.takes_back.as_ref()?)?)))
        .filter(|(one, other)| one != other)
        .collect();
    loop {
        let mut changed = false;
        for (one, other) in pairs.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]) {
            if !reasons[one].is_empty() && reasons[other].is_empty() {
                changed |= reasons[other].insert(Reason::GoesWith(items[one].id.clone()));
            }
        }
        if !changed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::prelude::*;

    use super::*;
    use crate::model::Kind;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).expect("valid").to_utc()
    }

    fn item(time: DateTime<Utc>, number: u32, offset: i64) -> Item {
        Item {
            id: RecordId::new(time, Kind::Create, number),
            group: "main".into(),
            local: time.naive_utc() + Duration::minutes(offset),
            takes_back: None,
            protected: Vec::new(),
        }
    }

    /// Items at these times, by a wall clock that is `offset` minutes ahead.
    fn items(times: &[&str], offset: i64) -> Vec<Item> {
        times.iter().enumerate().map(|(n, time)| item(at(time), u32::try_from(n).expect("few"), offset)).collect()
    }

    /// A mark for each item: which rules keep it.
    fn marks(items: &[Item], policy: &Policy, now: &str) -> Vec<String> {
        let short = |reasons: Vec<Reason>| reasons.iter().map(|reason| &reason.as_str()[..1]).collect::<String>();
        retain(items, policy, at(now)).into_iter().map(short).collect()
    }

    #[test]
    fn the_newest_of_each_bucket_is_kept_and_empty_buckets_do_not_count() {
        let policy = |last, hourly, daily, weekly| Policy { last, hourly, daily, weekly, within: None };
        let now = "2026-11-21T14:00:00Z";
        let times = [
            "2026-11-21T13:50:00Z",
            "2026-11-21T13:10:00Z",
            "2026-11-21T09:59:59Z",
            "2026-11-19T23:00:00Z",
            "2026-11-19T01:00:00Z",
            "2026-11-10T01:00:00Z",
            "2026-01-01T00:00:00Z",
        ];
        for (policy, expected) in [
            (policy(0, 0, 0, 0), ["", "", "", "", "", "", ""]),
            (policy(2, 0, 0, 0), ["l", "l", "", "", "", "", ""]),
            (policy(0, 3, 0, 0), ["h", "", "h", "h", "", "", ""]),
            (policy(0, 0, 3, 0), ["d", "", "", "d", "", "d", ""]),
            (policy(0, 0, 0, 2), ["w", "", "", "", "", "w", ""]),
            (policy(1, 1, 9, 9), ["lhdw", "", "", "d", "", "dw", "dw"]),
            (policy(99, 0, 0, 0), ["l"; 7]),
        ] {
            assert_eq!(marks(&items(&times, 0), &policy, now), expected, "{policy:?}");
            let reversed: Vec<_> = items(&times, 0).into_iter().rev().collect();
            let mut marks = marks(&reversed, &policy, now);
            marks.reverse();
            assert_eq!(marks, expected, "in any order: {policy:?}");
        }
    }

    #[test]
    fn within_is_counted_from_the_newest() {
        let policy = Policy { within: Some(Elapsed::from_minutes(60)), ..Policy::default() };
        let times = ["2026-11-21T12:00:00Z", "2026-11-21T11:00:00Z", "2026-11-21T10:59:59Z"];
        assert_eq!(marks(&items(&times, 0), &policy, "2026-11-21T12:00:00Z"), ["w", "w", ""]);
        // The clock was set ahead by ten years: nothing has become old by that.
        assert_eq!(marks(&items(&times, 0), &policy, "2036-11-21T12:00:00Z"), ["w", "w", ""]);
    }

    #[test]
    fn what_is_in_the_future_stays_and_takes_no_place() {
        let policy = Policy { last: 1, daily: 1, ..Policy::default() };
        let times = ["2030-01-01T00:00:00Z", "2026-11-21T14:00:01Z", "2026-11-21T14:00:00Z", "2026-11-21T13:00:00Z"];
        assert_eq!(marks(&items(&times, 0), &policy, "2026-11-21T14:00:00Z"), ["f", "f", "ld", ""]);
    }

    #[test]
    fn of_two_in_the_same_moment_one_is_the_newer() {
        let policy = Policy { last: 1, hourly: 5, ..Policy::default() };
        let times = ["2026-11-21T13:00:00Z"; 3];
        assert_eq!(marks(&items(&times, 0), &policy, "2026-11-21T14:00:00Z"), ["", "", "lh"]);
    }

    #[test]
    fn days_are_those_of_the_wall_clock_and_hours_are_not() {
        // Central Europe, 25 October 2026: 02:00 to 03:00 comes twice.
        let mut twice = items(&["2026-10-25T00:30:00Z"], 120);
        twice.extend(items(&["2026-10-25T01:30:00Z"], 60));
        assert_eq!(twice[0].local, twice[1].local);
        let hours = Policy { hourly: 9, ..Policy::default() };
        assert_eq!(marks(&twice, &hours, "2026-10-26T00:00:00Z"), ["h", "h"]);
        // 23:30 UTC is the next day there.
        let night = items(&["2026-11-20T22:30:00Z", "2026-11-20T23:30:00Z"], 60);
        let days = Policy { daily: 9, ..Policy::default() };
        assert_eq!(marks(&night, &days, "2026-11-22T00:00:00Z"), ["d", "d"]);
        assert_eq!(
            marks(&items(&["2026-11-20T22:30:00Z", "2026-11-20T23:30:00Z"], 0), &days, "2026-11-22T00:00:00Z"),
            ["", "d"]
        );
        // The last days of December are in the first week of the year after.
        let weeks = Policy { weekly: 9, ..Policy::default() };
        let new_year = items(&["2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z", "2027-01-04T12:00:00Z"], 0);
        assert_eq!(marks(&new_year, &weeks, "2027-02-01T00:00:00Z"), ["", "w", "w"]);
    }

    #[test]
    fn groups_are_counted_apart() {
        let mut all = items(&["2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z", "2026-11-21T11:00:00Z"], 0);
        all[1].group = "topic".into();
        let policy = Policy { last: 1, ..Policy::default() };
        assert_eq!(marks(&all, &policy, "2026-11-21T14:00:00Z"), ["l", "l", ""]);
    }

    #[test]
    fn an_undo_stays_with_what_it_took_back() {
        let mut all = items(&["2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z", "2026-11-21T11:00:00Z"], 0);
        all[0].takes_back = Some(all[1].id.clone());
        all[1].takes_back = Some(all[2].id.clone());
        let policy = Policy { last: 1, ..Policy::default() };
        let kept = retain(&all, &policy, at("2026-11-21T14:00:00Z"));
        assert_eq!(kept[1], [Reason::GoesWith(all[0].id.clone())]);
        assert_eq!(kept[2], [Reason::GoesWith(all[1].id.clone())]);
        // And they go together.
        let kept = retain(&all, &Policy::default(), at("2026-11-21T14:00:00Z"));
        assert!(kept.iter().all(Vec::is_empty));
    }

    fn any_items() -> impl Strategy<Value = Vec<Item>> {
        let one = (0_i64..4000, 0_u32..4, -720_i64..720, 0_usize..3, any::<bool>(), prop::option::of(0_usize..40));
        prop::collection::vec(one, 0..40).prop_map(|all| {
            let mut made: Vec<Item> = Vec::new();
            let mut links = Vec::new();
            for (n, (minutes, number, offset, group, pinned, link)) in all.into_iter().enumerate() {
                let time = at("2026-11-21T00:00:00Z") + Duration::minutes(minutes * 7);
                let number = number * 1000 + u32::try_from(n).expect("few");
                let mut item = item(time, number, offset);
                item.group = ["main", "topic", "other"][group].into();
                item.protected = if pinned && n % 5 == 0 { vec![Reason::Pinned] } else { Vec::new() };
                made.push(item);
                links.push(link);
            }
            let ids: Vec<RecordId> = made.iter().map(|item| item.id.clone()).collect();
            for (item, link) in made.iter_mut().zip(links) {
                item.takes_back = link.and_then(|link| ids.get(link).cloned());
            }
            made
        })
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        let within = prop::option::of((0_u32..5000).prop_map(Elapsed::from_minutes));
        (0_usize..5, 0_usize..5, 0_usize..5, 0_usize..3, within)
            .prop_map(|(last, hourly, daily, weekly, within)| Policy { last, hourly, daily, weekly, within })
    }

    proptest! {
        #[test]
        fn twice_is_once_and_nothing_that_is_protected_goes(all in any_items(), policy in any_policy(), now in 0_i64..30_000) {
            let now = at("2026-11-21T00:00:00Z") + Duration::minutes(now);
            let reasons = retain(&all, &policy, now);
            for (item, reasons) in all.iter().zip(&reasons) {
                let is_future = item.id.time().is_some_and(|time| time > now);
                prop_assert!(!reasons.is_empty() || (item.protected.is_empty() && !is_future));
                let partner = item.takes_back.as_ref().and_then(|id| all.iter().position(|other| other.id == *id));
                if let Some(partner) = partner {
                    prop_assert_eq!(reasons.is_empty(), retain(&all, &policy, now)[partner].is_empty());
                }
            }
            let left: Vec<Item> =
                all.iter().zip(&reasons).filter(|(_, reasons)| !reasons.is_empty()).map(|(item, _)| item.clone()).collect();
            prop_assert!(retain(&left, &policy, now).iter().all(|reasons| !reasons.is_empty()));
        }
    }
}
