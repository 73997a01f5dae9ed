package manifest

import "fmt"

// Limits bound what reading and validating may use. Zero members stand for [DefaultLimits].
type Limits struct {
	Store int64 // bytes of one manifest store
	Boxes int   // boxes of the container that are kept
	Depth int   // levels of boxes in the container

	Manifests    int   // manifests in a store
	Assertions   int   // assertions in a store, and references that a claim may list
	Actions      int   // actions in a store, related ones included
	Ingredients  int   // levels of ingredients below the active manifest
	Decompressed int64 // bytes of all compressed manifests together
	Items        int   // CBOR items of all assertions together that are read
}

// DefaultLimits are those that a zero [Limits] stands for.
var DefaultLimits = Limits{
	// The largest stores seen (many ingredients, each with a thumbnail) have some megabytes; four videos' worth of
	// Merkle leaves fit as well.
	Store: 64 << 20,
	// 60 deep or 200 wide is what real editors make. Each has a signature and a time-stamp to verify, a millisecond or
	// two together.
	Manifests: 1024,
	// The claims of real files list fewer than 100 assertions. Each costs a finding, a digest and some 2 kB, so that a
	// hostile store of this many stays below 100 MB with its report.
	Assertions: 10_000,
	// Editors write down some hundred steps.
	Actions: 10_000,
	// The reference implementation stops at 200 levels too.
	Ingredients: 200,
	// A manifest is compressed to save kilobytes. The reference implementation's limit, over all of them together.
	Decompressed: 32 << 20,
	// Two full trees of cbortree.MaxItems, some 50 MB; real stores have some ten thousand.
	Items: 1 << 19,
}

// withDefaults fills the members that are this package's store limits.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	set(&l.Store, d.Store)
	set(&l.Decompressed, d.Decompressed)
	set(&l.Manifests, d.Manifests)
	set(&l.Assertions, d.Assertions)
	set(&l.Actions, d.Actions)
	set(&l.Ingredients, d.Ingredients)
	set(&l.Items, d.Items)
	return l
}

func set[T int | int64](member *T, value T) {
	if *member <= 0 {
		*member = value
	}
}

// LimitError says which limit of ours stopped the work: the file could not be judged, which says nothing about it.
type LimitError struct {
	What  string // what there is too much of
	Limit int64
	Where string // JUMBF URI or box path
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("more than %d %s at %s: not judged", e.Limit, e.What, e.Where)
}
