package consentry_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/softbinding"
	"github.com/consentry/consentry/video"
)

// resolution is a resolver on loopback: what it answers to a question, and the stores that it has.
type resolution struct {
	answer string
	stores map[string][]byte
	moved  string // where it redirects what asks for a store; empty: nowhere
	asked  []string
	query  []string // alg and value of each question
}

func (s *resolution) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.URL.Path)
	if r.URL.Path == "/v1/matches/byBinding" {
		s.query = append(s.query, r.URL.Query().Get("alg")+" "+r.URL.Query().Get("value"))
		if s.answer != "" {
			fmt.Fprint(w, s.answer)
			return
		}
	}
	if s.moved != "" {
		http.Redirect(w, r, s.moved, http.StatusFound)
		return
	}
	if store, ok := s.stores[strings.TrimPrefix(r.URL.Path, "/v1/manifests/")]; ok {
		_, _ = w.Write(store)
		return
	}
	http.NotFound(w, r)
}

// resolving is a verifier that asks a resolver on loopback.
func resolving(t *testing.T, s http.Handler) *consentry.Verifier {
	t.Helper()
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	resolver, err := softbinding.ParseResolver(server.URL + "/v1/")
	if err != nil {
		t.Fatal(err)
	}
	v := trusting(t)
	v.Frames, v.Decoder = video.KeyFrames, moving{seconds: 4}
	v.Fetch, v.Resolvers = &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}, []*softbinding.Resolver{resolver}
	return v
}

// otherMedia is the file with one byte of its media changed.
func otherMedia(b *forge.Built) []byte {
	out := slices.Clone(b.Data)
	for _, box := range b.Roots {
		if box.Type == "mdat" {
			out[box.Offset+box.Size-1] ^= 1
		}
	}
	return out
}

func allNotChecked(r *report.Report) string {
	var b strings.Builder
	for _, n := range r.NotChecked {
		b.WriteString(n.What + ": " + n.Why + "\n")
	}
	return b.String()
}

func matches(ids ...string) string {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"manifestId":%q,"similarityScore":90}`, id))
	}
	return `{"matches":[` + strings.Join(list, ",") + `]}`
}

func TestLookingUpALostManifest(t *testing.T) {
	code := codeOf(0, 4)
	lost := func(of ...forge.Assertion) *forge.Built {
		return forge.Make(forge.Recipe{Detached: true, Manifest: forge.Manifest{
			Actions: []forge.Action{{Name: "c2pa.created", Source: "trainedAlgorithmicMedia"}}, Assertions: of,
		}})
	}
	original := lost(binding("io.iscc.v0", block(unit(code))))
	near := lost(binding("io.iscc.v0", block(unit(flipped(code, 40)))))
	far := lost(binding("io.iscc.v0", block(unit(flipped(code, 61)))))
	silent := lost()
	broken := slices.Clone(original.Store)
	broken[bytes.LastIndex(broken, []byte("trainedAlgorithmicMedia"))] ^= 1
	other := otherMedia(forge.Make(forge.Recipe{NoStore: true}))
	distance := func(n int) *int { return &n }
	for _, c := range []struct {
		name            string
		file            []byte
		store           []byte
		signature, hash string
		consistent      bool
		distance        *int
		codes           []string
	}{
		{"of a copy", other, original.Store, "trusted", "mismatch", true, distance(0), []string{"softBinding.found"}},
		{"of this very file", original.Data, original.Store, "trusted", "match", true, distance(0), []string{"softBinding.found", "softBinding.foundHash"}},
		{"of a changed copy", other, near.Store, "trusted", "mismatch", true, distance(40), []string{"softBinding.found"}},
		{"of another clip", other, far.Store, "trusted", "mismatch", false, nil, []string{"softBinding.foundInconsistent"}},
		{"that declares nothing", other, silent.Store, "trusted", "mismatch", false, nil, []string{"softBinding.foundInconsistent"}},
		{"that was changed", other, broken, "invalid", "mismatch", true, distance(0), []string{"softBinding.found"}},
		{"that was changed, of this very file", original.Data, broken, "invalid", "not-checked", true, distance(0), []string{"softBinding.found"}},
		{"that is none", other, []byte("<html>"), "unreadable", "not-checked", false, nil, []string{"softBinding.foundInconsistent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &resolution{answer: matches("urn:c2pa:a/b"), stores: map[string][]byte{"urn:c2pa:a/b": c.store}}
			v := resolving(t, s)
			r := verify(t, v, asset(c.file))
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			if want := "io.iscc.v0 " + base64.StdEncoding.EncodeToString(unit(code)); len(s.query) != 1 || s.query[0] != want {
				t.Errorf("asked %q", s.query)
			}
			if len(r.LookAlikes) != 1 || len(r.Fetched) != 2 || r.Fetched[0].Purpose != "resolver" || r.Fetched[1].Purpose != "look-alike" {
				t.Fatalf("%+v, fetched %+v", r.LookAlikes, r.Fetched)
			}
			l := r.LookAlikes[0]
			if l.Label != "found by look-alike, not bound" || l.Signature != c.signature || l.Hash != c.hash || l.Consistent != c.consistent || (l.Distance == nil) != (c.distance == nil) || l.Distance != nil && *l.Distance != *c.distance {
				t.Errorf("%+v", l)
			}
			for _, code := range []string{"softBinding.found", "softBinding.foundHash", "softBinding.foundInconsistent"} {
				if report.Has(r.Findings, code) != slices.Contains(c.codes, code) {
					t.Errorf("%s: %+v", code, r.Findings)
				}
			}
			// It changes nothing that is said of the file.
			v.Resolvers, v.Fetch = nil, nil
			plain := verify(t, v, asset(c.file))
			if r.Verdict != plain.Verdict || state(r) != state(plain) || r.Origin.State != plain.Origin.State || r.Provenance.Integrity.State != plain.Provenance.Integrity.State || len(r.Provenance.Manifests) != len(plain.Provenance.Manifests) {
				t.Errorf("with it %s, %s, %+v; without %s, %s, %+v", r.Verdict, state(r), r.Origin, plain.Verdict, state(plain), plain.Origin)
			}
		})
	}
}

func TestHostileResolvers(t *testing.T) {
	lost := forge.Make(forge.Recipe{Detached: true, Manifest: forge.Manifest{Assertions: []forge.Assertion{binding("io.iscc.v0", block(unit(codeOf(0, 4))))}}})
	file := forge.Make(forge.Recipe{NoStore: true}).Data
	for _, c := range []struct {
		name    string
		s       resolution
		fetched int // requests
		found   int
		why     string // among what was not checked
	}{
		{"it is not there", resolution{}, 1, 0, "status 404"},
		{"it knows nothing", resolution{answer: matches()}, 1, 0, "no resolver gave one"},
		{"it answers with a page", resolution{answer: "<html>"}, 1, 0, "none of the resolution API"},
		{"it answers without end", resolution{answer: matches() + strings.Repeat(" ", softbinding.MaxAnswer)}, 1, 0, "more than 1048576 bytes"},
		{"it sends us elsewhere", resolution{answer: `{"matches":[{"manifestId":"a","endpoint":"https://127.0.0.1:1/v1"}]}`}, 1, 0, "another endpoint"},
		{"it sends us into our own network", resolution{answer: `{"matches":[{"manifestId":"a","endpoint":"http://169.254.169.254/latest"}]}`}, 1, 0, "another endpoint"},
		{"it redirects us elsewhere", resolution{answer: matches("a"), moved: "https://127.0.0.1:1/v1"}, 2, 0, "redirects to another host"},
		{"it redirects its answer elsewhere", resolution{moved: "https://127.0.0.1:1/v1"}, 1, 0, "redirects to another host"},
		{"its manifest is not there", resolution{answer: matches("a")}, 2, 0, "status 404"},
		{"it gives one manifest under many names", resolution{answer: matches("a", "b", "c"), stores: map[string][]byte{"a": lost.Store, "b": lost.Store, "c": lost.Store}}, 4, 1, ""},
		{
			"it has more manifests than are fetched",
			resolution{answer: matches("a", "b", "c", "d", "e"), stores: map[string][]byte{"a": lost.Store, "b": {1}, "c": {2}, "d": {3}, "e": {4}}},
			5, 4, "the first 4 manifests were fetched",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, resolving(t, &c.s), asset(file))
			if len(c.s.asked) != c.fetched || len(r.Fetched) != c.fetched || len(r.LookAlikes) != c.found {
				t.Errorf("asked for %q, told of %+v, found %+v", c.s.asked, r.Fetched, r.LookAlikes)
			}
			if !strings.Contains(allNotChecked(r), c.why) {
				t.Errorf("not checked: %s", allNotChecked(r))
			}
			if state(r) != "absent" || !r.Complete {
				t.Errorf("state %s", state(r))
			}
		})
	}
}

func TestWhenResolversAreNotAsked(t *testing.T) {
	code := codeOf(0, 4)
	signed := forge.Make(forge.Recipe{Manifest: forge.Manifest{Assertions: []forge.Assertion{binding("io.iscc.v0", block(unit(code)))}}})
	plain := forge.Make(forge.Recipe{NoStore: true}).Data
	changed := otherMedia(signed)
	for _, c := range []struct {
		name  string
		file  []byte
		with  func(*consentry.Verifier)
		asked int
		why   string
	}{
		{"a file whose own manifest holds", signed.Data, func(*consentry.Verifier) {}, 0, "own manifest holds"},
		{"a file whose own manifest does not", changed, func(*consentry.Verifier) {}, 1, "no resolver gave one"},
		{"without leave", plain, func(v *consentry.Verifier) { v.Fetch = nil }, 0, "--fetch"},
		{"a clip that is like too many", plain, func(v *consentry.Verifier) { v.Decoder = moving{seconds: 4, still: true} }, 0, "no fingerprint that says enough"},
		{"nothing decoded", plain, func(v *consentry.Verifier) { v.Frames = video.InfoOnly }, 0, "no fingerprint"},
		{"several resolvers", plain, func(v *consentry.Verifier) {
			for range consentry.MaxResolvers {
				v.Resolvers = append(v.Resolvers, v.Resolvers[0])
			}
		}, 1, "no resolver gave one"}, // one answer is kept
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &resolution{answer: matches()}
			v := resolving(t, s)
			c.with(v)
			r := verify(t, v, asset(c.file))
			if len(s.asked) != c.asked || !strings.Contains(allNotChecked(r), c.why) {
				t.Errorf("asked %q; not checked: %s", s.asked, allNotChecked(r))
			}
			if c.name == "several resolvers" && len(r.Fetched) != consentry.MaxResolvers {
				t.Errorf("%d questions", len(r.Fetched))
			}
		})
	}
}

// A declared value goes into an address: one that is too long for it is left out, one that fits is asked for.
func TestALongValueIsNotAskedFor(t *testing.T) {
	for size, asked := range map[int]int{512: 2, 513: 1} {
		b := forge.Make(forge.Recipe{Manifest: forge.Manifest{Assertions: []forge.Assertion{binding("com.example.mark.1", block(bytes.Repeat([]byte{7}, size)))}}})
		s := &resolution{answer: matches()}
		verify(t, resolving(t, s), asset(otherMedia(b)))
		if len(s.asked) != asked { // the fingerprint is the other
			t.Errorf("%d bytes: asked %q", size, s.query)
		}
	}
}

// Of many declared values only the first are asked for.
func TestManyValuesAreNotAllAskedFor(t *testing.T) {
	for n, told := range map[int]bool{7: false, 8: true} { // and the fingerprint
		var blocks []forge.Map
		for i := range n {
			blocks = append(blocks, block([]byte{1, byte(i)}))
		}
		b := forge.Make(forge.Recipe{Manifest: forge.Manifest{Assertions: []forge.Assertion{binding("com.example.mark.1", blocks...)}}})
		s := &resolution{answer: matches()}
		r := verify(t, resolving(t, s), asset(otherMedia(b)))
		if len(s.asked) != 8 || strings.Contains(allNotChecked(r), "only the first 8 questions") != told {
			t.Errorf("%d values: %d questions; %s", n, len(s.asked), allNotChecked(r))
		}
	}
}

// shelves knows three stores of 1,000 bytes, and notes how much it may say each time.
type shelves struct{ most []int64 }

func (s *shelves) Get(ctx context.Context, address string, most int64) (int, string, []byte, error) {
	return s.GetSameHost(ctx, address, most)
}

func (s *shelves) GetSameHost(_ context.Context, address string, most int64) (int, string, []byte, error) {
	s.most = append(s.most, most)
	if strings.Contains(address, "/matches/") {
		return 200, address, []byte(matches("a", "b", "c")), nil
	}
	return 200, address, bytes.Repeat([]byte(address[len(address)-1:]), 1000), nil
}

// What a resolver's stores have together is bounded: each may have what those before it left.
func TestLookAlikesAreBoundedTogether(t *testing.T) {
	v, s := resolving(t, http.NotFoundHandler()), &shelves{}
	v.Fetch = s
	verify(t, v, asset(forge.Make(forge.Recipe{NoStore: true}).Data))
	if want := []int64{1 << 20, 64 << 20, 64<<20 - 1000, 64<<20 - 2000}; !slices.Equal(s.most, want) {
		t.Errorf("%d bytes were allowed, want %d", s.most, want)
	}
}
