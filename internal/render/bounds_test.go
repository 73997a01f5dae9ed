package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/manifest"
)

// In the package, since the bounds of a document are its own business: a file that reaches them has hundreds of
// megabytes.

func TestBoxesAreCut(t *testing.T) {
	for _, past := range []int{0, 1, 7} {
		in := NewInspection("clip.mp4", 0, nil, nil)
		in.boxes(make([]*bmff.Box, 0))
		list := make([]*bmff.Box, maxInspectedBoxes+past)
		for i := range list {
			list[i] = &bmff.Box{Type: bmff.CC("free"), Index: uint32(i + 1), Size: 8, Offset: int64(8 * i)}
		}
		in.boxes(list)
		if len(in.Boxes) != maxInspectedBoxes || in.MoreBoxes != past {
			t.Errorf("%d past the bound: %d boxes and %d more", past, len(in.Boxes), in.MoreBoxes)
		}
		var b bytes.Buffer
		if err := in.Text(&b, Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), "free["); got != maxTextBoxes {
			t.Errorf("the text lists %d boxes, want %d", got, maxTextBoxes)
		}
	}
}

func TestAssertionsPastTheBoundAreEmpty(t *testing.T) {
	a := &manifest.Assertion{Label: "x", Base: "x", ContentType: "cbor", Payload: []byte{0x82, 0x01, 0x02}} // [1, 2]: 3 items
	for _, c := range []struct {
		items int
		shown bool
	}{{3, true}, {2, false}, {0, false}} {
		b := &budget{c.items}
		_, shown := b.view(a).([]any)
		if shown != c.shown {
			t.Errorf("with room for %d items, shown: %v", c.items, shown)
		}
	}
	b := &budget{5}
	b.view(a)
	if _, shown := b.view(a).([]any); shown {
		t.Error("the bound is for all together")
	}
}
