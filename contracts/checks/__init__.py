"""What is checked: each check by name, where it applies, and what it takes for an exchange to say something."""
