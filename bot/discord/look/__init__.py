"""What people see: tweets, voices and texts as Discord shows them, in people's languages."""
