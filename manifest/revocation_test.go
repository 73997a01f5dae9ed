package manifest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// outcomes are the codes about revocation of a file, one a manifest.
func outcomes(list []report.Finding) []string {
	var out []string
	for _, f := range list {
		if strings.Contains(f.Code, ".ocsp.") || f.Code == "cawg.identity.credential_revoked" {
			out = append(out, f.Code)
		}
	}
	return out
}

func TestResponderIsAskedWhereNothingAtHandSettlesIt(t *testing.T) {
	for _, c := range forge.Online() {
		t.Run(c.Name, func(t *testing.T) {
			asked := 0
			inner := c.Ask
			c.Ask = func(address string, request []byte) ([]byte, error) {
				if asked++; address != "http://ocsp.invalid/" || len(request) == 0 {
					t.Errorf("asked %q with %d bytes", address, len(request))
				}
				return inner(address, request)
			}
			got := judge(t, c)
			if codes := outcomes(got.active); !slices.Equal(codes, []string{c.Code}) || asked != 1 {
				t.Errorf("asked %d times, said %v; want %s", asked, codes, c.Code)
			}
			if trusted := c.Code != "signingCredential.ocsp.revoked"; trusted != (got.state == manifest.Trusted) {
				t.Errorf("state %q", got.state)
			}
		})
	}
}

func TestResponderIsNotAsked(t *testing.T) {
	pointer := forge.Online()[0].Recipe.Manifest.Signer
	settled, stranger, silent := pointer, pointer, pointer
	settled.OCSP = []forge.OCSP{{}}
	stranger.Authority = forge.NewAuthority("Forge Stranger CA")
	silent.Cert = nil
	for name, s := range map[string]forge.Signer{"a stapled answer settles it": settled, "no list has the signer": stranger, "the certificate names none": silent} {
		t.Run(name, func(t *testing.T) {
			judge(t, forge.Case{Recipe: forge.Recipe{Manifest: forge.Manifest{Signer: s}}, Ask: func(string, []byte) ([]byte, error) {
				t.Error("it was asked")
				return nil, fmt.Errorf("no")
			}})
		})
	}
}

// TestEveryManifestSaysOneThingOfRevocation: whatever is stapled, a signature has at most one code about it, and a
// certificate that was revoked is never called trusted.
func TestEveryManifestSaysOneThingOfRevocation(t *testing.T) {
	for _, c := range slices.Concat(forge.Good(), forge.Corruptions()) {
		if !strings.HasPrefix(c.Name, "revocation: ") {
			continue
		}
		got := judge(t, c)
		for _, list := range [][]report.Finding{got.active, got.deeper} {
			codes := outcomes(list)
			if len(codes) > 1 {
				t.Errorf("%s: %v", c.Name, codes)
			}
			if slices.Contains(codes, "signingCredential.ocsp.revoked") && report.Has(list, "signingCredential.trusted") {
				t.Errorf("%s: revoked and trusted", c.Name)
			}
		}
	}
}

func TestResponsesOfAStoreAreBounded(t *testing.T) {
	const limit = 64
	signer := forge.Online()[0].Recipe.Manifest.Signer
	for _, n := range []int{limit - 1, limit} { // others before the one that counts
		var list [][]byte
		for range n {
			list = append(list, forge.OCSP{OfIssuer: true}.About(signer))
		}
		list = append(list, forge.OCSP{}.About(signer))
		recipe := forge.Recipe{Manifest: forge.Manifest{Signer: signer, Assertions: []forge.Assertion{
			forge.CertificateStatus(list...), {Label: "cawg.identity", Identity: &forge.Identity{}},
		}}}
		res := validated(t, forge.Make(recipe), forgeTrust(t, ""))
		good := res.Active.Signature.Revocation.State == signing.RevocationGood
		said := slices.ContainsFunc(res.NotChecked, func(n report.NotChecked) bool { return strings.Contains(n.Why, "more than 64 responses") })
		unsettled := res.Active.Signature.Revocation.Unsettled != ""
		if want := n < limit; good != want || said == want || unsettled == want {
			t.Errorf("%d responses: good %v, said to be too many %v", n+1, good, said)
		}
		// An identity whose revocation is not settled either vouches for nobody.
		formed := report.Has(res.Active.Success, "cawg.identity.well-formed")
		if trusted := report.Has(res.Active.Success, "cawg.identity.trusted"); !formed || trusted != (n < limit) {
			t.Errorf("%d responses: an identity that is well-formed %v, trusted %v", n+1, formed, trusted)
		}
	}
}

// TestTimeStampsForAllVersionsOfALabelAreBounded: a key without vendor and version stands for every manifest with its
// UUID, so that one token can be asked to be tried for each of them.
func TestTimeStampsForAllVersionsOfALabelAreBounded(t *testing.T) {
	const uuid = "urn:c2pa:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4"
	var below []forge.Ingredient
	for i := range 40 {
		below = append(below, forge.Ingredient{Relationship: "componentOf", Manifest: &forge.Manifest{Label: fmt.Sprintf("%s:forge:%d_1", uuid, i+1)}})
	}
	token := make([]byte, 200<<10)
	recipe := forge.Recipe{Manifest: forge.Manifest{Ingredients: below, Assertions: []forge.Assertion{
		{Label: forge.StampLabel, CBOR: forge.Map{{K: uuid, V: token}}},
	}}}
	data := forge.Make(recipe)
	_, err := validate(t, data, forgeTrust(t, ""))
	if limit, ok := err.(*manifest.LimitError); !ok || !strings.Contains(limit.What, "time-stamps") {
		t.Errorf("got %v", err)
	}
}
