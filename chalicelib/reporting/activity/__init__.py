"""What an account started and waits for, with how far each is."""
