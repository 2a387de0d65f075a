"""What Pulumi's engine calls, the stack's state, and how an object is brought to what the program declares."""
