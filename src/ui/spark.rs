//! Many numbers in the height of one line.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LETTERS: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];

/// One character for each number, the lowest and the highest of them as far apart as can be; a blank where there is none.
/// Without `blocks` of characters that every screen has.
pub fn sparkline(values: &[Option<f64>], blocks: bool) -> String {
    let marks = if blocks { BLOCKS } else { LETTERS };
    let known = || values.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    // Halves, for the whole of the largest numbers is none.
    let span = high / 2.0 - low / 2.0;
    let mark = |value: f64| {
        let part = if span > 0.0 { (value / 2.0 - low / 2.0) / span } else { 0.5 };
        // `part` is from 0 to 1, and there are eight marks.
        let place = (1..marks.len()).filter(|place| part * 7.0 + 0.5 >= f64::from(u8::try_from(*place).unwrap_or(7)));
        marks[place.count()]
    };
    values.iter().map(|value| value.map_or(' ', mark)).collect()
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn the_lowest_is_at_the_bottom_and_the_highest_at_the_top() {
        for (values, blocks, letters) in [
            (&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0][..], "▁▂▃▄▅▆▇█", "_.-~=+*#"),
            (&[7.0, 0.0], "█▁", "#_"),
            (&[-1e300, 0.0, 1e300], "▁▅█", "_=#"),
            (&[f64::MAX, f64::MIN], "█▁", "#_"),
            (&[2.4, 2.4], "▅▅", "=="),
            (&[2.4], "▅", "="),
            (&[], "", ""),
        ] {
            let values: Vec<_> = values.iter().copied().map(Some).collect();
            assert_eq!(sparkline(&values, true), blocks, "{values:?}");
            assert_eq!(sparkline(&values, false), letters, "{values:?}");
        }
        assert_eq!(sparkline(&[None, Some(1.0), None, Some(2.0)], true), " ▁ █");
        assert_eq!(sparkline(&[None], true), " ");
    }
}
