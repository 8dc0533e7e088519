//! Text of others made harmless, wherever it is to be read by people: on a screen, in a document, on a page.

/// Text from commits, refs, files or commands as it may be shown: control characters, which a terminal would obey,
/// and characters that reorder what is around them stand as escapes.
pub fn clean(text: &str) -> String {
    escaped(text, |c| c.is_control() && c != '\t' || is_reordering(c))
}

/// As [`clean`], for text that a person is to agree to: what shows nothing, or shows as a blank, stands as an escape too,
/// and so do blanks at the end.
pub fn exact(text: &str) -> String {
    let trimmed = text.trim_end_matches([' ', '\t']);
    let end: String = text[trimmed.len()..].chars().map(|c| c.escape_unicode().to_string()).collect();
    escaped(trimmed, |c| c.is_control() && c != '\t' || is_reordering(c) || is_unseen(c)) + &end
}

fn escaped(text: &str, is_dangerous: impl Fn(char) -> bool) -> String {
    if is_plain(text) || !text.contains(&is_dangerous) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_dangerous(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Whether it is plain ASCII text on one line, as nearly all is; this is found out much faster than anything else.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_reordering(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Unicode's default-ignorable characters, line and paragraph separators, fillers, and blanks other than the plain one.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{1680}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
        | '\u{205f}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_do_not_reach_the_screen() {
        assert_eq!(clean("a\x1b[31mb\u{9b}c\u{202e}d"), "a\\u{1b}[31mb\\u{9b}c\\u{202e}d");
        assert_eq!(clean("plain ünïcode\tand tab"), "plain ünïcode\tand tab");
    }

    #[test]
    fn what_a_person_agrees_to_hides_nothing() {
        for (text, shown) in [
            ("run = 'make test' # ünï", "run = 'make test' # ünï"),
            ("a\u{202e}b\u{200f}c\x1b[2Kd\re", "a\\u{202e}b\\u{200f}c\\u{1b}[2Kd\\u{d}e"),
            ("a\u{200b}b\u{feff}\u{e0041}", "a\\u{200b}b\\u{feff}\\u{e0041}"),
            ("a\u{a0}b\u{3000}c", "a\\u{a0}b\\u{3000}c"),
            ("\tx  ", "\tx\\u{20}\\u{20}"),
        ] {
            assert_eq!(exact(text), shown);
        }
    }
}
