package manifest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
)

// keysAt is a stream whose statements name the manifest with their keys by an address, and whose own has none.
func keysAt(body []byte, edit func(*forge.Map)) forge.LiveStream {
	sum := sha256.Sum256(body)
	return forge.LiveStream{NoKeys: true, Info: func(_ int, m *forge.Map) {
		uri := forge.Map{{K: "url", V: "https://live.example/manifest.c2pa"}, {K: "alg", V: "sha256"}, {K: "hash", V: sum[:]}}
		if edit != nil {
			edit(&uri)
		}
		m.Set("manifestUri", uri)
	}}
}

// ofState lists the segments in a state.
func ofState(res *manifest.Result, state string) string {
	var out []string
	for _, p := range res.Binding.Parts {
		if p.State == state {
			out = append(out, p.Name)
		}
	}
	return strings.Join(out, " ")
}

// said is all that was not checked, in words.
func said(res *manifest.Result) string {
	var out []string
	for _, n := range res.NotChecked {
		out = append(out, n.Why)
	}
	return strings.Join(out, "; ")
}

// TestKeysElsewhere: the keys of a stream are only where its statements say (manifestUri). Without them nobody can judge
// the segments, which is neither a yes nor a no; what comes from there has to be what the statements name.
func TestKeysElsewhere(t *testing.T) {
	made := forge.LiveStream{}.Make()
	asset, store := made.Data, made.Store
	changed := bytes.Clone(asset)
	changed[len(changed)-1] ^= 1
	bare := forge.Make(forge.Recipe{NoStore: true}).Data
	stranger := forge.LiveStream{Init: func(r *forge.Recipe) {
		r.Manifest.Signer = forge.Signer{Authority: forge.NewAuthority("Forge Other CA")}
	}}.Make().Data
	other := forge.LiveStream{Init: func(r *forge.Recipe) { r.Manifest.Label = "urn:c2pa:99999999-0000-4000-8000-000000000000" }}.Make().Data
	keyless := forge.LiveStream{NoKeys: true}.Make().Data
	const all = "s0 s1 s2 s3"
	for _, c := range []struct {
		name    string
		body    []byte
		uri     func(*forge.Map)
		refused string // why it does not come
		off     bool   // without leave to ask
		state   string
		binding string
		unknown string
		altered string
		said    string
	}{
		{name: "without leave", body: asset, off: true, binding: manifest.BindingUnknown, unknown: all, said: "nothing is fetched without leave to use the network (--fetch)"},
		{name: "that is not there", body: asset, refused: "status 404", binding: manifest.BindingUnknown, unknown: all, said: "they could not be had: status 404"},
		{name: "an initialization segment", body: asset, state: manifest.Trusted, binding: manifest.BindingIntact},
		{name: "a store by itself", body: store, state: manifest.Trusted, binding: manifest.BindingPartial, said: "what it binds itself was not at hand"},
		{name: "another digest", body: asset, uri: func(m *forge.Map) { m.Set("hash", make([]byte, 32)) }, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "another size", body: asset, uri: func(m *forge.Map) { m.Set("size", len(asset)+1) }, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "its own size", body: asset, uri: func(m *forge.Map) { m.Set("size", len(asset)) }, state: manifest.Trusted, binding: manifest.BindingIntact},
		{name: "no digest", body: asset, uri: func(m *forge.Map) { m.Del("hash") }, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "a digest of no known kind", body: asset, uri: func(m *forge.Map) { m.Set("alg", "sha1") }, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "no algorithm", body: asset, uri: func(m *forge.Map) { m.Del("alg") }, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "an asset that was changed", body: changed, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "an asset without a store", body: bare, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "a store that is cut", body: store[:len(store)-9], state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "nothing", body: []byte{}, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "a signer whom nobody trusts", body: stranger, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "another manifest", body: other, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
		{name: "a manifest without keys", body: keyless, state: manifest.Invalid, binding: manifest.BindingAltered, altered: all},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := 0
			fetch := func(_ context.Context, address string, most int64) ([]byte, string, error) {
				if asked++; address != "https://live.example/manifest.c2pa" || most != 8<<20 {
					t.Errorf("asked for %d bytes of %q", most, address)
				}
				return c.body, c.refused, nil
			}
			if c.off {
				fetch = nil
			}
			res := judgeLiveWith(t, keysAt(c.body, c.uri).Make(), fetch)
			if res.State != c.state || res.Binding.State != c.binding {
				t.Errorf("state %q, binding %q: %v", res.State, res.Binding.State, res.Binding.Parts)
			}
			if got := ofState(res, manifest.BindingUnknown); got != c.unknown {
				t.Errorf("nobody can judge %q", got)
			}
			if got := ofState(res, manifest.BindingAltered); got != c.altered {
				t.Errorf("not as signed: %q", got)
			}
			if got := said(res); !strings.Contains(got, c.said) || c.said == "" && got != "" {
				t.Errorf("said %q", got)
			}
			if asked > 1 {
				t.Errorf("asked %d times", asked)
			}
			if c.altered != "" && count(res.Active.Failure, liveSegment) != 4 || c.altered == "" && len(res.Active.Failure) > 0 {
				t.Errorf("findings %v", res.Active.Failure)
			}
		})
	}
}

// TestOneSegmentsKeysElsewhere: keys from elsewhere are for the statement that names them. What else is wrong with the
// stream is said, whether they can be had or not.
func TestOneSegmentsKeysElsewhere(t *testing.T) {
	const label = "urn:c2pa:99999999-0000-4000-8000-000000000000"
	other := forge.LiveStream{Init: func(r *forge.Recipe) { r.Manifest.Label = label }}.Make().Data
	sum := sha256.Sum256(other)
	stream := forge.LiveStream{Info: only(1, func(m *forge.Map) {
		m.Set("manifestId", label)
		m.Set("manifestUri", forge.Map{{K: "url", V: "https://live.example/b"}, {K: "alg", V: "sha256"}, {K: "hash", V: sum[:]}})
	})}
	get := func(context.Context, string, int64) ([]byte, string, error) { return other, "", nil }
	if res := judgeLiveWith(t, stream.Make(), get); res.State != manifest.Trusted || res.Binding.State != manifest.BindingIntact {
		t.Errorf("fetched: %q, %q: %v", res.State, res.Binding.State, res.Binding.Parts)
	}
	if res := judgeLiveWith(t, stream.Make(), nil); res.State != "" || ofState(res, manifest.BindingUnknown) != "s1" || ofState(res, manifest.BindingIntact) != "s0 s2 s3" {
		t.Errorf("not fetched: %q: %v", res.State, res.Binding.Parts)
	}
	stream.Change = flipLast(3)
	if res := judgeLiveWith(t, stream.Make(), nil); res.State != manifest.Invalid || ofState(res, manifest.BindingUnknown) != "s1" || ofState(res, manifest.BindingAltered) != "s3" {
		t.Errorf("not fetched, and a byte of another: %q: %v", res.State, res.Binding.Parts)
	}
}

// TestManifestsElsewhereAreBounded: eight are asked for, whoever names how many.
func TestManifestsElsewhereAreBounded(t *testing.T) {
	for _, n := range []int{8, 9} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			bodies := map[string][]byte{}
			stream := forge.LiveStream{NoKeys: true, Kinds: strings.Repeat("s", n), Info: func(i int, m *forge.Map) {
				label := fmt.Sprintf("urn:c2pa:99999999-0000-4000-8000-00000000000%d", i)
				address := "https://live.example/" + label
				if bodies[address] == nil {
					bodies[address] = forge.LiveStream{Init: func(r *forge.Recipe) { r.Manifest.Label = label }}.Make().Data
				}
				sum := sha256.Sum256(bodies[address])
				m.Set("manifestId", label)
				m.Set("manifestUri", forge.Map{{K: "url", V: address}, {K: "alg", V: "sha256"}, {K: "hash", V: sum[:]}})
			}}
			asked := 0
			res := judgeLiveWith(t, stream.Make(), func(_ context.Context, address string, _ int64) ([]byte, string, error) {
				asked++
				return bodies[address], "", nil
			})
			if asked != 8 || (res.State == manifest.Trusted) != (n == 8) {
				t.Errorf("asked %d times: %q, %v", asked, res.State, res.Binding.Parts)
			}
			if n == 9 && (ofState(res, manifest.BindingUnknown) != "s8" || !strings.Contains(said(res), "8 manifests are looked for elsewhere, and no more")) {
				t.Errorf("%v: %s", res.Binding.Parts, said(res))
			}
		})
	}
}

// TestWhatStatementsSayElsewhereIsBounded: each segment may name another address, and the list of what was not checked
// does not grow with them.
func TestWhatStatementsSayElsewhereIsBounded(t *testing.T) {
	for n, want := range map[int]int{64: 64, 65: 65, 70: 65} {
		stream := forge.LiveStream{NoKeys: true, Kinds: strings.Repeat("s", n), Info: func(i int, m *forge.Map) {
			label := fmt.Sprintf("urn:c2pa:99999999-0000-4000-8000-%012d", i)
			m.Set("manifestId", label)
			m.Set("manifestUri", forge.Map{{K: "url", V: "https://live.example/" + label}, {K: "alg", V: "sha256"}, {K: "hash", V: make([]byte, 32)}})
		}}
		res := judgeLiveWith(t, stream.Make(), nil)
		if len(res.NotChecked) != want || res.State != "" || strings.Contains(said(res), "the first 64 are listed") != (n > 64) {
			t.Errorf("%d segments: %d rows, state %q", n, len(res.NotChecked), res.State)
		}
	}
}
