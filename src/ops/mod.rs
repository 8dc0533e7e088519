//! One operation a file, each `gather` → `plan` (pure) → `apply` → outcome.
