package persons

import (
	"testing"
	"time"

	"github.com/consentry/consentry/region"
)

// The test is inside the package because the limit is reached after hundreds of millions of comparisons only.

// A region is held against faces for as long as there is work left: to the last unit, and not one past it.
func TestCover_points(t *testing.T) {
	if maxPoints != 1<<28 {
		t.Errorf("the limit is %d", maxPoints)
	}
	r := &region.Region{}
	cost := int64(r.Cost())
	for left, held := range map[int64]bool{3 * cost: true, 3*cost - 1: false} {
		c := &cover{points: left}
		e := &entryRegions{regions: []timedRegion{{Region: r, end: time.Hour, cost: cost}}}
		places := []region.Place{{At: 0}, {At: time.Second}, {At: 2 * time.Second}}
		h := c.hold(e, places, []float64{1, 1, 1})
		if (c.points >= 0) != held {
			t.Errorf("%d of %d units are left: %d", left, 3*cost, c.points)
		}
		if !held && h.share != 0 {
			t.Errorf("what was not looked at to its end covers %v", h.share)
		}
	}
}
