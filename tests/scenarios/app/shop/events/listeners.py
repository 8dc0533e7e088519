"""Which jobs follow which event."""

OF = {"registered": ["mail"]}
