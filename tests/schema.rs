//! What every command prints with `--json` is what `docs/schema.json` says, no more and no less.
//!
//! The check knows the words of JSON Schema that the file uses, and fails at any other: a check that passes over what
//! it does not know would pass anything.

use regex::Regex;
use serde_json::Value;

use crate::support::{Run, TestRepo};

fn schema() -> Value {
    serde_json::from_str(include_str!("../docs/schema.json")).expect("docs/schema.json is JSON")
}

/// Everything about `value` that is not as `rule` says, by its place.
fn faults(schema: &Value, rule: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (word, wanted) in rule.as_object().expect("a rule is an object") {
        let fault = |what: String| format!("{place}: {what}, and it is {value}");
        match (word.as_str(), value) {
            ("description" | "format" | "minimum" | "required", _) => {}
            ("type", _) => {
                let names = [wanted.clone()];
                let names = wanted.as_array().map_or(&names[..], Vec::as_slice);
                if !names.iter().any(|name| is_a(value, name.as_str().expect("a name"))) {
                    found.push(fault(format!("should be {wanted}")));
                }
            }
            ("$ref", _) => {
                let name = wanted.as_str().and_then(|path| path.strip_prefix("#/$defs/")).expect("a local name");
                assert!(schema["$defs"][name].is_object(), "there is no {name}");
                found.extend(faults(schema, &schema["$defs"][name], value, place));
            }
            ("anyOf", _) => {
                let mut each = wanted.as_array().expect("rules").iter().map(|one| faults(schema, one, value, place));
                if !each.any(|faults| faults.is_empty()) {
                    found.push(fault("is none of what it may be".into()));
                }
            }
            ("enum", _) if wanted.as_array().is_some_and(|values| !values.contains(value)) => {
                found.push(fault(format!("should be one of {wanted}")));
            }
            ("pattern", Value::String(text)) => {
                let pattern = Regex::new(wanted.as_str().expect("a pattern")).expect("a valid pattern");
                if !pattern.is_match(text) {
                    found.push(fault(format!("should match {wanted}")));
                }
            }
            ("minLength" | "maxLength", Value::String(text)) if text.chars().count() != 1 => {
                found.push(fault("should be one letter".into()));
            }
            ("items", Value::Array(items)) => {
                let each = items.iter().enumerate();
                found.extend(each.flat_map(|(n, item)| faults(schema, wanted, item, &format!("{place}[{n}]"))));
            }
            ("properties", Value::Object(fields)) => {
                found.extend(field_faults(schema, rule, fields, place));
            }
            ("enum" | "pattern" | "minLength" | "maxLength" | "items" | "properties", _) => {}
            (unknown, _) => panic!("the check does not know `{unknown}`"),
        }
    }
    found
}

fn field_faults(schema: &Value, rule: &Value, fields: &serde_json::Map<String, Value>, place: &str) -> Vec<String> {
    let known = rule["properties"].as_object().expect("rules by name");
    let required = rule["required"].as_array().expect("names");
    let missing = required.iter().filter_map(Value::as_str).filter(|name| !fields.contains_key(*name));
    let mut found: Vec<String> = missing.map(|name| format!("{place}: `{name}` is missing")).collect();
    for (name, value) in fields {
        match known.get(name) {
            Some(rule) => found.extend(faults(schema, rule, value, &format!("{place}.{name}"))),
            None => found.push(format!("{place}: `{name}` is not described")),
        }
    }
    found
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("there is no type `{name}`"),
    }
}

/// Runs a command with `--json`; its answer is one line that is as `name` in the schema says.
#[track_caller]
pub(crate) fn answers(repo: &TestRepo, code: i32, name: &str, args: &[&str]) -> Value {
    let run: Run = repo.checkpoint(&[args, &["--json"]].concat());
    assert_eq!((run.code, run.stdout.lines().count()), (code, 1), "{run}");
    let value = run.json();
    assert_is(&value, name);
    value
}

/// The value is as `name` in the schema says, which is one of the answers.
#[track_caller]
pub(crate) fn assert_is(value: &Value, name: &str) {
    let schema = schema();
    let faults = faults(&schema, &schema["$defs"][name], value, name);
    assert!(faults.is_empty(), "{faults:#?}\n{value}");
    let all = schema["anyOf"].as_array().expect("every answer");
    let reference = format!("#/$defs/{name}");
    assert!(all.iter().any(|one| one["$ref"] == *reference), "{name} is none of the answers that the schema allows");
}

#[test]
fn every_answer_is_as_described() {
    let repo = TestRepo::new();
    repo.write("file", "unborn\n");
    answers(&repo, 0, "create", &["create"]);
    answers(&repo, 0, "status", &["status"]);
    repo.commit("Begin");
    repo.write("file", "changed\n");
    repo.write("new.txt", "new\n");
    repo.write(".checkpoint.toml", "[capture]\nmax-file-size = '100B'\n");
    repo.write("large", vec![b'x'; 200]);
    answers(&repo, 0, "create", &["-m", "said\n\nand more"]);
    answers(&repo, 0, "create", &["create", "--dry-run"]);
    answers(&repo, 0, "list", &["list"]);
    answers(&repo, 0, "show", &["show"]);
    let text = repo.checkpoint_ok(&["show", "--json"]).stdout;
    assert_eq!(text.matches("\"commit\":").count(), 1, "a name stands once in an object: {text}");
    answers(&repo, 0, "show", &["show", "HEAD"]);
    answers(&repo, 0, "diff", &["diff", "HEAD"]);
    answers(&repo, 0, "diff", &["diff", "HEAD", "latest"]);
    answers(&repo, 0, "status", &["status"]);
    answers(&repo, 0, "drill", &["drill"]);
    answers(&repo, 0, "drill_list", &["drill", "--list"]);
    answers(&repo, 0, "drill_scenarios", &["drill", "--scenario", "all"]);
    answers(&repo, 1, "drill_scenarios", &["drill", "--scenario", "failing-step"]);
    answers(&repo, 0, "drill_list", &["drill", "--list"]);
    answers(&repo, 0, "hooks", &["hooks"]);
    answers(&repo, 0, "hooks_change", &["hooks", "install", "--dry-run"]);
    answers(&repo, 0, "hooks_change", &["hooks", "install"]);
    answers(&repo, 0, "hooks", &["hooks", "status"]);
    answers(&repo, 0, "status", &["status"]);
    answers(&repo, 0, "doctor", &["doctor"]);
    answers(&repo, 0, "hooks_change", &["hooks", "uninstall"]);
    answers(&repo, 0, "log", &["log"]);
    answers(&repo, 2, "error", &["show", "nonesuch"]);
    repo.git(&["switch", "-q", "--detach"]);
    answers(&repo, 0, "create", &["create"]);
    answers(&repo, 0, "status", &["status"]);
}

#[test]
fn the_answers_of_going_back_and_forth() {
    let repo = TestRepo::with_commit();
    answers(&repo, 0, "create", &["create", "--name", "saved"]);
    repo.write("good.txt", "good\n");
    repo.commit("Good");
    repo.write("file", "theirs\n");
    repo.commit("Conflicts");
    repo.write("file", "not committed\n");
    answers(&repo, 0, "rollback", &["rollback", "saved", "--dry-run"]);
    answers(&repo, 0, "rollback", &["rollback", "saved", "--yes", "--reason", "it broke"]);
    answers(&repo, 0, "rollback", &["rollback", "saved", "--yes"]);
    answers(&repo, 0, "rollback", &["rollback", "saved", "--yes", "--path", "file"]);
    answers(&repo, 0, "candidates", &["recover"]);
    answers(&repo, 0, "recover", &["recover", "--all", "--dry-run"]);
    answers(&repo, 0, "recover", &["recover", "--all"]);
    let again = answers(&repo, 0, "recover", &["recover", "--all"]);
    assert_eq!(again["picked"], Value::Array(vec![]), "{again}");
    answers(&repo, 0, "undo", &["undo", "--dry-run"]);
    answers(&repo, 0, "undo", &["undo", "--yes"]);
    answers(&repo, 0, "redo", &["redo", "--yes"]);
    answers(&repo, 0, "undo", &["undo", "--yes"]);
    repo.write("file", "ours\n");
    repo.commit("Ours");
    let stopped = answers(&repo, 3, "recover", &["recover", "--all"]);
    assert!(stopped["stopped_at"].is_string() && stopped["conflict"].is_array(), "{stopped}");
    answers(&repo, 0, "status", &["status"]);
    answers(&repo, 3, "error", &["recover", "--continue"]);
    answers(&repo, 0, "recover", &["recover", "--skip"]);
    answers(&repo, 1, "error", &["recover", "--abort"]);
    answers(&repo, 0, "undo", &["undo", "--yes"]);
    assert_eq!(repo.checkpoint(&["recover", "--all"]).code, 3);
    answers(&repo, 0, "ending", &["recover", "--abort"]);
    answers(&repo, 0, "log", &["log"]);
}

#[test]
fn the_answers_of_tries() {
    let repo = TestRepo::with_commit();
    let shell = |code: i32, options: &[&str], script: &str| {
        let run = repo.checkpoint(&[&["try", "--json"], options, &["--", "sh", "-c", script, "sh", "{}"]].concat());
        let (schema, value) = (schema(), run.json());
        let faults = faults(&schema, &schema["$defs"]["try"], &value, "try");
        assert!(run.code == code && faults.is_empty(), "{faults:#?}\n{run}");
    };
    shell(0, &["--dry-run"], "true");
    shell(0, &[], "echo said; echo more >> file");
    shell(1, &[], "git tag made; git init -q nested; kill -9 $$");
    shell(1, &["--each", "*", "--keep-going"], "echo $1; exit 3");
    shell(0, &["--each", "*", "--dry-run"], "true");
    answers(&repo, 0, "log", &["log"]);
    answers(&repo, 0, "undo", &["undo", "--dry-run"]);
}

#[test]
fn the_answers_about_trust_and_pushes() {
    let repo = TestRepo::with_commit();
    repo.write("go.mod", "module x\n");
    answers(&repo, 0, "trust", &["trust", "--show"]);
    answers(&repo, 0, "init", &["init", "--dry-run"]);
    answers(&repo, 0, "init", &["init"]);
    answers(&repo, 0, "init", &["init"]);
    answers(&repo, 1, "error", &["trust"]);
    repo.write(".checkpoint.toml", "[[check]]\nname = \"bad\"\nrun = \"exit 3\"\non = [\"push\"]\n");
    repo.commit("Configure");
    let shown = answers(&repo, 0, "trust", &["trust", "--show"]);
    answers(&repo, 0, "trust", &["trust", "--dry-run"]);
    answers(&repo, 0, "trust", &["trust", "--revoke"]);
    answers(&repo, 0, "status", &["status"]);
    let pushed = |code: i32, lines: &str| {
        let run = repo.checkpoint_with_input(&["--json", "hook", "pre-push", "origin", "url"], lines);
        let (schema, value) = (schema(), run.json());
        let faults = faults(&schema, &schema["$defs"]["pre_push"], &value, "pre_push");
        assert!(run.code == code && faults.is_empty(), "{faults:#?}\n{run}");
        value
    };
    let (zero, first, last) = ("0".repeat(40), repo.rev("HEAD~1"), repo.rev("HEAD"));
    let line = format!("refs/heads/main {last} refs/heads/main {zero}\n");
    assert_eq!(pushed(0, &line)["trust"], "untrusted");
    repo.set_var("GIT_CHECKPOINT_TRUST", shown["hash"].as_str().expect("a hash"));
    let value = pushed(1, &line);
    assert_eq!(value["commits"][0]["checks"][0]["verdict"], "fail", "{value}");
    answers(&repo, 0, "trust", &["trust", "--show"]);
    let value = pushed(
        0,
        &format!("refs/heads/main {first} refs/heads/main {last}\n(delete) {zero} refs/heads/x {}\n", "1".repeat(40)),
    );
    assert_eq!(value["discarded"].as_array().map(Vec::len), Some(2), "{value}");
}

#[test]
fn the_answers_about_remotes_and_retention() {
    let repo = TestRepo::with_commit();
    let remote = repo.root().join("remote.git");
    repo.git(&["init", "-q", "--bare", &remote.to_string_lossy()]);
    repo.git(&["remote", "add", "origin", "../remote.git"]);
    for n in 0..3 {
        repo.write("file", format!("{n}\n"));
        repo.checkpoint_ok(&["create"]);
    }
    repo.write("untracked", "new\n");
    answers(&repo, 0, "create", &["create"]);
    answers(&repo, 0, "push", &["push", "--dry-run"]);
    let pushed = answers(&repo, 0, "push", &["push"]);
    assert_eq!(pushed["left_out"].as_array().map(Vec::len), Some(1), "{pushed}");
    answers(&repo, 0, "push", &["push"]);
    answers(&repo, 0, "pin", &["pin"]);
    answers(&repo, 0, "pin", &["unpin"]);
    answers(&repo, 0, "prune", &["prune", "--last", "1", "--dry-run"]);
    answers(&repo, 0, "prune", &["prune", "--last", "1"]);
    answers(&repo, 0, "prune", &["prune", "--last", "1"]);
    let fetched = answers(&repo, 0, "fetch", &["fetch", "--dry-run"]);
    assert!(fetched["left_out"].as_array().is_some_and(|left| !left.is_empty()), "{fetched}");
    answers(&repo, 0, "fetch", &["fetch", "--pruned"]);
    answers(&repo, 0, "prune", &["prune", "--last", "1", "--remote", "origin"]);
    answers(&repo, 0, "log", &["log"]);
}

#[test]
fn the_answers_about_background_checks() {
    let repo = crate::jobs::with_check("exit 3");
    answers(&repo, 0, "jobs", &["jobs"]);
    answers(&repo, 0, "jobs_stats", &["jobs", "stats"]);
    answers(&repo, 2, "error", &["jobs", "show", "latest"]);
    let id = crate::jobs::pending(&repo);
    answers(&repo, 0, "jobs_change", &["jobs", "retry", &id, "--dry-run"]);
    answers(&repo, 0, "jobs_change", &["jobs", "retry", &id]);
    crate::jobs::expect_state(&repo, &id, "failed");
    answers(&repo, 0, "jobs", &["jobs", "list"]);
    answers(&repo, 0, "jobs_show", &["jobs", "show", &id]);
    answers(&repo, 0, "jobs_logs", &["jobs", "logs", &id]);
    answers(&repo, 0, "jobs_stats", &["jobs", "stats"]);
    answers(&repo, 0, "jobs_change", &["jobs", "cancel", &id]);
    answers(&repo, 0, "jobs_change", &["jobs", "retry", "--all"]);
    answers(&repo, 1, "error", &["jobs", "retry", &id]);
    let status = answers(&repo, 0, "status", &["status"]);
    assert_eq!(status["jobs"].as_array().map(Vec::len), Some(1), "{status}");
}

#[test]
fn the_answers_of_checks() {
    let repo = TestRepo::with_commit();
    repo.write(".checkpoint.toml", "[[check]]\nname = 'good'\nrun = 'echo 12 ms'\nmeasure = { pattern = '(\\d+) ms', fail = 20 }\n[[check]]\nname = 'bad'\nrun = 'test ! -e bad'\n");
    answers(&repo, 2, "error", &["check"]);
    crate::jobs::trust(&repo);
    answers(&repo, 0, "validation", &["check"]);
    answers(&repo, 0, "create", &["create"]);
    answers(&repo, 0, "show", &["show"]);
    repo.write("bad", "x");
    let said = answers(&repo, 1, "validation", &["check"]);
    assert_eq!((&said["commit"], &said["verdict"]), (&Value::Null, &"fail".into()), "{said}");
    answers(&repo, 1, "create", &["create"]);
    answers(&repo, 0, "list", &["list", "--all"]);
    answers(&repo, 0, "validation", &["check", "HEAD", "--only", "good", "--no-cache"]);
}

#[test]
fn the_answers_of_phases() {
    let repo = TestRepo::with_commit();
    answers(&repo, 0, "start", &["start", "phase2", "--dry-run"]);
    answers(&repo, 0, "start", &["start", "phase2"]);
    answers(&repo, 0, "status", &["status"]);
    answers(&repo, 0, "create", &["create"]);
    repo.git(&["config", "--unset", "branch.main.checkpointPhase"]);
    assert_eq!(answers(&repo, 0, "start", &["start", "phase2"])["joined"], true);
    repo.write(".checkpoint.toml", "[captrue]\n");
    repo.advance(5 * 3600);
    assert_eq!(repo.checkpoint(&["timed"]).code, 2);
    repo.write(".checkpoint.toml", "[phase]\nat = ['4h', '5h']\n");
    let said = answers(&repo, 0, "status", &["status"]);
    assert_eq!((&said["last_failure"]["times"], &said["due_in_seconds"]), (&1.into(), &0.into()), "{said}");
    repo.checkpoint_ok(&["timed"]);
    assert_eq!(answers(&repo, 0, "show", &["show", "T+4h"])["timed"], true);
    answers(&repo, 0, "finish", &["finish", "--dry-run"]);
    answers(&repo, 0, "finish", &["finish"]);
    repo.git(&["config", "branch.main.checkpointPhase", "phase2"]);
    answers(&repo, 0, "status", &["status"]);
    answers(&repo, 0, "finish", &["finish"]);
    answers(&repo, 0, "start", &["start", "phase3"]);
    answers(&repo, 0, "status", &["status"]);
    repo.checkpoint_ok(&["finish"]);
    answers(&repo, 0, "schedule", &["schedule", "status"]);
    answers(&repo, 0, "schedule", &["schedule", "start", "--scheduler", "cron", "--dry-run"]);
    answers(&repo, 0, "schedule_stop", &["schedule", "stop", "--dry-run"]);
}

#[test]
fn artifacts_are_as_the_schema_says() {
    let optional = "[[artifact]]\nname = 'up'\npath = 'data/up'\noptional = true\n";
    let repo = crate::artifacts::with(&(crate::artifacts::copied("data/db") + optional));
    repo.write("data/db", "one\n");
    let taken = answers(&repo, 0, "create", &["create"]);
    assert_eq!((&taken["artifacts"][0]["size"], &taken["artifacts"][1]["form"]), (&4.into(), &"absent".into()));
    repo.write("data/db", "two\n");
    answers(&repo, 0, "create", &["create"]);
    answers(&repo, 0, "list", &["list"]);
    answers(&repo, 0, "show", &["show", "latest"]);
    let difference = answers(&repo, 0, "diff", &["diff", "latest~1", "latest"]);
    assert_eq!(difference["artifacts"][0]["status"], "M");
}

#[test]
fn the_check_finds_what_is_wrong() {
    let schema = schema();
    let rule = &schema["$defs"]["diff"];
    let check = |text: &str| faults(&schema, rule, &serde_json::from_str(text).expect("JSON"), "diff").len();
    assert_eq!(check(r#"{"from":"a","to":null,"files":[{"status":"A","path":"x"}],"numbers":[],"artifacts":[]}"#), 0);
    assert_eq!(check(r#"{"from":"a","files":[],"numbers":[],"artifacts":[]}"#), 1, "a field is missing");
    assert_eq!(
        check(r#"{"from":1,"to":null,"files":[],"numbers":[],"artifacts":[],"more":1}"#),
        2,
        "a wrong type, and one that is not described"
    );
    assert_eq!(check(r#"{"from":"a","to":null,"files":[{"status":"AA","path":2}],"numbers":[],"artifacts":[]}"#), 3);
}
