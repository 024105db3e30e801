"""People: what customers decide, as pure functions of draws."""
