use super::*;
use crate::git::hooks::{Manager, Remembered};

const ALL: usize = HookEvent::ALL.len();

fn slot(content: Content, saved: Saved) -> Slot {
    Slot {
        event: HookEvent::PostCommit,
        content,
        saved,
        old_is_shim: false,
        legacy_is_shim: false,
        tracking: Tracking::Aside,
        aside: "/r/.git/hooks.checkpoint/post-commit.1".into(),
    }
}

fn shim(exact: bool) -> Content {
    Content::Shim { version: 1, program: None, exact }
}

fn other(manager: Option<Manager>) -> Content {
    Content::Other { manager, calls_us: false }
}

/// A repository whose folder of hooks has shims everywhere but at the place of `slot`.
fn facts(git: (u32, u32), first: Slot) -> Facts {
    let rest = HookEvent::ALL.into_iter().skip(1);
    let slots = std::iter::once(first)
        .chain(rest.map(|event| Slot { event, ..slot(shim(true), Saved::Nothing) }))
        .collect::<Vec<_>>();
    let folder = Folder {
        path: "/r/.git/hooks".into(),
        exists: true,
        missing: Vec::new(),
        made: false,
        saved: "/r/.git/hooks.checkpoint".into(),
        saved_exists: slots.iter().any(|slot| slot.saved != Saved::Nothing),
        slots,
        unlinked: Vec::new(),
        older: Vec::new(),
        leftovers: Vec::new(),
        in_worktree: false,
    };
    let absent = |event| Configured {
        event,
        commands: Vec::new(),
        events: Vec::new(),
        disabled: false,
        wanted: "x".into(),
        shim: "/r/.git/checkpoint/hooks/x".into(),
        script: None,
        program: None,
    };
    Facts {
        git,
        git_text: "x".into(),
        program: "/bin/git-checkpoint".into(),
        program_on_path: None,
        remembered: vec![Remembered { path: folder.path.clone(), made: false }],
        folder: Ok(folder),
        others: Vec::new(),
        configured: HookEvent::ALL.map(absent).into(),
        foreign: Vec::new(),
        excluded: Vec::new(),
        workdir: "/r".into(),
        default_folder: "/r/.git/hooks".into(),
        litter: Vec::new(),
        shims: "/r/.git/checkpoint/hooks".into(),
    }
}

/// The steps, a letter each: what is done with the place of the first event shows best so.
fn letters(plan: &Plan) -> String {
    let letter = |step: &Step| match step {
        Step::Remember { .. } | Step::MakeFolder(_) | Step::Exclude(_) | Step::RemoveFolder(_) | Step::Forget(_) => '.',
        Step::MakeSaved(_) => 'm',
        Step::Link { .. } => 'l',
        Step::SetAside { .. } => 'a',
        Step::Keep { .. } => 'k',
        Step::PutShim { .. } => 'p',
        Step::Restore { .. } => 'r',
        Step::RemoveShim { .. } => 'x',
        Step::Drop(_) => 'd',
        Step::Configure(_) => 'c',
        Step::Unconfigure(_) => 'u',
        Step::RemoveSaved(_) => 's',
    };
    plan.steps.iter().map(letter).collect()
}

#[test]
fn what_is_done_with_a_place() {
    use Content::Nothing;
    let old = |slot: Slot| Slot { old_is_shim: true, ..slot };
    let legacy = |slot: Slot| Slot { legacy_is_shim: true, ..slot };
    let pre_commit = || other(Some(Manager::PreCommit));
    for (at, first, installs, uninstalls) in [
        ("nothing", slot(Nothing, Saved::Nothing), "p", "xxxxx."),
        ("ours", slot(shim(true), Saved::Nothing), "", "xxxxxx."),
        ("an old one of ours", slot(shim(false), Saved::Nothing), "p", "xxxxxx."),
        ("ours with theirs", slot(shim(true), Saved::Different), "", "rxxxxxs."),
        ("theirs", slot(other(None), Saved::Nothing), "mkp", "xxxxx."),
        ("theirs, killed after its second name", slot(other(None), Saved::Same), "p", "dxxxxxs."),
        ("theirs, moved, and killed", slot(Nothing, Saved::Different), "p", "rxxxxxs."),
        ("a newer one of theirs", slot(other(None), Saved::Different), "akp", "xxxxxs."),
        ("lefthook's, ours renamed", old(slot(other(Some(Manager::Lefthook)), Saved::Different)), "akp", "rxxxxxs."),
        ("lefthook's, ours renamed, none before", old(slot(other(None), Saved::Nothing)), "mkpx", "xxxxxx."),
        ("pre-commit's, which runs ours", legacy(slot(pre_commit(), Saved::Nothing)), "", "xxxxxx."),
        ("pre-commit's, which runs ours, kept too", legacy(slot(pre_commit(), Saved::Same)), "d", "dxxxxxxs."),
        ("pre-commit's, which runs ours and theirs", legacy(slot(pre_commit(), Saved::Different)), "", "rxxxxxs."),
    ] {
        let facts = facts((2, 47), first);
        assert_eq!(letters(&install(&facts).expect(at)), installs, "install, {at}");
        assert_eq!(letters(&uninstall(&facts)), uninstalls, "uninstall, {at}");
    }
}

#[test]
fn places_that_cannot_be_taken_are_refused() {
    let tracked = |content| Slot { tracking: Tracking::Tracked, ..slot(content, Saved::Nothing) };
    let shown = |content| Slot { tracking: Tracking::Shown, ..slot(content, Saved::Nothing) };
    let by_hand = Content::Other { manager: None, calls_us: true };
    for (first, refused) in [
        (slot(Content::Blocked("a folder"), Saved::Nothing), true),
        (tracked(other(None)), true),
        (shown(other(None)), true),
        (tracked(Content::Nothing), true),
        (shown(Content::Nothing), false),
        (tracked(by_hand), false),
        (slot(other(None), Saved::Nothing), false),
    ] {
        let result = install(&facts((2, 47), first.clone()));
        assert_eq!(result.is_err(), refused, "{first:?}");
        assert!(result.err().is_none_or(|error| error.hints().len() > 1));
        // git that has hooks in its configuration does not need the place.
        assert!(install(&facts((2, 54), first)).is_ok());
    }
}

#[test]
fn a_newer_git_gets_its_configuration_and_the_files_go() {
    let plan = install(&facts((2, 54), slot(shim(true), Saved::Different))).expect("nothing is in the way");
    assert_eq!(letters(&plan), format!("{}rxxxxxs.", "c".repeat(ALL)));
    let mut facts = facts((2, 39), slot(shim(true), Saved::Nothing));
    facts.configured.iter_mut().for_each(|one| one.commands = vec!["x".into()]);
    assert_eq!(letters(&install(&facts).expect("nothing is in the way")), "u".repeat(ALL));
}
