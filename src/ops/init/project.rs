//! What sort of project a folder has, and what its checks would be.
//!
//! Only fixed words get into a command: a file of the repository decides which of them, and never adds one.

use std::{fs, path::Path};

/// A file that is larger was not written by hand; in bytes.
const MAX_LENGTH: u64 = 1 << 20;

/// A sort of project that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The sort.
    pub kind: Kind,
    /// The command that checks it; `None` where there is nothing to run.
    pub run: Option<String>,
}

/// The sorts of project that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Rust.
    Cargo,
    /// Node.js with npm.
    Npm,
    /// Node.js with pnpm.
    Pnpm,
    /// Node.js with Yarn.
    Yarn,
    /// Python with pytest.
    Pytest,
    /// Go.
    Go,
    /// Java with Maven.
    Maven,
    /// Java with Gradle.
    Gradle,
    /// PHP with Composer.
    Composer,
    /// Anything with a Makefile.
    Make,
}

impl Kind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Cargo => "cargo",
            Kind::Npm => "npm",
            Kind::Pnpm => "pnpm",
            Kind::Yarn => "yarn",
            Kind::Pytest => "pytest",
            Kind::Go => "go",
            Kind::Maven => "maven",
            Kind::Gradle => "gradle",
            Kind::Composer => "composer",
            Kind::Make => "make",
        }
    }
}

/// The projects at the top of a worktree, several at once. Only reads, and only plain files.
pub(super) fn find(top: &Path) -> Vec<Project> {
    let folder = Folder { top };
    let found = [
        folder.has("Cargo.toml").then(cargo),
        folder.read("package.json").map(|text| node(&folder, &text)),
        is_pytest(&folder).then(pytest),
        folder.has("go.mod").then(|| project(Kind::Go, "go vet ./... && go test ./...")),
        folder.has("pom.xml").then(|| maven(&folder)),
        is_gradle(&folder).then(|| gradle(&folder)),
        folder.read("composer.json").map(|text| composer(&folder, &text)),
    ];
    let mut found: Vec<Project> = found.into_iter().flatten().collect();
    let others = found.iter().any(|project| project.run.is_some());
    if let Some(target) = make_target(&folder) {
        // Beside another project a Makefile mostly calls that one's own tests.
        let run = (!others).then(|| format!("make {target}"));
        found.push(Project { kind: Kind::Make, run: run.clone() });
    }
    found
}

/// A folder of which only small plain files are read.
struct Folder<'a> {
    top: &'a Path,
}

impl Folder<'_> {
    fn has(&self, name: &str) -> bool {
        self.top.join(name).symlink_metadata().is_ok_and(|data| data.is_file())
    }

    fn read(&self, name: &str) -> Option<String> {
        let path = self.top.join(name);
        path.symlink_metadata().ok().filter(|data| data.is_file() && data.len() <= MAX_LENGTH)?;
        fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn mentions(&self, name: &str, word: &str) -> bool {
        self.read(name).is_some_and(|text| text.contains(word))
    }
}

fn project(kind: Kind, run: &str) -> Project {
    Project { kind, run: Some(run.to_owned()) }
}

fn cargo() -> Project {
    project(Kind::Cargo, r#"CARGO_TARGET_DIR="$CHECKPOINT_CACHE/cargo" cargo test --quiet"#)
}

fn pytest() -> Project {
    project(Kind::Pytest, r#"PYTHONPATH="src:." python3 -m pytest -q"#)
}

fn is_pytest(folder: &Folder<'_>) -> bool {
    folder.has("pytest.ini")
        || folder.has("conftest.py")
        || folder.mentions("setup.cfg", "[tool:pytest]")
        || folder.mentions("tox.ini", "[pytest]")
        || ["pyproject.toml", "setup.py", "requirements.txt", "requirements-dev.txt"]
            .iter()
            .any(|name| folder.mentions(name, "pytest"))
}

/// The manager by its lock file, else by what `packageManager` says, else npm; of the scripts, those that check.
fn node(folder: &Folder<'_>, text: &str) -> Project {
    let package: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let named = |name: &str| package["packageManager"].as_str().is_some_and(|value| value.starts_with(name));
    let berry = folder.has(".yarnrc.yml");
    let (kind, install) = if folder.has("pnpm-lock.yaml") {
        (Kind::Pnpm, "pnpm install --frozen-lockfile")
    } else if folder.has("yarn.lock") {
        (Kind::Yarn, if berry { "yarn install --immutable" } else { "yarn install --frozen-lockfile" })
    } else if folder.has("package-lock.json") || folder.has("npm-shrinkwrap.json") {
        (Kind::Npm, "npm ci --no-audit --no-fund")
    } else if named("pnpm@") {
        (Kind::Pnpm, "pnpm install")
    } else if named("yarn@") {
        (Kind::Yarn, "yarn install")
    } else {
        (Kind::Npm, "npm install --no-package-lock --no-audit --no-fund")
    };
    let is_there = |script: &&str| {
        let command = package["scripts"][script].as_str().unwrap_or_default();
        // What `npm init` writes where there are no tests.
        !command.trim().is_empty() && !command.contains("no test specified")
    };
    let scripts = ["lint", "typecheck", "test"].into_iter().filter(is_there);
    let steps: Vec<String> = scripts.map(|script| format!("{} run {script}", kind.as_str())).collect();
    let run = (!steps.is_empty()).then(|| format!("{install} && {}", steps.join(" && ")));
    Project { kind, run }
}

fn maven(folder: &Folder<'_>) -> Project {
    project(Kind::Maven, if folder.has("mvnw") { "./mvnw -q -B verify" } else { "mvn -q -B verify" })
}

fn is_gradle(folder: &Folder<'_>) -> bool {
    ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"].iter().any(|name| folder.has(name))
}

fn gradle(folder: &Folder<'_>) -> Project {
    let program = if folder.has("gradlew") { "./gradlew" } else { "gradle" };
    project(Kind::Gradle, &format!("{program} --no-daemon --console=plain check"))
}

fn composer(folder: &Folder<'_>, text: &str) -> Project {
    const INSTALL: &str = "composer install --no-interaction --no-progress";
    let package: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let test = if !package["scripts"]["test"].is_null() {
        "composer test"
    } else if folder.has("phpunit.xml") || folder.has("phpunit.xml.dist") {
        "vendor/bin/phpunit"
    } else {
        return project(Kind::Composer, "composer validate --no-check-publish");
    };
    project(Kind::Composer, &format!("{INSTALL} && {test}"))
}

/// `test` or `check`, where the Makefile that make would take has a rule for it.
fn make_target(folder: &Folder<'_>) -> Option<&'static str> {
    let text = ["GNUmakefile", "makefile", "Makefile"].iter().find_map(|name| folder.read(name))?;
    let has = |target: &&str| {
        text.lines().any(|line| {
            let rest = line.strip_prefix(target).map(str::trim_start).and_then(|rest| rest.strip_prefix(':'));
            rest.is_some_and(|rest| !rest.starts_with('=') && !rest.starts_with(":="))
        })
    };
    ["test", "check"].into_iter().find(has)
}
