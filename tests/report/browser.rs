//! The page in a real browser: it is what it should be, asks for nothing, and can be read in light and in dark.
//!
//! `TEST_BROWSER` names the program, else Chromium is looked for on PATH; with `TEST_SCREENSHOTS` the pictures are kept in that
//! folder. Where there is no browser the test says so.

#![allow(clippy::disallowed_methods, reason = "a test starts a browser, which is named by a variable")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::fixture;
use crate::support::TestRepo;

/// A browser, and the page that it is to show.
struct Browser<'r> {
    program: PathBuf,
    repo: &'r TestRepo,
    page: PathBuf,
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TEST_BROWSER").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let candidates = std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name)));
    candidates.into_iter().find(|file| file.is_file())
}

impl Browser<'_> {
    /// Runs it without a window, in a profile that is new each time and without anything that asks a network.
    fn run(&self, name: &str, args: &[&str]) -> Output {
        let profile = self.repo.root().join(format!("profile-{name}"));
        fs::create_dir_all(&profile).expect("the folder can be made");
        let mut command = Command::new(&self.program);
        command.env_remove("DISPLAY").env("HOME", &profile).env("XDG_RUNTIME_DIR", &profile);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.args(["--disable-quic", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0"]);
        command.arg("--host-resolver-rules=MAP * ~NOTFOUND").arg(format!("--user-data-dir={}", profile.display()));
        command.args(args).arg(format!("file://{}", self.page.display()));
        command.output().expect("the browser can be run")
    }

    /// A picture of the page; its bytes.
    fn picture(&self, name: &str, args: &[&str]) -> Vec<u8> {
        let file = self.repo.root().join(format!("{name}.png"));
        let shot = format!("--screenshot={}", file.display());
        let output = self.run(name, &[args, &[shot.as_str()]].concat());
        let bytes = fs::read(&file).unwrap_or_default();
        assert!(bytes.len() > 10_000, "there is no picture: {}", String::from_utf8_lossy(&output.stderr));
        if let Some(folder) = std::env::var_os("TEST_SCREENSHOTS") {
            fs::write(Path::new(&folder).join(format!("{name}.png")), &bytes).expect("the folder is there");
        }
        bytes
    }
}

#[test]
fn a_browser_shows_the_page_and_asks_for_nothing() {
    let Some(program) = program() else {
        println!("skipped: there is no browser; `TEST_BROWSER=$(.ci/browser)` names one");
        return;
    };
    for words in ["plain", fixture::HOSTILE] {
        let repo = fixture::told(words);
        repo.checkpoint_ok(&["report", "-o", "report.html"]);
        let browser = Browser { program: program.clone(), repo: &repo, page: repo.path().join("report.html") };
        let log = repo.root().join("net.json");
        let dumped = browser.run("dump", &["--dump-dom", &format!("--log-net-log={}", log.display())]);
        let (page, said) = (String::from_utf8_lossy(&dumped.stdout), String::from_utf8_lossy(&dumped.stderr));
        assert!(dumped.status.success() && page.contains("<h1>Checkpoints and rollbacks</h1>"), "{page}\n{said}");
        assert!(page.contains("</html>") && page.contains("phase2-checkpoint-T+8h"), "{page}");
        assert!(page.matches("<svg role=\"img\"").count() == 3 && page.matches("<section").count() == 2, "{page}");
        // Nothing of a text has become an element.
        assert!(!page.contains("<script") && !page.contains("javascript:y\""), "{page}");
        assert!(!said.contains("CONSOLE") && !said.contains("Content Security Policy"), "{said}");
        let asked = fs::read_to_string(&log).unwrap_or_default();
        let addresses: Vec<&str> =
            asked.split("\"url\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let outside = addresses.iter().find(|address| address.starts_with("http") && !is_of_the_browser(address));
        assert!(outside.is_none(), "the page asked for {outside:?}");
        if words == fixture::HOSTILE {
            browser.picture("hostile", &["--window-size=1280,3000"]);
            continue;
        }
        let light = browser.picture("light", &["--window-size=1280,4200", "--blink-settings=preferredColorScheme=1"]);
        let dark = browser.picture("dark", &["--window-size=1280,4200", "--blink-settings=preferredColorScheme=0"]);
        assert!(light != dark, "dark is light");
        browser.picture("narrow", &["--window-size=500,5200"]);
        let paper = repo.root().join("paper.pdf");
        let print = format!("--print-to-pdf={}", paper.display());
        browser.run("print", &[print.as_str(), "--no-pdf-header-footer"]);
        let paper = fs::read(&paper).unwrap_or_default();
        assert!(paper.starts_with(b"%PDF-") && paper.len() > 10_000, "it cannot be printed");
        if let Some(folder) = std::env::var_os("TEST_SCREENSHOTS") {
            fs::write(Path::new(&folder).join("print.pdf"), &paper).expect("the folder is there");
            fs::copy(&browser.page, Path::new(&folder).join("report.html")).expect("the folder is there");
        }
    }
}

/// What a browser asks for by itself, whatever the page is.
fn is_of_the_browser(address: &str) -> bool {
    let host = address.split('/').nth(2).unwrap_or_default();
    [".google.com", ".googleapis.com", ".gvt1.com", ".gstatic.com"].iter().any(|end| host.ends_with(end))
}
