"""What happens online: the HTTP service, its start page and the `souk` command."""
