//! Tools that work out a version from tags, and would take a checkpoint's tag for one.

use super::{Finding, Level};
use crate::config::TagKind;

/// The files in which such tools are looked for, at the top of the worktree.
pub(super) const FILES: [&str; 27] = [
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "package.json",
    ".releaserc",
    ".releaserc.json",
    ".releaserc.yaml",
    ".releaserc.yml",
    "release.config.js",
    "release.config.cjs",
    "GitVersion.yml",
    "GitVersion.yaml",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    "goreleaser.yml",
    "goreleaser.yaml",
    "build.rs",
    "Cargo.toml",
    "Makefile",
    "justfile",
    "Taskfile.yml",
    "CMakeLists.txt",
    "meson.build",
    "build.gradle",
    "build.gradle.kts",
    "pom.xml",
    "Dockerfile",
];

/// A tool, how it is known, and how it is told not to look at checkpoints.
struct Tool {
    name: &'static str,
    files: &'static [&'static str],
    /// One of these is in the file; without any, the file alone says it.
    words: &'static [&'static str],
    /// With one of these it looks at some tags only.
    unless: &'static [&'static str],
    effect: Effect,
    setting: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It reads tags of any kind and takes the nearest.
    AnyTag,
    /// As `git describe` without `--tags`: annotated ones.
    AnnotatedTag,
    /// It reads tags, but only those in the form of a version.
    Versions,
}

const PYTHON: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg"];
const BUILD: &[&str] = &[
    "Makefile",
    "justfile",
    "Taskfile.yml",
    "CMakeLists.txt",
    "meson.build",
    "build.gradle",
    "build.gradle.kts",
    "package.json",
    "Dockerfile",
    "setup.py",
];

const TOOLS: [Tool; 11] = [
    Tool {
        name: "setuptools-scm",
        files: PYTHON,
        words: &["setuptools_scm", "setuptools-scm"],
        unless: &["--match"],
        effect: Effect::AnyTag,
        setting: "`git_describe_command = \"git describe --dirty --tags --long --match v*\"` below `[tool.setuptools_scm]`",
    },
    Tool {
        name: "hatch-vcs",
        files: PYTHON,
        words: &["hatch-vcs", "hatch_vcs"],
        unless: &["--match"],
        effect: Effect::AnyTag,
        setting: "`raw-options = { git_describe_command = \"git describe --dirty --tags --long --match v*\" }` below \
                  `[tool.hatch.version]`",
    },
    Tool {
        name: "versioneer",
        files: PYTHON,
        words: &["[versioneer]", "[tool.versioneer]"],
        unless: &["tag_prefix = v", "tag_prefix = \"v", "tag_prefix = 'v", "tag_prefix=v"],
        effect: Effect::AnyTag,
        setting: "a `tag_prefix` that only versions have",
    },
    Tool {
        name: "GoReleaser",
        files: &[".goreleaser.yml", ".goreleaser.yaml", "goreleaser.yml", "goreleaser.yaml"],
        words: &[],
        unless: &["ignore_tags"],
        effect: Effect::AnyTag,
        setting: "`git: { ignore_tags: [\"*checkpoint*\"] }` in its file",
    },
    Tool {
        name: "a build script that calls `git describe`",
        files: &["build.rs"],
        words: &["\"describe\"", "git describe"],
        unless: &["--match", "--exclude"],
        effect: Effect::AnnotatedTag,
        setting: "`--match 'v*'` at `git describe`",
    },
    Tool {
        name: "a crate that calls `git describe`",
        files: &["Cargo.toml"],
        words: &["vergen", "git-version", "shadow-rs", "git-describe"],
        unless: &["--match"],
        effect: Effect::AnnotatedTag,
        setting: "a pattern for its `git describe`, as in `--match 'v*'`",
    },
    Tool {
        name: "the git-version plugin of Gradle",
        files: &["build.gradle", "build.gradle.kts"],
        words: &["com.palantir.git-version"],
        unless: &["prefix"],
        effect: Effect::AnyTag,
        setting: "a `prefix` that only versions have",
    },
    Tool {
        name: "the describe goal of a Maven plugin",
        files: &["pom.xml"],
        words: &["git-commit-id", "jgitver"],
        unless: &["<match>"],
        effect: Effect::AnnotatedTag,
        setting: "`<gitDescribe><match>v*</match></gitDescribe>`",
    },
    Tool {
        name: "`git describe`",
        files: BUILD,
        words: &["git describe"],
        unless: &["--match", "--exclude"],
        effect: Effect::AnnotatedTag,
        setting: "`--match 'v*'` at `git describe`",
    },
    Tool {
        name: "GitVersion",
        files: &["GitVersion.yml", "GitVersion.yaml"],
        words: &[],
        unless: &[],
        effect: Effect::Versions,
        setting: "",
    },
    Tool {
        name: "semantic-release",
        files: &[
            "package.json",
            ".releaserc",
            ".releaserc.json",
            ".releaserc.yaml",
            ".releaserc.yml",
            "release.config.js",
            "release.config.cjs",
        ],
        words: &["semantic-release", "tagFormat", "branches"],
        unless: &[],
        effect: Effect::Versions,
        setting: "",
    },
];

/// What the files (name and text) say, with the tags as they are configured.
pub(super) fn judge(files: &[(&str, String)], tags: TagKind) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for tool in &TOOLS {
        let uses = |(name, text): &&(&str, String)| {
            tool.files.contains(name)
                && (tool.words.is_empty() || tool.words.iter().any(|word| text.contains(word)))
                && !tool.unless.iter().any(|word| text.contains(word))
        };
        let Some((file, text)) = files.iter().find(uses) else { continue };
        let reads_lightweight = tool.effect == Effect::AnyTag || text.contains("--tags");
        let finding = match (tool.effect, tags) {
            (_, TagKind::None) => continue,
            (Effect::Versions, _) => Finding::new(
                "tags",
                Level::Note,
                format!("{} ({file}) reads tags, but only those that look like versions", tool.name),
            ),
            (_, TagKind::Lightweight) if !reads_lightweight => continue,
            _ => Finding::new(
                "tags",
                Level::Problem,
                format!("{} ({file}) works out the version from tags, and takes a checkpoint's for one", tool.name),
            )
            .fix(format!("`[tag]` `kind = \"none\"` in `.checkpoint.toml`, or {}", tool.setting)),
        };
        found.push(finding);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_that_read_tags_are_found_and_told_what_to_set() {
        use Level::{Note, Problem};
        use TagKind::{Annotated, Lightweight, None as No};
        for (file, text, tags, expected) in [
            ("pyproject.toml", "requires = ['setuptools-scm>=8']", Annotated, &[Problem][..]),
            ("pyproject.toml", "requires = ['setuptools-scm>=8']", Lightweight, &[Problem]),
            ("pyproject.toml", "requires = ['setuptools-scm>=8']", No, &[]),
            ("pyproject.toml", "setuptools_scm\ngit_describe_command = 'git describe --match v*'", Annotated, &[]),
            ("pyproject.toml", "requires = ['hatch-vcs']", Annotated, &[Problem]),
            ("pyproject.toml", "requires = ['hatchling']", Annotated, &[]),
            ("setup.cfg", "[versioneer]\ntag_prefix = v", Annotated, &[]),
            ("setup.cfg", "[versioneer]\ntag_prefix =", Annotated, &[Problem]),
            (".goreleaser.yml", "builds: []", Annotated, &[Problem]),
            ("build.rs", "Command::new(\"git\").args([\"describe\", \"--always\"])", Annotated, &[Problem]),
            ("build.rs", "Command::new(\"git\").args([\"describe\", \"--always\"])", Lightweight, &[]),
            ("build.rs", "Command::new(\"git\").args([\"describe\", \"--tags\"])", Lightweight, &[Problem]),
            ("build.rs", "println!(\"cargo:rerun-if-changed=x\")", Annotated, &[]),
            ("Makefile", "VERSION := $(shell git describe --match 'v*')", Annotated, &[]),
            ("Makefile", "VERSION := $(shell git describe)", Annotated, &[Problem]),
            ("GitVersion.yml", "", Annotated, &[Note]),
            ("package.json", "{\"devDependencies\": {\"semantic-release\": \"1\"}}", Annotated, &[Note]),
            ("package.json", "{}", Annotated, &[]),
        ] {
            let found = judge(&[(file, text.to_owned())], tags);
            let levels: Vec<Level> = found.iter().map(|finding| finding.level).collect();
            assert_eq!(levels, expected, "{file}: {text}");
            let has_fix = |finding: &Finding| finding.level != Problem || finding.fix.is_some();
            assert!(found.iter().all(has_fix));
        }
    }

    #[test]
    fn every_file_of_a_tool_is_read() {
        for tool in &TOOLS {
            assert!(tool.files.iter().all(|file| FILES.contains(file)), "{}", tool.name);
        }
    }
}
