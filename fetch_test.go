package consentry_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
)

// byReference is a file whose token lies elsewhere, at an address with a digest.
func byReference(address, digest string) forge.Recipe {
	c := forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)})
	c.Set("tokens", []any{forge.Map{{K: "uri", V: address}, {K: "s256", V: digest}}})
	return with(forge.Assertion{CBOR: c}, forge.Signer{})
}

// consenting is a verifier that trusts the forge's issuers, in the ci profile.
func consenting(t *testing.T) *consentry.Verifier {
	t.Helper()
	leaf, _ := forge.Signer{}.Chain()
	list, findings := consent.LoadTrust(consent.TrustInput{Text: forge.ConsentTrust(leaf.Cert, "ada", "ben"), Now: forge.Clock})
	if list == nil {
		t.Fatalf("the trust list is not read: %v", findings)
	}
	v := trusting(t)
	v.Consent, v.Policy = &consent.Trust{List: list}, &policy.Policy{Profile: policy.CI}
	return v
}

func TestTokensAtHand(t *testing.T) {
	token, other := forge.Token("ada", nil), forge.Token("ben", nil)
	for _, c := range []struct {
		name   string
		atHand []string
		state  string
	}{
		{"at hand", []string{other, token}, "verified"},
		{"not at hand", nil, "unresolved"},
		{"another one at hand", []string{other}, "unresolved"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := consenting(t)
			v.Tokens = consent.ByDigest(c.atHand)
			r := verify(t, v, asset(forge.Make(byReference("https://ada.example/t", digest(token))).Data))
			if r.People[0].State != c.state {
				t.Errorf("%s: %v", r.People[0].State, personCodes(r.People[0]))
			}
			if len(r.Fetched) > 0 {
				t.Errorf("the network was asked for %v", r.Fetched)
			}
		})
	}
	t.Run("a wrong index is no token", func(t *testing.T) {
		v := consenting(t)
		v.Tokens = map[string]string{digest(token): forge.Token("ada", func(p, _ forge.Object) { p["jti"] = "x" })}
		r := verify(t, v, asset(forge.Make(byReference("https://ada.example/t", digest(token))).Data))
		if r.People[0].State != "unresolved" || !slices.Contains(personCodes(r.People[0]), "consent.token.unavailable") {
			t.Errorf("%s: %v", r.People[0].State, personCodes(r.People[0]))
		}
	})
}

// TestClearancesOfAFileThatLieApart: a manifest beside the file declares a clearance of the very file by reference, so
// that the file has to be digested for a token that is at hand, or that comes from the network.
func TestClearancesOfAFileThatLieApart(t *testing.T) {
	clip := forge.Make(forge.Recipe{Detached: true}).Data
	sum := sha256.Sum256(clip)
	clearance := func(hash []byte) string {
		return forge.Token("ada", func(_, s forge.Object) {
			s["type"], s["asset"] = "clearance", forge.Object{"alg": "sha256", "hash": base64.RawURLEncoding.EncodeToString(hash), "of": "file"}
		})
	}
	var answer string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, answer) }))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for name, c := range map[string]struct {
		token string
		fetch bool
		state string
		code  string
	}{
		"at hand":                  {clearance(sum[:]), false, "verified", "consent.binding.asset"},
		"fetched":                  {clearance(sum[:]), true, "verified", "consent.binding.asset"},
		"of another file":          {clearance(make([]byte, 32)), false, "invalid", "consent.binding.assetMismatch"},
		"of another file, fetched": {clearance(make([]byte, 32)), true, "invalid", "consent.binding.assetMismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			recipe := byReference(server.URL+"/token", digest(c.token))
			recipe.Detached = true
			made := forge.Make(recipe)
			v := consenting(t)
			if answer = c.token; c.fetch {
				v.Fetch = &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
			} else {
				v.Tokens = consent.ByDigest([]string{c.token})
			}
			a := asset(made.Data)
			a.Manifest = made.Store
			r := verify(t, v, a)
			if r.People[0].State != c.state || !slices.Contains(personCodes(r.People[0]), c.code) {
				t.Errorf("%s: %v", r.People[0].State, personCodes(r.People[0]))
			}
			if r.Asset.SHA256 == nil || *r.Asset.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("digest %v", r.Asset.SHA256)
			}
		})
	}
}

// TestFetch is long because each case stands beside what it expects.
func TestFetch(t *testing.T) {
	var asked []string
	answers := map[string]string{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if body, ok := answers[r.URL.Path]; ok {
			fmt.Fprintln(w, body)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())

	long := func(p, _ forge.Object) {
		p["exp"] = forge.Clock.AddDate(0, 6, 0).Unix()
		p["status"] = forge.Object{"status_list": forge.Object{"idx": 0, "uri": server.URL + "/status"}}
	}
	short, token := forge.Token("ada", nil), forge.Token("ada", long)
	rogue := forge.Token("rogue", long)
	good := forge.StatusList("ada", server.URL+"/status", deflate(0))
	stranger := forge.Signer{Authority: forge.NewAuthority("Forge Stranger CA")}
	valued := with(forge.Assertion{CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)}, token)}, forge.Signer{})
	tampered := byReference(server.URL+"/token", digest(short))
	tampered.Hash = func(b []byte) []byte { b[0] ^= 1; return b }
	unlisted := byReference(server.URL+"/token", digest(short))
	unlisted.Manifest.Signer = stranger
	many := forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)})
	var references []any
	for i := range 33 {
		references = append(references, forge.Map{{K: "uri", V: fmt.Sprint(server.URL, "/", i)}, {K: "s256", V: digest(short)}})
	}
	many.Set("tokens", references)

	for _, c := range []struct {
		name    string
		recipe  forge.Recipe
		answers map[string]string
		off     bool
		state   string
		asked   []string
	}{
		{"without leave nothing is asked", byReference(server.URL+"/token", digest(short)), map[string]string{"/token": short}, true, "unresolved", nil},
		{"a token", byReference(server.URL+"/token", digest(short)), map[string]string{"/token": short}, false, "verified", []string{"/token"}},
		{"a token and its status list", byReference(server.URL+"/token", digest(token)), map[string]string{"/token": token, "/status": good}, false, "verified", []string{"/token", "/status"}},
		{"the status list of a token by value", valued, map[string]string{"/status": good}, false, "verified", []string{"/status"}},
		{"a status list that says revoked", valued, map[string]string{"/status": forge.StatusList("ada", server.URL+"/status", deflate(1))}, false, "revoked", []string{"/status"}},
		{"a status list of somebody else", valued, map[string]string{"/status": forge.StatusList("ben", server.URL+"/status", deflate(0))}, false, "unresolved", []string{"/status"}},
		{"no status list there", valued, nil, false, "unresolved", []string{"/status"}},
		{"another token than was declared", byReference(server.URL+"/token", digest(short)), map[string]string{"/token": token}, false, "unresolved", []string{"/token"}},
		{"an address that is not asked", byReference("http://ada.example/t", digest(short)), nil, false, "unresolved", nil},
		{"a token of a stranger names no address", with(forge.Assertion{CBOR: forge.Consent([]forge.Map{forge.Depicted("p1", "ada", 0)}, rogue)}, forge.Signer{}), nil, false, "unresolved", nil},
		{"a manifest that does not hold names no address", tampered, map[string]string{"/token": short}, false, "unresolved", nil},
		{"a signer on no list", unlisted, map[string]string{"/token": short}, false, "", []string{"/token"}},
		{"thirty-three addresses", with(forge.Assertion{CBOR: many}, forge.Signer{}), nil, false, "unresolved", slices.Repeat([]string{""}, 32)},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked, answers = nil, c.answers
			v := consenting(t)
			if !c.off {
				v.Fetch = &fetch.Getter{Roots: roots, Allow: netip.Addr.IsLoopback}
			}
			r := verify(t, v, asset(forge.Make(c.recipe).Data))
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			if c.state != "" && r.People[0].State != c.state {
				t.Errorf("%s, want %s: %v", r.People[0].State, c.state, personCodes(r.People[0]))
			}
			if len(asked) != len(c.asked) || len(asked) < 32 && !slices.Equal(asked, c.asked) {
				t.Errorf("asked for %v, want %v", asked, c.asked)
			}
			told := slices.DeleteFunc(slices.Clone(r.Fetched), func(f report.Fetched) bool { return !strings.HasPrefix(f.URL, server.URL) })
			if len(told) != len(asked) {
				t.Errorf("asked for %v, and told of %v", asked, r.Fetched)
			}
			for _, f := range r.Fetched {
				if (f.Error == nil) != (f.SHA256 != nil) || f.Error == nil && (f.Status != 200 || f.Bytes == 0) {
					t.Errorf("%+v", f)
				}
			}
			if c.name == "thirty-three addresses" && !slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == "references" }) {
				t.Error("nothing says that the last was not fetched")
			}
		})
	}
	t.Run("cancelled while it waits", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		v := consenting(t)
		v.Fetch = cancelling(cancel)
		if _, err := v.Verify(ctx, asset(forge.Make(byReference(server.URL+"/token", digest(short))).Data)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// cancelling is a network on which somebody loses patience.
type cancelling context.CancelFunc

func (c cancelling) Get(context.Context, string, int64) (int, string, []byte, error) {
	c()
	return 0, "", nil, errors.New("no answer")
}

func (c cancelling) GetSameHost(ctx context.Context, address string, most int64) (int, string, []byte, error) {
	return c.Get(ctx, address, most)
}
