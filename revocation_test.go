package consentry_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/policy"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// asking is a verifier that may ask responders on loopback, and a signer that names one of them.
func asking(t *testing.T, answer func(forge.Signer) []byte) (*consentry.Verifier, forge.Signer) {
	t.Helper()
	var signer forge.Signer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(answer(signer))
	}))
	t.Cleanup(server.Close)
	signer.Cert = func(c *x509.Certificate) { c.OCSPServer = []string{server.URL} }
	v := trusting(t)
	v.Responders = &fetch.Getter{Allow: netip.Addr.IsLoopback}
	return v, signer
}

func TestRevocationIsReported(t *testing.T) {
	gone := forge.Clock.Add(-time.Hour)
	revoked := forge.OCSP{Status: "revoked", Revoked: gone, Reason: 1}
	for _, c := range []struct {
		name   string
		answer forge.OCSP
		state  string
		signer string
		code   string
	}{
		{"good", forge.OCSP{}, "good", "trusted", "signingCredential.ocsp.notRevoked"},
		{"revoked", revoked, "revoked", "untrusted", "signingCredential.ocsp.revoked"},
		{"unknown", forge.OCSP{Status: "unknown"}, "unknown", "trusted", "signingCredential.ocsp.unknown"},
		{"no answer that counts", forge.OCSP{Answer: 6}, "not-checked", "trusted", "signingCredential.ocsp.inaccessible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, signer := asking(t, func(s forge.Signer) []byte { return c.answer.About(s) })
			r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: signer}}).Data))
			if err := schematest.Check(schematest.Report, marshal(r)); err != nil {
				t.Error(err)
			}
			got := r.Provenance.Revocation
			m := r.Provenance.Manifests[0]
			if got.State != c.state || r.Provenance.Signer.State != c.signer || !report.Has(slices.Concat(m.Success, m.Informational, m.Failure), c.code) {
				t.Errorf("%+v, signer %s", got, r.Provenance.Signer.State)
			}
			if (got.RevokedAt != nil && got.RevokedAt.Equal(gone) && *got.Reason == "keyCompromise") != (c.state == "revoked") {
				t.Errorf("revoked at %v", got.RevokedAt)
			}
			if answered := c.state != "not-checked"; answered != (got.Source != nil && *got.Source == "online" && got.Responder != nil && got.At != nil) {
				t.Errorf("%+v", got)
			}
			if len(r.Fetched) != 1 || r.Fetched[0].Purpose != "ocsp" || r.Fetched[0].Status != http.StatusOK || r.Fetched[0].SHA256 == nil {
				t.Errorf("fetched %+v", r.Fetched)
			}
		})
	}
	t.Run("nobody is asked for a stranger, and that is said", func(t *testing.T) {
		v, signer := asking(t, func(s forge.Signer) []byte { return revoked.About(s) })
		v.Trust = signing.Trust{}
		r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: signer}}).Data))
		if len(r.Fetched) > 0 || !unchecked(r, "revocation", "only a certificate under an anchor of your lists says whom to ask") {
			t.Errorf("%+v, fetched %v, not checked %v", r.Provenance.Revocation, r.Fetched, r.NotChecked)
		}
	})
	t.Run("nobody is asked unless the network is allowed", func(t *testing.T) {
		v, signer := asking(t, func(s forge.Signer) []byte { return revoked.About(s) })
		v.Responders = nil
		r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: signer}}).Data))
		if r.Provenance.Revocation.State != "not-checked" || len(r.Fetched) > 0 || !unchecked(r, "revocation", "no responder was asked") {
			t.Errorf("%+v, fetched %v", r.Provenance.Revocation, r.Fetched)
		}
	})
}

// unchecked reports whether something is said not to be checked, for a reason.
func unchecked(r *report.Report, what, why string) bool {
	return slices.ContainsFunc(r.NotChecked, func(n report.NotChecked) bool { return n.What == what && strings.Contains(n.Why, why) })
}

// TestResponderOfAStrangerIsNotAsked: a file that nobody trusts gets no address asked.
func TestResponderOfAStrangerIsNotAsked(t *testing.T) {
	v, signer := asking(t, func(forge.Signer) []byte {
		t.Error("it was asked")
		return nil
	})
	signer.Authority = forge.NewAuthority("Forge Stranger CA")
	r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: signer}}).Data))
	if r.Provenance.Revocation.State != "not-checked" || len(r.Fetched) > 0 {
		t.Errorf("%+v, fetched %v", r.Provenance.Revocation, r.Fetched)
	}
}

// below are n ingredients by as many signers that name the responder.
func below(signer forge.Signer, n int) []forge.Ingredient {
	var out []forge.Ingredient
	for i := range n {
		s := signer
		s.Name = "Forge Signer " + string(rune('A'+i))
		out = append(out, forge.Ingredient{Relationship: "componentOf", Manifest: &forge.Manifest{Signer: s}})
	}
	return out
}

// What a responder says may have 64 KiB.
func TestAResponsesBytesAreBounded(t *testing.T) {
	for _, n := range []int{64 << 10, 64<<10 + 1} {
		v, signer := asking(t, func(forge.Signer) []byte { return make([]byte, n) })
		r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: signer}}).Data))
		if len(r.Fetched) != 1 || (r.Fetched[0].Error == nil) != (n == 64<<10) || r.Provenance.Revocation.State == "good" {
			t.Errorf("%d bytes: %+v, %s", n, r.Fetched, r.Provenance.Revocation.State)
		}
	}
}

// TestRespondersOfAFileAreBounded: each signer of a history is asked about, up to the limit.
func TestRespondersOfAFileAreBounded(t *testing.T) {
	const limit = 8
	for _, n := range []int{limit, limit + 1} {
		v, signer := asking(t, func(forge.Signer) []byte { return []byte("nothing") })
		r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: signer, Ingredients: below(signer, n)}}).Data))
		if len(r.Fetched) != 1+limit || unchecked(r, "revocation", "asked 8 times for its ingredients") != (n > limit) {
			t.Errorf("%d ingredients: %d questions, %v", n, len(r.Fetched), r.NotChecked)
		}
	}
}

// TestIngredientsUseUpNoQuestionOfTheSigner: a signer that was revoked is found out behind any number of others, also
// one that signed what an update leads to.
func TestIngredientsUseUpNoQuestionOfTheSigner(t *testing.T) {
	gone := forge.OCSP{Status: "revoked", Revoked: forge.Clock.Add(-time.Hour)}
	for _, update := range []bool{false, true} {
		v, signer := asking(t, func(s forge.Signer) []byte { return gone.About(s) })
		m := forge.Manifest{Signer: signer, Ingredients: below(signer, 9)}
		if update {
			first := m
			m = forge.Manifest{Update: true, Ingredients: []forge.Ingredient{{Manifest: &first}}}
		}
		r := verify(t, v, asset(forge.Make(forge.Recipe{Manifest: m}).Data))
		said := false
		for _, m := range r.Provenance.Manifests {
			said = said || report.Has(m.Failure, "signingCredential.ocsp.revoked")
		}
		if !said || !update && r.Provenance.Revocation.State != "revoked" {
			t.Errorf("update %v: %+v, not checked %v", update, r.Provenance.Revocation, r.NotChecked)
		}
	}
}

// TestUnsettledRevocationIsIndeterminate: a file with more responses than are looked at is accepted by no profile.
func TestUnsettledRevocationIsIndeterminate(t *testing.T) {
	c := slices.IndexFunc(forge.Corruptions(), func(c forge.Case) bool { return c.Name == "revocation: more responses than are looked at" })
	data := forge.Make(forge.Corruptions()[c].Recipe).Data
	for _, profile := range []string{policy.Newsroom, policy.CI} {
		v := trusting(t)
		p, err := policy.Load(profile, nil)
		if err != nil {
			t.Fatal(err)
		}
		v.Policy = p
		r := verify(t, v, asset(data))
		said := slices.ContainsFunc(r.Reasons, func(x report.Reason) bool { return strings.Contains(x.Text, "revocation is not settled") })
		if r.Provenance.Revocation.State != "not-checked" || !said || r.Verdict != report.Indeterminate && r.Verdict != report.Fail ||
			!report.Has(r.Findings, "trust.revocationUnsettled") || !unchecked(r, "revocation", "than are looked at") {
			t.Errorf("%s: %s, %+v, %v", profile, r.Verdict, r.Provenance.Revocation, r.Reasons)
		}
	}
}
