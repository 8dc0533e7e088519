//! What is compared, and the ratio that is good enough.

use crate::harness::{
    Case,
    measure::{AS_IS, Plan, Row, Side, compare},
    memory::peak,
    place::{Place, discard},
};

/// Every case, cheapest first.
pub(crate) const ALL: [Case; 9] = [
    Case { name: "start", run: start },
    Case { name: "hook", run: hook },
    Case { name: "status", run: status },
    Case { name: "create, clean", run: create_clean },
    Case { name: "create, changes", run: create_changes },
    Case { name: "rollback", run: rollback },
    Case { name: "recover", run: recover },
    Case { name: "many checkpoints", run: many },
    Case { name: "memory", run: memory },
];

fn start(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (ours, theirs) = origin.two()?;
    let git = Side { prepare: AS_IS, run: &|| theirs.script(&[&["rev-parse", "HEAD"]]) };
    let version = Side { prepare: AS_IS, run: &|| ours.ours(&["--version"]) };
    let off = || discard(ours.our_command().env("GIT_CHECKPOINT", "0"));
    Ok(vec![
        compare(plan, "--version / rev-parse HEAD", 1.5, &version, &git),
        compare(plan, "GIT_CHECKPOINT=0 / rev-parse HEAD", 1.5, &Side { prepare: AS_IS, run: &off }, &git),
    ])
}

/// What every commit costs where hooks are installed and nothing is due.
fn hook(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (ours, theirs) = origin.two()?;
    let git = Side { prepare: AS_IS, run: &|| theirs.script(&[&["rev-parse", "HEAD"]]) };
    let asked = Side { prepare: AS_IS, run: &|| ours.ours(&["hook", "post-commit"]) };
    let mut rows = vec![compare(plan, "hook, in no phase / rev-parse HEAD", 2.0, &asked, &git)];
    ours.ours(&["start", "phase2", "--every", "1000h"])?;
    rows.push(compare(plan, "hook, nothing due / rev-parse HEAD", 2.0, &asked, &git));
    if ours.git(&["tag", "--list", "phase2-*"])?.lines().count() != 1 {
        return Err("a checkpoint was taken that was not due".into());
    }
    Ok(rows)
}

fn status(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (ours, theirs) = origin.two()?;
    ours.change(10)?;
    theirs.change(10)?;
    Ok(vec![compare(
        plan,
        "status / status, 10 changes",
        1.3,
        &Side { prepare: AS_IS, run: &|| ours.ours(&["status"]) },
        &Side { prepare: AS_IS, run: &|| theirs.script(&[&["status"]]) },
    )])
}

fn create_clean(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (ours, theirs) = origin.two()?;
    let row = compare(
        plan,
        "create / status -uall, clean",
        1.0,
        &Side { prepare: &|| ours.reset(), run: &|| ours.ours(&["create"]) },
        &Side { prepare: AS_IS, run: &|| theirs.script(&[&["status", "-uall"]]) },
    );
    ours.expect_record().map(|()| vec![row])
}

fn create_changes(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (ours, theirs) = origin.two()?;
    let mut rows = Vec::new();
    for (count, target) in [(0, 1.0), (10, 1.0), (1_000, 0.4)] {
        let count = count.min(origin.len());
        ours.reset()?;
        ours.settle()?;
        theirs.reset()?;
        theirs.settle()?;
        let script: &[&[&str]] = &[
            &["add", "-A"],
            &["commit", "-q", "--allow-empty", "-m", "checkpoint"],
            &["tag", "-a", "-m", "checkpoint", "checkpoint"],
        ];
        rows.push(compare(
            plan,
            format!("create / add, commit, tag; {count} changes"),
            target,
            &Side { prepare: &|| ours.reset().and_then(|()| ours.change(count)), run: &|| ours.ours(&["create"]) },
            &Side { prepare: &|| theirs.reset().and_then(|()| theirs.change(count)), run: &|| theirs.script(script) },
        ));
        ours.expect_record()?;
    }
    Ok(rows)
}

fn rollback(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (mut ours, theirs) = origin.two()?;
    let count = 1_000.min(origin.len());
    ours.ours(&["create"])?;
    ours.keep()?;
    let script: &[&[&str]] = &[
        &["add", "-A"],
        &["commit", "-q", "-m", "broken"],
        &["branch", "broken"],
        &["reset", "-q", "--hard", theirs.base()],
    ];
    let row = compare(
        plan,
        format!("rollback / add, commit, branch, reset; {count} files"),
        0.6,
        &Side {
            prepare: &|| ours.reset().and_then(|()| ours.change(count)),
            run: &|| ours.ours(&["rollback", "latest", "--yes"]),
        },
        &Side { prepare: &|| theirs.reset().and_then(|()| theirs.change(count)), run: &|| theirs.script(script) },
    );
    let emergency = compare(
        plan,
        format!("rollback --emergency / reset alone, which keeps nothing; {count} files"),
        1.5,
        &Side {
            prepare: &|| ours.reset().and_then(|()| ours.change(count)),
            run: &|| ours.ours(&["rollback", "latest", "--emergency"]),
        },
        &Side {
            prepare: &|| theirs.reset().and_then(|()| theirs.change(count)),
            run: &|| theirs.script(&[&["reset", "-q", "--hard", theirs.base()]]),
        },
    );
    ours.expect_record()?;
    let left = ours.git(&["status", "--porcelain"])?.lines().count();
    if left > 0 {
        return Err(format!("the rollback left {left} changes behind"));
    }
    Ok(vec![row, emergency])
}

fn recover(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let counts: &[usize] = if plan.quick { &[1, 10, 100] } else { &[1, 10, 100, 1_000] };
    let mut rows = Vec::new();
    for picks in counts {
        rows.extend(recover_some(plan, origin, *picks)?);
    }
    Ok(rows)
}

/// So many commits, each of one file, onto another commit.
fn recover_some(plan: &Plan, origin: &Place<'_>, picks: usize) -> Result<Vec<Row>, String> {
    let (mut ours, mut theirs) = origin.two()?;
    for place in [&mut ours, &mut theirs] {
        place.git(&["switch", "-q", "-c", "good"])?;
        for n in 0..picks {
            place.append(1 + n * (place.len() - 1) / picks, &format!("good {n}\n"))?;
            place.git(&["commit", "-q", "-a", "-m", &format!("good {n}")])?;
        }
        place.git(&["switch", "-q", "-c", "target", place.base()])?;
        place.append(0, "meanwhile\n")?;
        place.git(&["commit", "-q", "-a", "-m", "meanwhile"])?;
        place.git(&["tag", "start", &format!("good~{picks}")])?;
        place.keep()?;
        place.settle()?;
    }
    let side = Side { prepare: &|| ours.reset(), run: &|| ours.ours(&["recover", "start..good", "--all"]) };
    let of = |name: &str| format!("recover / {name}, {picks} commits");
    let cherry_pick = || theirs.script(&[&["cherry-pick", "start..good"]]);
    let wanted = if picks == 100 { 0.1 } else { 1.0 };
    let mut rows =
        vec![compare(plan, of("cherry-pick"), wanted, &side, &Side { prepare: &|| theirs.reset(), run: &cherry_pick })];
    // What rebase and replay move is the branch that they are given.
    let good = theirs.git(&["rev-parse", "good"])?;
    let back = || {
        theirs.git(&["switch", "-q", "target"])?;
        theirs.git(&["update-ref", "refs/heads/good", good.trim_end()])?;
        theirs.reset()
    };
    let rebase = || theirs.script(&[&["rebase", "-q", "--onto", "target", "start", "good"]]);
    rows.push(compare(plan, of("rebase"), 1.0, &side, &Side { prepare: &back, run: &rebase }));
    back()?;
    if theirs.git(&["replay", "--onto", "target", "start..good"]).is_ok() {
        let replay = |how: [&str; 2]| {
            let updates = theirs.git(&["replay", how[0], how[1], "start..good"])?;
            theirs.git_with_input(&["update-ref", "--stdin"], updates.as_bytes()).map(drop)
        };
        let alone = || replay(["--onto", "target"]);
        rows.push(compare(plan, of("replay (no files)"), 1.0, &side, &Side { prepare: &back, run: &alone }));
        // What brings the branch and the files to where cherry-pick and this program bring them.
        let with_files = || {
            replay(["--advance", "target"])?;
            theirs.script(&[&["read-tree", "-m", "-u", theirs.base(), "target"]])
        };
        back()?;
        let files = Side { prepare: &|| theirs.reset(), run: &with_files };
        rows.push(compare(plan, of("replay and read-tree"), 1.0, &side, &files));
        if theirs.git(&["rev-parse", "HEAD^{tree}"])? != theirs.git(&["write-tree"])? {
            return Err("replay and read-tree left an index that is not of HEAD".into());
        }
    }
    ours.reset()?;
    ours.ours(&["recover", "start..good", "--all"])?;
    let made = ours.git(&["rev-list", "--count", "start..HEAD"])?;
    let wanted = (picks + 1).to_string();
    if made.trim_end() != wanted {
        return Err(format!("{} commits were made instead of {wanted}", made.trim_end()));
    }
    Ok(rows)
}

fn many(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let count = if plan.quick { 1_000 } else { 10_000 };
    let (mut with, without) = origin.two()?;
    with.ours(&["create", "-m", "One of many"])?;
    multiply(&with, count)?;
    with.keep()?;
    let list = Side { prepare: AS_IS, run: &|| with.ours(&["list"]) };
    let refs = || with.script(&[&["for-each-ref", "--format=%(refname) %(contents)", "refs/tags/"]]);
    let create = |place: &Place<'_>| place.ours(&["create"]);
    let change = |place: &Place<'_>| place.reset().and_then(|()| place.change(10));
    Ok(vec![
        compare(plan, format!("list / for-each-ref, {count}"), 1.0, &list, &Side { prepare: AS_IS, run: &refs }),
        compare(
            plan,
            format!("create with {count} / with none, 10 changes"),
            1.1,
            &Side { prepare: &|| change(&with), run: &|| create(&with) },
            &Side { prepare: &|| change(&without), run: &|| create(&without) },
        ),
    ])
}

/// Makes `count` checkpoints of the only one, each an object and a pair of refs of its own, packed.
fn multiply(place: &Place<'_>, count: usize) -> Result<(), String> {
    let names = place.git(&["for-each-ref", "--format=%(refname)", "refs/checkpoint/records/", "refs/tags/"])?;
    let last_part = |name: Option<&str>| name.and_then(|name| name.rsplit('/').next()).map(str::to_owned);
    let id = last_part(names.lines().find(|name| name.contains("/records/"))).ok_or("create left no record")?;
    let tag = last_part(names.lines().find(|name| name.starts_with("refs/tags/"))).ok_or("create left no tag")?;
    let object = place.git(&["cat-file", "tag", &id_ref(&id)])?;
    let (time, random) = id.rsplit_once('-').ok_or("an id has three parts")?;
    let (_, digits) = time.split_once('.').ok_or("an id has milliseconds")?;
    let rest = digits.get(3..).ok_or("an id has three digits of milliseconds")?;
    let (mut paths, mut names) = (String::new(), Vec::new());
    for n in 1..count {
        // Older than the original, which stays the newest.
        let day = format!("20{:02}{:02}{:02}", 10 + n / 300 % 15, 1 + n / 25 % 12, 1 + n % 25);
        let new_id =
            format!("{day}T{:02}{:02}{:02}.{:03}{rest}-{random}", n / 3600 % 24, n / 60 % 60, n % 60, n % 1000);
        let new_tag = format!("{tag}-{n}");
        let file = place.path().join(format!(".git/many/{n}"));
        place.write(&format!(".git/many/{n}"), object.replace(&id, &new_id).replace(&tag, &new_tag).as_bytes())?;
        paths.push_str(&format!("{}\n", file.display()));
        names.push((new_id, new_tag));
    }
    let objects = place.git_with_input(&["hash-object", "-w", "-t", "tag", "--stdin-paths"], paths.as_bytes())?;
    let mut updates = String::new();
    for ((new_id, new_tag), object) in names.iter().zip(objects.lines()) {
        updates.push_str(&format!("create {} {object}\ncreate refs/tags/{new_tag} {object}\n", id_ref(new_id)));
    }
    place.git_with_input(&["update-ref", "--stdin"], updates.as_bytes())?;
    std::fs::remove_dir_all(place.path().join(".git/many")).map_err(|error| error.to_string())?;
    place.git(&["pack-refs", "--all"])?;
    place.git(&["repack", "-q", "-a", "-d"])?;
    place.settle()
}

fn id_ref(id: &str) -> String {
    format!("refs/checkpoint/records/{id}")
}

fn memory(plan: &Plan, origin: &Place<'_>) -> Result<Vec<Row>, String> {
    let (small, large) = if plan.quick { (10, 100) } else { (10, 600) };
    let (ours, theirs) = origin.two()?;
    let grow = |place: &Place<'_>, mebibytes: usize| {
        // A tracked file, because a new one of this size would be left alone.
        place.reset()?;
        let block = (0..1_u32 << 20).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect::<Vec<u8>>();
        (0..mebibytes).try_for_each(|n| place.append_bytes(0, &[&n.to_le_bytes()[..], &block].concat()))
    };
    grow(&ours, small)?;
    let with_small = peak(ours.our_command().arg("create"))?;
    grow(&ours, large)?;
    let with_large = peak(ours.our_command().arg("create"))?;
    grow(&theirs, large)?;
    let git = peak(theirs.git_command().args(["add", "-A"]))?;
    let growth = format!("peak memory, create: {large} MiB file / {small} MiB file");
    let against = format!("peak memory, {large} MiB file: create / git add");
    Ok(vec![
        Row::of_values(&growth, 1.5, with_large, with_small, "MiB"),
        Row::of_values(&against, 1.0, with_large, git, "MiB"),
    ])
}
