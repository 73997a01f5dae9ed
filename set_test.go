package consentry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/video"
)

// setOf is a signed set of fragments as an asset.
func setOf(m forge.Merkle) (*forge.Built, consentry.Asset) {
	m.Set = true
	b := forge.Make(forge.Recipe{Merkle: &m})
	a := asset(b.Data)
	for i, p := range b.Parts {
		a.Parts = append(a.Parts, consentry.Part{Name: fmt.Sprintf("seg-%d.m4s", i), Data: bytes.NewReader(p), Size: int64(len(p))})
	}
	return b, a
}

// swallowing is a decoder that reads all of its source, in pieces of an odd size.
type swallowing struct{ got *[]byte }

func (d swallowing) Decode(_ context.Context, src video.Source, _ video.Want, sink video.Sink) (*video.Result, error) {
	in := io.NewSectionReader(src.Data, 0, src.Size)
	buf := make([]byte, 777)
	for {
		n, err := in.Read(buf)
		*d.got = append(*d.got, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return &video.Result{Frames: 1}, sink.Info(&video.Info{Tracks: []video.Track{{ID: 1, Kind: "video"}}})
}

func notCheckedOf(r *report.Report, what string) string {
	var out []string
	for _, n := range r.NotChecked {
		if n.What == what {
			out = append(out, n.Why)
		}
	}
	return strings.Join(out, "; ")
}

func TestASetIsDecodedAsOneStream(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(a *consentry.Asset)
		want   []int  // parts that the decoder sees
		said   string // of the pixels
	}{
		{"whole", func(*consentry.Asset) {}, []int{0, 1, 2, 3}, ""},
		{"with one missing", func(a *consentry.Asset) { a.Parts[1].Data = nil }, []int{0, 2, 3}, "1 fragments are missing"},
		{"with an empty one", func(a *consentry.Asset) { a.Parts[1].Data, a.Parts[1].Size = bytes.NewReader(nil), 0 }, []int{0, 2, 3}, ""},
		{"with another rendition", func(a *consentry.Asset) { a.Parts[2].Rendition, a.Parts[3].Rendition = "b", "b" }, []int{0, 1}, "one rendition was decoded, and not 1 other"},
		{"with a second initialization segment", func(a *consentry.Asset) {
			a.Parts = slices.Insert(a.Parts, 2, consentry.Part{Name: "init2", Init: true, Data: a.Data, Size: a.Size})
		}, []int{0, 1}, "3 files from there on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, a := setOf(forge.Merkle{Fragments: 4, Level: 1})
			c.change(&a)
			var got []byte
			v := trusting(t)
			v.Frames, v.Decoder = video.KeyFrames, swallowing{&got}
			r := verify(t, v, a)
			want := bytes.Clone(b.Data)
			for _, i := range c.want {
				want = append(want, b.Parts[i]...)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the decoder saw %d bytes, expected %d", len(got), len(want))
			}
			if said := notCheckedOf(r, "pixels"); (said == "") != (c.said == "") || !strings.Contains(said, c.said) {
				t.Errorf("said %q, expected %q", said, c.said)
			}
			if r.Decoded == nil {
				t.Error("nothing was decoded")
			}
		})
	}
}

// A file of a set that becomes shorter while it is read ends the run: the hash cannot be computed.
func TestASetThatShrinks(t *testing.T) {
	_, a := setOf(forge.Merkle{Fragments: 3})
	a.Parts[1].Size += 10
	r, err := trusting(t).Verify(context.Background(), a)
	if err == nil || r.Complete || r.Verdict != report.Indeterminate {
		t.Errorf("%v, complete %t, %s", err, r.Complete, r.Verdict)
	}
}

func TestFragmentsInTheReport(t *testing.T) {
	for _, c := range []struct {
		n, listed int
		bad       []int
	}{
		{3, 3, nil},
		{5, 5, []int{1, 4}},
		{10_000, 10_000, nil},
		{10_001, 10_000, []int{10_000}},
	} {
		t.Run(fmt.Sprint(c.n), func(t *testing.T) {
			b, a := setOf(forge.Merkle{Fragments: c.n})
			for _, i := range c.bad {
				p := bytes.Clone(b.Parts[i])
				p[len(p)-1] ^= 1
				a.Parts[i].Data = bytes.NewReader(p)
			}
			r := verify(t, trusting(t), a)
			list := r.Provenance.Integrity.Fragments
			if len(list) != c.listed {
				t.Fatalf("%d fragments are listed, expected %d", len(list), c.listed)
			}
			var bad []string
			for _, f := range list {
				if f.State == "altered" {
					bad = append(bad, f.Name)
				}
			}
			if len(bad) != len(c.bad) {
				t.Errorf("altered: %q, expected %d", bad, c.bad)
			}
			if said := notCheckedOf(r, "list of fragments"); (said != "") != (c.n > c.listed) {
				t.Errorf("said %q", said)
			}
			doc, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := schematest.Check(schematest.Report, doc); err != nil {
				t.Error(err)
			}
		})
	}
}
