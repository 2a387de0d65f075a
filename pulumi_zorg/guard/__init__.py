"""`zorg preview-guard`: reads the plan of a preview and compares it with limits."""
