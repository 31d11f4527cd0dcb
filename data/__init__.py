"""What is at rest: tables read from files, the store of records, the shipped sample, encoder and ranker."""
