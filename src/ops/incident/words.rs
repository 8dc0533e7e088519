//! Values as people read them, and text of others as it may stand in Markdown.

use chrono::DateTime;

use crate::model::clean;

/// What stands where nothing is known.
pub(super) const NOTHING: &str = "—";

/// `2026-11-21 14:30:00 UTC`, for RFC 3339; anything else stays.
pub(in crate::ops) fn time(text: &str) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.to_utc().format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// `0.2 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 days 4 h`.
pub(in crate::ops) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NOTHING.to_owned();
    }
    if seconds < 10.0 {
        let rounded = (seconds * 100.0).round() / 100.0;
        return format!("{rounded} s");
    }
    // A duration of more than 2^53 seconds does not occur; it would be told as the largest that does.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = seconds.round() as u64;
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    let two = |first: u64, unit: &str, second: u64, small: &str| match second {
        0 => format!("{first} {unit}"),
        second => format!("{first} {unit} {second} {small}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => two(minutes, "min", rest, "s"),
        (0, ..) => two(hours, "h", minutes, "min"),
        _ => two(days, if days == 1 { "day" } else { "days" }, hours, "h"),
    }
}

/// `+20%`, `-0.5%`, `0%`.
pub(in crate::ops) fn percent(percent: f64) -> String {
    let rounded = if percent.abs() < 10.0 { (percent * 10.0).round() / 10.0 } else { percent.round() };
    let sign = if rounded > 0.0 { "+" } else { "" };
    format!("{sign}{}", crate::model::amount(rounded + 0.0, "%"))
}

/// `12 bytes`, `3.4 KiB`.
pub(in crate::ops) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    }
    #[allow(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    format!("{value:.1} {unit}")
}

/// The first ten digits of an object's name; anything else stays.
pub(in crate::ops) fn short(text: &str) -> &str {
    let is_name = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_name { &text[..10] } else { text }
}

/// Text on one line of Markdown, wherever on it: it is shown as it is and begins nothing, no heading, no link, no HTML.
pub(in crate::ops) fn markdown(text: &str) -> String {
    let text = clean(&one_line(text)).replace('\t', " ");
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => out.extend(['\\', c]),
            // At the beginning of a line they would begin a heading, a list or a rule.
            '#' | '=' if out.is_empty() => out.extend(['\\', c]),
            '-' | '+' if out.is_empty() && rest.peek().is_none_or(|next| " -+".contains(*next)) => {
                out.extend(['\\', c]);
            }
            '.' | ')' if is_number(&out) && rest.peek().is_none_or(|next| *next == ' ') => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// What an item of an ordered list begins with.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name or a path as code, where it can stand as code; else as [`markdown`] has it.
pub(in crate::ops) fn code(text: &str) -> String {
    let text = clean(&one_line(text));
    if text.trim().is_empty() || text.contains(['`', '|', '<', '>', '&', '\\', '\t']) {
        return markdown(&text);
    }
    format!("`{}`", text.trim())
}

/// Lines as a Markdown quotation.
pub(in crate::ops) fn quotation(text: &str) -> String {
    let lines = text.lines().map(|line| format!("> {}", markdown(line)));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Lines of a log as an indented code block, in which nothing has a meaning. What is HTML in no reader stands as it is.
pub(in crate::ops) fn verbatim(line: &str) -> String {
    format!("    {}", clean(line).replace('\t', "    ")).trim_end().to_owned()
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.1234, "0.12 s"),
            (9.5, "9.5 s"),
            (42.4, "42 s"),
            (185.0, "3 min 5 s"),
            (3600.0, "1 h"),
            (7800.0, "2 h 10 min"),
            (90_000.0, "1 day 1 h"),
            (-1.0, "—"),
            (f64::NAN, "—"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
        assert_eq!(
            [bytes(1), bytes(1023), bytes(1536), bytes(5 << 30)],
            ["1 byte", "1023 bytes", "1.5 KiB", "5.0 GiB"]
        );
        assert_eq!([percent(25.04), percent(-0.46), percent(0.0)], ["+25%", "-0.5%", "0%"]);
    }

    #[test]
    fn nothing_of_a_text_means_anything_in_markdown() {
        for (text, expected) in [
            ("Fix `x` in <b>", "Fix \\`x\\` in &lt;b&gt;"),
            ("# not a heading", "\\# not a heading"),
            ("- [ ] no task", "\\- \\[ \\] no task"),
            ("1. no list", "1\\. no list"),
            ("2.4 s", "2.4 s"),
            ("-44%", "-44%"),
            ("---", "\\---"),
            ("=", "\\="),
            ("a\n\n## b", "a ## b"),
            ("[click](javascript:x)", "\\[click\\](javascript:x)"),
            ("a | b", "a \\| b"),
            ("&lt;script&gt;", "&amp;lt;script&amp;gt;"),
            ("\x1b[31mred\u{202e}", "\\\\u{1b}\\[31mred\\\\u{202e}"),
            ("![i](x)", "!\\[i\\](x)"),
        ] {
            assert_eq!(markdown(text), expected, "{text:?}");
        }
        for (text, expected) in
            [("src/a.rs", "`src/a.rs`"), ("a`b", "a\\`b"), ("a|b", "a\\|b"), ("<x>", "&lt;x&gt;"), ("", "")]
        {
            assert_eq!(code(text), expected, "{text:?}");
        }
        assert_eq!(quotation("a\n\n<b>\r\n# c"), "> a\n>\n> &lt;b&gt;\n> \\# c");
    }
}
