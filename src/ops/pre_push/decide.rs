//! Whether what the checks said stands in the way of a push.

use crate::{
    check::{Checked, Validated},
    config::{OnTrouble, Push},
    model::{Severity, Verdict},
};

/// Whether the push may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Allowed,
    /// It is stopped.
    Blocked,
}

/// Blocked, if one check says so.
pub(super) fn decide(push: &Push, validated: &[Validated]) -> Decision {
    let blocks = validated.iter().flat_map(|commit| &commit.checks).any(|check| blocks(push, check));
    if blocks { Decision::Blocked } else { Decision::Allowed }
}

/// Whether this check stops the push.
pub fn blocks(push: &Push, check: &Checked) -> bool {
    let trouble = match check.result.verdict {
        Verdict::Pass => return false,
        Verdict::Fail => push.on_failure,
        Verdict::Inconclusive => push.on_inconclusive,
    };
    trouble == OnTrouble::Block && check.result.severity != Severity::Low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::Subject,
        model::{CheckResult, Oid},
    };

    #[test]
    fn only_trouble_that_matters_and_is_to_block_blocks() {
        use OnTrouble::{Allow, Block};
        use Severity::{Critical, High, Low};
        use Verdict::{Fail, Inconclusive, Pass};
        for (verdict, severity, on_failure, on_inconclusive, expected) in [
            (Pass, Critical, Block, Block, Decision::Allowed),
            (Fail, High, Block, Allow, Decision::Blocked),
            (Fail, Critical, Allow, Block, Decision::Allowed),
            (Fail, Low, Block, Block, Decision::Allowed),
            (Inconclusive, High, Block, Allow, Decision::Allowed),
            (Inconclusive, High, Allow, Block, Decision::Blocked),
            (Inconclusive, Low, Block, Block, Decision::Allowed),
        ] {
            let push = Push { on_failure, on_inconclusive, ..Push::default() };
            let subject = Subject { commit: Oid::null(gix::hash::Kind::Sha1), tree: Oid::null(gix::hash::Kind::Sha1) };
            let check = |verdict, severity| {
                let (name, took) = ("unit".into(), std::time::Duration::ZERO);
                let measurements = Vec::new();
                let result = CheckResult { name, verdict, severity, took, cached: false, why: None, measurements };
                Checked { result, why: None, log: None }
            };
            let validated = Validated { subject, checks: vec![check(Pass, High), check(verdict, severity)] };
            assert_eq!(decide(&push, &[validated]), expected, "{verdict:?} {severity:?}");
        }
        assert_eq!(decide(&Push::default(), &[]), Decision::Allowed);
    }
}
