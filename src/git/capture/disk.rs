//! What is on disk at a path, and whether it is what the index says: the rules of git's `ie_match_stat`.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use gix::{
    bstr::BStr,
    index::{
        Entry, State,
        entry::{Flags, Mode, Stat, stat},
    },
};
use rustix::fs::FileType;

/// The settings of a repository that say what counts as a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) file_mode: bool,
    pub(super) symlinks: bool,
    pub(super) ignore_case: bool,
    trust_ctime: bool,
    check_stat: bool,
}

/// A path of git as one of the file system.
pub(super) fn os_path(path: &BStr) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// A file, link or anything else that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OnDisk {
    pub(super) kind: FileType,
    pub(super) executable: bool,
    pub(super) size: u64,
    pub(super) stat: Stat,
}

impl OnDisk {
    // The index holds the low 32 bits of every field, as git's does.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn new(data: &rustix::fs::Stat) -> Self {
        let time = |seconds: i64, nanoseconds: i64| stat::Time { secs: seconds as u32, nsecs: nanoseconds as u32 };
        OnDisk {
            kind: FileType::from_raw_mode(data.st_mode),
            executable: data.st_mode & 0o100 != 0,
            size: data.st_size as u64,
            stat: Stat {
                mtime: time(data.st_mtime as i64, data.st_mtime_nsec as i64),
                ctime: time(data.st_ctime as i64, data.st_ctime_nsec as i64),
                dev: data.st_dev as u32,
                ino: data.st_ino as u32,
                uid: data.st_uid as u32,
                gid: data.st_gid as u32,
                size: data.st_size as u32,
            },
        }
    }

    /// Whether git can hold it: a file or a symbolic link.
    pub(super) fn is_trackable(&self) -> bool {
        matches!(self.kind, FileType::RegularFile | FileType::Symlink)
    }
}

impl Rules {
    pub(super) fn of(repo: &gix::Repository) -> Self {
        let config = repo.config_snapshot();
        let flag = |key: &str, default| config.boolean(key).unwrap_or(default);
        Rules {
            file_mode: flag("core.fileMode", true),
            symlinks: flag("core.symlinks", true),
            ignore_case: flag("core.ignoreCase", false),
            trust_ctime: flag("core.trustCTime", true),
            check_stat: config.string("core.checkStat").is_none_or(|value| !value.eq_ignore_ascii_case(b"minimal")),
        }
    }

    /// The mode that git would give to what is on disk, where the index has `tracked` for it.
    pub(super) fn mode(&self, disk: &OnDisk, tracked: Option<Mode>) -> Mode {
        if disk.kind == FileType::Symlink {
            return Mode::SYMLINK;
        }
        match tracked {
            Some(Mode::SYMLINK) if !self.symlinks => Mode::SYMLINK,
            Some(mode @ (Mode::FILE | Mode::FILE_EXECUTABLE)) if !self.file_mode => mode,
            _ if !self.file_mode => Mode::FILE,
            _ if disk.executable => Mode::FILE_EXECUTABLE,
            _ => Mode::FILE,
        }
    }

    /// Whether the file is surely what `entry` of `index` says, so that it need not be read.
    pub(super) fn is_unchanged(&self, index: &State, entry: &Entry, disk: &OnDisk) -> bool {
        if entry.flags.contains(Flags::INTENT_TO_ADD) || entry.flags.stage_raw() != 0 {
            return false;
        }
        entry.mode == self.mode(disk, Some(entry.mode))
            && self.matches(&entry.stat, disk, true)
            && !entry.stat.is_racy(index.timestamp(), self.options(&entry.stat, disk))
    }

    /// Whether size, times and inode are `then`; `with_ctime` says that the file cannot have been renamed since.
    pub(super) fn matches(&self, then: &Stat, disk: &OnDisk, with_ctime: bool) -> bool {
        // A time that was set by hand, as `touch -d` does, leaves only this trace of a change within the second.
        let (old, now) = (then.ctime.nsecs, disk.stat.ctime.nsecs);
        let trust_ctime = self.trust_ctime && with_ctime;
        let was_changed = trust_ctime && old != 0 && now != 0 && old != now;
        !was_changed && then.matches(&disk.stat, stat::Options { trust_ctime, ..self.options(then, disk) })
    }

    fn options(&self, then: &Stat, disk: &OnDisk) -> stat::Options {
        // Nanoseconds are compared where both have them: an index written right after the files, as in a
        // `post-commit` hook, is then not taken for one that may be older than they are.
        stat::Options {
            trust_ctime: self.trust_ctime,
            check_stat: self.check_stat,
            use_nsec: then.mtime.nsecs != 0 && disk.stat.mtime.nsecs != 0,
            use_stdev: false,
        }
    }
}
