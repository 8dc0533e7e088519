//! Set a repository up: a configuration that fits what is in it.
//!
//! The file is written once and is the user's from then on: one that is there is never touched.

mod project;

use std::{io::Write, path::Path};

use super::Session;
use crate::{
    config::FILE_NAME,
    error::{Context, Result},
    git::durable,
};

pub use project::{Kind, Project};

/// What to do about the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Plan {
    /// Nothing: there is one.
    There,
    /// To write this one.
    Write {
        /// What was found.
        projects: Vec<Project>,
        /// The whole file.
        text: String,
    },
}

/// Looks at what is in the worktree.
pub fn gather(session: &Session) -> (bool, Vec<Project>) {
    let top = session.repo.workdir();
    (top.join(FILE_NAME).symlink_metadata().is_ok(), project::find(top))
}

/// Decides what to write.
pub fn plan(is_there: bool, projects: Vec<Project>) -> Plan {
    if is_there { Plan::There } else { Plan::Write { text: text(&projects), projects } }
}

/// Writes the configuration, whole or not at all; `false` where something has come there meanwhile.
pub fn apply(session: &Session, text: &str) -> Result<bool> {
    let (top, path) = (session.repo.workdir(), session.repo.workdir().join(FILE_NAME));
    match write_new(top, &path, text) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        done => done.map(|()| true).with_context(|| format!("cannot write `{}`", path.display())),
    }
}

fn write_new(top: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = durable::temp_file(top, FILE_NAME, 0o666)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    durable::sync_dir(top)
}

/// The configuration for these projects.
fn text(projects: &[Project]) -> String {
    let mut text = include_str!("../../../templates/checkpoint.toml").to_owned();
    if projects.is_empty() {
        text.push_str(include_str!("../../../templates/init/none.toml"));
    }
    for project in projects {
        let part = template(project.kind).replace("{name}", project.kind.as_str());
        match &project.run {
            Some(run) => text.push_str(&part.replace("{run}", run)),
            None => text.push_str(&commented(&part.replace("{run}", idle(project.kind)))),
        }
    }
    text
}

fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::Cargo => include_str!("../../../templates/init/cargo.toml"),
        Kind::Npm | Kind::Pnpm | Kind::Yarn => include_str!("../../../templates/init/node.toml"),
        Kind::Pytest => include_str!("../../../templates/init/pytest.toml"),
        Kind::Go => include_str!("../../../templates/init/go.toml"),
        Kind::Maven => include_str!("../../../templates/init/maven.toml"),
        Kind::Gradle => include_str!("../../../templates/init/gradle.toml"),
        Kind::Composer => include_str!("../../../templates/init/composer.toml"),
        Kind::Make => include_str!("../../../templates/init/make.toml"),
    }
}

/// What stands in a check that is only shown.
fn idle(kind: Kind) -> &'static str {
    match kind {
        Kind::Make => "make test",
        _ => "npm ci && npm test",
    }
}

fn commented(part: &str) -> String {
    let line =
        |line: &str| if line.is_empty() || line.starts_with('#') { line.to_owned() } else { format!("# {line}") };
    part.lines().map(|text| line(text) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// A folder with these files; `name=content`, or only a name.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for file in files {
            let (name, content) = file.split_once('=').unwrap_or((file, ""));
            std::fs::write(dir.path().join(name), content).expect("it can be written");
        }
        dir
    }

    #[test]
    fn every_sort_of_project_gets_a_file_that_is_understood() {
        const SCRIPTS: &str = r#"package.json={"scripts":{"test":"jest","lint":"eslint .","evil; rm":"x"}}"#;
        const NONE: &str = r#"package.json={"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#;
        for (files, expected) in [
            (&["Cargo.toml"][..], &[("cargo", r#"CARGO_TARGET_DIR="$CHECKPOINT_CACHE/cargo" cargo test --quiet"#)][..]),
            (
                &[SCRIPTS, "package-lock.json"],
                &[("npm", "npm ci --no-audit --no-fund && npm run lint && npm run test")],
            ),
            (
                &[SCRIPTS, "pnpm-lock.yaml"],
                &[("pnpm", "pnpm install --frozen-lockfile && pnpm run lint && pnpm run test")],
            ),
            (&[SCRIPTS, "yarn.lock"], &[("yarn", "yarn install --frozen-lockfile && yarn run lint && yarn run test")]),
            (
                &[SCRIPTS, "yarn.lock", ".yarnrc.yml"],
                &[("yarn", "yarn install --immutable && yarn run lint && yarn run test")],
            ),
            (
                &[r#"package.json={"packageManager":"pnpm@9.1.0","scripts":{"typecheck":"tsc"}}"#],
                &[("pnpm", "pnpm install && pnpm run typecheck")],
            ),
            (&[NONE, "package-lock.json"], &[]),
            (&["package.json=not JSON"], &[]),
            (&["pytest.ini"], &[("pytest", r#"PYTHONPATH="src:." python3 -m pytest -q"#)]),
            (
                &["pyproject.toml=[tool.pytest.ini_options]"],
                &[("pytest", r#"PYTHONPATH="src:." python3 -m pytest -q"#)],
            ),
            (&["pyproject.toml=[project]"], &[]),
            (&["go.mod"], &[("go", "go vet ./... && go test ./...")]),
            (&["pom.xml"], &[("maven", "mvn -q -B verify")]),
            (&["pom.xml", "mvnw"], &[("maven", "./mvnw -q -B verify")]),
            (&["build.gradle.kts", "gradlew"], &[("gradle", "./gradlew --no-daemon --console=plain check")]),
            (
                &["composer.json={}", "phpunit.xml.dist"],
                &[("composer", "composer install --no-interaction --no-progress && vendor/bin/phpunit")],
            ),
            (
                &[r#"composer.json={"scripts":{"test":["a"]}}"#],
                &[("composer", "composer install --no-interaction --no-progress && composer test")],
            ),
            (&["composer.json={}"], &[("composer", "composer validate --no-check-publish")]),
            (&["Makefile=all:\n\ntest: all\n\ttrue\n"], &[("make", "make test")]),
            (&["makefile=check :\n\ttrue\n"], &[("make", "make check")]),
            (&["Makefile=test := x\ntest ::= y\ntesting:\n"], &[]),
            (&["go.mod", "Makefile=test:\n"], &[("go", "go vet ./... && go test ./...")]),
            (&[], &[]),
        ] {
            let dir = folder(files);
            let Plan::Write { text, .. } = plan(false, project::find(dir.path())) else { panic!("nothing is there") };
            let config = Config::parse(&text).unwrap_or_else(|error| panic!("{files:?}: {error:?}\n{text}"));
            let wanted: Vec<_> = config.wanted();
            let found: Vec<_> = wanted.iter().map(|check| (check.name.as_str(), check.run.as_str())).collect();
            assert_eq!(found, expected, "{files:?}\n{text}");
            assert!(wanted.iter().all(|check| check.on == ["push"]), "{text}");
            let mut settings = text.lines().filter(|line| !line.starts_with('#'));
            assert!(settings.all(|line| !line.contains('{')) && text.ends_with('\n'), "{text}");
        }
    }

    #[test]
    fn several_projects_at_once_and_a_file_that_is_there() {
        let dir = folder(&["Cargo.toml", "go.mod", "pom.xml", "build.gradle", "conftest.py"]);
        let projects = project::find(dir.path());
        let kinds: Vec<_> = projects.iter().map(|project| project.kind.as_str()).collect();
        assert_eq!(kinds, ["cargo", "pytest", "go", "maven", "gradle"]);
        assert_eq!(plan(true, projects.clone()), Plan::There);
        let Plan::Write { text, .. } = plan(false, projects) else { panic!("nothing is there") };
        assert_eq!(Config::parse(&text).expect("valid").wanted().len(), 5);
    }

    #[test]
    fn links_and_folders_are_no_project() {
        let dir = folder(&[]);
        std::fs::create_dir(dir.path().join("Cargo.toml")).expect("it can be made");
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("go.mod")).expect("it can be made");
        assert_eq!(project::find(dir.path()), []);
    }
}
