package consentry_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/mutate"
	"github.com/consentry/consentry/report"
)

// hold verifies a hostile file within a second and 100 MB, never accepts it, and gives the report with what was said.
func hold(t *testing.T, data []byte) (*report.Report, string) {
	t.Helper()
	const most = heavier * 100 << 20
	v := trusting(t)
	verify := func() (*report.Report, error) { return v.Verify(context.Background(), asset(data)) }
	before, start := heap("/gc/heap/allocs:bytes"), spent()
	r, err := verify()
	if took := spent() - start; took > slower*time.Second {
		t.Errorf("took %v of processor time", took)
	}
	// What was allocated in all is more than what was in use at once.
	if size := heap("/gc/heap/allocs:bytes") - before; size > most {
		if size = peak(func() { _, _ = verify() }); size > most {
			t.Errorf("%d MB in use", size>>20)
		}
	}
	if s := state(r); s == "trusted" || s == "valid" || r.Verdict == report.Pass || r.Verdict == report.Warn || r.Verdict == report.NotApplicable {
		t.Errorf("state %s, verdict %s", s, r.Verdict)
	}
	return r, said(r, err)
}

// spent is the processor time that the process has used: unlike a clock, it does not count what others do meanwhile.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peak is how much more memory is in use while f runs, garbage included.
func peak(f func()) (most uint64) {
	const objects = "/memory/classes/heap/objects:bytes"
	runtime.GC()
	before, done := heap(objects), make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		select {
		case <-done:
			return most
		default:
			if now := heap(objects); now > before {
				most = max(most, now-before)
			}
			runtime.Gosched()
		}
	}
}

// said is all that a report says about what is wrong, with the places.
func said(r *report.Report, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	for _, n := range r.NotChecked {
		if n.What == "embedded manifest" {
			fmt.Fprintf(&b, "not checked: %s\n", n.Why)
		}
	}
	all := slices.Clone(r.Findings)
	for _, m := range r.Provenance.Manifests {
		all = append(append(all, m.Failure...), m.Informational...)
	}
	for _, f := range all {
		at := ""
		if f.Offset != nil {
			at = fmt.Sprintf(" at byte %d", *f.Offset)
		}
		fmt.Fprintf(&b, "%s %s%s %s %s\n", f.Code, f.Where, at, f.URL, f.Explanation)
	}
	return b.String()
}

// TestCutAtAnyByte cuts a signed file at each of its bytes.
func TestCutAtAnyByte(t *testing.T) {
	for step, c := range map[int]forge.Recipe{1: {}, 23: {Container: forge.Container{MoovLast: true}}} {
		good := forge.Make(c).Data
		whole := map[int]bool{0: true} // nothing is cut off that anybody could miss: the file ends with a box
		for _, b := range mutate.Boxes(good) {
			if b.Parent < 0 {
				whole[b.End()] = true
			}
		}
		for n := 0; n < len(good); n += step * slower {
			r, text := hold(t, good[:n])
			if r.Asset.Format == "" || whole[n] {
				continue // too short for a container, or one that is not cut inside a box
			}
			if !slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Offset != nil && f.Where != "" }) {
				t.Errorf("cut at %d, no finding names the place:\n%s", n, text)
			}
		}
	}
}

// TestAnySizeFieldChanged gives every box of a signed file, those of its store included, sizes that it does not have.
func TestAnySizeFieldChanged(t *testing.T) {
	good := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Block: 100}}).Data
	tried, boxes := 0, mutate.Boxes(good)
	for _, b := range boxes {
		end := len(good) // of what holds the box: size 0 says the same there
		if b.Parent >= 0 {
			end = boxes[b.Parent].End()
		}
		for _, size := range []uint32{0, 1, 2, 7, 8, 9, 15, 16, uint32(b.Size - 1), uint32(b.Size + 1), uint32(b.Size + 8), uint32(len(good)), uint32(len(good) - b.Offset), math.MaxInt32, 1 << 31, math.MaxUint32} {
			if int(size) == b.Size || size == 0 && b.End() == end {
				continue
			}
			bad := bytes.Clone(good)
			binary.BigEndian.PutUint32(bad[b.Offset:], size)
			// A first box that reaches to the end leaves a file without a manifest, which is said.
			if r, text := hold(t, bad); text == "" && state(r) != "absent" {
				t.Errorf("%s at %d with size %d: nothing is said", b.Type, b.Offset, size)
			}
			if t.Failed() {
				t.Fatalf("%s at %d with size %d", b.Type, b.Offset, size)
			}
			tried++
		}
	}
	if tried < 500 {
		t.Errorf("only %d sizes were tried", tried)
	}
}

// hbox is a box; nest puts n of them into each other.
func hbox(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), typ...), body...)
}

func nest(typ string, n, skip int) []byte {
	out := make([]byte, 0, n*(8+skip))
	for i := n; i > 0; i-- {
		out = append(binary.BigEndian.AppendUint32(out, uint32(i*(8+skip))), typ...)
		out = append(out, make([]byte, skip)...)
	}
	return out
}

var hftyp = hbox("ftyp", []byte("isom\x00\x00\x02\x00isomiso6mp41"))

// c2paBox carries a store.
func c2paBox(store []byte) []byte {
	return hbox("uuid", []byte("\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81\x00\x00\x00\x00manifest\x00"), make([]byte, 8), store)
}

// TestHostileContainers has files whose boxes are too many, too deep or too large.
func TestHostileContainers(t *testing.T) {
	file := func(parts ...[]byte) []byte { return append(bytes.Clone(hftyp), bytes.Join(parts, nil)...) }
	declared := func(typ string, size uint32) []byte { // a file of 1 kB
		head := append(binary.BigEndian.AppendUint32(nil, size), typ...)
		return file(head, make([]byte, 1024-len(hftyp)-8))
	}
	wide := func(typ string, size uint64) []byte {
		head := append([]byte{0, 0, 0, 1}, typ...)
		return file(binary.BigEndian.AppendUint64(head, size), make([]byte, 1024-len(hftyp)-16))
	}
	jumd := func(label string) []byte {
		return hbox("jumd", []byte("c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71\x03"+label+"\x00"))
	}
	deep := nest("jumb", 10_000, 0)
	promise := hbox("jumb", jumd("c2pa"), append(binary.BigEndian.AppendUint32(nil, math.MaxUint32), "jumb"...))
	table := func(typ string, fields ...uint32) []byte { // a movie whose table promises what it does not have
		body := make([]byte, 4)
		for _, f := range fields {
			body = binary.BigEndian.AppendUint32(body, f)
		}
		hdlr := hbox("hdlr", make([]byte, 8), []byte("vide"), make([]byte, 13))
		stbl := hbox("stbl", hbox("stsd", make([]byte, 8)), hbox(typ, body))
		return file(hbox("moov", hbox("trak", hbox("mdia", hdlr, hbox("minf", stbl)))))
	}
	for _, c := range []struct {
		name string
		data []byte
		want []string // of what is said, all of it
	}{
		{"4 GB of mdat in 1 kB", declared("mdat", math.MaxUint32), []string{"asset.truncated", "mdat", "at byte 28"}},
		{"4 GB of moov in 1 kB", declared("moov", math.MaxUint32), []string{"asset.truncated", "moov", "at byte 28"}},
		{"4 GB of moof in 1 kB", declared("moof", math.MaxUint32), []string{"asset.truncated", "moof", "at byte 28"}},
		{"4 GB of meta in 1 kB", declared("meta", math.MaxUint32), []string{"asset.truncated", "meta", "at byte 28"}},
		{"4 GB of uuid in 1 kB", declared("uuid", math.MaxUint32), []string{"asset.truncated", "uuid", "at byte 28"}},
		{"2^32 bytes of mdat in 1 kB", wide("mdat", 1<<32), []string{"asset.truncated", "mdat", "at byte 28"}},
		{"2^63 bytes of mdat in 1 kB", wide("mdat", 1<<63), []string{"asset.", "mdat", "at byte 28"}},
		{"2^64-1 bytes of moov in 1 kB", wide("moov", math.MaxUint64), []string{"asset.", "moov", "at byte 28"}},
		{"4 GB of a store in 1 kB", file(c2paBox(append(binary.BigEndian.AppendUint32(nil, math.MaxUint32), "jumb"...)), hbox("moov"), hbox("mdat")), []string{"manifest.inaccessible.malformed", "/uuid[1]", "at byte 28"}},
		{"4 GB of a box in the store", file(c2paBox(promise), hbox("moov"), hbox("mdat")), []string{"manifest.inaccessible.malformed", "c2pa", "at byte"}},
		{"a first box of 3 bytes", append([]byte{0, 0, 0, 3}, file(make([]byte, 1000))[4:]...), []string{"asset.malformed", "ftyp", "at byte 0"}},
		{"half the name of a store", file(hbox("uuid", c2paBox(nil)[8:20]), hbox("moov"), hbox("mdat")), []string{"asset.malformed", "/uuid[1]", "at byte 28"}},
		{"10,000 moov in each other", file(nest("moov", 10_000, 0)), []string{"asset.malformed", "/moov[1]/moov[1]", "at byte 156"}},
		{"10,000 trak in each other", file(hbox("moov", nest("trak", 10_000, 0))), []string{"asset.malformed", "/moov[1]/trak[1]", "at byte"}},
		{"10,000 meta in each other", file(nest("meta", 10_000, 4)), nil},
		{"10,000 superboxes in each other", file(c2paBox(deep), hbox("moov"), hbox("mdat")), []string{"jumb"}},
		{"10,000 tiny boxes", file(bytes.Repeat(hbox("free"), 10_000)), nil},
		{"10,000 tiny boxes in a movie", file(hbox("moov", bytes.Repeat(hbox("trak"), 10_000))), nil},
		{"10,000 tiny fragments", file(bytes.Repeat(hbox("moof"), 10_000)), nil},
		{"10,000 tiny stores", file(bytes.Repeat(c2paBox(nil), 10_000)), []string{"asset.multipleStores", "/uuid[2]", "at byte 73"}},
		{"1,000,000 tiny boxes", file(bytes.Repeat(hbox("free"), 1_000_000)), nil},
		{"2^32 chunks", table("stco", math.MaxUint32), nil},
		{"2^32 chunks of 64 bits", table("co64", math.MaxUint32), nil},
		{"2^32 samples of one size", table("stsz", 4, math.MaxUint32), nil},
		{"2^32 samples of sizes of their own", table("stsz", 0, math.MaxUint32), nil},
		{"2^32 runs of chunks", table("stsc", math.MaxUint32), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, text := hold(t, c.data)
			for _, w := range c.want {
				if !strings.Contains(text, w) {
					t.Errorf("not said: %q\n%.2000s", w, text)
				}
			}
		})
	}
}

// TestHostileStores has signed files whose stores are too many, too deep or too large, and histories that go round. It
// is long because each kind of store has its own maker beside the table.
func TestHostileStores(t *testing.T) {
	squeeze := func(size int) []byte {
		var b bytes.Buffer
		w := brotli.NewWriterLevel(&b, 3)
		_, _ = w.Write(make([]byte, size))
		_ = w.Close()
		return b.Bytes()
	}
	one, large := squeeze(1<<20), squeeze(64<<20)
	kind := func(four string) [16]byte {
		return [16]byte([]byte(four + "\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"))
	}
	compressed := func(label string, data []byte) *forge.Node {
		return forge.Super(kind("c2cm"), label, forge.Leaf("brob", data))
	}
	more := func(n int) forge.Recipe { // that no claim lists
		return forge.Recipe{Tree: func(s *forge.Node) {
			list := s.Kids[len(s.Kids)-1].Find("c2pa.assertions")
			for i := range n {
				list.Kids = append(list.Kids, forge.Super(kind("cbor"), fmt.Sprint("com.example.x", i), forge.Leaf("cbor", []byte{0xa0})))
			}
		}}
	}
	many := func(n int) forge.Recipe {
		var r forge.Recipe
		for i := range n {
			r.Manifest.Assertions = append(r.Manifest.Assertions, forge.Assertion{Label: fmt.Sprint("com.example.x", i), CBOR: forge.Map{}})
		}
		return r
	}
	deep := func(n int) forge.Recipe {
		m := &forge.Manifest{}
		for range n - 1 {
			m = &forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: m, Relationship: "componentOf"}}}
		}
		return forge.Recipe{Manifest: forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: m, Relationship: "componentOf"}}}}
	}
	const self = "urn:c2pa:00000000-0000-4000-8000-000000000001"
	round := func(target string) forge.Recipe {
		child := &forge.Manifest{Label: "urn:c2pa:00000000-0000-4000-8000-000000000002"}
		return forge.Recipe{Manifest: forge.Manifest{Label: self, Ingredients: []forge.Ingredient{{Manifest: child, Relationship: "componentOf", Edit: func(m *forge.Map) {
			m.Set("activeManifest", forge.Map{{K: "url", V: "self#jumbf=/c2pa/" + target}, {K: "hash", V: make([]byte, 32)}})
		}}}}}
	}
	diamond := &forge.Manifest{}
	for range 40 {
		diamond = &forge.Manifest{Ingredients: []forge.Ingredient{{Manifest: diamond, Relationship: "componentOf"}, {Manifest: diamond, Relationship: "componentOf", Version: 3}}}
	}
	claim := func(b []byte) forge.Recipe {
		return forge.Recipe{Manifest: forge.Manifest{ClaimBytes: func([]byte) []byte { return b }}}
	}
	flip := func(r forge.Recipe) forge.Recipe { // a good file but for the last byte of its media
		r.File = func(b *forge.Built) []byte { b.Data[len(b.Data)-1] ^= 1; return b.Data }
		return r
	}
	for _, c := range []struct {
		name string
		r    forge.Recipe
		want []string
	}{
		{"2,000 assertions", flip(many(2_000)), []string{"assertion.bmffHash.mismatch"}},
		{"9,000 assertions that no claim lists", more(9_000), []string{"assertion.undeclared"}},
		{"100,000 assertions", more(100_000), []string{"error:", "more than", "jumb"}},
		{"200 ingredients deep", flip(deep(200)), []string{"assertion.bmffHash.mismatch"}},
		{"201 ingredients deep", deep(201), []string{"error:", "ingredients"}},
		{"400 ingredients deep", deep(400), []string{"error:", "ingredients"}},
		{"2^40 ways to one ingredient", flip(forge.Recipe{Manifest: *diamond}), []string{"assertion.bmffHash.mismatch"}},
		{"its own ingredient", round(self), []string{"ingredient.manifest.mismatch"}},
		{"a Brotli bomb", forge.Recipe{Tree: func(s *forge.Node) {
			k := s.Kids[len(s.Kids)-1]
			s.Kids[len(s.Kids)-1] = compressed(k.Label, large)
		}}, []string{"error:", "decompressed"}},
		{"a thousand Brotli bombs", forge.Recipe{Tree: func(s *forge.Node) {
			for i := range 900 {
				s.Kids = append([]*forge.Node{compressed(fmt.Sprint("urn:c2pa:", i), one)}, s.Kids...)
			}
		}}, []string{"error:", "decompressed"}},
		{"a claim of 100,000 nested lists", claim(bytes.Repeat([]byte{0x81}, 100_000)), []string{"claim.cbor.invalid"}},
		{"a claim that promises 4 GB of bytes", claim([]byte{0x5a, 0xff, 0xff, 0xff, 0xff}), []string{"claim.cbor.invalid"}},
		{"a claim that promises 2^64 entries", claim([]byte{0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), []string{"claim.cbor.invalid"}},
		{"a claim of a million empty lists", claim(append([]byte{0x9a, 0, 0x0f, 0x42, 0x40}, bytes.Repeat([]byte{0x80}, 1_000_000)...)), []string{"claim.cbor.invalid"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, text := hold(t, forge.Make(c.r).Data)
			for _, w := range c.want {
				if !strings.Contains(text, w) {
					t.Errorf("not said: %q\n%.2000s", w, text)
				}
			}
		})
	}
}
