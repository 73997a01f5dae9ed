package manifest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/andybalholm/brotli"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// A small encoder for stores that no recipe of the forge makes: huge, deep, cyclic, or with bytes of a fuzzer in one
// place. Nothing is signed.

func jbox(typ string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), typ...), body...)
}

func super(kind, label string, kids ...[]byte) []byte {
	d := jbox("jumd", []byte(kind+"\x00\x11\x00\x10\x80\x00\x00\xAA\x00\x38\x9B\x71\x03"+label+"\x00"))
	return jbox("jumb", append([][]byte{d}, kids...)...)
}

func store(manifests ...[]byte) []byte { return super("c2pa", "c2pa", manifests...) }

func content(superbox []byte) []byte { return superbox[8:] }

// kv makes a CBOR map of keys and values in turn.
func kv(pairs ...any) (m forge.Map) {
	for i := 0; i < len(pairs); i += 2 {
		m = append(m, forge.Entry{K: pairs[i], V: pairs[i+1]})
	}
	return m
}

// entry is an assertion of a sketch.
type entry struct {
	label    string
	cbor     []byte
	gathered bool
}

// sketch is a manifest.
type sketch struct {
	label   string
	kind    string // c2ma where empty
	entries []entry
	edit    func(*forge.Map) // of the claim
	claim   []byte           // in place of the claim
	more    []byte           // further boxes in the assertion store
}

func (s sketch) bytes() []byte {
	var boxes [][]byte
	lists := map[bool][]any{}
	for _, e := range s.entries {
		b := super("cbor", e.label, jbox("cbor", e.cbor))
		sum := sha256.Sum256(content(b))
		boxes = append(boxes, b)
		lists[e.gathered] = append(lists[e.gathered], kv("url", "self#jumbf=c2pa.assertions/"+e.label, "hash", sum[:]))
	}
	claim := s.claim
	if claim == nil {
		m := kv(
			"instanceID", "xmp:iid:1",
			"claim_generator_info", kv("name", "sketch"),
			"signature", "self#jumbf=/c2pa/"+s.label+"/c2pa.signature",
			"created_assertions", lists[false],
			"alg", "sha256",
		)
		if lists[true] != nil {
			m.Set("gathered_assertions", lists[true])
		}
		if s.edit != nil {
			s.edit(&m)
		}
		claim = forge.CBOR(m)
	}
	kind := s.kind
	if kind == "" {
		kind = "c2ma"
	}
	return super(kind, s.label, super("c2as", "c2pa.assertions", append(boxes, s.more)...), super("c2cl", "c2pa.claim.v2", jbox("cbor", claim)), super("c2cs", "c2pa.signature", jbox("cbor", []byte{0xD2, 0x80})))
}

var created = entry{label: "c2pa.actions.v2", cbor: forge.CBOR(kv("actions", []any{kv("action", "c2pa.created")}))}

// ingredientOf is an ingredient assertion for a manifest, given by its superbox; nil gives a digest that fits nothing.
func ingredientOf(n int, label string, superbox []byte) entry {
	sum := [32]byte{}
	if superbox != nil {
		sum = sha256.Sum256(content(superbox))
	}
	return entry{label: fmt.Sprintf("c2pa.ingredient.v3__%d", n), cbor: forge.CBOR(kv("relationship", "componentOf", "validationResults", kv(), "activeManifest", kv("url", "self#jumbf=/c2pa/"+label, "hash", sum[:])))}
}

// study parses and validates a store without content.
func study(t testing.TB, data []byte, lim manifest.Limits) (*manifest.Result, error) {
	t.Helper()
	s, err := manifest.Parse(data, nil, lim)
	if err != nil {
		return nil, err
	}
	return s.Validate(context.Background(), nil, manifest.Options{Now: forge.Clock, Limits: lim})
}

func isLimit(err error) bool {
	var limit *manifest.LimitError
	return errors.As(err, &limit)
}

// lineage is a chain of n manifests below the active one.
func lineage(n int) []byte {
	var all [][]byte
	for i := range n + 1 {
		s := sketch{label: fmt.Sprintf("urn:c2pa:%d", i), entries: []entry{created}}
		if i > 0 {
			s.entries = append(s.entries, ingredientOf(1, fmt.Sprintf("urn:c2pa:%d", i-1), all[i-1]))
		}
		all = append(all, s.bytes())
	}
	return store(all...)
}

func compressed(label string, inner []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriter(&b)
	w.Write(inner)
	w.Close()
	return super("c2cm", label, jbox("brob", b.Bytes()))
}

// TestLimits is long because each limit has its own maker of stores beside the table.
func TestLimits(t *testing.T) {
	many := func(n int) []byte {
		s := sketch{label: "urn:c2pa:1", entries: make([]entry, 0, n)}
		for i := range n {
			s.entries = append(s.entries, entry{label: fmt.Sprint("com.example.x", i), cbor: []byte{0xA0}})
		}
		return store(s.bytes())
	}
	manifests := func(n int) []byte {
		var all [][]byte
		for i := range n {
			all = append(all, sketch{label: fmt.Sprint("urn:c2pa:", i), entries: []entry{created}}.bytes())
		}
		return store(all...)
	}
	items := func(n int) []byte { // an assertion of n items; the claim and what is read of it are kept out of the count
		list := make([]any, n-2)
		for i := range list {
			list[i] = 0
		}
		return store(sketch{label: "urn:c2pa:1", entries: []entry{{label: "c2pa.soft-binding", cbor: forge.CBOR(kv("x", list))}}}.bytes())
	}
	// Boxes within each other, each of which an icon refers to.
	nested := func(n int) []byte {
		inner, path := super("cbor", "x", jbox("free", make([]byte, 50_000))), "self#jumbf=c2pa.assertions/"
		for range n - 1 {
			inner = super("cbor", "x", inner)
		}
		var icons []any
		for i := range n {
			icons = append(icons, kv("name", "x", "icon", kv("url", path+strings.Repeat("x/", i)+"x", "hash", make([]byte, 32))))
		}
		s := sketch{label: "urn:c2pa:1", entries: []entry{{label: "c2pa.actions.v2", cbor: forge.CBOR(kv("actions", []any{kv("action", "c2pa.created")}, "softwareAgents", icons))}}}
		s.more = inner
		return store(s.bytes())
	}
	// Manifests that all redact something of one leaf, to which a hub with 3,000 ingredients leads.
	redactors := func(n int) []byte {
		leaf := sketch{label: "urn:c2pa:leaf", entries: []entry{created}}.bytes()
		hub := sketch{label: "urn:c2pa:hub", entries: []entry{created}}
		for i := range 3_000 {
			hub.entries = append(hub.entries, ingredientOf(i+1, "urn:c2pa:leaf", leaf))
		}
		all := [][]byte{leaf, hub.bytes()}
		top := sketch{label: "urn:c2pa:top", entries: []entry{created}}
		for i := range n {
			label := fmt.Sprint("urn:c2pa:", i)
			all = append(all, sketch{label: label, entries: []entry{created, ingredientOf(1, "urn:c2pa:hub", all[1])}, edit: func(m *forge.Map) {
				m.Set("redacted_assertions", []any{"self#jumbf=/c2pa/urn:c2pa:leaf/c2pa.assertions/x"})
			}}.bytes())
			top.entries = append(top.entries, ingredientOf(i+1, label, all[len(all)-1]))
		}
		return store(append(all, top.bytes())...)
	}
	named := func(n int) []byte {
		return store(sketch{label: strings.Repeat("x", n), entries: []entry{created}}.bytes())
	}
	actions := func(n int) []byte {
		list := []any{kv("action", "c2pa.created")}
		for range n - 2 {
			list = append(list, kv("action", "c2pa.edited"))
		}
		list[0] = kv("action", "c2pa.created", "related", []any{kv("action", "c2pa.filtered")})
		return store(sketch{label: "urn:c2pa:1", entries: []entry{{label: "c2pa.actions.v2", cbor: forge.CBOR(kv("actions", list))}}}.bytes())
	}
	one := sketch{label: "urn:c2pa:1", entries: []entry{created}}.bytes()
	claimItems := itemsOf(t, items(3)) - 3
	packed := store(compressed("urn:c2pa:1", one))
	cases := []struct {
		name string
		data []byte
		lim  manifest.Limits
		ok   bool
	}{
		{"store at the limit", store(one), manifest.Limits{Store: int64(len(store(one)))}, true},
		{"store one byte past it", store(one), manifest.Limits{Store: int64(len(store(one))) - 1}, false},
		{"manifests at the limit", manifests(1024), manifest.Limits{}, true},
		{"manifests one past it", manifests(1025), manifest.Limits{}, false},
		{"assertions at the limit", many(10_000), manifest.Limits{}, true},
		{"assertions one past it", many(10_001), manifest.Limits{}, false},
		{"assertions far past it", many(100_000), manifest.Limits{}, false},
		{"actions at the limit", actions(10_000), manifest.Limits{}, true},
		{"actions one past it", actions(10_001), manifest.Limits{}, false},
		{"ingredients 200 deep", lineage(200), manifest.Limits{}, true},
		{"ingredients 201 deep", lineage(201), manifest.Limits{}, false},
		{"decompressed bytes at the limit", packed, manifest.Limits{Decompressed: int64(len(one))}, true},
		{"decompressed bytes one past it", packed, manifest.Limits{Decompressed: int64(len(one)) - 1}, false},
		{"a Brotli bomb", store(compressed("urn:c2pa:1", make([]byte, 33<<20))), manifest.Limits{}, false},
		{"CBOR items at the limit", items(1000), manifest.Limits{Items: claimItems + 1000}, true},
		{"a label at the limit", named(512), manifest.Limits{}, true},
		{"a label one byte past it", named(513), manifest.Limits{}, false},
		{"bytes to hash below the limit", nested(5), manifest.Limits{}, true},
		{"bytes to hash past it", nested(20), manifest.Limits{}, false},
		{"steps below the limit", redactors(20), manifest.Limits{}, true},
		{"steps past it", redactors(60), manifest.Limits{}, false},
		{"CBOR items one past it", items(1001), manifest.Limits{Items: claimItems + 1000}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			r, err := study(t, c.data, c.lim)
			if c.ok && err != nil || !c.ok && !isLimit(err) {
				t.Errorf("%v", err)
			}
			if !c.ok && r != nil && r.State != "" {
				t.Errorf("what could not be judged is called %q", r.State)
			}
			if !c.ok && r != nil && r.Binding != nil {
				t.Error("the content was looked at when the limit had been reached")
			}
			// A second at most where nothing else runs; what grows with the square of a count takes minutes.
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// itemsOf finds how many CBOR items a store takes.
func itemsOf(t *testing.T, data []byte) int {
	t.Helper()
	for n := 1; n < 1000; n++ {
		if _, err := study(t, data, manifest.Limits{Items: n}); err == nil {
			return n
		}
	}
	t.Fatal("more than 1000 items")
	return 0
}

func TestRepetitionsAreCounted(t *testing.T) {
	s := sketch{label: "urn:c2pa:1", entries: []entry{created}}
	for i := range 1100 {
		s.more = append(s.more, super("cbor", fmt.Sprint("com.example.x", i), jbox("cbor", []byte{0xA0}))...)
	}
	r, err := study(t, store(s.bytes()), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range r.Active.Failure {
		if f.Code == "assertion.undeclared" {
			n++
		}
	}
	if n != 1000 || r.Active.Omitted != 100 {
		t.Errorf("%d kept, %d omitted", n, r.Active.Omitted)
	}
}

func TestIngredientsThatGoRound(t *testing.T) {
	t.Run("a manifest that is its own ingredient", func(t *testing.T) {
		r, err := study(t, store(sketch{label: "urn:c2pa:1", entries: []entry{created, ingredientOf(1, "urn:c2pa:1", nil)}}.bytes()), manifest.Limits{})
		if err != nil || !report.Has(r.Active.Failure, "ingredient.manifest.mismatch") || r.State != manifest.Invalid {
			t.Errorf("%v %+v", err, r)
		}
	})
	t.Run("two that are each other's", func(t *testing.T) {
		a := sketch{label: "urn:c2pa:1", entries: []entry{created, ingredientOf(1, "urn:c2pa:2", nil)}}.bytes()
		b := sketch{label: "urn:c2pa:2", entries: []entry{created, ingredientOf(1, "urn:c2pa:1", a)}}.bytes()
		r, err := study(t, store(a, b), manifest.Limits{})
		if err != nil || !report.Has(r.Manifest("urn:c2pa:1").Failure, "ingredient.manifest.mismatch") {
			t.Errorf("%v %+v", err, r)
		}
	})
	t.Run("2^60 ways down to one manifest", func(t *testing.T) {
		all := [][]byte{sketch{label: "urn:c2pa:0", entries: []entry{created}}.bytes()}
		for i := range 60 {
			below := fmt.Sprint("urn:c2pa:", i)
			all = append(all, sketch{label: fmt.Sprint("urn:c2pa:", i+1), entries: []entry{created, ingredientOf(1, below, all[i]), ingredientOf(2, below, all[i])}}.bytes())
		}
		r, err := study(t, store(all...), manifest.Limits{})
		if err != nil || len(r.Manifests) != 61 {
			t.Fatalf("%v", err)
		}
		for _, m := range r.Manifests {
			if !m.Reached || report.Has(m.Failure, "ingredient.manifest.mismatch") {
				t.Errorf("%s: %v", m.Label, m.Failure)
			}
		}
	})
}

func TestParseRefuses(t *testing.T) {
	one := sketch{label: "urn:c2pa:1", entries: []entry{created}}.bytes()
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"zeros", make([]byte, 100)},
		{"a store without manifests", store()},
		{"a superbox of another type", super("c2ma", "c2pa", one)},
		{"a store of another label", super("c2pa", "c2pb", one)},
		{"only a time-stamp manifest", store(sketch{label: "urn:c2pa:1", kind: "c2tm"}.bytes())},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := manifest.Parse(c.data, nil, manifest.Limits{})
			var syntax *manifest.SyntaxError
			if s != nil || !errors.As(err, &syntax) {
				t.Errorf("%v %v", s, err)
			}
		})
	}
}

func TestCompressedManifests(t *testing.T) {
	one := sketch{label: "urn:c2pa:1", entries: []entry{created}}.bytes()
	good := compressed("urn:c2pa:1", one)
	broken := bytes.Clone(good)
	broken[len(broken)-20] ^= 0xFF
	for _, c := range []struct {
		name string
		data []byte
		ok   bool
	}{
		{"as it should be", good, true},
		{"a broken stream", broken, false},
		{"no brob box", super("c2cm", "urn:c2pa:1", jbox("cbor", one)), false},
		{"two brob boxes", super("c2cm", "urn:c2pa:1", jbox("brob"), jbox("brob")), false},
		{"another label outside", compressed("urn:c2pa:2", one), false},
		{"one in the other", compressed("urn:c2pa:1", good), false},
		{"bytes behind the manifest", compressed("urn:c2pa:1", append(bytes.Clone(one), 0)), false},
		{"no superbox", compressed("urn:c2pa:1", []byte("hello")), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := study(t, store(c.data), manifest.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := !report.Has(r.Active.Failure, "manifest.compressed.invalid"); got != c.ok {
				t.Errorf("%v", r.Active.Failure)
			}
			if c.ok && (!r.Active.Compressed || r.Active.Claim == nil) || !c.ok && r.State != manifest.Invalid {
				t.Errorf("state %q, claim %v", r.State, r.Active.Claim)
			}
		})
	}
}

func BenchmarkValidate200Ingredients(b *testing.B) {
	var all [][]byte
	active := sketch{label: "urn:c2pa:active", entries: []entry{created}}
	for i := range 200 {
		m := sketch{label: fmt.Sprint("urn:c2pa:", i), entries: []entry{created}}.bytes()
		all = append(all, m)
		active.entries = append(active.entries, ingredientOf(i+1, fmt.Sprint("urn:c2pa:", i), m))
	}
	data := store(append(all, active.bytes())...)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := study(b, data, manifest.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestExplanationsAreCut(t *testing.T) {
	of := func(name string) []string {
		s := sketch{label: "urn:c2pa:1", entries: []entry{created}, edit: func(m *forge.Map) {
			m.Set("gathered_assertions", []any{kv("url", "self#jumbf=c2pa.assertions/"+name, "hash", make([]byte, 32))})
		}}
		r, err := study(t, store(s.bytes()), manifest.Limits{})
		if err != nil || !report.Has(r.Active.Failure, "assertion.missing") {
			t.Fatalf("%v", err)
		}
		var out []string
		for _, f := range r.Active.Failure {
			out = append(out, f.Explanation)
		}
		return out
	}
	for _, e := range of(strings.Repeat("é", 5000)) {
		if len(e) > 1010 || !utf8.ValidString(e) {
			t.Errorf("%d bytes", len(e))
		}
	}
	longest := slices.MaxFunc(of("x"), func(a, b string) int { return len(a) - len(b) })
	for n, cut := range map[int]bool{1000: false, 1001: true} { // the name stands in the explanation once
		all := of(strings.Repeat("x", n-len(longest)+1))
		if got := slices.MaxFunc(all, func(a, b string) int { return len(a) - len(b) }); strings.HasSuffix(got, " …") != cut || !cut && len(got) != n {
			t.Errorf("an explanation of %d bytes has %d: %.80q", n, len(got), got)
		}
	}
}
