"""What a program writes."""
