//! The commit that a pick makes, byte for byte as `git cherry-pick` makes it.
//!
//! Author and message are kept; every header beside them is dropped, signatures first of all; the message is
//! encoded as the repository wants it, which is UTF-8 unless it says otherwise.

use gix::bstr::{BStr, BString, ByteSlice};

use crate::{
    error::{Context, Result},
    git::{
        Repo,
        capture::Identity,
        objects,
        pick::{Manner, trailers},
    },
    model::Oid,
};

/// A commit to pick.
pub(super) struct Source {
    pub(super) id: Oid,
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    author: BString,
    encoding: Option<BString>,
    message: BString,
}

impl Source {
    pub(super) fn read(repo: &Repo, id: Oid) -> Result<Self> {
        let commit = repo.gix().find_commit(id).with_context(|| format!("cannot read commit {id}"))?;
        let commit = commit.decode().with_context(|| format!("cannot decode commit {id}"))?;
        Ok(Source {
            id,
            tree: commit.tree(),
            parents: commit.parents().collect(),
            author: commit.author.to_owned(),
            encoding: commit.encoding.map(ToOwned::to_owned),
            message: commit.message.to_owned(),
        })
    }
}

/// Makes commits by one committer, as the configuration wants them.
pub(super) struct Maker<'r> {
    repo: &'r Repo,
    committer: gix::actor::Signature,
    sign: bool,
    cleanup: Option<&'static str>,
    /// Whether the configuration says how messages are cleaned up.
    cleanup_is_chosen: bool,
    encoding: Option<BString>,
}

impl<'r> Maker<'r> {
    pub(super) fn new(repo: &'r Repo, committer: &Identity) -> Result<Self> {
        let config = repo.gix().config_snapshot();
        let cleanup = config.string("commit.cleanup").and_then(|mode| match mode.to_str() {
            Ok("strip") => Some("--strip-comments"),
            Ok("whitespace" | "scissors") => Some(""),
            _ => None,
        });
        let cleanup_is_chosen =
            cleanup.is_some() || config.string("commit.cleanup").is_some_and(|mode| mode.as_slice() == b"verbatim");
        let encoding = config.string("i18n.commitEncoding").map(|name| BString::from(name.to_vec()));
        Ok(Maker {
            repo,
            committer: committer.signature.clone(),
            sign: config.boolean("commit.gpgSign").unwrap_or(false),
            cleanup,
            cleanup_is_chosen,
            encoding: encoding.filter(|name| !is_utf8(name)),
        })
    }

    /// Writes the commit of `tree` on `parent` that has the author and the message of `source`.
    pub(super) fn commit(&self, source: &Source, manner: &Manner, (tree, parent): (Oid, Oid)) -> Result<Oid> {
        if self.sign {
            let (author, message) = self.text_of(source, manner)?;
            return self.commit_signed((&author, &message), tree, parent);
        }
        self.draft(source, manner, (tree, Some(parent)))
    }

    /// The same commit without a signature, whatever the configuration says of that.
    pub(super) fn draft(&self, source: &Source, manner: &Manner, (tree, parent): (Oid, Option<Oid>)) -> Result<Oid> {
        let (author, message) = self.text_of(source, manner)?;
        let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let mut text = format!("tree {tree}\n{parent}author ").into_bytes();
        text.extend_from_slice(&author);
        text.extend_from_slice(b"\ncommitter ");
        self.committer.write_to(&mut text).context("cannot write the committer")?;
        if let Some(encoding) = &self.encoding {
            text.extend_from_slice(b"\nencoding ");
            text.extend_from_slice(encoding);
        }
        text.extend_from_slice(b"\n\n");
        text.extend_from_slice(&message);
        let text = if self.encoding.is_none() { repaired_utf8(text) } else { text };
        gix::objs::Write::write_buf(&self.repo.gix().objects, gix::objs::Kind::Commit, &text)
            .context("cannot write a commit")
    }

    /// Author and message, encoded and cleaned up as the configuration says.
    fn text_of(&self, source: &Source, manner: &Manner) -> Result<(BString, BString)> {
        let from = source.encoding.as_ref().filter(|name| !is_utf8(name));
        let (author, mut message) = if from == self.encoding.as_ref() {
            (source.author.clone(), source.message.clone())
        } else {
            self.reencoded(source)?
        };
        message = subject_on(&message).into();
        let adds = manner.record_origin || manner.signoff;
        if adds {
            let committer = format!("{} <{}>", self.committer.name, self.committer.email);
            message = trailers::add(self.repo, message, manner, (source.id, &committer))?;
        }
        // What is added to is cleaned up, unless the configuration says otherwise.
        if let Some(mode) = self.cleanup.or((adds && !self.cleanup_is_chosen).then_some("")) {
            let args = ["stripspace", mode];
            let git = self.repo.git(args.into_iter().filter(|arg| !arg.is_empty()));
            message = git.stdin(message).run()?.into();
        }
        Ok((author, message))
    }

    fn reencoded(&self, source: &Source) -> Result<(BString, BString)> {
        objects::flush(self.repo)?;
        let to = self.encoding.as_ref().map_or("UTF-8".into(), ToString::to_string);
        let git = self.repo.git(["log", "-1", "-z", "--no-show-signature", "--no-mailmap"]);
        let format = "--format=%an <%ae> %ad%x00%B";
        let said =
            git.arg("--date=raw").arg(format!("--encoding={to}")).arg(format).arg(source.id.to_string()).run()?;
        let said = said.strip_suffix(b"\0").unwrap_or(&said);
        let (author, message) = said.split_once_str("\0").unwrap_or((said, &[]));
        Ok((author.into(), message.into()))
    }

    /// git alone can sign; it is given the same tree, parent, author, committer and message.
    fn commit_signed(&self, (author, message): (&BString, &BString), tree: Oid, parent: Oid) -> Result<Oid> {
        objects::flush(self.repo)?;
        let author = gix::actor::SignatureRef::from_bytes(author).context("cannot read a commit's author")?;
        let mut time = gix::date::parse::TimeBuf::default();
        let committer = self.committer.to_ref(&mut time);
        let mut git = self.repo.git(["commit-tree", "-S", "-F", "-", "-p"]);
        git = git.arg(parent.to_string()).arg(tree.to_string());
        let names = [
            ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_AUTHOR_DATE", author),
            ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "GIT_COMMITTER_DATE", committer),
        ];
        for (name, email, date, who) in names {
            git = git.env(name, os_string(who.name)?).env(email, os_string(who.email)?);
            git = git.env(date, format!("@{}", who.time));
        }
        let said = git.stdin(message.clone()).run()?;
        Oid::from_hex(said.trim_ascii()).context("`git commit-tree` named no commit")
    }
}

/// The message from its first line that is not blank, up to a NUL: so much of it git reads.
fn subject_on(message: &[u8]) -> &[u8] {
    let end = message.find_byte(0).unwrap_or(message.len());
    let mut rest = &message[..end];
    while let Some(line) = rest.split_inclusive(|byte| *byte == b'\n').next() {
        if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            break;
        }
        rest = &rest[line.len()..];
    }
    rest
}

fn os_string(text: &BStr) -> Result<std::ffi::OsString> {
    let text = gix::path::from_bstr(text).context("cannot pass a name on to `git`")?;
    Ok(text.into_owned().into_os_string())
}

fn is_utf8(encoding: &[u8]) -> bool {
    encoding.eq_ignore_ascii_case(b"utf-8") || encoding.eq_ignore_ascii_case(b"utf8")
}

/// As git does with text that is not UTF-8 although it says so: every byte that cannot be is taken as Latin-1.
fn repaired_utf8(text: Vec<u8>) -> Vec<u8> {
    if std::str::from_utf8(&text).is_ok() {
        return text;
    }
    let mut repaired = Vec::with_capacity(text.len() + 16);
    let mut rest = &text[..];
    while !rest.is_empty() {
        let good = std::str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        repaired.extend_from_slice(&rest[..good]);
        rest = &rest[good..];
        if let Some((bad, after)) = rest.split_first() {
            repaired.extend([0xc0 + (bad >> 6), 0x80 + (bad & 0x3f)]);
            rest = after;
        }
    }
    repaired
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_taken_as_latin_1() {
        assert_eq!(repaired_utf8("grün".into()), "grün".as_bytes());
        assert_eq!(repaired_utf8(b"gr\xfcn und gr\xc3\xbcn\xff".to_vec()), "grün und grünÿ".as_bytes());
        assert_eq!(repaired_utf8(b"\xe2\x82".to_vec()), "â\u{82}".as_bytes());
    }
}
