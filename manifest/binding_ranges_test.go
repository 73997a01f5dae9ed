package manifest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

func array(n int, element []byte) []byte {
	out := []byte{0x9a, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	return append(out, bytes.Repeat(element, n)...)
}

func TestRangesOfABindingAreCounted(t *testing.T) {
	one := forge.CBOR(forge.Map{{K: "start", V: 0}, {K: "length", V: 0}})
	entry := forge.CBOR(forge.Map{{K: "names", V: []any{"x"}}, {K: "hash", V: []byte{0}}})
	for what, c := range map[string]struct {
		most int
		read func(n int) error
	}{
		"exclusions of a data hash": {maxDataExclusions, func(n int) error { return new(dataExclusions).UnmarshalCBOR(array(n, one)) }},
		"exclusions of boxes":       {maxDataExclusions, func(n int) error { return new(boxExclusions).UnmarshalCBOR(array(n, one)) }},
		"names of an entry":         {maxBoxNames, func(n int) error { return new(nameList).UnmarshalCBOR(array(n, forge.CBOR("x"))) }},
		"entries of a boxes hash":   {maxBoxEntries, func(n int) error { return new(boxEntries).UnmarshalCBOR(array(n, entry)) }},
	} {
		t.Run(what, func(t *testing.T) {
			if err := c.read(c.most); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			if err := c.read(c.most + 1); err == nil || !strings.Contains(err.Error(), "more than") {
				t.Errorf("one past the limit: %v", err)
			}
		})
	}
}

// located walks a file of the forge.
func located(t testing.TB, r forge.Recipe) (*forge.Built, *Content) {
	t.Helper()
	b := forge.Make(r)
	l, err := Locate(context.Background(), bytes.NewReader(b.Data), int64(len(b.Data)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return b, &Content{Data: bytes.NewReader(b.Data), Size: int64(len(b.Data)), Located: l, Explain: true}
}

// TestRowsCoverFilesThatAreNoBMFF: what is bound and what is left out make up the whole of it, for those who ask.
func TestRowsCoverFilesThatAreNoBMFF(t *testing.T) {
	for _, c := range []forge.Carrier{{Kind: "wav"}, {Kind: "mp3"}, {Kind: "jpeg", Boxes: true}, {Kind: "png", Boxes: true}} {
		t.Run(c.Kind, func(t *testing.T) {
			_, content := located(t, forge.Recipe{Carrier: &c})
			s, err := Parse(content.Located.Store, nil, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Validate(context.Background(), content, Options{Now: forge.Clock})
			if err != nil {
				t.Fatal(err)
			}
			at := int64(0)
			for _, row := range r.Binding.Rows {
				if row.Offset != at {
					t.Fatalf("a row at offset %d, expected one at %d", row.Offset, at)
				}
				at = row.End()
			}
			if at != content.Size || len(r.Binding.Digests) == 0 {
				t.Errorf("rows up to offset %d of %d, %d digests", at, content.Size, len(r.Binding.Digests))
			}
			for _, d := range r.Binding.Digests {
				if !d.OK {
					t.Errorf("%s differs", d.Name)
				}
			}
		})
	}
}

// TestRestartMarkersThatAreNamed: a boxes hash may divide a scan at its restart markers.
func TestRestartMarkersThatAreNamed(t *testing.T) {
	b, content := located(t, forge.Recipe{Carrier: &forge.Carrier{Kind: "jpeg", Boxes: true}})
	k := &boxesCheck{spanCheck: spanCheck{ctx: context.Background(), c: content, b: &Binding{}}}
	if err := k.divide(&boxesMap{Boxes: boxEntries{{Names: nameList{"RST0"}}}}); err != nil {
		t.Fatal(err)
	}
	var names []string
	at := int64(0)
	for _, p := range k.boxes {
		if names = append(names, p.Name); p.Offset != at {
			t.Errorf("%s begins at %d, expected %d", p.Name, p.Offset, at)
		}
		at = p.End()
	}
	if got := strings.Join(names, ","); got != "SOI,APP0,C2PA,DQT,SOF0,SOS,RST0,EOI" || at != int64(len(b.Data)) {
		t.Errorf("boxes %s up to %d of %d", got, at, len(b.Data))
	}
}

// FuzzDataHash: whatever an assertion says, nothing matches unless every byte that is not left out is the signed one.
func FuzzDataHash(f *testing.F) {
	b := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "wav"}})
	for _, m := range []forge.Map{
		{{K: "exclusions", V: []any{forge.Map{{K: "start", V: 688}, {K: "length", V: 2000}}}}, {K: "alg", V: "sha256"}, {K: "hash", V: make([]byte, 32)}},
		{{K: "exclusions", V: []any{forge.Map{{K: "start", V: 4}, {K: "length", V: 4}}}}, {K: "hash", V: []byte{1}}},
		{{K: "hash", V: []byte{1}}, {K: "alg", V: "sha512"}},
		{{K: "exclusions", V: []any{}}, {K: "alg", V: "sha256"}},
		{{K: "exclusions", V: []any{forge.Map{{K: "start", V: -1}, {K: "length", V: 1 << 62}}}}, {K: "hash", V: []byte{1}}, {K: "alg", V: "sha256"}},
	} {
		f.Add(forge.CBOR(m), true)
		f.Add(forge.CBOR(m), false)
	}
	l, err := Locate(context.Background(), bytes.NewReader(b.Data), int64(len(b.Data)), Limits{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte, updated bool) {
		c := &Content{Data: bytes.NewReader(b.Data), Size: int64(len(b.Data)), Located: l}
		got, err := checkData(context.Background(), c, &hardBinding{label: "c2pa.hash.data", payload: payload, alg: "sha256"}, updated)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Findings) == 0 {
			t.Fatal("nothing is said")
		}
		// Nobody guesses a digest of 256 bits.
		if matched(got) {
			t.Fatalf("matches: %v", got.Findings)
		}
	})
}

// FuzzBoxesHash: the same for a boxes hash.
func FuzzBoxesHash(f *testing.F) {
	b := forge.Make(forge.Recipe{Carrier: &forge.Carrier{Kind: "png"}})
	l, err := Locate(context.Background(), bytes.NewReader(b.Data), int64(len(b.Data)), Limits{})
	if err != nil {
		f.Fatal(err)
	}
	entry := func(hash []byte, names ...any) forge.Map {
		return forge.Map{{K: "names", V: names}, {K: "hash", V: hash}}
	}
	zero := make([]byte, 32)
	for _, list := range [][]any{
		{entry(zero, "PNGh", "IHDR"), entry([]byte{0}, "C2PA"), entry(zero, "IDAT", "IEND")},
		{entry(zero, "PNGh"), entry(zero, "IHDR", "C2PA")},
		{entry(zero, "c2pa.after")},
		{append(entry(zero, "PNGh"), forge.Entry{K: "excluded", V: true}), entry(zero)},
		{append(entry(zero, "PNGh"), forge.Entry{K: "exclusions", V: []any{forge.Map{{K: "start", V: 1}, {K: "length", V: 1}}}})},
	} {
		f.Add(forge.CBOR(forge.Map{{K: "boxes", V: list}, {K: "alg", V: "sha256"}}))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c := &Content{Data: bytes.NewReader(b.Data), Size: int64(len(b.Data)), Located: l}
		got, err := checkBoxes(context.Background(), c, &hardBinding{label: "c2pa.hash.boxes", payload: payload})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Findings) == 0 {
			t.Fatal("nothing is said")
		}
		if matched(got) && !report.Has(got.Findings, codeBoxesAdditional) {
			t.Fatalf("matches, and nothing is left out: %v", got.Findings)
		}
	})
}
