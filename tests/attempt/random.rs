//! Whatever was there, whatever a command did to it: a check that fails brings everything back.

use super::*;

/// The next number of a sequence that is the same in every run.
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

const PATHS: [&str; 8] = ["a", "b", "d/a", "d/b", "d/e/c", "f g", "x", "d"];

/// Some steps of a shell, each of which may fail.
fn steps(seed: &mut u64, count: usize) -> String {
    let mut script = String::new();
    for _ in 0..count {
        let path = PATHS[usize::try_from(next(seed)).expect("it is small") % PATHS.len()];
        let number = next(seed) % 1000;
        let step = match next(seed) % 12 {
            0 => format!("rm -rf '{path}'"),
            1 => format!("mkdir -p \"$(dirname '{path}')\" && test ! -d '{path}' && echo {number} > '{path}'"),
            2 => format!("test -f '{path}' && echo {number} >> '{path}'"),
            3 => format!("git add -A -- '{path}'"),
            4 => format!("chmod +x '{path}'"),
            5 => format!("rm -f '{path}' && ln -s 'to {number}' '{path}'"),
            6 => format!("git commit -qm {number}"),
            7 => format!("git rm -rqf --cached '{path}'"),
            8 => format!("git stash -q; git switch -qc b{number}"),
            9 => format!("git mv '{path}' 'moved{number}'"),
            10 => "git reset -q".into(),
            _ => format!("git add -N '{path}'"),
        };
        script.push_str(&format!("({step}) >/dev/null 2>&1\n"));
    }
    script
}

#[test]
fn a_check_that_fails_brings_everything_back() {
    for start in 0..12 {
        let mut seed = start * 7919 + 1;
        let repo = configured(&check("no", "false", &[]));
        let mess = steps(&mut seed, 12);
        repo.command("sh").args(["-c", &mess]).status().expect("there is a shell");
        let before = repo.state();
        let script = steps(&mut seed, 10);
        let run = try_sh(&repo, &[], &script);
        assert_eq!(run.code, 1, "{start}: {mess}\n----\n{script}\n{run}");
        let after = repo.state();
        assert!(before == after, "{start}: {mess}\n----\n{script}\n{run}\n{before:#?}\n{after:#?}");
        repo.fsck();
        configure_again(&repo);
    }
}

/// It can be gone on with.
fn configure_again(repo: &TestRepo) {
    assert_eq!(repo.checkpoint(&["create", "--no-verify"]).code, 0);
}
