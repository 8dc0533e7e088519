//! Whether the branch works with what was brought back: the checks with `recover` in `on` say so.

use super::Recovered;
use crate::{
    check::Subject,
    config::{Moment, TagKind},
    error::Result,
    model::{Detail, Head, Verdict, Verification},
    ops::{
        Session,
        rollback::{Proof, Watch, ask_of},
    },
    store::Attached,
};

/// Asks the checks that are for it, and keeps with the record what they said. Needs the operation lock.
pub fn prove(session: &Session, recovered: &mut Recovered, watch: Watch<'_>) -> Result<()> {
    let is_done = recovered.conflict.is_none() && session.store().object(&recovered.id)?.is_some();
    if !is_done || !session.config.has_checks(Moment::Recover) {
        return Ok(());
    }
    // What is checked out works or not as it is on disk.
    let is_elsewhere = recovered.is_elsewhere(session)?;
    let elsewhere = recovered.head.commit().filter(|_| is_elsewhere);
    let elsewhere = elsewhere.map(|commit| session.repo.tree_of(commit).map(|tree| Subject { commit, tree }));
    let proof = ask_of(session, (Moment::Recover, elsewhere.transpose()?), watch)?;
    if let Proof::Said(_) = &proof {
        let said = match proof.verdict() {
            Verdict::Pass => Verification::Verified,
            Verdict::Fail => Verification::Failed,
            Verdict::Inconclusive => Verification::Inconclusive,
        };
        let mut record = session.store().read(&recovered.id)?;
        record.checks = proof.results();
        if let Detail::Recover { verification, .. } = &mut record.detail {
            *verification = Some(said);
        }
        let attached = Attached { logs: &proof.logs(), ..Attached::default() };
        let _replaced = session.store().replace(&record, &attached, TagKind::None, &session.identity)?;
        recovered.verification = Some(said);
    }
    recovered.proof = proof;
    Ok(())
}

impl Recovered {
    /// Whether a branch that is not checked out got the commits.
    fn is_elsewhere(&self, session: &Session) -> Result<bool> {
        let name = |head: &Head| head.branch().cloned();
        Ok(name(&self.head) != name(&session.repo.head()?))
    }
}
