//! Which check may begin next: what it needs has passed, there is room, and nobody who has to be alone is in the way.

use crate::config::Check;

/// Where a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    Running,
    Passed,
    /// It did not pass, or was not run.
    Missed,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// This one begins.
    Begin(usize),
    /// This one is not run, as the other one, which it needs, has not passed.
    Skip(usize, usize),
    /// Nothing before one that runs has ended.
    Wait,
    /// All have ended.
    End,
}

/// The checks of a run, by their number.
#[derive(Debug)]
pub(super) struct Board {
    places: Vec<Place>,
    needs: Vec<Vec<usize>>,
    is_exclusive: Vec<bool>,
    /// So many run at once.
    room: usize,
    running: usize,
    /// Whether one of them has to be alone.
    is_alone: bool,
    /// None before this one waits.
    first: usize,
    /// Whether one may wait that needs what was missed.
    may_skip: bool,
}

impl Board {
    /// Of these checks, with room for so many at once. What one needs and is not among them counts as passed.
    pub(super) fn new(checks: &[&Check], room: usize) -> Self {
        let numbers: std::collections::HashMap<_, _> =
            checks.iter().enumerate().map(|(number, check)| (check.name.as_str(), number)).collect();
        let needs =
            |check: &&Check| check.needs.iter().filter_map(|name| numbers.get(name.as_str()).copied()).collect();
        Board {
            places: vec![Place::Waiting; checks.len()],
            needs: checks.iter().map(needs).collect(),
            is_exclusive: checks.iter().map(|check| check.exclusive).collect(),
            room: room.max(1),
            running: 0,
            is_alone: false,
            first: 0,
            may_skip: false,
        }
    }

    /// What there is to do; what it says to begin or to skip counts as begun or skipped.
    pub(super) fn next(&mut self) -> Next {
        while self.places.get(self.first).is_some_and(|place| *place != Place::Waiting) {
            self.first += 1;
        }
        if self.first == self.places.len() {
            return if self.running == 0 { Next::End } else { Next::Wait };
        }
        let is_full = self.running == self.room || self.is_alone;
        if is_full && !self.may_skip {
            return Next::Wait;
        }
        for number in self.first..self.places.len() {
            if self.places[number] != Place::Waiting {
                continue;
            }
            let missed = self.needs[number].iter().find(|need| self.places[**need] == Place::Missed);
            if let Some(missed) = missed {
                self.places[number] = Place::Missed;
                self.may_skip = true;
                return Next::Skip(number, *missed);
            }
            let is_ready = self.needs[number].iter().all(|need| self.places[*need] == Place::Passed);
            if is_ready && !is_full && (!self.is_exclusive[number] || self.running == 0) {
                self.places[number] = Place::Running;
                self.running += 1;
                self.is_alone = self.is_exclusive[number];
                return Next::Begin(number);
            }
            // Others go past one that has to be alone only until it could begin.
            if is_ready && self.is_exclusive[number] && !is_full {
                return Next::Wait;
            }
        }
        self.may_skip = false;
        Next::Wait
    }

    /// One that had begun has ended.
    pub(super) fn ended(&mut self, number: usize, passed: bool) {
        self.running -= 1;
        self.is_alone = false;
        self.settle(number, passed);
    }

    /// How one ended is known without its beginning.
    pub(super) fn settle(&mut self, number: usize, passed: bool) {
        self.places[number] = if passed { Place::Passed } else { Place::Missed };
        self.may_skip |= !passed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Plays a whole run, in which the checks named end badly; what began and what ended, in order.
    fn play(text: &str, room: usize, bad: &[&str]) -> String {
        let config = Config::parse(text).expect("valid");
        let checks: Vec<&Check> = config.checks_for_tests().iter().collect();
        let mut board = Board::new(&checks, room);
        let (mut running, mut said) = (std::collections::VecDeque::new(), String::new());
        loop {
            match board.next() {
                Next::Begin(number) => {
                    said += &format!("+{} ", checks[number].name);
                    running.push_back(number);
                }
                Next::Skip(number, because) => said += &format!("{}!{} ", checks[number].name, checks[because].name),
                Next::Wait => {
                    let number = running.pop_front().expect("one runs that is waited for");
                    said += &format!("-{} ", checks[number].name);
                    board.ended(number, !bad.contains(&checks[number].name.as_str()));
                }
                Next::End => return said.trim_end().to_owned(),
            }
        }
    }

    #[test]
    fn needs_room_and_solitude_are_kept() {
        let check = |name: &str, more: &str| format!("[[check]]\nname = '{name}'\nrun = 'true'\n{more}\n");
        let (a, b, c) = (check("a", ""), check("b", ""), check("c", ""));
        let needs_a = check("n", "needs = ['a']");
        let alone = check("x", "exclusive = true");
        for (text, room, bad, expected) in [
            (String::new(), 2, &[][..], ""),
            (format!("{a}{b}{c}"), 1, &[], "+a -a +b -b +c -c"),
            (format!("{a}{b}{c}"), 2, &[], "+a +b -a +c -b -c"),
            (format!("{a}{b}{c}"), 0, &["a"], "+a -a +b -b +c -c"),
            (format!("{a}{needs_a}{b}"), 3, &[], "+a +b -a +n -b -n"),
            (format!("{needs_a}{a}"), 3, &[], "+a -a +n -n"),
            (format!("{a}{needs_a}{b}"), 3, &["a"], "+a +b -a n!a -b"),
            (format!("{a}{needs_a}{}", check("m", "needs = ['n']")), 3, &["a"], "+a -a n!a m!n"),
            (format!("{a}{alone}{b}"), 3, &[], "+a -a +x -x +b -b"),
            (format!("{alone}{a}{b}"), 3, &[], "+x -x +a +b -a -b"),
            (format!("{a}{b}{alone}"), 3, &[], "+a +b -a -b +x -x"),
        ] {
            assert_eq!(play(&text, room, bad), expected, "{text} {room} {bad:?}");
        }
    }
}
