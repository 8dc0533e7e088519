use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
};

use proptest::prelude::*;

use super::*;

/// Commits, some of which break the check, and some of which do not apply without others.
#[derive(Debug, Clone)]
struct World {
    total: usize,
    culprits: BTreeSet<usize>,
    /// What each needs, all of them earlier.
    needs: Vec<Vec<usize>>,
}

impl World {
    fn plain(total: usize, culprits: &[usize]) -> Self {
        World { total, culprits: culprits.iter().copied().collect(), needs: vec![Vec::new(); total] }
    }

    fn chain(&self, out: &BTreeSet<usize>) -> Vec<usize> {
        let mut chain: Vec<usize> = Vec::new();
        for commit in (0..self.total).filter(|commit| !out.contains(commit)) {
            if self.needs[commit].iter().all(|need| chain.contains(need)) {
                chain.push(commit);
            }
        }
        chain
    }

    fn answer(&self, list: &[usize]) -> Answer {
        if list.iter().any(|commit| self.culprits.contains(commit)) { Answer::Bad("unit".into()) } else { Answer::Good }
    }

    /// The culprits that apply without other culprits, and what applies without these.
    fn expected(&self) -> (BTreeSet<usize>, Vec<usize>) {
        let good = self.chain(&self.culprits);
        let mut found = BTreeSet::new();
        for culprit in &self.culprits {
            if self.needs[*culprit].iter().all(|need| good.contains(need)) {
                found.insert(*culprit);
            }
        }
        (found, good)
    }
}

/// What a search came to.
struct Played {
    search: Search,
    end: End,
    /// The lists that were validated, in order, with what was said.
    validated: Vec<(Vec<usize>, Answer)>,
}

fn play(world: &World, mut answer: impl FnMut(&[usize], usize) -> Answer) -> Played {
    let mut search = Search::new(world.total, world.chain(&BTreeSet::new()));
    let mut validated: Vec<(Vec<usize>, Answer)> = Vec::new();
    loop {
        match search.next() {
            Ask::Validate { length, again } => {
                let list = search.chain[..length].to_vec();
                let before = validated.iter().filter(|(known, _)| *known == list).count();
                assert_eq!(before > 0, again, "what is known is asked for once more only to be sure: {list:?}");
                let said = answer(&list, before);
                validated.push((list, said.clone()));
                search.answered((length, again), said, true);
            }
            Ask::Chain(out) => search.chained(world.chain(&out)),
            Ask::End(end) => return Played { search, end, validated },
        }
        assert!(validated.len() < 10 * world.total + 100, "it does not end");
    }
}

impl Played {
    fn breaks(&self) -> BTreeSet<usize> {
        (0..self.search.total).filter(|commit| matches!(self.search.blame(*commit), Some(Blame::Breaks(_)))).collect()
    }

    fn silences(&self) -> Vec<usize> {
        (0..self.search.total).filter(|commit| matches!(self.search.blame(*commit), Some(Blame::Silences(_)))).collect()
    }

    /// That what it claims is good was said to be, as it is.
    fn assert_claims_only_what_it_saw(&self) {
        let good = self.search.good().to_vec();
        let seen = self.validated.iter().any(|(list, answer)| *list == good && *answer == Answer::Good);
        assert!(seen || good.is_empty(), "never validated: {good:?}");
    }
}

fn assert_finds(world: &World) {
    let played = play(world, |list, _| world.answer(list));
    let (culprits, good) = world.expected();
    assert_eq!(played.end, End::Done);
    assert_eq!(played.breaks(), culprits, "{world:?}");
    assert_eq!(played.search.good(), good, "{world:?}");
    assert_eq!(played.search.flaky().count(), 0);
    played.assert_claims_only_what_it_saw();
    let (count, most) = (played.validated.len(), limit(world.total, culprits.len()));
    assert!(count <= most, "{count} validations are more than {most}, for {} among {}", culprits.len(), world.total);
}

#[test]
fn every_single_culprit_is_found_within_the_limit() {
    for total in (1..70).chain([99, 127, 128, 129, 500, 511, 513, 1000]) {
        assert_finds(&World::plain(total, &[]));
        let step = (total / 40).max(1);
        for culprit in (0..total).step_by(step).chain([total - 1]) {
            assert_finds(&World::plain(total, &[culprit]));
        }
    }
}

#[test]
fn pairs_and_all_are_found() {
    for total in [10, 11, 16, 17, 33] {
        for first in 0..total {
            for second in first + 1..total {
                assert_finds(&World::plain(total, &[first, second]));
            }
        }
        assert_finds(&World::plain(total, &(0..total).collect::<Vec<_>>()));
    }
}

#[test]
fn without_culprits_two_are_enough_and_without_commits_none() {
    let world = World::plain(1000, &[]);
    assert_eq!(play(&world, |list, _| world.answer(list)).validated.len(), 2);
    let world = World::plain(0, &[]);
    let played = play(&world, |list, _| world.answer(list));
    assert_eq!((played.validated.len(), played.end), (0, End::Done));
}

#[test]
fn nothing_is_judged_against_a_base_that_is_not_good() {
    let world = World::plain(40, &[3]);
    for said in [Answer::Bad("unit".into()), Answer::Open("unit".into())] {
        let played = play(&world, |_, _| said.clone());
        assert_eq!((played.validated.len(), &played.end), (1, &End::Base(said)));
        assert!(played.search.good().is_empty() && played.breaks().is_empty());
    }
}

#[test]
fn what_has_no_answer_is_passed_over_as_long_as_others_have_one() {
    let world = World::plain(32, &[20]);
    // In the middle, and where it would be asked next.
    let played = play(&world, |list, _| match list.len() {
        16 | 8 => Answer::Open("slow".into()),
        _ => world.answer(list),
    });
    assert_eq!((played.breaks(), played.silences()), (BTreeSet::from([20]), vec![]));
    assert_eq!(played.search.good().len(), 31);
    played.assert_claims_only_what_it_saw();
}

#[test]
fn where_all_that_lies_between_has_no_answer_none_of_it_is_claimed() {
    let world = World::plain(32, &[20]);
    let played = play(&world, |list, _| match list.contains(&19) && list.contains(&20) || list.last() == Some(&19) {
        true if list.len() <= 21 => Answer::Open("slow".into()),
        _ => world.answer(list),
    });
    assert_eq!((played.breaks(), played.silences()), (BTreeSet::new(), vec![19, 20, 21]));
    assert_eq!(played.search.good().len(), 29);
    played.assert_claims_only_what_it_saw();
}

#[test]
fn a_commit_that_silences_the_checks_is_left_out() {
    let world = World::plain(100, &[]);
    let silent = |list: &[usize], _| if list.contains(&40) { Answer::Open("slow".into()) } else { Answer::Good };
    let played = play(&world, silent);
    assert_eq!((played.silences(), played.search.good().len()), (vec![40], 99));
    assert!(played.validated.len() < 40, "{}", played.validated.len());
}

#[test]
fn checks_that_fall_silent_end_the_search_with_what_is_known() {
    let world = World::plain(1000, &[]);
    let mut asked = 0;
    let played = play(&world, |list, _| {
        asked += 1;
        if list.len() > 500 || asked > 20 { Answer::Open("net".into()) } else { Answer::Good }
    });
    assert_eq!((played.end.clone(), played.silences().len()), (End::Silent, 3));
    assert!(played.validated.len() < 150, "{}", played.validated.len());
    assert!(!played.search.untried().is_empty());
    played.assert_claims_only_what_it_saw();
}

#[test]
fn a_failure_that_does_not_come_again_condemns_nobody() {
    let world = World::plain(64, &[]);
    // The whole fails once, and so does whatever has commit 10 in it, the first time.
    let played = play(
        &world,
        |list, before| if before == 0 && list.contains(&10) { Answer::Bad("net".into()) } else { Answer::Good },
    );
    assert_eq!(played.search.flaky().collect::<Vec<_>>(), ["net"]);
    played.assert_claims_only_what_it_saw();
}

#[test]
fn a_failure_that_comes_again_is_no_flaky_one() {
    let world = World::plain(64, &[10]);
    let played = play(&world, |list, _| world.answer(list));
    let twice = played.validated.iter().filter(|(list, _)| list.last() == Some(&10)).count();
    assert_eq!((twice, played.search.flaky().count()), (2, 0));
}

#[test]
fn what_breaks_and_is_mended_later_is_as_good_as_the_whole() {
    let world = World::plain(64, &[10]);
    let mended = |list: &[usize], _| if list.contains(&50) { Answer::Good } else { world.answer(list) };
    let played = play(&world, mended);
    assert_eq!((played.search.good().len(), played.validated.len()), (64, 2));
}

#[test]
fn the_limit_is_the_formula() {
    for (commits, culprits, most) in [(40, 1, 10), (10, 1, 7), (1000, 10, 161), (16, 2, 16), (1, 0, 2), (0, 1, 4)] {
        assert_eq!(limit(commits, culprits), most, "{commits} {culprits}");
    }
}

/// The same search with several questions at a time: how many rounds, and all that was asked.
fn play_ahead(world: &World, most: usize) -> (Search, usize, usize) {
    let mut search = Search::new(world.total, world.chain(&BTreeSet::new()));
    let mut known: HashMap<(Vec<usize>, bool), Answer> = HashMap::new();
    let mut rounds = 0;
    loop {
        let mut look = |search: &mut Search| -> Result<Option<(usize, bool, Vec<usize>)>, Infallible> {
            loop {
                let Ask::Validate { length, again } = search.next() else { return Ok(None) };
                let list = search.chain[..length].to_vec();
                match known.get(&(list.clone(), again)) {
                    Some(answer) => search.answered((length, again), answer.clone(), true),
                    None => return Ok(Some((length, again, list))),
                }
            }
        };
        look(&mut search).expect("it cannot fail");
        match search.next() {
            Ask::End(_) => return (search, rounds, known.len()),
            Ask::Chain(out) => search.chained(world.chain(&out)),
            Ask::Validate { .. } => {
                let suppose = |search: &mut Search, (length, again, _): &(usize, bool, Vec<usize>), is_good: bool| {
                    let answer = if is_good { Answer::Good } else { Answer::Bad(String::new()) };
                    search.answered((*length, *again), answer, true);
                };
                let questions = ahead(&search, most, &mut look, suppose).expect("it cannot fail");
                assert!((1..=most).contains(&questions.len()));
                for (_, again, list) in questions {
                    let answer = world.answer(&list);
                    known.insert((list, again), answer);
                }
                rounds += 1;
            }
        }
    }
}

#[test]
fn several_at_once_take_fewer_rounds_and_find_the_same() {
    for culprits in [&[][..], &[700], &[3, 400, 401, 999]] {
        let world = World::plain(1000, culprits);
        let (alone, rounds, asked) = play_ahead(&world, 1);
        assert_eq!(rounds, asked);
        for (most, faster) in [(2, 1.2), (3, 1.6), (7, 2.2)] {
            let (search, fewer, _) = play_ahead(&world, most);
            assert_eq!((search.good(), &search.out), (alone.good(), &alone.out));
            #[allow(clippy::cast_precision_loss, reason = "counts are small")]
            let ratio = rounds as f64 / fewer as f64;
            assert!(culprits.is_empty() || ratio >= faster, "{most}: {rounds} and {fewer}");
        }
    }
}

fn worlds() -> impl Strategy<Value = World> {
    (10_usize..=1000, 1_usize..=10).prop_flat_map(|(total, most)| {
        let culprits = proptest::collection::btree_set(0..total, 1..=most);
        let needs = proptest::collection::vec((0..total, 0..total), 0..total / 2);
        (culprits, needs).prop_map(move |(culprits, pairs)| {
            let mut world = World { culprits, ..World::plain(total, &[]) };
            for (one, other) in pairs.into_iter().filter(|(one, other)| one != other) {
                world.needs[one.max(other)].push(one.min(other));
            }
            world
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exactly_the_planted_ones_are_found(world in worlds()) {
        assert_finds(&world);
    }

    #[test]
    fn any_number_at_once_finds_the_same(world in worlds(), most in 1_usize..=8) {
        let (search, _, _) = play_ahead(&world, most);
        let (_, good) = world.expected();
        prop_assert_eq!(search.good(), &good[..]);
    }

    #[test]
    fn whatever_is_said_it_ends_and_claims_only_what_it_saw(
        total in 1_usize..200,
        said in proptest::collection::vec(0_u8..10, 1..400),
    ) {
        let world = World::plain(total, &[]);
        let mut at = 0;
        let played = play(&world, |list, _| {
            at += 1;
            match said[at % said.len()] {
                _ if list.is_empty() => Answer::Good,
                0..6 => Answer::Good,
                6..9 => Answer::Bad("unit".into()),
                _ => Answer::Open("unit".into()),
            }
        });
        played.assert_claims_only_what_it_saw();
    }
}
