"""What the user sets: the configuration, the credential, and what keeps secrets out of messages."""
