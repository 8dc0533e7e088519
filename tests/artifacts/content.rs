//! How content is stored: whole, once, and without needing memory for all of it.

use super::{engine::Engine, *};

const MIB: usize = 1 << 20;

#[test]
fn any_size_comes_back_as_it_was() {
    let repo = with_file("");
    let engine = Engine::of(&repo);
    let sizes = [0, 1, 4095, 4 * MIB, 4 * MIB + 1, 7 * MIB + 3];
    let contents = sizes.iter().zip(1..).map(|(size, seed)| noise(*size, seed));
    // What repeats is cut at the largest size of a part.
    let contents =
        contents.chain([vec![0; 9 * MIB], b"ab".repeat(3 * MIB), [noise(5 * MIB, 7), vec![7; 5 * MIB]].concat()]);
    let kept: Vec<(String, Vec<u8>)> = contents
        .map(|content| {
            repo.write("data/db", &content);
            (saved(&repo), content)
        })
        .collect();
    let mut lines: Vec<String> = kept.iter().map(|(id, _)| format!("restore {id}")).collect();
    lines.insert(0, format!("restore {}", kept[3].0));
    for ((id, content), line) in kept.iter().zip(&lines[1..]) {
        let answers = engine.ask(&[&lines[0], line]);
        assert!(answers[1] == "db Put" || id == &kept[3].0, "{answers:?}");
        assert!(repo.read("data/db") == *content, "{} bytes", content.len());
        let by_git = by_plain_git(&repo, id);
        assert!(by_git == *content, "{} bytes by plain git", content.len());
    }
    repo.fsck();
    assert_nothing_left(&repo);
}

/// The content by the commands that docs/artifacts.md gives.
fn by_plain_git(repo: &TestRepo, id: &str) -> Vec<u8> {
    let script = "at=refs/checkpoint/files/$1:artifacts/db
        if [ \"$(git cat-file -t \"$at\")\" = blob ]; then git cat-file blob \"$at\"
        else git ls-tree --format='%(objectname)' \"$at\" | while read -r part; do git cat-file blob \"$part\"; done; fi";
    let output = repo.command("sh").args(["-c", script, "sh", id]).output().expect("there is a shell");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

#[test]
fn a_change_of_one_page_costs_one_part() {
    let mut content = noise(24 * MIB, 1);
    let repo = with_file(&content);
    saved(&repo);
    let objects = || repo.git(&["count-objects", "-v"]);
    let number = |text: &str, name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("git prints it");
        line.trim_start_matches([':', ' ']).parse().expect("a number")
    };
    let before = objects();
    content[10 * MIB..10 * MIB + 4096].fill(1);
    repo.write("data/db", &content);
    saved(&repo);
    let after = objects();
    let new = number(&after, "count") - number(&before, "count");
    // At most two parts, their tree, the tree of artifacts, that of files, and the record.
    assert!((4..=6).contains(&new), "{new} new objects\n{after}");
    assert_eq!(number(&after, "packs"), number(&before, "packs"), "{after}");
    let kib = number(&after, "size:") - number(&before, "size:");
    assert!(kib < 5 * 1024, "{kib} KiB were written");
    // Bytes put in move all others, and still most parts are known.
    let before = after;
    content.splice(3 * MIB..3 * MIB, *b"inserted");
    repo.write("data/db", &content);
    saved(&repo);
    let after = objects();
    let new = number(&after, "count") - number(&before, "count");
    assert!((4..=7).contains(&new), "{new} new objects\n{after}");
    // Nothing changed, nothing written but the record itself.
    let before = after;
    saved(&repo);
    let again = objects();
    assert_eq!(number(&again, "count") - number(&before, "count"), 1, "{again}");
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let peaks = [16, 48].map(|mib| {
        let repo = with_file("");
        let file = std::fs::File::create(repo.path().join("data/db")).expect("it can be made");
        for seed in 0..mib / 4 {
            std::io::Write::write_all(&mut &file, &noise(4 * MIB, seed)).expect("there is room");
        }
        peak(repo.checkpoint_command(&["create"]).stdout(std::process::Stdio::null()))
    });
    assert!(peaks[1] < peaks[0] + (12 << 10), "{peaks:?} KiB of memory for files of 16 and 48 MiB");
}

/// The most memory that a program has had at once, in KiB.
fn peak(command: &mut std::process::Command) -> u64 {
    let mut child = command.spawn().expect("the program can be run");
    let mut peak = 0;
    while child.try_wait().expect("it is ours").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|line| line.trim().trim_end_matches(" kB"));
        peak = peak.max(line.and_then(|kib| kib.parse().ok()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().expect("it has ended").success());
    assert!(peak > 0, "nothing was measured");
    peak
}

#[test]
fn what_is_damaged_is_not_brought_back() {
    let repo = with_file(noise(5 * MIB, 3));
    let kept = saved(&repo);
    repo.write("data/db", "now\n");
    let tree = repo.git(&["ls-tree", &format!("refs/checkpoint/files/{kept}:artifacts/db")]);
    let parts: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let file = |oid: &str| repo.git_dir().join("objects").join(&oid[..2]).join(&oid[2..]);
    // Another object under the name of a part, as a disk that lies would have it.
    let other = repo.git_with_input(&["hash-object", "-w", "--stdin"], "other");
    std::fs::remove_file(file(parts[1])).expect("it is loose");
    std::fs::copy(file(&other), file(parts[1])).expect("it is free");
    let engine = Engine::of(&repo);
    let answer = &engine.ask(&[&format!("restore {kept}")])[0];
    assert!(answer.contains("cannot be brought back") && answer.contains("git fsck"), "{answer}");
    // The call that puts it back looks by itself.
    let answer = &engine.ask(&[&format!("restore-unchecked {kept}")])[0];
    assert!(answer.contains("damaged"), "{answer}");
    std::fs::remove_file(file(parts[1])).expect("it is loose");
    let answer = &engine.ask(&[&format!("restore {kept}")])[0];
    assert!(answer.contains("cannot be brought back"), "{answer}");
    assert_eq!(repo.read_text("data/db"), "now\n");
    assert_nothing_left(&repo);
}
