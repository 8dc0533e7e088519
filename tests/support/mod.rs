//! A hermetic repository to try things in.
