"""What this machine remembers across projects: who has which port."""
