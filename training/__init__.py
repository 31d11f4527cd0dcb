"""What happens offline: training the encoder and the ranker, and measuring them."""
