"""What Pulumi calls. Import paths and class names in here are the state's format: they never move."""
