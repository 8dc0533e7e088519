//! Signed tags, by git, which knows every kind of key.
//!
//! `git tag` signs and makes the ref at once, but our refs are to appear together. So git works in a repository of
//! its own that sees our objects and our configuration, and the signed object is taken from there.

use std::fs;

use gix::{
    bstr::{BString, ByteSlice},
    objs::{Kind, Write as _},
};

use crate::{
    error::{Context, Result},
    git::{Git, Repo, capture::Identity},
    model::Oid,
};

/// The tag to sign.
pub(super) struct Tag<'a> {
    pub(super) name: &'a BString,
    pub(super) target: Oid,
    pub(super) message: BString,
}

/// Whether git is told to sign tags.
pub(super) fn is_wanted(repo: &Repo) -> bool {
    repo.gix().config_snapshot().boolean("tag.gpgSign") == Some(true)
}

/// The signed tag object, in memory; else why git could not sign.
pub(super) fn sign(repo: &Repo, tag: &Tag<'_>, by: &Identity) -> Result<Result<Oid, String>> {
    let dir = scratch(repo)?;
    let name = gix::path::from_bstr(tag.name.as_bstr()).context("cannot name the tag")?.into_owned();
    let git = |args: &[&str]| {
        Git::in_dir(repo.workdir(), args.to_vec())
            .env("GIT_DIR", dir.path())
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.gix().objects.store_ref().path())
    };
    let who = &by.signature;
    let os = |bytes: &BString| gix::path::from_bstr(bytes.as_bstr()).map(|text| text.into_owned().into_os_string());
    let signed = git(&["tag", "-s", "-F", "-", "--cleanup=verbatim", "--"])
        .arg(name.as_os_str())
        .arg(tag.target.to_string())
        .env("GIT_COMMITTER_NAME", os(&who.name).context("cannot pass the name on")?)
        .env("GIT_COMMITTER_EMAIL", os(&who.email).context("cannot pass the address on")?)
        .env("GIT_COMMITTER_DATE", format!("@{}", who.time))
        .stdin(tag.message.to_vec())
        .output()?;
    if signed.code != 0 {
        let said = signed.stderr.lines().map(|line| line.trim_start_matches("error: ").trim_start_matches("fatal: "));
        let said = said.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        return Ok(Err(if said.is_empty() { format!("git tag exited with code {}", signed.code) } else { said }));
    }
    let mut object = std::ffi::OsString::from("refs/tags/");
    object.push(name);
    let bytes = git(&["cat-file", "tag"]).arg(object).run()?;
    let id = repo.gix().objects.write_buf(Kind::Tag, &bytes).context("cannot keep the signed tag")?;
    Ok(Ok(id))
}

/// A repository without anything, whose configuration is ours.
fn scratch(repo: &Repo) -> Result<tempfile::TempDir> {
    let make = || {
        let dir = tempfile::tempdir()?;
        fs::create_dir(dir.path().join("objects"))?;
        fs::create_dir(dir.path().join("refs"))?;
        fs::write(dir.path().join("HEAD"), "ref: refs/heads/none\n")?;
        let ours = repo.common_dir().join("config");
        let ours = ours.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
        let format = match repo.gix().object_hash() {
            gix::hash::Kind::Sha1 => "\trepositoryformatversion = 0\n".to_owned(),
            hash => format!("\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = {hash}\n"),
        };
        // Ours comes first, so that what describes a repository is said last.
        let config = format!("[include]\n\tpath = \"{ours}\"\n[core]\n\tbare = true\n{format}");
        fs::write(dir.path().join("config"), config)?;
        std::io::Result::Ok(dir)
    };
    make().context("cannot make a temporary repository to sign in")
}
