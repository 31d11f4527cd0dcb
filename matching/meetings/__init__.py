"""The meeting plan of a fair: who meets whom, when and where."""
