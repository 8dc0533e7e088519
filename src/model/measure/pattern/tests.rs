use super::*;

fn read(pattern: &str, output: &[u8]) -> Result<Vec<f64>, String> {
    let pattern: Pattern = pattern.parse().expect(pattern);
    Ok(pattern.find(output)?.into_iter().flat_map(|found| found.values).collect())
}

#[test]
fn whole_plain_numbers_are_read() {
    for (pattern, output, expected) in [
        (r"([0-9.]+)", &b"0.123456"[..], &[0.123_456][..]),
        (r"took ([0-9.]+) ms", b"a\ntook 12.5 ms\ntook 3 ms\n", &[12.5, 3.0]),
        (r"-?[0-9.]+", b"x -2.5 y", &[-2.5]),
        (r"p95=(\S+)", b"p95=1.5e-3", &[1.5e-3]),
        (r"p95=(\S+)", b"p95=+4E2\r\n", &[400.0]),
        (r"p95=(\S+)", b"p95=-0", &[0.0]),
        (r"^n: (.*)$", b"x\r\nn:  7 \r\ny", &[7.0]),
        (r"time (\d+)", b"\xff\xfe time 7 \xff", &[7.0]),
        (r"time (\d+)", b"\x1b[1mtime\x1b[0m \x1b[32m7\x1b[0m", &[7.0]),
        (r"(\d+)", b"\x1b]0;title 5\x07 9 \x1b]8;;link 6\x1b\\8", &[9.0, 8.0]),
        // The pattern says itself what is around the number.
        (r"^\d+,(\d+),", b"12,345,6", &[345.0]),
        (r"version (\d+)\.", b"version 3.2.1", &[3.0]),
        (r"[0-9]*", b"a 12 b", &[12.0]),
        (r"([0-9.]+)\s", b"2.5\n", &[2.5]),
        (r"(\d+)", b"took 5.", &[5.0]),
        (r"(\d+)", b"2025-11-21", &[2025.0, 11.0, 21.0]),
        (r"(\d+)", b"", &[]),
    ] {
        assert_eq!(read(pattern, output).as_deref(), Ok(expected), "{pattern} on {}", output.escape_ascii());
    }
}

#[test]
fn what_is_no_plain_number_is_refused_and_named() {
    for (pattern, output, named) in [
        (r"took ([0-9.]+)", "took 1,234 ms", "takes only `1` of `1,234`"),
        (r"([0-9.]+)", "0,123", "takes only `0` of `0,123`"),
        (r"([0-9,.]+)", "1,234.5", "`1,234.5` is no plain number"),
        (r"took (\d+)", "took 2.4 s", "takes only `2` of `2.4`"),
        (r"(\d+)", "delta -5", "takes only `5` of `-5`"),
        (r"(\d+)", "at .5", "takes only `5` of `.5`"),
        (r"([0-9.]+)", "1.5e3", "takes only `1.5` of `1.5e3`"),
        (r"(\d{1,3})", "12345", "takes only `123` of `12345`"),
        (r"(\d+)", "1'000", "takes only `1` of `1'000`"),
        (r"(\d+)", "1\u{202f}000", "takes only `1`"),
        (r"p95=(\S+)", "p95=NaN", "`NaN` is no plain number"),
        (r"p95=(\S+)", "p95=inf", "`inf` is no"),
        (r"p95=(\S+)", "p95=-Infinity", "`-Infinity` is no"),
        (r"p95=(\S+)", "p95=1e999", "`1e999` is no"),
        (r"p95=(\S+)", "p95=1.2.3", "`1.2.3` is no"),
        (r"p95=(\S+)", "p95=0x10", "`0x10` is no"),
        (r"p95=(\S+)", "p95=1_000", "`1_000` is no"),
        (r"p95=(\S+)", "p95=e", "`e` is no"),
        (r"p95=(\S+)", "p95=\u{661}", "`\u{661}` is no"),
        (r"p95=(\S+)", "p95=2.4s", "`2.4s` is no"),
    ] {
        let why = read(pattern, output.as_bytes()).expect_err(output);
        assert!(why.contains(named), "{pattern} on {output}: {why}");
    }
}

#[test]
fn patterns_that_can_give_no_number_are_refused() {
    for (pattern, why) in [
        ("", "empty"),
        ("(", "unclosed group, at its byte 1"),
        (r"ab[z-a]", "invalid character class range"),
        (r"(?<a>\d)(?<a>\d)", "duplicate"),
        (r"\d{1000}{1000}", "too large"),
        ("p95: [0-9.]+", "what the pattern matches can never be a number"),
        ("(GET|POST) took ([0-9.]+)", "the first group can never be a number"),
        (r"(?<p95>[a-z]+)", "the group `p95` can never be a number"),
        (r"(?<p95>[0-9.]+ms)", "the group `p95` can never be a number"),
        (r"(?<p95>[0-9.]+) (?<p50>x)", "the group `p50` can never be a number"),
        (r"(?<p95>\d{0})", "never"),
        (r"([^\s\S])", "never"),
        (r"(?<a.b>\d+)", "no name"),
        (r"(?<ä>\d+)", "no name"),
    ] {
        let refused = pattern.parse::<Pattern>().expect_err(pattern);
        assert!(refused.contains(why), "{pattern}: {refused}");
    }
    for pattern in [r"(.*)", r"(?i)(?<x>[0-9a-f]+)", r"(?-u)time (\d+)", r"(\S+)", r"(?:a|(\d+))", r"1", r"(?s-u:(.))"]
    {
        assert!(pattern.parse::<Pattern>().is_ok(), "{pattern}");
    }
}

#[test]
fn named_groups_are_measurements_of_that_name() {
    let pattern: Pattern = r"p50=(?<p50>\S+)|p95=(?<p95>\S+)".parse().expect("valid");
    assert_eq!(pattern.names().collect::<Vec<_>>(), [Some("p50"), Some("p95")]);
    let found = pattern.find(b"p95=3\np50=1\np95=4").expect("numbers");
    let found: Vec<_> = found.into_iter().map(|found| (found.name, found.values)).collect();
    assert_eq!(found, [(Some("p50"), vec![1.0]), (Some("p95"), vec![3.0, 4.0])]);
}

#[test]
fn the_end_of_the_output_is_shown_on_one_line() {
    for (output, end) in [
        (&b"a\nlast \x1b[1mline\x07\x1b[0m\n\n"[..], Some("last line ")),
        (b" \n", None),
        (b"", None),
        (b"\xff", Some("\u{fffd}")),
    ] {
        assert_eq!(end_of(output).as_deref(), end, "{}", output.escape_ascii());
    }
    let long = end_of(&[b'x'; 5000]).expect("there is one");
    assert_eq!((long.chars().count(), long.ends_with('…')), (SHOWN + 1, true));
}

#[test]
fn only_the_end_of_a_huge_output_is_looked_at() {
    let mut output = b"time 1\ntime 23456789\n".to_vec();
    let cut = output.len() - 4;
    output.resize(cut + 4 + MAX_OUTPUT - 11, b' ');
    output.extend_from_slice(b"time 2\n");
    assert_eq!(read(r"time (\d+)", &output), Ok(vec![2.0]));
}
