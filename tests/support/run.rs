//! What the program said, in a form that is the same on every run.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Output,
    sync::LazyLock,
};

use regex::{Captures, Regex};

/// One run of the program: exit code and both streams.
///
/// `Display` shows all three together with everything that differs from run to run replaced (see [`filtered`]), for
/// `insta::assert_snapshot!`; the fields are as they came.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    args: String,
    root: PathBuf,
    repo: PathBuf,
}

impl Run {
    pub(super) fn new(args: &[&str], output: &Output, root: &Path, repo: &Path) -> Self {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            args: args.join(" "),
            root: root.to_owned(),
            repo: repo.to_owned(),
        }
    }

    /// A run that was started in another way than by [`super::TestRepo::checkpoint`].
    pub(crate) fn of(repo: &super::TestRepo, args: &[&str], output: &Output) -> Self {
        Run::new(args, output, repo.root(), repo.path())
    }

    /// Standard output as JSON; panics where it is none.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is not JSON: {error}\n{self}"))
    }

    /// The text as it stands in a snapshot.
    pub(crate) fn filter(&self, text: &str) -> String {
        let text = text.replace(&*self.repo.to_string_lossy(), "<repo>");
        filtered(&text.replace(&*self.root.to_string_lossy(), "<root>"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ git checkpoint {}", self.filter(&self.args))?;
        writeln!(f, "exit code: {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if text.is_empty() {
                writeln!(f, "----- {name}: empty -----")?;
            } else {
                let text = self.filter(text);
                let end = if text.ends_with('\n') { "" } else { "\n[no line end]\n" };
                write!(f, "----- {name} -----\n{text}{end}")?;
            }
        }
        Ok(())
    }
}

/// Replaced in order; the first that matches a place has it.
static FILTERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b\d{8}T\d{6}\.\d{3}Z-[a-z]+-[0-9a-z]+\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-]\d\d:?\d\d)\b)?", "<time>"),
        (r"\b\d{8}-\d{6}\b", "<date>-<time>"),
        (r#"("(?:[a-z]+_)?seconds": ?)[0-9.]+"#, "$1<seconds>"),
        (r"\b\d+(\.\d+)? ?ms\b|\b\d+\.\d+ ?s\b", "<seconds>"),
        (r"\b([0-9a-f]{64}|[0-9a-f]{40})\b", "<oid>"),
    ]
    .map(|(pattern, name)| (Regex::new(pattern).expect("a valid pattern"), name))
    .into()
});

static SHORT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9a-f]{7,12}\b").expect("a valid pattern"));

/// The text with ids, object names, times and durations replaced by `<id>`, `<oid>`, `<time>` and `<seconds>`.
///
/// An abbreviated object name is told from a number or a word by having both digits and letters.
pub(crate) fn filtered(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, name) in FILTERS.iter() {
        text = pattern.replace_all(&text, *name).into_owned();
    }
    let short = |found: &Captures<'_>| {
        let (word, has) = (&found[0], |of: fn(&u8) -> bool| found[0].as_bytes().iter().any(of));
        if has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) { "<oid>".to_owned() } else { word.to_owned() }
    };
    SHORT.replace_all(&text, short).into_owned()
}
