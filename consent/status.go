package consent

// statusLists are the status list tokens at hand.
type statusLists struct{}
