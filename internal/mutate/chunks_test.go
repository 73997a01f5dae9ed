package mutate_test

import (
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/mutate"
)

// TestPartsOfEveryCarrierAreFound holds the walk over files that are no BMFF files against where the forge put things:
// parts lie in those around them, none overlaps its neighbour, and the store's boxes are among them.
func TestPartsOfEveryCarrierAreFound(t *testing.T) {
	for _, kind := range []string{"avi", "wav", "rf64", "webp", "mp3", "flac", "ogg", "jpeg", "png"} {
		b := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: kind}})
		boxes := mutate.Boxes(b.Data)
		ends := map[int]int{-1: 0} // by parent, where its last part ends
		jumb, at := 0, map[int64]bool{}
		for i, x := range boxes {
			if x.Type == "jumb" {
				jumb++
			}
			if x.Size < x.Header || x.End() > len(b.Data) {
				t.Errorf("%s: %s at %d has %d bytes", kind, x.Type, x.Offset, x.Size)
			}
			if p := x.Parent; p >= 0 && (p >= i || x.Offset < boxes[p].Offset || x.End() > boxes[p].End()) {
				t.Errorf("%s: %s at %d does not lie in part %d", kind, x.Type, x.Offset, p)
			}
			if x.Offset < ends[x.Parent] {
				t.Errorf("%s: %s at %d begins in its neighbour", kind, x.Type, x.Offset)
			}
			ends[x.Parent] = x.End()
			at[int64(x.Offset)] = true
		}
		if jumb < 5 && kind != "ogg" { // its pages divide the store
			t.Errorf("%s: %d superboxes were found", kind, jumb)
		}
		for _, r := range b.Places.Store {
			if !at[r.Offset] {
				t.Errorf("%s: no part begins at %d, where the store's does", kind, r.Offset)
			}
		}
	}
}

// TestMutationsOfCarriersAreTheSameEachTime makes each twice.
func TestMutationsOfCarriersAreTheSameEachTime(t *testing.T) {
	f := mutate.File{Data: forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "webp"}}).Data}
	changed := 0
	for n := range uint64(200) {
		a, what := f.Mutate(7, n, f)
		b, again := f.Mutate(7, n, f)
		if !a.Equal(b) || what != again {
			t.Fatalf("mutation %d: %q and then %q", n, what, again)
		}
		if !a.Equal(f) {
			changed++
		}
	}
	if changed < 150 {
		t.Errorf("%d of 200 mutations change anything", changed)
	}
}
