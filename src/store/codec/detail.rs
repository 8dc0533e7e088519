//! What only one kind of operation has.

use gix::bstr::BString;

use super::{
    attempt, checks,
    trailers::{Reader, Writer, oid, quote, unquote},
};
use crate::model::{Conduct, Detail, Kind, Oid, PickedCommit, Scope, Severity, Validation, Verification};

pub(super) fn write(detail: &Detail, out: &mut Writer) {
    match detail {
        Detail::Create { tag, wanted, validation, index_before } => {
            for (name, tag) in [("Tag", tag), ("Wanted-Tag", wanted)] {
                if let Some(tag) = tag {
                    out.add_text(name, tag);
                }
            }
            out.add("State", validation.as_str());
            out.add_all("Index-Before", index_before.iter());
        }
        Detail::Rollback { selector, to, backup, paths, conduct } => {
            out.add_text("Selector", selector.as_bytes());
            out.add("To", to);
            if let Some(backup) = backup {
                out.add_text("Backup", backup);
            }
            for path in paths {
                out.add_text("Path", path);
            }
            write_conduct(conduct, out);
        }
        Detail::Recover { source, picked, uncommitted, paths, validated, verification } => {
            out.add_text("Source", source.as_bytes());
            out.add_all("Picked", picked.iter().map(|pick| format!("{} {}", pick.from, pick.to)));
            if *uncommitted {
                out.add("Uncommitted", true);
            }
            out.add_all("Validated", validated.iter());
            out.add_all("Verification", verification.iter().map(|verification| verification.as_str()));
            for path in paths {
                out.add_text("Path", path);
            }
        }
        Detail::Try(attempt) => attempt::write(attempt, out),
        Detail::Undo { undoes } | Detail::Redo { undoes } => out.add("Undoes", undoes),
        Detail::Resume { resumes } => out.add("Resumes", resumes),
        Detail::Prune { remote, removed, freed } => {
            if let Some(remote) = remote {
                out.add_text("Remote", remote.as_bytes());
            }
            out.add_all("Removed", removed.iter().map(|(name, oid)| format!("{oid} {}", quote(name))));
            out.add_all("Freed", freed.iter());
        }
    }
}

pub(super) fn read(reader: &Reader<'_>) -> Result<Detail, String> {
    Ok(match reader.parse("Kind")? {
        Kind::Create => {
            let state = reader.require("State")?;
            let validation = Validation::from_word(state);
            Detail::Create {
                tag: reader.bytes("Tag")?,
                wanted: reader.bytes("Wanted-Tag")?,
                validation: validation.ok_or_else(|| format!("`{state}` is not a state of validation"))?,
                index_before: reader.find("Index-Before").map(oid).transpose()?,
            }
        }
        Kind::Rollback => Detail::Rollback {
            selector: reader.text("Selector")?.unwrap_or_default(),
            to: oid(reader.require("To")?)?,
            backup: reader.bytes("Backup")?,
            paths: reader.all("Path").map(unquote).collect::<Result<_, _>>()?,
            conduct: conduct(reader),
        },
        Kind::Recover => Detail::Recover {
            source: reader.text("Source")?.unwrap_or_default(),
            picked: reader.all("Picked").map(picked).collect::<Result<_, _>>()?,
            uncommitted: reader.find("Uncommitted") == Some("true"),
            validated: reader.find("Validated").map(oid).transpose()?,
            verification: reader.find("Verification").and_then(Verification::from_word),
            paths: reader.all("Path").map(unquote).collect::<Result<_, _>>()?,
        },
        Kind::Try => Detail::Try(Box::new(attempt::read(reader)?)),
        Kind::Undo => Detail::Undo { undoes: reader.parse("Undoes")? },
        Kind::Redo => Detail::Redo { undoes: reader.parse("Undoes")? },
        Kind::Resume => Detail::Resume { resumes: reader.parse("Resumes")? },
        Kind::Prune => Detail::Prune {
            remote: reader.text("Remote")?,
            removed: reader.all("Removed").map(removed).collect::<Result<_, _>>()?,
            freed: reader.all("Freed").map(str::parse).collect::<Result<_, _>>()?,
        },
    })
}

fn write_conduct(conduct: &Conduct, out: &mut Writer) {
    let Conduct { scope, emergency, severity, verification, checks_before } = conduct;
    if *scope != Scope::Everything {
        out.add("Scope", scope.as_str());
    }
    if *emergency {
        out.add("Emergency", true);
    }
    out.add_all("Severity", severity.iter().map(|severity| severity.as_str()));
    out.add_all("Verification", verification.iter().map(|verification| verification.as_str()));
    checks::write(&checks::BEFORE, checks_before, out);
}

/// What only a later version understands is as if it were not said: the state has to be found whatever came of it.
fn conduct(reader: &Reader<'_>) -> Conduct {
    Conduct {
        scope: reader.find("Scope").and_then(Scope::from_word).unwrap_or_default(),
        emergency: reader.find("Emergency") == Some("true"),
        severity: reader.find("Severity").and_then(Severity::from_word),
        verification: reader.find("Verification").and_then(Verification::from_word),
        checks_before: checks::read(&checks::BEFORE, reader),
    }
}

fn picked(value: &str) -> Result<PickedCommit, String> {
    let (from, to) = value.split_once(' ').ok_or("a picked commit is incomplete")?;
    Ok(PickedCommit { from: oid(from)?, to: oid(to)? })
}

fn removed(value: &str) -> Result<(BString, Oid), String> {
    let (object, name) = value.split_once(' ').ok_or("a removed ref is incomplete")?;
    Ok((unquote(name)?, oid(object)?))
}
