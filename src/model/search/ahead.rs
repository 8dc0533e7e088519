//! What a search will ask, whatever it is told: for those who can answer several questions at once.

use std::collections::VecDeque;

/// Up to `most` questions, the first of them the one that `search` asks now. `look` gives the question of a search, after it has
/// told it what is known already; `None` where it has none that could be answered now. `suppose` tells a search the answer,
/// yes or no.
///
/// The questions are those that follow from the fewest answers, so about as many rounds are saved as there are doublings of
/// `most`, and the search itself goes on as it would alone.
pub fn ahead<S: Clone, A: Clone + PartialEq, E>(
    search: &S,
    most: usize,
    mut look: impl FnMut(&mut S) -> Result<Option<A>, E>,
    suppose: impl Fn(&mut S, &A, bool),
) -> Result<Vec<A>, E> {
    let mut asked: Vec<A> = Vec::new();
    let mut open = VecDeque::from([search.clone()]);
    // Where the same question comes back again and again, there is nothing more to be had.
    let mut looks = most.saturating_mul(8);
    while let Some(mut search) = open.pop_front().filter(|_| asked.len() < most && looks > 0) {
        looks -= 1;
        let Some(question) = look(&mut search)? else { continue };
        for is_good in [true, false] {
            let mut next = search.clone();
            suppose(&mut next, &question, is_good);
            open.push_back(next);
        }
        if !asked.contains(&question) {
            asked.push(question);
        }
    }
    Ok(asked)
}
