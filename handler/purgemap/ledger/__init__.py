"""The content ledger: which uploads changed nothing that viewers get."""
