//! How many threads share a piece of work.

/// More threads than this only wait for each other in the kernel.
const MAX: usize = 8;

/// How many threads to use where `useful` would not be too many.
pub(super) fn up_to(useful: usize) -> usize {
    if useful <= 1 { 1 } else { processors().min(MAX).min(useful) }
}

/// On how many processors this process may run. The standard library also reads what limits a control group, which takes
/// as long as to look at some hundred files; who has less time than processors loses nothing by a thread more.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn processors() -> usize {
    let allowed = rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count());
    usize::try_from(allowed).unwrap_or(1)
}

/// On how many processors this process may run.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
