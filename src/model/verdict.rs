//! What a check said of a tree.

/// The answer of one check. No data is never a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It ended with code 0.
    Pass,
    /// It ended with another code.
    Fail,
    /// It did not come to an end that says anything: timed out, was killed, could not start, changed what it looked at.
    Inconclusive,
}

impl Verdict {
    /// The word in notes and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive].into_iter().find(|verdict| verdict.as_str() == word)
    }
}
