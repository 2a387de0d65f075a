"""What a process is given: the settings and the credential, the project's file, and the texts that no message shows."""
