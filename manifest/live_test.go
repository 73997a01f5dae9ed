package manifest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// opening is an initialization segment that nobody signed.
func opening() []byte {
	b := forge.LiveStream{}.Make().Data
	moov := bytes.Index(b, []byte("moov")) - 4
	return append(bytes.Clone(b[:24]), b[moov:]...)
}

// judgeLive validates a recording: its initialization segment with the segments as parts.
func judgeLive(t *testing.T, b *forge.Built) *manifest.Result {
	t.Helper()
	return judgeLiveWith(t, b, nil)
}

// judgeLiveWith is judgeLive with leave to ask for manifests elsewhere.
func judgeLiveWith(t *testing.T, b *forge.Built, fetch func(context.Context, string, int64) ([]byte, string, error)) *manifest.Result {
	t.Helper()
	r := bytes.NewReader(b.Data)
	loc, err := manifest.Locate(context.Background(), r, r.Size(), manifest.Limits{})
	if err != nil || loc.Store == nil {
		t.Fatalf("%v, %+v", err, loc)
	}
	store, err := manifest.Parse(loc.Store, loc.Update, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	content := &manifest.Content{Data: r, Size: r.Size(), Located: loc}
	for i, p := range b.Parts {
		part := manifest.Part{Name: fmt.Sprint("s", i)}
		if p != nil {
			part.Data, part.Size = bytes.NewReader(p), int64(len(p))
		}
		content.Parts = append(content.Parts, part)
	}
	res, err := store.Validate(context.Background(), content, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock, Fetch: fetch})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

type liveCase struct {
	name   string
	stream forge.LiveStream
	code   string // empty: nothing is wrong
	bad    string // the segments that are not as signed
	said   string // of what was not checked
}

const (
	liveSegment, liveKey, liveManifest = "livevideo.segment.invalid", "livevideo.sessionkey.invalid", "livevideo.manifest.invalid"
	livePlace, liveMethod, liveInit    = "livevideo.assertion.invalid", "livevideo.continuityMethod.invalid", "livevideo.init.invalid"
)

// addressed is the address of a manifest.
var addressed = forge.Map{{K: "url", V: "https://live.example/manifest.c2pa"}, {K: "alg", V: "sha256"}, {K: "hash", V: make([]byte, 32)}}

// only edits what belongs to one segment.
func only[T any](n int, edit func(T)) func(int, T) {
	return func(i int, v T) {
		if i == n {
			edit(v)
		}
	}
}

func flipLast(n int) func([][]byte) {
	return func(parts [][]byte) {
		parts[n] = bytes.Clone(parts[n])
		parts[n][len(parts[n])-1] ^= 1
	}
}

func statedCases() []liveCase {
	type L = forge.LiveStream
	key := func(edit func(*forge.Map)) L { return L{Key: edit} }
	info := func(n int, edit func(*forge.Map)) L { return L{Info: only(n, edit)} }
	signed := func(n int, edit func(*forge.Signer)) L { return L{COSE: only(n, edit)} }
	event := func(n int, edit func([]byte)) L {
		return L{Event: func(i int, b []byte) []byte {
			if i == n {
				edit(b)
			}
			return b
		}}
	}
	return []liveCase{
		{"sound", L{}, "", "", ""},
		{"a key on P-256", L{Alg: "ES256"}, "", "", ""},
		{"a key on P-521", L{Alg: "ES512"}, "", "", ""},
		{"a key of ML-DSA", L{Alg: "ML-DSA-44"}, "", "", ""},
		{"a key of ML-DSA and a signature in a context", L{Alg: "ML-DSA-44", COSE: only(1, func(s *forge.Signer) { s.Context = "live" })}, liveSegment, "s1", ""},
		{"a key of ML-DSA and the algorithm of another", L{Alg: "ML-DSA-44", COSE: only(1, func(s *forge.Signer) {
			s.Protected = func(m *forge.Map) { m.Set(1, -49) }
		})}, liveSegment, "s1", ""},
		{"joined in the middle", L{Order: []int{2, 3}}, "", "", ""},
		{"the address of the manifest at hand", info(1, func(m *forge.Map) { m.Set("manifestUri", addressed) }), "", "", "the one that is at hand counts, the address is not asked"},
		{"a gap", L{Order: []int{0, 2, 3}}, "", "", "a gap: between the numbers 1 and 3"},
		{"a listed segment that is missing", L{Order: []int{0, -1, 2, 3}}, liveSegment, "s1", ""},
		{"a segment played again", L{Order: []int{0, 1, 1, 2}}, liveSegment, "s2", ""},
		{"two segments exchanged", L{Order: []int{0, 2, 1, 3}}, liveSegment, "s2", "a gap"},
		{"the stream begins anew", L{Order: []int{0, 1, 2, 3, 0}}, liveSegment, "s4", ""},
		{"numbers that go back", info(2, func(m *forge.Map) { m.Set("sequenceNumber", 1) }), liveSegment, "s2", ""},
		{"a byte of the media", L{Change: flipLast(1)}, liveSegment, "s1", ""},
		{"another hash", info(1, func(m *forge.Map) {
			h := m.Get("bmffHash").(forge.Map)
			h.Set("hash", make([]byte, 32))
			m.Set("bmffHash", h)
		}), liveSegment, "s1", ""},
		{"a hash that leaves out the media", info(1, func(m *forge.Map) {
			h := m.Get("bmffHash").(forge.Map)
			h.Set("exclusions", append(h.Get("exclusions").([]any), forge.Map{{K: "xpath", V: "/mdat"}}))
			m.Set("bmffHash", h)
		}), liveSegment, "s1", ""},
		{"a tree in place of a hash", info(1, func(m *forge.Map) {
			h := m.Get("bmffHash").(forge.Map)
			h.Del("hash")
			h.Set("merkle", []any{forge.Map{{K: "uniqueId", V: 1}, {K: "localId", V: 1}, {K: "count", V: 1}, {K: "hashes", V: []any{make([]byte, 32)}}}})
			m.Set("bmffHash", h)
		}), liveSegment, "s1", ""},
		{"a hash that breaks the rules", info(1, func(m *forge.Map) { m.Set("bmffHash", forge.Map{}) }), liveSegment, "s1", ""},
		{"no number", info(1, func(m *forge.Map) { m.Del("sequenceNumber") }), liveSegment, "s1", ""},
		{"another manifest", info(1, func(m *forge.Map) { m.Set("manifestId", "urn:c2pa:other") }), liveSegment, "s1", ""},
		{"a number before the key's", key(func(m *forge.Map) { m.Set("minSequenceNumber", 3) }), liveSegment, "s0 s1", ""},
		{"after the key's validity", signed(3, func(s *forge.Signer) { s.IAT = forge.Clock.AddDate(0, 0, 2).Unix() }), liveSegment, "s3", ""},
		{"before the key was made", signed(0, func(s *forge.Signer) { s.IAT = forge.Clock.AddDate(0, 0, -2).Unix() }), liveSegment, "s0", ""},
		{"no time", signed(2, func(s *forge.Signer) { s.Protected = func(m *forge.Map) { m.Del("iat") } }), "", "", "do not say when they were made"},
		{"another key", signed(1, func(s *forge.Signer) { s.Name = "other" }), liveSegment, "s1", ""},
		{"the name of another key", signed(1, func(s *forge.Signer) { s.Unprotected = func(m *forge.Map) { m.Set(4, []byte("other")) } }), liveSegment, "s1", ""},
		{"a signature that was changed", signed(1, func(s *forge.Signer) { s.Sig = func(b []byte) []byte { b[3] ^= 1; return b } }), liveSegment, "s1", ""},
		{"a number of a statement below zero", info(1, func(m *forge.Map) { m.Set("sequenceNumber", -1) }), liveSegment, "s1", ""},
		{"a statement for no manifest", info(1, func(m *forge.Map) { m.Del("manifestId") }), liveSegment, "s1", ""},
		{"a statement without a hash", info(1, func(m *forge.Map) { m.Del("bmffHash") }), liveSegment, "s1", ""},
		{"an event of version 1", event(1, func(b []byte) { b[8] = 1 }), liveSegment, "s1", ""},
		{"an event of another scheme", event(1, func(b []byte) { b[12]++ }), liveSegment, "s1", ""},
		{"an event of another value", event(1, func(b []byte) { b[bytes.Index(b, []byte("fseg"))]++ }), liveSegment, "s1", ""},
		{"an event for a later segment", event(1, func(b []byte) { b[bytes.Index(b, []byte("fseg"))+5+7]++ }), liveSegment, "s1", ""},
		{"two statements", L{Event: func(i int, b []byte) []byte {
			if i == 1 {
				b = append(b, b...)
			}
			return b
		}}, liveSegment, "s1", ""},
		{"a statement that is cut", L{Event: func(i int, b []byte) []byte {
			if i == 1 {
				b = b[:len(b)-4]
				b[3] -= 4
			}
			return b
		}}, liveSegment, "s1", ""},
		{"a segment with neither", L{Change: func(parts [][]byte) { parts[2] = parts[2][bytes.Index(parts[2], []byte("moof"))-4:] }}, liveSegment, "s2", ""},
		{"another initialization segment between", L{Change: func(parts [][]byte) {
			parts[1] = forge.Make(forge.Recipe{NoStore: true, Merkle: nil, Container: forge.Container{Raw: opening()}}).Data
		}}, liveInit, "s1", ""},
		{"media in the initialization segment", L{Init: func(r *forge.Recipe) { r.Tail = append([]byte{0, 0, 0, 12}, "mdatxxxx"...) }}, liveInit, "the initialization segment", ""},
	}
}

// keyCases are streams whose session keys break the rules. C2PA 2.5, 15.5.1 and 15.8.3.
func keyCases() []liveCase {
	type L = forge.LiveStream
	key := func(edit func(*forge.Map)) L { return L{Key: edit} }
	return []liveCase{
		{"no session keys", L{NoKeys: true}, liveSegment, "s0 s1 s2 s3", ""},
		{"a list of no keys", L{Keys: func(m *forge.Map) { m.Set("keys", []any{}) }}, liveKey, "s0 s1 s2 s3", ""},
		{"two lists of keys", L{TwoLists: true}, liveKey, "s0 s1 s2 s3", ""},
		{"one key twice", L{Keys: func(m *forge.Map) { m.Set("keys", append(m.Get("keys").([]any), m.Get("keys").([]any)[0])) }}, liveKey, "", ""},
		{"a key that the signer did not bind", key(func(m *forge.Map) { m.Set("signerBinding", forge.Raw(forge.Signer{LeafOnly: true}.Sign([]byte("x")))) }), liveKey, "s0 s1 s2 s3", ""},
		{"a binding that is none", key(func(m *forge.Map) { m.Set("signerBinding", 1) }), liveKey, "s0 s1 s2 s3", ""},
		{"a key without a name", key(func(m *forge.Map) { k := m.Get("key").(forge.Map); k.Del(2); m.Set("key", k) }), liveKey, "s0 s1 s2 s3", ""},
		{"a key of another kind", key(func(m *forge.Map) { k := m.Get("key").(forge.Map); k.Set(-1, 7); m.Set("key", k) }), liveKey, "s0 s1 s2 s3", ""},
		{"no time of a key", key(func(m *forge.Map) { m.Del("createdAt") }), liveKey, "s0 s1 s2 s3", ""},
		{"a time without its tag", key(func(m *forge.Map) { m.Set("createdAt", "2026-06-01T12:00:00Z") }), liveKey, "s0 s1 s2 s3", ""},
		{"a validity below zero", key(func(m *forge.Map) { m.Set("validityPeriod", -1) }), liveKey, "s0 s1 s2 s3", ""},
		{"no number that a key begins with", key(func(m *forge.Map) { m.Del("minSequenceNumber") }), liveKey, "s0 s1 s2 s3", ""},
		{"a number below zero that a key begins with", key(func(m *forge.Map) { m.Set("minSequenceNumber", -1) }), liveKey, "s0 s1 s2 s3", ""},
		{"no validity", key(func(m *forge.Map) { m.Del("validityPeriod") }), liveKey, "s0 s1 s2 s3", ""},
		{"a validity of a hundred years", key(func(m *forge.Map) { m.Set("validityPeriod", 100*366*24*3600) }), "", "", ""},
		{"a longer validity", key(func(m *forge.Map) { m.Set("validityPeriod", 100*366*24*3600+1) }), liveKey, "s0 s1 s2 s3", ""},
		{"an entry without its key", key(func(m *forge.Map) { m.Del("key") }), liveKey, "s0 s1 s2 s3", ""},
		{"an entry without a binding", key(func(m *forge.Map) { m.Del("signerBinding") }), liveKey, "s0 s1 s2 s3", ""},
		{"a time with another tag", key(func(m *forge.Map) { m.Set("createdAt", forge.Tag{N: 1, V: forge.Clock.Unix()}) }), liveKey, "s0 s1 s2 s3", ""},
		{"a time that is a number", key(func(m *forge.Map) { m.Set("createdAt", forge.Tag{N: 0, V: 1}) }), liveKey, "s0 s1 s2 s3", ""},
		{"a time that is none", key(func(m *forge.Map) { m.Set("createdAt", forge.Tag{N: 0, V: "yesterday"}) }), liveKey, "s0 s1 s2 s3", ""},
	}
}

func manifestCases() []liveCase {
	type L = forge.LiveStream
	place := func(n int, edit func(*forge.Map)) L { return L{Manifests: true, Place: only(n, edit)} }
	recipe := func(n int, edit func(*forge.Recipe)) L { return L{Manifests: true, Recipe: only(n, edit)} }
	const said = "what came before the first segment"
	return []liveCase{
		{"manifests: sound", L{Manifests: true}, "", "", said},
		{"manifests: joined in the middle", L{Manifests: true, Order: []int{2, 3}}, "", "", said},
		{"manifests: a gap", L{Manifests: true, Order: []int{0, 2, 3}}, liveSegment, "s1 s2", said},
		{"manifests: a segment played again", L{Manifests: true, Order: []int{0, 1, 1, 2}}, livePlace, "s2", said},
		{"manifests: two segments exchanged", L{Manifests: true, Order: []int{0, 2, 1, 3}}, liveSegment, "s1 s3", said},
		{"manifests: the stream begins anew", L{Manifests: true, Order: []int{0, 1, 2, 3, 0}}, livePlace, "s4", said},
		{"manifests: numbers that go back", place(3, func(m *forge.Map) { m.Set("sequenceNumber", 1) }), livePlace, "s3", said},
		{"manifests: another stream", place(1, func(m *forge.Map) { m.Set("streamId", "other") }), livePlace, "s1 s2 s3", said},
		{"manifests: no number", place(1, func(m *forge.Map) { m.Del("sequenceNumber") }), livePlace, "s1 s2 s3", said},
		{"manifests: a number below zero", place(1, func(m *forge.Map) { m.Set("sequenceNumber", -1) }), livePlace, "s1 s2 s3", said},
		{"manifests: no stream", place(3, func(m *forge.Map) { m.Del("streamId") }), livePlace, "s3", said},
		{"manifests: bound by blocks", recipe(3, func(r *forge.Recipe) { r.Merkle = &forge.Merkle{Block: 100} }), liveManifest, "s3", said},
		{"manifests: bound by version 2 of the hash", recipe(3, func(r *forge.Recipe) { r.Manifest.Binding = "c2pa.hash.bmff.v2" }), liveManifest, "s3", said},
		{"manifests: no method", place(3, func(m *forge.Map) { m.Del("continuityMethod") }), liveMethod, "s3", said},
		{"manifests: a method that is not known", place(3, func(m *forge.Map) { m.Set("continuityMethod", "com.example.chain") }), liveMethod, "s3", said},
		{"manifests: no name of the segment before", place(3, func(m *forge.Map) { m.Del("previousManifestId") }), liveMethod, "s3", said},
		{"manifests: a byte of the media", L{Manifests: true, Change: flipLast(3)}, liveManifest, "s3", said},
		{"manifests: a signer whom nobody trusts", L{Manifests: true, Signer: func(i int) forge.Signer {
			if i == 3 {
				return forge.Signer{Authority: forge.NewAuthority("Forge Other CA")}
			}
			return forge.Signer{}
		}}, liveManifest, "s3", said},
		{"manifests: a store that cannot be read", recipe(3, func(r *forge.Recipe) { r.Store = func(b []byte) []byte { b[9] ^= 1; return b } }), liveManifest, "s3", said},
		{"manifests: no place in the stream", recipe(3, func(r *forge.Recipe) { r.Manifest.Assertions = nil }), livePlace, "s3", said},
	}
}

// mixedCases are streams of segments of several kinds: each tells its number in another place.
func mixedCases() []liveCase {
	type L = forge.LiveStream
	const (
		keys, alternating, back = "kkkk", "msms", "smsm" // keys-only manifests; manifest and statement in turn
		gap                     = "a gap: between the numbers"
		first, none             = "what came before the first segment", "no segment before has a manifest"
	)
	in := func(kinds string, order ...int) L { return L{Kinds: kinds, Order: order} }
	number := func(kinds string, n, to int) L {
		edit := only(n, func(m *forge.Map) { m.Set("sequenceNumber", to) })
		return L{Kinds: kinds, Place: edit, Info: edit}
	}
	stream := func(kinds string, n int, to string) L {
		return L{Kinds: kinds, Place: only(n, func(m *forge.Map) { m.Set("streamId", to) })}
	}
	return []liveCase{
		{"keys in each: sound", in(keys), "", "", ""},
		{"keys in each: joined in the middle", in(keys, 2, 3), "", "", ""},
		{"keys in each: a gap", in(keys, 0, 2, 3), "", "", gap + " 1 and 3"},
		{"keys in each: a segment played again", in(keys, 0, 1, 1, 2), liveSegment, "s2", ""},
		{"keys in each: two segments exchanged", in(keys, 0, 2, 1, 3), liveSegment, "s2", gap},
		{"keys in each: the stream runs backwards", in(keys, 3, 1), liveSegment, "s1", ""},
		{"keys in each: reordered, played again and cut", in(keys, 0, 3, 1, 1, 2, 0), liveSegment, "s2 s3 s4 s5", gap},
		{"keys in each: numbers that go back", number(keys, 2, 1), liveSegment, "s2", ""},
		{"keys now and then: sound", in("skks"), "", "", ""},
		{"keys now and then: two segments exchanged", in("skks", 0, 2, 1), liveSegment, "s2", gap},

		{"in turn: sound", in(alternating), "", "", first},
		{"in turn: joined in the middle", in(alternating, 1, 2, 3), "", "", none},
		{"in turn: a gap of a manifest", in(alternating, 0, 1, 3), "", "", gap + " 2 and 4"},
		{"in turn: a gap of a statement", in(alternating, 0, 2, 3), "", "", gap + " 1 and 3"},
		{"in turn: a gap that the next manifest shows", in("msmm", 0, 1, 3), liveSegment, "s2", first},
		{"in turn: a manifest played again", in(alternating, 0, 1, 0), livePlace, "s2", first},
		{"in turn: a statement played again", in(alternating, 0, 1, 2, 1), liveSegment, "s3", first},
		{"in turn: two segments exchanged", in(alternating, 0, 2, 1, 3), liveSegment, "s2", first},
		{"in turn: manifests exchanged", in(alternating, 2, 1, 0), livePlace, "s1 s2", first},
		{"in turn: the stream begins anew", in(alternating, 0, 1, 2, 3, 0), livePlace, "s4", first},
		{"in turn: a manifest whose number goes back", number(alternating, 2, 1), livePlace, "s2", first},
		{"in turn: a statement whose number goes back", number(alternating, 3, 2), liveSegment, "s3", first},
		{"in turn: another stream behind a statement", stream(alternating, 2, "other"), livePlace, "s2", first},
		{"in turn: a stream that had no name", L{Kinds: "mm", Place: only(0, func(m *forge.Map) { m.Set("streamId", "") })}, livePlace, "s1", first},

		{"statements first: sound", in(back), "", "", none},
		{"statements first: nothing is said of the first segment", in(back, 0, 1), "", "", none},
		{"statements first: a manifest before its time", in(back, 2, 1, 3), livePlace, "s1", none},
		{"statements first: two segments exchanged", in(back, 0, 2, 1, 3), livePlace, "s2", none},

		{"both in each: sound", in("bbbb"), "", "", first},
		{"both in each: a gap", in("bbbb", 0, 2), liveSegment, "s1", first},
		{"both in each: a segment played again", in("bbbb", 0, 1, 1, 2), livePlace, "s2", first},
		{"both in each: two numbers", L{Kinds: "bbbb", Info: only(2, func(m *forge.Map) { m.Set("sequenceNumber", 9) })}, liveSegment, "s2 s3", first},
		{"all kinds: sound", in("smkbks"), "", "", none},
		{"all kinds: backwards", in("smkbks", 5, 4, 3, 2, 1, 0), livePlace, "s0 s2 s3 s4 s5", ""},
	}
}

func TestLive(t *testing.T) {
	for _, c := range slices.Concat(statedCases(), keyCases(), manifestCases(), mixedCases()) {
		t.Run(c.name, func(t *testing.T) {
			res := judgeLive(t, c.stream.Make())
			var bad, codes, said []string
			for _, p := range res.Binding.Parts {
				if p.State != manifest.BindingIntact {
					bad = append(bad, p.Name)
				}
			}
			for _, f := range res.Active.Failure {
				if !slices.Contains(codes, f.Code) {
					codes = append(codes, f.Code)
				}
			}
			for _, n := range res.NotChecked {
				said = append(said, n.Why)
			}
			if got := strings.Join(bad, " "); got != c.bad {
				t.Errorf("not as signed: %s, expected %s: %+v", got, c.bad, res.Binding.Parts)
			}
			if c.code == "" && len(codes) > 0 || c.code != "" && !slices.Contains(codes, c.code) {
				t.Errorf("%q, expected %q: %v", codes, c.code, res.Active.Failure)
			}
			for _, code := range codes { // what follows from the first fault is a segment's
				if code != c.code && (code != liveSegment || c.code != liveKey && c.code != livePlace) {
					t.Errorf("also %s: %v", code, res.Active.Failure)
				}
			}
			if want := c.code == ""; want != (res.State == manifest.Trusted) {
				t.Errorf("state %q", res.State)
			}
			if got := strings.Join(said, "; "); !strings.Contains(got, c.said) || c.said == "" && got != "" {
				t.Errorf("said %q, expected %q", got, c.said)
			}
		})
	}
}

// A stream whose first segment is the asset has no initialization segment that could vouch for keys.
func TestLiveWithoutInit(t *testing.T) {
	b := forge.LiveStream{Manifests: true}.Make()
	b.Data, b.Parts = b.Parts[0], b.Parts[1:]
	res := judgeLive(t, b)
	if res.State != manifest.Trusted || len(res.Binding.Parts) != 4 {
		t.Errorf("%s: %+v", res.State, res.Binding.Parts)
	}
}

// An initialization segment whose manifest leaves the movie out binds the stream in part, whatever its segments are.
func TestLiveWithAMovieThatNothingBinds(t *testing.T) {
	res := judgeLive(t, forge.LiveStream{Init: func(r *forge.Recipe) {
		r.Exclude = append(forge.Usual(), forge.Exclusion{XPath: "/moov"})
	}}.Make())
	if res.Binding.State != manifest.BindingPartial || !report.Has(res.Binding.Findings, "asset.partiallyBound") {
		t.Errorf("%s: %v", res.Binding.State, res.Binding.Findings)
	}
}

// Every code of live media is reached, and the table knows it.
func TestLiveCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range slices.Concat(statedCases(), keyCases(), manifestCases(), mixedCases()) {
		seen[c.code] = true
	}
	for _, row := range report.Codes() {
		if strings.HasPrefix(row.Code, "livevideo.") && !seen[row.Code] {
			t.Errorf("%s is reached by no stream", row.Code)
		}
	}
}

// FuzzLive: a segment that was changed in any bound byte is never as signed.
func FuzzLive(f *testing.F) {
	b := forge.LiveStream{}.Make()
	own := forge.LiveStream{Manifests: true}.Make()
	for _, p := range [][]byte{b.Parts[1], own.Parts[1], b.Parts[0], b.Parts[2][:200], {}, b.Data} {
		f.Add(p)
	}
	store := func() *manifest.Store {
		loc, _ := manifest.Locate(context.Background(), bytes.NewReader(b.Data), int64(len(b.Data)), manifest.Limits{})
		s, err := manifest.Parse(loc.Store, nil, manifest.Limits{})
		if err != nil {
			f.Fatal(err)
		}
		return s
	}()
	trust := forgeTrust(&testing.T{}, "")
	f.Fuzz(func(t *testing.T, segment []byte) {
		loc, err := manifest.Locate(context.Background(), bytes.NewReader(b.Data), int64(len(b.Data)), manifest.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		content := &manifest.Content{Data: bytes.NewReader(b.Data), Size: int64(len(b.Data)), Located: loc}
		for _, p := range [][]byte{b.Parts[0], segment} {
			content.Parts = append(content.Parts, manifest.Part{Data: bytes.NewReader(p), Size: int64(len(p))})
		}
		res, err := store.Validate(context.Background(), content, manifest.Options{Trust: trust, Now: forge.Clock})
		if err != nil {
			return // a limit
		}
		media := segment
		if i := bytes.Index(segment, []byte("moof")); i > 0 {
			media = segment[i:]
		}
		known := slices.ContainsFunc(append(b.Parts, own.Parts...), func(p []byte) bool { return bytes.HasSuffix(p, media) }) && len(media) > 300
		if last := res.Binding.Parts[1]; last.State == manifest.BindingIntact && !known && !bytes.Contains(segment, b.Data[bytes.Index(b.Data, []byte("moov")):]) {
			t.Errorf("accepted: %+v", last)
		}
		if res.State == manifest.Trusted && res.Binding.Parts[1].State != manifest.BindingIntact {
			t.Error("trusted, and a segment is not as signed")
		}
	})
}

// Each rendition is a stream of its own, with numbers of its own and an initialization segment of its own.
func TestLiveRenditions(t *testing.T) {
	one, two := forge.LiveStream{}.Make(), forge.LiveStream{Manifests: true}.Make()
	for _, c := range []struct {
		name string
		init []byte
		code string
	}{{"sound", two.Data, ""}, {"without a manifest", opening(), liveInit}} {
		t.Run(c.name, func(t *testing.T) {
			r := bytes.NewReader(one.Data)
			loc, err := manifest.Locate(context.Background(), r, r.Size(), manifest.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			store, err := manifest.Parse(loc.Store, nil, manifest.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			content := &manifest.Content{Data: r, Size: r.Size(), Located: loc}
			for _, p := range one.Parts {
				content.Parts = append(content.Parts, manifest.Part{Data: bytes.NewReader(p), Size: int64(len(p))})
			}
			for i, p := range append([][]byte{c.init}, two.Parts...) {
				content.Parts = append(content.Parts, manifest.Part{Data: bytes.NewReader(p), Size: int64(len(p)), Rendition: "b", Init: i == 0})
			}
			res, err := store.Validate(context.Background(), content, manifest.Options{Trust: forgeTrust(t, ""), Now: forge.Clock})
			if err != nil {
				t.Fatal(err)
			}
			if (c.code == "") != (res.State == manifest.Trusted) || c.code != "" && !report.Has(res.Active.Failure, c.code) || len(res.Binding.Parts) != 9 {
				t.Errorf("%s: %v", res.State, res.Active.Failure)
			}
		})
	}
}
