package manifest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/consentry/consentry/internal/bmff"
	"github.com/consentry/consentry/internal/hashplan"
)

func TestProofBoxLimit(t *testing.T) {
	ps, leaves, m := merkleFile(16, true)
	higher := withTree(m, treeOf(m).with("hashes", hashArr(rows(leaves)[1])))
	build := func(change func(obj) []byte) []byte {
		data := file(ps)
		for i := range leaves {
			data = append(data, change(obj{"uniqueId", 7, "localId", 0, "location", i, "hashes", proof(leaves, i, 1)})...)
		}
		return data
	}
	filled := func(o obj, n int) []byte { // its payload, user type and purpose included, has so many bytes
		const some = maxProofBox - 200
		over := len(mkC2PA("merkle", cb(o.with("x", make([]byte, some))))) - 8 - n
		box := mkC2PA("merkle", cb(o.with("x", make([]byte, some-over))))
		if len(box) != 8+n {
			t.Fatalf("a payload of %d bytes", len(box)-8)
		}
		return box
	}
	for name, c := range map[string]struct {
		change func(obj) []byte
		want   string
	}{
		"padding-past-the-limit": {func(o obj) []byte { return mkC2PA("merkle", cb(o), make([]byte, 2*maxProofBox)) }, intact},
		"map-at-the-limit":       {func(o obj) []byte { return filled(o, maxProofBox) }, intact},
		"map-past-the-limit":     {func(o obj) []byte { return filled(o, maxProofBox+1) }, malformed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := codes(check(t, build(c.change), higher, "")); got != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
		})
	}
}

// damagedFile has n blocks, every other one damaged, so that none join.
func damagedFile(n int) ([]byte, obj) {
	ps := flatFile()
	ps[4] = kept(mkbox("mdat", media(2*n*16)))
	leaves := leavesOf(ps[4].b[8:], 16)
	m := obj{"exclusions", exDefault, "alg", "sha256", "merkle", arr{obj{"uniqueId", 7, "localId", 0, "count", len(leaves), "hashes", hashArr(leaves), "fixedBlockSize", 16}}}
	data := file(ps)
	start := len(data) - 2*n*16
	for i := range n {
		data[start+2*i*16] ^= 1
	}
	return data, m
}

func TestDamageLimit(t *testing.T) {
	for n, want := range map[int]int{256: 256, 257: 256} {
		data, m := damagedFile(n)
		b := check(t, data, m, "")
		if len(b.Damage) != want || b.State != BindingAltered {
			t.Errorf("%d damaged blocks: %d ranges, %v", n, len(b.Damage), texts(b.Findings))
		}
	}
}

func TestExcludedLimit(t *testing.T) {
	ps := flatFile()
	base := len(check(t, file(ps), flatMap(ps), "").Excluded)
	for extra, note := range map[int]bool{1024 - base: false, 1025 - base: true} {
		data := cat(file(ps), bytes.Repeat(mkbox("free"), extra))
		b := check(t, data, flatMap(ps), "")
		if len(b.Excluded) != 1024 || strings.Contains(strings.Join(b.Notes, " "), "are not bound") != note || b.State != BindingIntact {
			t.Errorf("%d listed, notes %v, %s", len(b.Excluded), b.Notes, b.State)
		}
	}
}

func TestRowLimit(t *testing.T) {
	ps := flatFile()
	base := len(check(t, file(ps), flatMap(ps), "").Rows)
	for extra, cut := range map[int]bool{maxRows - base: false, maxRows - base + 1: true} {
		b := check(t, cat(file(ps), bytes.Repeat(mkbox("free"), extra)), flatMap(ps), "")
		if len(b.Rows) != maxRows || b.State != BindingIntact || strings.Contains(strings.Join(b.Notes, " "), "the first 65536 rows are listed") != cut {
			t.Errorf("%d rows, %s, %v", len(b.Rows), b.State, b.Notes)
		}
	}
	for n, cut := range map[int]bool{maxRows: false, maxRows + 1: true} {
		ps[4] = kept(mkbox("mdat", media(n*16)))
		leaves := leavesOf(ps[4].b[8:], 16)
		m := obj{"exclusions", exDefault, "alg", "sha256", "merkle", arr{obj{"uniqueId", 7, "localId", 0, "count", n, "hashes", hashArr(leaves), "fixedBlockSize", 16}}}
		b := check(t, file(ps), m, "")
		if len(b.Digests) != maxRows || b.State != BindingPartial || strings.Contains(strings.Join(b.Notes, " "), "the first 65536 rows are listed") != cut {
			t.Errorf("%d leaves: %d digests, %s, %v", n, len(b.Digests), b.State, b.Notes)
		}
	}
}

// TestRowLimitOfOtherBindings: what a binding by bytes or by boxes has beyond the rows that are listed is said, once.
func TestRowLimitOfOtherBindings(t *testing.T) {
	row := func(k *spanCheck) { k.row(PlanRow{}) }
	digest := func(k *spanCheck) { k.digest("", "sha256", nil, nil) }
	for name, add := range map[string]func(*spanCheck){"rows": row, "digests": digest} {
		for extra, notes := range map[int]int{0: 0, 1: 1, 2: 1} {
			k := &spanCheck{c: &Content{Explain: true}, b: &Binding{}}
			for range maxRows + extra {
				add(k)
			}
			if len(k.b.Rows)+len(k.b.Digests) != maxRows || len(k.b.Notes) != notes {
				t.Errorf("%d %s: %d and %d listed, notes %v", maxRows+extra, name, len(k.b.Rows), len(k.b.Digests), k.b.Notes)
			}
		}
	}
}

// TestFragmentBoxLimit: a movie fragment with more boxes than are kept is a limit, not a verdict.
func TestFragmentBoxLimit(t *testing.T) {
	f := newFragFile(1, 0)
	for n, past := range map[int]bool{40: false, 41: true} {
		f.frags[0][1] = kept(mkbox("moof", bytes.Repeat(mkfull("mfhd", 0, 0, u32(1)), n)))
		data := f.bytes()
		r := bytes.NewReader(data)
		walked, err := bmff.Walk(r, int64(len(data)), bmff.Limits{Boxes: 40})
		if err != nil {
			t.Fatal(err)
		}
		m := f.m.with("exclusions", append(slices.Clone(exDefault), obj{"xpath", "/moof/mfhd"}))
		b, err := checkBMFF(context.Background(), &Content{Data: r, Size: int64(len(data)), Located: &Located{File: walked}}, "c2pa.hash.bmff.v3", "", cb(m), "", "")
		var limit *LimitError
		if past && (!errors.As(err, &limit) || b != nil) || !past && (err != nil || b.State != BindingAltered) {
			t.Errorf("%d boxes: %v, %v", n, b, err)
		}
	}
}

// TestATreeWithoutBlocksThatNamesNoTrackBindsNothing: it is neither one leaf for the box nor chunks of a track.
func TestATreeWithoutBlocksThatNamesNoTrackBindsNothing(t *testing.T) {
	ps, leaves, m := merkleFile(16, true)
	data := file(ps)
	for i := range leaves {
		data = append(data, proofBoxOf(7, 0, i, proof(leaves, i, 4))...)
	}
	b := check(t, data, withTree(m, treeOf(m).without("fixedBlockSize").with("hashes", hashArr(rows(leaves)[4]))), "")
	if b.NotSupported != "" || codes(b) != "not-bound [assertion.bmffHash.malformed]" {
		t.Errorf("%q, %s", b.NotSupported, codes(b))
	}
}

// TestMatchingLimit: exclusions that ask for bytes of every box are a limit, and not hours.
func TestMatchingLimit(t *testing.T) {
	ps := flatFile()
	data := cat(file(ps), bytes.Repeat(mkbox("free"), 1000))
	l, err := Locate(context.Background(), bytes.NewReader(data), int64(len(data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	items := arr{}
	for range 150 {
		items = append(items, obj{"offset", 4, "value", []byte("free")})
	}
	greedy := append(slices.Clone(exDefault), obj{"xpath", "/free", "data", append(slices.Clone(items), obj{"offset", 0, "value", []byte{9}})}, obj{"xpath", "/free", "subset", arr{obj{"offset", 2, "length", 1}, obj{"offset", 4, "length", 0}}})
	m, err := decodeBMFFMap(cb(flatMap(ps).with("exclusions", greedy)))
	if err != nil {
		t.Fatal(err)
	}
	plan := func(left int64) (int64, error) {
		k := newMatcher(l.File, m.Exclusions)
		k.left.Store(left)
		err := k.plan(0, len(l.File.Boxes), int64(len(data)), true, &hashplan.Plan{}, nil)
		return left - k.left.Load(), err
	}
	spent, err := plan(maxMatching)
	if err != nil {
		t.Fatal(err)
	}
	var limit *LimitError
	if _, err := plan(spent); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := plan(spent - 1); !errors.As(err, &limit) {
		t.Errorf("one past the limit: %v", err)
	}
	for range 150 {
		greedy = append(greedy, obj{"xpath", "/free", "data", append(slices.Clone(items), obj{"offset", 0, "value", []byte{9}})})
	}
	_, err = checkBMFF(context.Background(), &Content{Data: bytes.NewReader(data), Size: int64(len(data)), Located: l}, "c2pa.hash.bmff.v3", "", cb(flatMap(ps).with("exclusions", greedy)), "", "")
	if !errors.As(err, &limit) {
		t.Errorf("150 times 1,000 times 150 comparisons: %v", err)
	}
}

// countingReader counts what is read.
type countingReader struct {
	*bytes.Reader
	n atomic.Int64
}

func (r *countingReader) ReadAt(p []byte, at int64) (int, error) {
	r.n.Add(int64(len(p)))
	return r.Reader.ReadAt(p, at)
}

// TestInitSegmentIsHashedOnce: a thousand trees over one initialization segment do not read it a thousand times.
func TestInitSegmentIsHashedOnce(t *testing.T) {
	f := newFragFile(1, 0)
	f.init = append(f.init, kept(mkbox("abcd", media(1<<20))))
	tree := treeOf(f.m).with("initHash", sha(hashed(f.init, 0)))
	trees := arr{}
	for i := range maxMerkleMaps {
		trees = append(trees, tree.with("localId", i+1))
	}
	data := f.bytes()
	whole := file(f.init)
	for name, c := range map[string]*Content{"a-file": {Size: int64(len(data))}, "a-set": {Size: int64(len(whole))}} {
		r := &countingReader{Reader: bytes.NewReader(data[:c.Size])}
		var err error
		if c.Located, err = Locate(context.Background(), r, c.Size, Limits{}); err != nil {
			t.Fatal(err)
		}
		c.Data = r
		if _, err = checkBMFF(context.Background(), c, "c2pa.hash.bmff.v3", "", cb(f.m.with("merkle", trees)), "", ""); err != nil {
			t.Fatal(err)
		}
		if n := r.n.Load(); n < 1<<20 || n > 4<<20 {
			t.Errorf("%s: %d bytes were read of %d", name, n, c.Size)
		}
	}
}
