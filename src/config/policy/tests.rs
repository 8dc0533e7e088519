use super::*;
use crate::model::Rule;

const CHECKS: &str = "[[check]]\nname = 'api'\nrun = 'a'\n[[check]]\nname = 'queue'\nrun = 'q'\n";

fn config(text: &str) -> Config {
    Config::parse(&format!("{CHECKS}{text}")).expect(text)
}

#[test]
fn rows_are_read_in_their_order() {
    let config = config(
        "[[policy]]\nseverity = 'critical'\nenvironment = ['production', 'live']\naction = 'rollback'\napproval = 'automatic'\n\
         \n[[policy]]\naction = 'rollback'\ntime-to-fix = '1h30m'\nsustained = '90s'\nfailures = 2\n\
         [[policy]]\ncheck = ['queue']\nenvironment = 'dev'\naction = 'none'\n[[policy]]\naction = 'fix-forward'",
    );
    let [first, second, third, last] = config.policy() else { panic!("{:?}", config.policy()) };
    assert_eq!((first.severity, first.is_automatic()), (Some(Severity::Critical), true));
    assert_eq!(first.environments, ["live", "production"]);
    assert_eq!(second.action, Action::Rollback(Approval::Required));
    let limits = (second.time_to_fix.map(Elapsed::minutes), second.sustained.map(|limit| limit.to_string()));
    assert_eq!((limits, second.failures), ((Some(90), Some("1m30s".into())), Some(2)));
    assert_eq!(
        (&third.checks[..], &third.environments[..], third.action),
        (&["queue".into()][..], &["dev".into()][..], Action::None)
    );
    assert_eq!(last.action, Action::FixForward);
    let lines: Vec<_> = config.policy().iter().map(|row| Rule::Row(row.origin).to_string()).collect();
    assert_eq!(lines, ["rule 1 (line 7)", "rule 2 (line 13)", "rule 3 (line 18)", "rule 4 (line 22)"]);
    assert_eq!(Config::default().policy(), built_in_policy());
    assert_eq!(config.wanted().len(), 2, "no row is a command");
}

#[test]
fn the_watch_has_its_defaults_and_its_command_needs_consent() {
    assert_eq!(Config::default().monitor_rules(), &MonitorRules::default());
    let text =
        "[monitor]\nevery = '30s'\nfor = '2h'\nmin-samples = 5\nconsecutive = 1\ncool-down = '1m'\nexec = 'notify'";
    let config = Config::parse(text).expect("valid");
    let rules = config.monitor_rules();
    assert_eq!(
        (rules.every.to_string(), rules.lasts.map(|limit| limit.to_string())),
        ("30s".into(), Some("2h".into()))
    );
    assert_eq!((rules.min_samples, rules.consecutive, rules.cool_down.as_secs()), (5, 1, 60));
    assert_eq!(config.wanted().len(), 1);
    assert_eq!((config.wanted()[0].on[0], config.wanted()[0].run.as_str()), ("monitor", "notify"));
    let run = config.monitor(&Consent::for_tests(text.as_bytes())).expect("trusted");
    assert_eq!(run, Some("notify"));
    assert!(config.monitor(&Consent::for_tests(b"")).is_err());
}

#[test]
fn the_tables_of_the_documentation_are_understood() {
    let blocks: Vec<&str> = include_str!("../../../docs/decisions.md").split("```toml\n").skip(1).collect();
    assert!(blocks.len() > 3);
    for block in blocks {
        let text = block.split("```").next().expect("a block ends");
        let _config = Config::parse(text).unwrap_or_else(|error| panic!("{text}{}", error.chain().join("\n")));
    }
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, said, nearest) in [
        ("[[policy]]\nseverity = 'critical'", "line 7", None),
        ("[[policy]]\naction = 'rolback'", "line 8", Some("rollback")),
        ("[[policy]]\naction = 'rollback'\nseverity = 'criticl'", "line 9", Some("critical")),
        ("[[policy]]\naction = 'rollback'\nseverity = 4", "line 9", None),
        ("[[policy]]\naction = 'rollback'\napproval = 'auto'", "line 9", None),
        ("[[policy]]\naction = 'none'\napproval = 'automatic'", "line 9, column 12: only a rollback", None),
        ("[[policy]]\naction = 'fix-forward'\napproval = 'required'", "line 9, column 12: only a rollback", None),
        ("[[policy]]\naction = 'none'\nfailures = 0", "line 9, column 12: no failure at all", None),
        ("[[policy]]\naction = 'none'\nfailures = -1", "line 9", None),
        ("[[policy]]\naction = 'none'\nfailures = 2\ncheck = ['api']", "line 9, column 12: of 1 check named", None),
        (
            "[[policy]]\naction = 'none'\nfailures = 2\ncheck = ['api', 'api']",
            "line 9, column 12: of 1 check named",
            None,
        ),
        ("[[policy]]\naction = 'none'\nsustained = '5'", "line 9", None),
        ("[[policy]]\naction = 'none'\ntime-to-fix = 30", "line 9", None),
        ("[[policy]]\naction = 'none'\ncheck = 'apii'", "line 9, column 9: there is no check named `apii`", None),
        ("[[policy]]\naction = 'none'\ncheck = []", "line 9", None),
        ("[[policy]]\naction = 'none'\nenvironment = ''", "line 9", None),
        ("[[policy]]\naction = 'none'\nenvironment = [3]", "line 9", None),
        ("[[policy]]\naction = 'none'\nenviroment = 'x'", "line 9", Some("environment")),
        (
            "[[policy]]\naction = 'none'\n[[policy]]\nseverity = 'critical'\naction = 'rollback'",
            "line 9, column 1: rule 2 never decides: rule 1 matches wherever it does",
            None,
        ),
        (
            "[[policy]]\nenvironment = 'a'\naction = 'none'\n[[policy]]\nenvironment = 'a'\naction = 'rollback'",
            "line 10, column 1: rule 2 never decides",
            None,
        ),
        ("[policy]\naction = 'none'", "line 7", None),
        ("[monitor]\nevery = '0s'", "line 8", None),
        ("[monitor]\nmin-samples = 0", "line 8", None),
        ("[monitor]\nconsecutive = 1001", "line 8", None),
        ("[monitor]\nexec = ' '", "line 8", None),
        ("[monitor]\ncooldown = '1m'", "line 8", Some("cool-down")),
        ("[monitor]\nfor = '25h'", "line 8", None),
    ] {
        let error = Config::parse(&format!("{CHECKS}{text}")).expect_err(text);
        let chain = error.chain().join("\n");
        assert!(chain.contains(said), "{text}: {chain}");
        let hint = nearest.map(|key| format!("did you mean `{key}`?"));
        assert!(hint.is_none_or(|hint| error.hints() == [hint]), "{text}: {:?}", error.hints());
    }
}
