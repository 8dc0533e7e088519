//! A record as the message of an annotated tag, and back.
//!
//! The message is the subject, an optional body, and trailers, so that `git tag -n`, `git show` and
//! `git for-each-ref --format='%(contents:trailers)'` read it without this tool. Unknown trailers are accepted, a
//! newer `Checkpoint-Format` is refused by name.
