package manifest

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/jumbf"
	"github.com/consentry/consentry/report"
)

// These tests are inside the package because a store whose work ends at the unit takes minutes to make; [TestLimits]
// goes below and past the limits with whole stores.

// aManifest is a manifest with a box of n bytes.
func aManifest(n int) (*Manifest, *jumbf.Box) {
	box := &jumbf.Box{Raw: make([]byte, n)}
	return &Manifest{Label: "urn:c2pa:1", Box: box}, box
}

func TestStepsEndAtTheLimit(t *testing.T) {
	m, _ := aManifest(8)
	w := &work{m: m}
	v := &validator{steps: maxSteps}
	if !v.step(maxSteps-1, w) || !v.step(1, w) || v.stop != nil {
		t.Fatalf("at the limit: %v", v.stop)
	}
	var limit *LimitError
	if v.step(1, w) || !errors.As(v.stop, &limit) || limit.Limit != 1<<18 {
		t.Errorf("one more: %v", v.stop)
	}
}

func TestBytesToHashEndAtTheLimit(t *testing.T) {
	for more, within := range map[int64]bool{0: true, -1: false} {
		_, box := aManifest(1000)
		want := sha256.Sum256(box.Payload())
		v := &validator{hashing: 1000 + more, hashable: 8000, digests: map[digestKey][]byte{}}
		same, err := v.check(box, "sha256", want[:])
		if same != within || err != nil || (v.stop == nil) != within {
			t.Errorf("%d bytes are left for 1,000: %v, %v, %v", 1000+more, same, err, v.stop)
		}
		if !within && v.stop.Limit != v.hashable {
			t.Errorf("%v", v.stop)
		}
	}
}

func TestFindingsAboutAContainerAreCounted(t *testing.T) {
	l := &Located{}
	for n := 1; n <= 18; n++ {
		l.add(report.New("asset.malformed", "", "broken"))
		if want := min(n, 16); len(l.Findings) != want {
			t.Errorf("%d findings of %d, expected %d", len(l.Findings), n, want)
		}
	}
}
