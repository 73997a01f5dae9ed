package mutate_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"runtime/metrics"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/mutate"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

var (
	mutations = flag.Uint64("mutations", 2000, "how many mutations to try")
	seed      = flag.Uint64("seed", 1, "of the mutations")
	only      = flag.Int64("only", -1, "the number of the one mutation to try")
)

// hour is how long after the forge's time everything is judged.
const hour = time.Hour

// Bounds of one verification.
const (
	maxTime  = time.Second
	maxBytes = 100 << 20 // allocated in all, which is more than what is in use at once
)

// source is a file that is mutated, with what is known of it.
type source struct {
	name   string
	file   mutate.File
	labels []string
	// mediaOnly says that the binding binds the media data alone, as by design.
	mediaOnly bool
	// open are the ranges of a file that is no BMFF file which its binding leaves out; by boxes: it binds the parts that
	// lie outside of them.
	open    []forge.Range
	byBoxes bool
	mime    string
	// loose says that the chain of certificates is in the header that is not signed.
	loose bool
	told  map[string]telling // by active manifest, of the file as it is
}

// telling is what a report says of the content, apart from the times.
type telling struct {
	Signer  report.Signer
	Origin  report.Origin
	People  []report.Person
	History []report.Manifest
	At      *time.Time // attested; nil: none
}

func sources(t *testing.T, v *consentry.Verifier) []*source {
	frag := func(m forge.Merkle) forge.Recipe { m.Fragments = 5; return forge.Recipe{Merkle: &m} }
	block := func(m forge.Merkle) forge.Recipe {
		return forge.Recipe{Container: forge.Container{LargeMdat: true}, Merkle: &m}
	}
	one := forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: &forge.Manifest{}}}, Actions: []forge.Action{{Name: "c2pa.opened", Ingredient: []int{0}}}}
	update := forge.Manifest{Update: true, Ingredients: []forge.Ingredient{{Manifest: &forge.Manifest{}}}}
	people := forge.Manifest{Assertions: []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Map{
		{K: "v", V: 1}, {K: "completeness", V: "complete"}, {K: "people", V: []any{forge.Map{
			{K: "id", V: "p1"}, {K: "kind", V: "real"}, {K: "rendering", V: "replica"}, {K: "modality", V: []any{"face"}}, {K: "basis", V: "unknown"},
		}}},
	}}}}
	recipes := []struct {
		name string
		r    forge.Recipe
	}{
		{"flat", forge.Recipe{Manifest: people}},
		{"flat, moov last, QuickTime", forge.Recipe{Container: forge.Container{MoovLast: true, Brand: "qt  "}}},
		{"flat, mdat to the end", forge.Recipe{Container: forge.Container{ZeroMdat: true}, Pad: 50}},
		{"flat, a free box and 64-bit offsets", forge.Recipe{Container: forge.Container{Free: 64, CO64: true, LargeMdat: true}}},
		{"flat, claim version 1", forge.Recipe{Manifest: forge.Manifest{ClaimV1: true, ActionsV1: true, Binding: "c2pa.hash.bmff.v2"}}},
		{"flat, stamped", forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: true}}}},
		{"flat, stamped, version 1, Ed25519", forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Alg: "Ed25519", Stamps: []forge.Stamp{{}}}}}},
		{"flat, chain unprotected", forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Placement: forge.X5Unprotected}}}},
		{"an ingredient", forge.Recipe{Manifest: one}},
		{"an update", forge.Recipe{Manifest: update}},
		{"an update in a box of its own", forge.Recipe{UpdateBox: true, Manifest: update}},
		{"blocks of one size", block(forge.Merkle{Block: 100})},
		{"blocks of several sizes", block(forge.Merkle{Sizes: []int{100, 316, 400}})},
		{"blocks and proofs", block(forge.Merkle{Block: 100, Level: 2})},
		{"blocks in a box with a short header", forge.Recipe{Merkle: &forge.Merkle{Block: 100}}},
		{"blocks and nothing else, after a long header", block(forge.Merkle{Block: 100, Only: true})},
		{"blocks and nothing else", forge.Recipe{Merkle: &forge.Merkle{Block: 100, Only: true}}},
		{"fragments", frag(forge.Merkle{})},
		{"fragments and proofs", frag(forge.Merkle{Level: 2})},
		{"a set", frag(forge.Merkle{Set: true, Level: 1})},
		{"a set, the root alone", frag(forge.Merkle{Set: true, Level: 3})},
	}
	type named = struct {
		name string
		r    forge.Recipe
	}
	for _, kind := range []string{"avi", "wav", "rf64", "webp", "mp3", "flac", "ogg", "jpeg", "png"} {
		recipes = append(recipes, named{kind + " by its bytes", forge.Recipe{Carrier: &forge.Carrier{Kind: kind}}})
	}
	for _, kind := range []string{"avi", "wav", "webp", "ogg", "jpeg", "png"} {
		recipes = append(recipes, named{kind + " by its boxes", forge.Recipe{Carrier: &forge.Carrier{Kind: kind, Boxes: true, Straight: true}}})
	}
	var out []*source
	for _, c := range recipes {
		b := forge.Make(c.r)
		s := &source{name: c.name, mime: "video/mp4", file: mutate.File{Data: b.Data, Parts: b.Parts}, labels: b.Labels, told: map[string]telling{}}
		s.mediaOnly = c.r.Merkle != nil && c.r.Merkle.Only
		if k := c.r.Carrier; k != nil {
			s.mime = mimes[k.Kind]
			s.open, s.byBoxes = b.Places.Store, k.Boxes
			if k.Kind == "mp3" || k.Kind == "flac" {
				s.open = []forge.Range{b.Places.Inner}
			}
		}
		s.loose = c.r.Manifest.Signer.Placement == forge.X5Unprotected
		for _, label := range b.Labels {
			w := *v
			w.ManifestLabel = label
			r, err := w.Verify(context.Background(), asset(s.file))
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if accepted(r) {
				s.told[label] = tell(r)
			}
		}
		if _, ok := s.told[b.Labels[len(b.Labels)-1]]; !ok {
			t.Fatalf("%s: is not accepted as it is", c.name)
		}
		out = append(out, s)
	}
	return out
}

// mimes are the types of files that are no BMFF files.
var mimes = map[string]string{
	"avi": "video/avi", "wav": "audio/wav", "rf64": "audio/wav", "webp": "image/webp", "mp3": "audio/mpeg", "flac": "audio/flac",
	"ogg": "audio/ogg", "jpeg": "image/jpeg", "png": "image/png",
}

func verifier(t *testing.T) *consentry.Verifier {
	t.Helper()
	list := func(a *forge.Authority) []signing.List {
		l, err := signing.ParseAnchors("test", forge.ChainPEM(a.Root.Cert))
		if err != nil {
			t.Fatal(err)
		}
		return []signing.List{l}
	}
	return &consentry.Verifier{Trust: signing.Trust{Claim: list(forge.CA()), TSA: list(forge.TSA())}, Time: forge.Clock.Add(hour)}
}

func asset(f mutate.File) consentry.Asset {
	a := consentry.Asset{Name: "file.mp4", Data: bytes.NewReader(f.Data), Size: int64(len(f.Data))}
	for i, p := range f.Parts {
		a.Parts = append(a.Parts, consentry.Part{Name: fmt.Sprint("part ", i), Data: bytes.NewReader(p), Size: int64(len(p))})
	}
	return a
}

func accepted(r *report.Report) bool {
	s := r.Provenance.State
	return s != nil && (*s == "trusted" || *s == "valid")
}

func tell(r *report.Report) telling {
	out := telling{Signer: r.Provenance.Signer, Origin: r.Origin, People: r.People}
	if r.Provenance.Time.State == "attested" {
		out.At = r.Provenance.Time.At
	}
	for _, m := range r.Provenance.Manifests {
		if m.Label != *r.Provenance.ActiveManifest {
			continue
		}
		m.State, m.Success, m.Informational, m.Failure = "", nil, nil, nil
		for i := range m.Ingredients {
			m.Ingredients[i].Now = ""
		}
		out.History = append(out.History, m)
	}
	return out
}

// same says whether two accounts differ in more than that a time is not attested any more: time-stamps lie outside of
// what is signed.
func (a telling) same(b telling) bool {
	if b.At == nil {
		a.At = nil
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// bound is what a file's binding has to bind, by a walk of the tests' own: every top-level box that is not one of
// C2PA's, where it lies, and the bytes behind the last one.
func bound(data []byte) (out []string) {
	end := 0
	for _, b := range mutate.Boxes(data) {
		if b.Parent >= 0 {
			continue
		}
		end = b.End()
		if !mutate.IsC2PA(data, b) && b.Type != "mfra" {
			out = append(out, fmt.Sprint(b.Offset, " ", string(data[b.Offset:b.End()])))
		}
	}
	return append(out, string(data[end:]))
}

// media is the payload of the one mdat box.
func media(data []byte) []byte {
	for _, b := range mutate.Boxes(data) {
		if b.Type == "mdat" {
			return data[b.Offset+b.Header : b.End()]
		}
	}
	return nil
}

// kept says that everything is there which the binding binds. Where that is the media alone, they must stand somewhere:
// not even the size of mdat is bound then.
func (s *source) kept(f mutate.File) bool {
	if s.mediaOnly {
		return bytes.Contains(f.Data, media(s.file.Data))
	}
	if s.open != nil {
		return s.closed(f.Data)
	}
	return slices.Equal(bound(f.Data), bound(s.file.Data))
}

// closed says that a file which is no BMFF file has every bound byte as it was. Where its boxes are bound, the part that
// carries the store may have changed its size, and nothing else may stand in its place.
func (s *source) closed(data []byte) bool {
	was := s.file.Data
	if s.byBoxes && s.mime == mimes["ogg"] {
		return slices.Equal(sound(data), sound(was))
	}
	if s.byBoxes {
		first, last := s.open[0], s.open[len(s.open)-1]
		end := was[last.Offset+last.Length:]
		for fill := int(first.Offset); s.mime == mimes["jpeg"] && fill+2 <= len(data) && bytes.HasPrefix(data[fill:], []byte{0xff, 0xff}); {
			data = slices.Concat(data[:fill], data[fill+1:]) // it belongs to the segment. ISO/IEC 10918-1, B.1.1.2.
		}
		if len(data) < int(first.Offset)+len(end) || !bytes.HasPrefix(data, was[:first.Offset]) || !bytes.HasSuffix(data, end) {
			return false
		}
		return alone(data, int(first.Offset), len(data)-len(end))
	}
	if len(data) != len(was) {
		return false
	}
	at := int64(0)
	for _, r := range s.open {
		if !bytes.Equal(data[at:r.Offset], was[at:r.Offset]) {
			return false
		}
		at = r.Offset + r.Length
	}
	return bytes.Equal(data[at:], was[at:])
}

// storeSerial is the number of the first bitstream that begins as the store's does; -1: there is none. The number is not
// bound, as nothing of that stream is. C2PA 2.5, A.3.7.
func storeSerial(data []byte) int64 {
	for _, b := range mutate.Boxes(data) {
		page := data[b.Offset:b.End()]
		if n := int(page[26]); page[5]&2 != 0 && len(page) > 27+n && bytes.HasPrefix(page[27+n:], []byte("\x00c2pa")) {
			return int64(binary.LittleEndian.Uint32(page[14:]))
		}
	}
	return -1
}

// sound are the pages of all bitstreams of an Ogg file but the store's, each stream in its order, and the bytes behind
// the last page: which page of another stream stands between them is not bound. C2PA 2.5, 16.3.3.
func sound(data []byte) (out []string) {
	end, store := 0, storeSerial(data)
	for _, b := range mutate.Boxes(data) {
		if b.Parent >= 0 || b.Offset < end {
			continue
		}
		end = b.End()
		if int64(binary.LittleEndian.Uint32(data[b.Offset+14:])) != store {
			out = append(out, string(data[b.Offset:end]))
		}
	}
	return append(out, string(data[end:]))
}

// alone says that the parts between two places are of one kind, that of the first, and fill the range.
func alone(data []byte, from, to int) bool {
	at, kind := from, ""
	for _, b := range mutate.Boxes(data) {
		if b.Offset == at && b.End() <= to && (kind == "" || kind == b.Type) {
			at, kind = b.End(), b.Type
		}
	}
	return at == to
}

// wrong says what is wrong with a report about a mutated file; empty: nothing.
func (s *source) wrong(f mutate.File, r *report.Report) string {
	if !accepted(r) {
		return ""
	}
	if !s.kept(f) {
		return *r.Provenance.State + ", though bound bytes were changed"
	}
	// Fragments at the end may be still to come, and the report says so. C2PA 2.5, 14.12.2.2.
	if n := len(f.Parts); n > len(s.file.Parts) || n < len(s.file.Parts) && (n == 0 || r.Provenance.Integrity.State != "partial" || len(r.NotChecked) == 0) {
		return fmt.Sprintf("%s with %d fragments of %d", *r.Provenance.State, len(f.Parts), len(s.file.Parts))
	}
	for i := range f.Parts {
		if !slices.Equal(bound(f.Parts[i]), bound(s.file.Parts[i])) {
			return fmt.Sprintf("%s, though bound bytes of fragment %d were changed", *r.Provenance.State, i)
		}
	}
	label := *r.Provenance.ActiveManifest
	was, ok := s.told[label]
	if !ok {
		return fmt.Sprintf("%s by manifest %s, which the file does not have or does not hold", *r.Provenance.State, label)
	}
	now := tell(r)
	if s.loose && *r.Provenance.State == "valid" && now.Signer.State == "untrusted" {
		// Trust can be lost there, and names with it; neither can be gained.
		now.Signer, now.Origin.Verified, now.History[0].Signer = was.Signer, was.Origin.Verified, was.History[0].Signer
	}
	if !was.same(now) {
		return fmt.Sprintf("%s, and says other things: %+v, not %+v", *r.Provenance.State, now, was)
	}
	if s.mediaOnly && r.Provenance.Integrity.State != "partial" {
		return "media alone are bound, and the integrity is " + r.Provenance.Integrity.State
	}
	return ""
}

// unplaced says that a container is cut or has a size that cannot be, and no finding tells where.
func unplaced(f mutate.File, r *report.Report) bool {
	if r.Asset.Format == "" || accepted(r) {
		return false // not taken for a container of a known kind, which is said
	}
	end := 0
	for _, b := range mutate.Boxes(f.Data) {
		if b.Parent < 0 {
			end = b.End()
		}
	}
	if end == len(f.Data) {
		return false
	}
	return !slices.ContainsFunc(r.Findings, func(x report.Finding) bool { return x.Offset != nil && x.Where != "" })
}

var allocated = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}

// spent is the processor time that the process has used: unlike a clock, it does not count what others do meanwhile.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure verifies, and gives how much processor time it took and how much it allocated.
func measure(v *consentry.Verifier, f mutate.File) (r *report.Report, took time.Duration, size uint64, err error) {
	metrics.Read(allocated)
	before, start := allocated[0].Value.Uint64(), spent()
	r, err = v.Verify(context.Background(), asset(f))
	took = spent() - start
	metrics.Read(allocated)
	return r, took, allocated[0].Value.Uint64() - before, err
}

// TestMutations tries seeded mutations of signed files of every binding. No mutation of what is bound may be accepted,
// none may change what is said of the content, and none may take long or much.
func TestMutations(t *testing.T) {
	v := verifier(t)
	all := sources(t, v)
	count, still := map[string]int{}, 0
	slowest, largest := time.Duration(0), uint64(0)
	first, last := uint64(0), *mutations
	if *only >= 0 {
		first, last = uint64(*only), uint64(*only)+1
	}
	for n := first; n < last; n++ {
		s := all[n%uint64(len(all))]
		donor := all[(n/uint64(len(all)))%uint64(len(all))]
		if donor.mediaOnly && !s.mediaOnly {
			donor = all[0] // its store would rightly bind nothing but the media, wherever it stands
		}
		f, what := s.file.Mutate(*seed, n, donor.file)
		if f.Equal(s.file) {
			still++
			continue
		}
		r, took, size, err := measure(v, f)
		slowest, largest = max(slowest, took), max(largest, size)
		fail := func(why string) { t.Errorf("mutation %d of %q (%s): %s", n, s.name, what, why) }
		if took > slower*maxTime || size > maxBytes {
			fail(fmt.Sprintf("took %v and %d bytes", took, size))
		}
		if err != nil {
			count["limit"]++ // a limit of ours: not judged, which is never a yes
			if accepted(r) && r.Verdict != report.Indeterminate {
				fail("accepted beside an error: " + err.Error())
			}
			continue
		}
		if *only >= 0 {
			text, _ := json.MarshalIndent(r, "", " ")
			t.Logf("%s", text)
		}
		// A part that was lent may make it the donor, which is as good as the donor is.
		if why := s.wrong(f, r); why != "" && (s.open == nil || donor.wrong(f, r) != "") {
			fail(why)
		}
		if s.open == nil && unplaced(f, r) {
			fail(fmt.Sprintf("no finding says where the container is broken: %v", r.Findings))
		}
		if accepted(r) {
			count["unbound: accepted"]++
		} else if st := r.Provenance.State; st != nil {
			count[*st]++
		} else {
			count["refused"]++
		}
	}
	if *only < 0 && count["invalid"] == 0 {
		t.Errorf("no mutation was found invalid: %v", count)
	}
	t.Logf("seed %d, %d mutations, %d of them changed nothing: %v; slowest %v, largest %d bytes", *seed, last-first, still, count, slowest, largest)
}
