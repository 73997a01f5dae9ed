package manifest

// Limits bound what reading and validating may use. Zero members stand for the documented defaults.
type Limits struct {
	Store int64 // bytes of one manifest store
	Boxes int   // boxes of the container that are kept
	Depth int   // levels of boxes in the container
}
