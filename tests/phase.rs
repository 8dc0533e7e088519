//! Phases: what their checkpoints are called, how they go on elsewhere, and that what was done to them can be undone.

use serde_json::Value;

use crate::support::TestRepo;

const HOUR: i64 = 3600;

/// A repository with a commit, in `phase2`, which has just begun.
pub(crate) fn in_phase(options: &[&str]) -> TestRepo {
    let repo = TestRepo::with_commit();
    repo.checkpoint_ok(&[&["start", "phase2"], options].concat());
    repo
}

pub(crate) fn status(repo: &TestRepo) -> Value {
    repo.checkpoint_ok(&["status", "--json"]).json()
}

fn tags(repo: &TestRepo) -> Vec<String> {
    repo.git(&["tag", "--sort=refname"]).lines().map(str::to_owned).collect()
}

fn create(repo: &TestRepo) -> String {
    let taken = repo.checkpoint_ok(&["create", "--json"]).json();
    taken["tag"].as_str().expect("it has a tag").to_owned()
}

#[test]
fn names_are_by_slot_and_taken_ones_are_counted_up() {
    let repo = in_phase(&["--every", "4h"]);
    assert_eq!(repo.git(&["config", "branch.main.checkpointPhase"]), "phase2");
    assert_eq!(create(&repo), "phase2-checkpoint-T+0m.2");
    repo.advance(4 * HOUR);
    assert_eq!(create(&repo), "phase2-checkpoint-T+4h");
    repo.advance(HOUR);
    assert_eq!(create(&repo), "phase2-checkpoint-T+4h.2");
    repo.git(&["pack-refs", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(create(&repo), "phase2-checkpoint-T+4h.3");
    let newest = repo.rev("refs/checkpoint/phases/phase2");
    assert_eq!(newest, repo.rev("refs/tags/phase2-checkpoint-T+4h.3"));
    let taken = repo.checkpoint_ok(&["show", "phase2-checkpoint-T+4h.3", "--json"]).json();
    assert_eq!((&taken["phase"], &taken["slot"], &taken["timed"]), (&"phase2".into(), &"4h".into(), &false.into()));
    assert_eq!(taken["elapsed_seconds"], 5 * HOUR);
    repo.advance(15 * HOUR + 300);
    repo.write("file", "last\n");
    let finished = repo.checkpoint_ok(&["finish", "--json"]).json();
    assert_eq!(finished["checkpoint"]["tag"], "phase2-complete-T+20h");
    assert!(repo.git_raw(&["config", "branch.main.checkpointPhase"]).stdout.is_empty());
    assert!(create(&repo).starts_with("checkpoint-2026"), "it is in no phase any more");
    repo.fsck();
}

#[test]
fn minutes_lists_days_and_numbers() {
    let repo = in_phase(&["--every", "90m"]);
    repo.advance(HOUR * 3 + 60);
    assert_eq!(create(&repo), "phase2-checkpoint-T+3h");
    repo.advance(HOUR * 3 / 2);
    assert_eq!(create(&repo), "phase2-checkpoint-T+4h30m");
    let listed = TestRepo::with_commit();
    let text = "[phase]\nat = ['8h', '4h', '24h']\ntag = 'day_{day}_complete.n{n}'\ncomplete = 'done-{elapsed}'\n";
    listed.write(".checkpoint.toml", text);
    let started = listed.checkpoint_ok(&["start", "phase2", "--json"]).json();
    assert_eq!(started["at_seconds"], serde_json::json!([4 * HOUR, 8 * HOUR, 24 * HOUR]));
    assert_eq!(status(&listed)["due_slot"], "4h");
    assert_eq!(create(&listed), "day_1_complete.n2");
    listed.advance(24 * HOUR);
    assert_eq!(create(&listed), "day_2_complete.n3");
    assert!(status(&listed)["due_in_seconds"].is_null(), "the list has ended");
    let finished = listed.checkpoint_ok(&["finish", "--json"]).json();
    assert_eq!(finished["checkpoint"]["tag"], "done-24h");
}

#[test]
fn days_are_local_and_elapsed_time_is_not() {
    // The clocks go forward in the night of 2027-03-28, and back in that of 2026-10-25, which has 02:30 twice.
    let repo = TestRepo::with_commit();
    repo.set_var("TZ", "Europe/Berlin");
    if repo.git(&["log", "-1", "--date=format-local:%z", "--format=%cd"]) == "+0000" {
        return;
    }
    repo.set_var("GIT_CHECKPOINT_NOW", "2027-03-27T20:00:00Z");
    repo.write(".checkpoint.toml", "[phase]\ntag = 'day_{day}_T+{elapsed}'\n");
    let started = repo.checkpoint_ok(&["start", "phase2", "--at", "18:30", "--json"]).json();
    assert_eq!(started["began"], "2027-03-27T17:30:00Z");
    for (now, name) in [
        ("2027-03-27T22:59:00Z", "day_1_T+5h29m"),
        ("2027-03-27T23:00:00Z", "day_2_T+5h30m"),
        // 23:59 in summer time, one hour more than the day before by UTC.
        ("2027-03-28T21:59:00Z", "day_2_T+28h29m"),
        ("2027-03-28T22:00:00Z", "day_3_T+28h30m"),
    ] {
        repo.set_var("GIT_CHECKPOINT_NOW", now);
        assert_eq!(create(&repo), name, "{now}");
    }
    let other = repo.at("../other");
    other.git(&["init", "-q"]);
    other.commit("first");
    other.set_var("GIT_CHECKPOINT_NOW", "2026-10-25T12:00:00Z");
    let twice = other.checkpoint(&["start", "phase3", "--at", "02:30"]);
    assert!(twice.code == 2 && twice.stderr.contains("comes twice"), "{twice}");
    let never = other.checkpoint(&["start", "phase3", "--at", "2027-03-28 02:30"]);
    assert!(never.code == 2 && never.stderr.contains("set forward"), "{never}");
    other.checkpoint_ok(&["start", "phase3", "--at", "2026-10-25T02:30:00+02:00"]);
}

#[test]
fn a_phase_can_have_begun_before_or_begin_later() {
    let repo = in_phase(&["--at", "3 hours ago"]);
    assert_eq!(repo.git(&["tag"]), "phase2-checkpoint-T+0m");
    assert_eq!(status(&repo)["due_slot"], "4h");
    repo.advance(HOUR);
    assert_eq!(create(&repo), "phase2-checkpoint-T+4h");
    let later = in_phase(&["--at", "20:00"]);
    assert_eq!(create(&later), "phase2-checkpoint-T+0m.2");
    let said = status(&later);
    assert!(said["elapsed_seconds"].is_null() && said["due_in_seconds"].as_i64() > Some(9 * HOUR), "{said}");
    later.advance(11 * HOUR);
    assert_eq!(create(&later), "phase2-checkpoint-T+4h");
    // Long after it began: what was missed before the beginning was made known is not due.
    let late = in_phase(&["--at", "9 hours ago"]);
    assert_eq!((late.git(&["tag"]).as_str(), &status(&late)["due_slot"]), ("phase2-checkpoint-T+8h", &"12h".into()));
}

#[test]
fn the_selector_finds_the_checkpoint_of_a_slot() {
    let repo = in_phase(&[]);
    repo.advance(4 * HOUR);
    repo.write("file", "good\n");
    create(&repo);
    repo.write("file", "worse\n");
    repo.advance(HOUR);
    create(&repo);
    repo.advance(4 * HOUR);
    repo.write("file", "broken\n");
    repo.commit("Break it");
    let shown = |selector: &str| repo.checkpoint_ok(&["show", selector, "--json"]).json()["tag"].clone();
    assert_eq!(shown("T+4h"), "phase2-checkpoint-T+4h");
    assert_eq!(shown("T+5h"), "phase2-checkpoint-T+4h.2", "it was taken after exactly that time");
    let missing = repo.checkpoint(&["show", "T+8h"]);
    assert!(missing.code == 2 && missing.stderr.contains("`phase2-checkpoint-T+4h.2`"), "{missing}");
    let went = repo.checkpoint_ok(&["rollback", "T+4h", "--yes", "--json"]).json();
    let backup = went["backup"]["branch"].as_str().expect("there is a backup");
    assert!(backup.starts_with("phase2-broken-2026"), "{backup}");
    assert_eq!(repo.read_text("file"), "good\n");
    let record = repo.git(&["cat-file", "-p", "refs/checkpoint/phases/phase2"]);
    assert!(record.contains("Checkpoint-Kind: rollback") && record.contains("Checkpoint-Phase-Slot: 4h"), "{record}");
    // The same after it has ended, and in the next phase of the branch.
    repo.checkpoint_ok(&["finish"]);
    assert_eq!(shown("T+4h"), "phase2-checkpoint-T+4h");
    repo.checkpoint_ok(&["start", "phase3"]);
    assert_eq!(repo.checkpoint(&["show", "T+4h"]).code, 2);
}

#[test]
fn a_clone_goes_on_with_a_phase_that_was_pushed() {
    let origin = in_phase(&["--every", "2h"]);
    origin.advance(2 * HOUR);
    origin.write("file", "more\n");
    origin.commit("More");
    create(&origin);
    let clone = TestRepo::clone_of(&origin);
    clone.git(&["fetch", "-q", "origin", "refs/checkpoint/phases/*:refs/checkpoint/phases/*"]);
    assert!(status(&clone)["phase"].is_null(), "nobody put the branch into the phase here");
    let wrong = clone.checkpoint(&["start", "phase2", "--every", "4h"]);
    assert!(wrong.code == 1 && wrong.stderr.contains("every 2h"), "{wrong}");
    let joined = clone.checkpoint_ok(&["start", "phase2", "--json"]).json();
    assert_eq!((&joined["joined"], &joined["checkpoint"]), (&true.into(), &Value::Null));
    let (here, there) = (status(&clone), status(&origin));
    assert_eq!((&here["began"], &here["due_slot"]), (&there["began"], &"4h".into()));
    clone.advance(2 * HOUR);
    clone.write("file", "even more\n");
    assert_eq!(create(&clone), "phase2-checkpoint-T+4h");
    clone.git(&["push", "-q", "origin", "refs/checkpoint/phases/*:refs/checkpoint/phases/*", "--force"]);
    assert_eq!(status(&origin)["due_slot"], "6h", "the other clone's checkpoint counts");
}

#[test]
fn a_crash_before_the_configuration_is_mended_by_the_next_start() {
    let repo = in_phase(&[]);
    repo.git(&["config", "--unset", "branch.main.checkpointPhase"]);
    let refs = repo.refs();
    repo.checkpoint_ok(&["start", "phase2"]);
    assert_eq!(refs, repo.refs());
    assert_eq!(status(&repo)["phase"], "phase2");
}

#[test]
fn a_phase_goes_with_its_branch() {
    let repo = in_phase(&[]);
    repo.git(&["branch", "-m", "main", "odd.name/with\"quote"]);
    assert_eq!(status(&repo)["phase"], "phase2");
    repo.advance(4 * HOUR);
    assert_eq!(create(&repo), "phase2-checkpoint-T+4h");
    repo.git(&["switch", "-q", "-c", "other"]);
    assert!(create(&repo).starts_with("checkpoint-"));
    repo.git(&["switch", "-q", "odd.name/with\"quote"]);
    repo.checkpoint_ok(&["finish"]);
    assert!(!repo.read_text(".git/config").contains("heckpoint"));
}

#[test]
fn a_beginning_and_an_end_can_be_undone_and_redone() {
    let repo = in_phase(&[]);
    repo.advance(2 * HOUR);
    repo.checkpoint_ok(&["finish"]);
    let at_the_end = tags(&repo);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!((tags(&repo).len(), &status(&repo)["phase"]), (1, &"phase2".into()));
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!((&tags(&repo), &status(&repo)["phase"]), (&at_the_end, &Value::Null));
    repo.checkpoint_ok(&["undo", "--yes"]);
    // The end and its undos are newer than the beginning.
    let refused = repo.checkpoint(&["undo", "--yes"]);
    assert!(refused.code == 1 && refused.stderr.contains("more was done in the phase"), "{refused}");
    assert_eq!(status(&repo)["phase"], "phase2");

    let repo = in_phase(&[]);
    repo.checkpoint_ok(&["undo", "--yes"]);
    assert_eq!((tags(&repo).len(), &status(&repo)["phase"]), (0, &Value::Null));
    repo.checkpoint_ok(&["redo", "--yes"]);
    assert_eq!((tags(&repo).len(), &status(&repo)["phase"]), (1, &"phase2".into()));
    repo.checkpoint_ok(&["undo", "--yes"]);
    repo.advance(HOUR);
    let again = repo.checkpoint_ok(&["start", "phase2", "--json"]).json();
    assert_eq!((&again["joined"], &again["checkpoint"]["elapsed_seconds"]), (&false.into(), &0.into()));
    repo.fsck();
}

#[test]
fn a_dry_run_begins_and_ends_nothing() {
    let repo = TestRepo::with_commit();
    let before = repo.git_dir_fingerprint();
    repo.checkpoint_ok(&["start", "phase2", "--dry-run"]);
    before.assert_same(&repo.git_dir_fingerprint());
    repo.checkpoint_ok(&["start", "phase2"]);
    let before = repo.git_dir_fingerprint();
    repo.checkpoint_ok(&["finish", "--dry-run"]);
    before.assert_same(&repo.git_dir_fingerprint());
}
