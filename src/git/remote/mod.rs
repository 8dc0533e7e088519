//! Remotes, through the `git` program: it knows every protocol, every way to log in, and what the user configured.
//!
//! What is sent and fetched are explicit refspecs with expected old values and nothing else: whatever the configuration
//! says of refspecs, tags, mirrors, submodules or pruning is switched off for the call. Without a terminal nobody is asked
//! for a password.

mod push;

use std::{collections::BTreeMap, ffi::OsString};

use gix::bstr::{BStr, BString, ByteSlice};

use super::{Git, Repo, refs};
use crate::{
    config::Env,
    error::{Context, Error, Result},
    model::Oid,
};

pub use push::{Answer, Pushed, Update};

/// A remote, as the user named it.
#[derive(Debug, Clone)]
pub struct Remote {
    name: String,
    is_configured: bool,
    asks: bool,
    ssh: Option<OsString>,
}

/// What objects take that a remote does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many objects.
    pub objects: u64,
    /// How many bytes they take here.
    pub bytes: u64,
}

impl Remote {
    /// The remote of this name, URL or path; without one, where git would push the branch of HEAD to. `asks`: whether git may
    /// ask a person for a password.
    pub fn of(repo: &Repo, env: &Env, name: Option<&str>, asks: bool) -> Result<Self> {
        let known: Vec<String> = repo.gix().remote_names().iter().map(ToString::to_string).collect();
        let name = match name {
            Some(name) => name.to_owned(),
            None => default(repo, &known)?,
        };
        if name.is_empty() || name.starts_with('-') || name.contains(['\n', '\0']) {
            return Err(
                Error::usage(format!("`{}` is no remote", name.escape_debug())).hint("`git remote -v` lists them")
            );
        }
        let is_configured = known.contains(&name);
        let looks_like_place = name.contains(['/', ':', '\\']) || name == "." || name == "..";
        if !is_configured && !looks_like_place {
            let error = Error::usage(format!("there is no remote `{name}`"));
            return Err(match known.as_slice() {
                [] => error.hint("`git remote add origin <url>` adds one"),
                known => error.hint(format!("there is `{}`", known.join("`, `"))),
            });
        }
        Ok(Remote { name, is_configured, asks, ssh: if asks { None } else { silent_ssh(repo, env) } })
    }

    /// As the user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its refs, without what tags point to in turn.
    pub fn list(&self, repo: &Repo) -> Result<BTreeMap<BString, Oid>> {
        let listed = self.call(repo, "ls-remote", &["--refs", "--quiet"]).arg("--").arg(&self.name).output()?;
        if listed.code != 0 {
            return Err(self.unreachable(listed.stderr));
        }
        let line = |line: &[u8]| {
            let (hex, name) = line.split_once_str("\t")?;
            Some((BString::from(name), Oid::from_hex(hex).ok()?))
        };
        Ok(listed.stdout.lines().filter_map(line).collect())
    }

    /// Fetches what these refspecs name (`+<ref there>:<ref here>`), and nothing else; `false` where the remote does not have
    /// one of them any more.
    pub fn fetch(&self, repo: &Repo, refspecs: &[String]) -> Result<bool> {
        if refspecs.is_empty() {
            return Ok(true);
        }
        let options = [
            "--quiet",
            "--no-tags",
            "--no-prune",
            "--no-auto-gc",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--refmap=",
            "--stdin",
        ];
        let call = self.call(repo, "fetch", &options).arg("--").arg(&self.name);
        let fetched = call.stdin(refspecs.join("\n") + "\n").output()?;
        match fetched.code {
            0 => Ok(true),
            _ if fetched.stderr.contains("couldn't find remote ref") => Ok(false),
            _ => Err(self.unreachable(fetched.stderr)),
        }
    }

    /// What a push of `new` takes, to a remote that has `known`, as far as can be told from here.
    pub fn cost(&self, repo: &Repo, new: &[Oid], known: impl Iterator<Item = Oid>) -> Result<Cost> {
        if new.is_empty() {
            return Ok(Cost::default());
        }
        let tracked =
            if self.is_configured { refs::list(repo, &format!("refs/remotes/{}/", self.name))? } else { Vec::new() };
        let known = known.filter(|id| repo.gix().has_object(*id)).chain(tracked.into_iter().map(|(_, id)| id));
        let mut input: String = new.iter().map(|id| format!("{id}\n")).collect();
        known.for_each(|id| input.push_str(&format!("^{id}\n")));
        let list = |more: &[&str]| {
            let args = [&["rev-list", "--objects", "--stdin"], more].concat();
            repo.git(args).stdin(input.clone()).run().context("cannot tell what would be sent")
        };
        let objects = list(&[])?.lines().count();
        let bytes = list(&["--disk-usage"])?.trim().to_str_lossy().parse().context("git told no size")?;
        Ok(Cost { objects: u64::try_from(objects).unwrap_or(u64::MAX), bytes })
    }

    /// `git <command> <options>` with what makes it say and ask only what it is meant to.
    fn call(&self, repo: &Repo, command: &str, options: &[&str]) -> Git {
        let mut args: Vec<String> = Vec::new();
        if self.is_configured && !self.name.contains('=') {
            // A mirror takes no refspecs.
            args.extend(["-c".to_owned(), format!("remote.{}.mirror=false", self.name)]);
        }
        // Objects of a pack are on disk for sure before any ref shows them; loose ones are not.
        args.extend(["-c".to_owned(), "fetch.unpackLimit=1".to_owned(), command.to_owned()]);
        args.extend(options.iter().map(|option| (*option).to_owned()));
        let call = repo.git(args);
        if self.asks {
            return call.env("GIT_TERMINAL_PROMPT", "1");
        }
        let call = call.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "false").env("SSH_ASKPASS", "false");
        let call = call.env("SSH_ASKPASS_REQUIRE", "never").env("GCM_INTERACTIVE", "never");
        match &self.ssh {
            Some(ssh) => call.env("GIT_SSH_COMMAND", ssh),
            None => call,
        }
    }

    fn unreachable(&self, said: String) -> Error {
        let error = Error::environment(format!("the remote `{}` does not answer as it should", self.name));
        let error = error.because(if said.is_empty() { "git said nothing of it".to_owned() } else { said });
        error.hint(format!("`git ls-remote {}` tries to reach it", self.name))
    }
}

/// Where git would push to: the branch's own remote for pushing, that of all branches, the branch's, the only one.
fn default(repo: &Repo, known: &[String]) -> Result<String> {
    let config = repo.gix().config_snapshot();
    let head = repo.head()?;
    let branch = head.branch().and_then(|name| name.strip_prefix(b"refs/heads/")).map(ByteSlice::as_bstr);
    let of_branch = |key: &str| config.plumbing().string_by("branch", Some(branch?), key);
    let named = of_branch("pushRemote").or_else(|| config.string("remote.pushDefault")).or_else(|| of_branch("remote"));
    if let Some(name) = named {
        return Ok(name.to_string());
    }
    match known {
        _ if known.iter().any(|name| name == "origin") => Ok("origin".into()),
        [only] => Ok(only.clone()),
        [] => Err(Error::usage("this repository has no remote").hint("`git remote add origin <url>` adds one")),
        _ => {
            Err(Error::usage("which remote is meant is not clear").hint(format!("name one: `{}`", known.join("`, `"))))
        }
    }
}

/// The user's own ssh, told to ask nothing, where it is OpenSSH; other programs have other options.
fn silent_ssh(repo: &Repo, env: &Env) -> Option<OsString> {
    let configured = || repo.gix().config_snapshot().string("core.sshCommand").map(|value| value.to_string());
    let command = match env.var("GIT_SSH_COMMAND") {
        Some(command) => command.to_str()?.to_owned(),
        None if env.var("GIT_SSH").is_some() => return None,
        None => configured().unwrap_or_else(|| "ssh".to_owned()),
    };
    let program = command.split_whitespace().next().unwrap_or_default();
    let is_ssh = matches!(program.rsplit(['/', '\\']).next(), Some("ssh" | "ssh.exe"));
    is_ssh.then(|| format!("{command} -oBatchMode=yes").into())
}

/// Whether a remote may call a tag or a branch here by this name: none that a command could take for something else.
pub fn is_harmless_name(repo: &Repo, short: &BStr) -> Result<bool> {
    if crate::model::valid_ref_name(short).is_err() || short.starts_with(b"refs/") {
        return Ok(false);
    }
    let is_hex = short.len() >= 4 && short.iter().all(u8::is_ascii_hexdigit);
    let is_special = short.ends_with(b"HEAD") && !short.contains(&b'/');
    for prefix in ["refs/heads/", "refs/tags/", "refs/remotes/"] {
        let name = [prefix.as_bytes(), short].concat();
        if refs::find(repo, BStr::new(&name))?.is_some() {
            return Ok(false);
        }
    }
    Ok(!is_hex
        && !is_special
        && refs::find(repo, BStr::new(&[b"refs/remotes/", short.as_bytes(), b"/HEAD"].concat()))?.is_none())
}
