//! Streams, colour, prompts and text for people; knows nothing of git beside the words.
