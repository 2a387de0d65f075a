"""What `pulumi` runs for each stack. program.py has the content."""

from program import main

main()
