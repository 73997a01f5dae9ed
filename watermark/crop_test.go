package watermark

import "testing"

// Messages of up to 64 bits are looked for in parts of a picture; the sums of longer ones are not even made.
func TestTheMessagesOfAPartAreBounded(t *testing.T) {
	p := newPart([]int{32, 64, 65, 1024}, 3, "a part")
	for i, want := range []int{3, 3, 0, 0} {
		if got := len(p.rows[i]); got != want {
			t.Errorf("length %d: %d lines are summed, want %d", i, got, want)
		}
	}
}

// Whatever the size of a picture, it is held against five others at the most.
func TestTheSizesAPictureMayHaveHadAreBounded(t *testing.T) {
	most := 0
	for _, n := range natives {
		for scale := 1; scale <= 4; scale++ {
			most = max(most, len(nativesOf(n[0]*scale+8, n[1]*scale+8)), len(nativesOf(n[0]*scale, n[1]*scale)))
		}
	}
	if most != 5 {
		t.Errorf("%d sizes", most)
	}
}
