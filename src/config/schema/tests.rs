use super::*;

#[test]
fn an_empty_file_is_all_defaults() {
    let config = Config::parse("").expect("valid");
    assert_eq!((config.capture, config.tag), (Capture::default(), TagKind::Annotated));
}

#[test]
fn the_shipped_template_is_understood() {
    Config::parse(include_str!("../../../templates/checkpoint.toml")).expect("the template is valid");
}

#[test]
fn values_are_read() {
    let text = "[tag]\nkind = 'none'\n[capture]\nmax-file-size = '1MiB'\nexclude = ['*.log']\n\
                [[check]]\nname = 'unit'\nrun = 'true'\non = ['push', 'monitor']\n[[artifact]]\nname = 'db'\npath = 'db.sqlite'\n[retention]\nlast = 3\n[phase]\ntag = 'day_{day}_complete'";
    let config = Config::parse(text).expect("valid");
    assert_eq!(config.tag, TagKind::None);
    assert_eq!(config.capture.max_file_size, ByteSize(1 << 20));
    assert!(config.names.tag.is_some());
}

#[test]
fn checks_are_for_those_who_have_the_consent_to_this_very_text() {
    let text = "[[check]]\nname = 'unit'\nrun = 'make test'\n";
    let config = Config::parse(text).expect("valid");
    assert_eq!(config.wanted()[0].run, "make test");
    let consent = Consent::for_tests(text.as_bytes());
    assert_eq!(config.checks(&consent).expect("trusted")[0].name, "unit");
    let other = Consent::for_tests(b"[[check]]\nname = 'unit'\nrun = 'make test' \n");
    assert!(config.checks(&other).is_err());
    assert!(Config::default().checks(&consent).is_err());
}

#[test]
fn mistakes_are_told_with_their_line_and_the_nearest_key() {
    for (text, line, nearest) in [
        ("[capture]\nmax-filesize = '1MiB'", "line 2", Some("max-file-size")),
        ("\n[captrue]", "line 2", Some("capture")),
        ("[tag]\nkind = 'anotated'", "line 2", Some("annotated")),
        ("[capture]\nmax-file-size = 'big'", "line 2", None),
        ("[capture", "line 1", None),
        ("[[check]]\nname = 'a'\nrunn = 'b'", "line 3", Some("run")),
        ("[[check]]\nname = 'a'", "line 1", None),
        ("[[check]]\nname = 'a b'\nrun = 'c'", "line 2", None),
        ("[[check]]\nname = '../a'\nrun = 'c'", "line 2", None),
        ("[[check]]\nname = 'a'\nrun = ' '", "line 3", None),
        ("[[check]]\nname = 'a'\nrun = ['b', 'c']", "line 3", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\non = ['psuh']", "line 4", Some("push")),
        ("[[check]]\nname = 'a'\nrun = 'b'\non = 'push'", "line 4", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\nseverity = 'hihg'", "line 4", Some("high")),
        ("[[check]]\nname = 'a'\nrun = 'b'\ntimeout = '0s'", "line 4", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\ntimeout = 10", "line 4", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\n[[check]]\nname = 'a'\nrun = 'c'", "line 5, column 8", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\nneeds = ['b']", "line 4, column 10: there is no check named `b`", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\nneeds = ['a']", "line 4, column 10: `a` needs itself", None),
        (
            "[[check]]\nname = 'a'\nrun = 'b'\nneeds = ['b']\n[[check]]\nname = 'b'\nrun = 'c'\nneeds = ['a']",
            "line 4, column 10: `a` needs `b`, which needs `a`",
            None,
        ),
        (
            "[[check]]\nname = 'a'\nrun = 'b'\nneeds = ['b']\n[[check]]\nname = 'b'\nrun = 'c'\nbackground = true",
            "line 4, column 10: `b` runs in the background",
            None,
        ),
        ("[[check]]\nname = 'a'\nrun = 'b'\nisolation = 'atuo'", "line 4", Some("auto")),
        ("[[check]]\nname = 'a'\nrun = 'b'\nsetup = ''", "line 4", None),
        ("[[check]]\nname = 'a'\nrun = 'b'\nbackgruond = true", "line 4", Some("background")),
        ("[checkpoint]\non-fail = 'branch'", "line 2", None),
        ("[check]\nname = 'a'\nrun = 'b'", "line 1", None),
        ("[push]\nbudgt = '5m'", "line 2", Some("budget")),
        ("[push]\nbudget = '5'", "line 2", None),
        ("[push]\ncommits = 'tips'", "line 2", Some("tip")),
        ("[push]\non-failure = 'alow'", "line 2", Some("allow")),
        ("[push]\non-inconclusive = false", "line 2", None),
        ("[retention]\nlats = 3", "line 2", Some("last")),
        ("[retention]\nlast = -1", "line 2", None),
        ("[retention]\nlast = '3'", "line 2", None),
        ("[retention]\nwithin = 'soon'", "line 2", None),
        ("[retention]\npinned = ['']", "line 2", None),
        ("[trust]\nhash = 'x'", "line 1", None),
        ("[phase]\nevery = '0h'", "line 2", None),
        ("[phase]\nevery = 4", "line 2", None),
        ("[phase]\nat = ['4h', 'x']", "line 2", None),
        ("[phase]\nat = []", "line 2", None),
        ("[phase]\nevry = '4h'", "line 2", Some("every")),
    ] {
        let error = Config::parse(text).expect_err(text);
        let chain = error.chain().join("\n");
        assert!(chain.contains(line), "{text}: {chain}");
        let hint = nearest.map(|key| format!("did you mean `{key}`?"));
        assert!(hint.is_none_or(|hint| error.hints() == [hint]), "{text}");
    }
    assert!(Config::parse("[phase]\ntag = '{phse}'").is_err());
    assert!(Config::parse("[phase]\nevery = '4h'\nat = ['4h']").is_err());
}

#[test]
fn a_schedule_is_an_interval_or_a_list() {
    let schedule = |text: &str| Config::parse(text).expect(text).schedule.map(|schedule| schedule.to_string());
    assert_eq!(schedule("[phase]\nevery = '90m'").as_deref(), Some("every 90m"));
    assert_eq!(schedule("[phase]\nat = ['8h', '4h', '1d']").as_deref(), Some("at 4h 8h 24h"));
    assert_eq!(schedule("[phase]\ntag = 'x'"), None);
}
