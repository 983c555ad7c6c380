"""What is known of people's tweets: where they are kept, what is learned from them, and who must not be learned."""
