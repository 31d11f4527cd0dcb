"""What is computed: texts to vectors to candidates to scores to reasons. No network, no database, no clock."""
