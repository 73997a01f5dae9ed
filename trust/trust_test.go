package trust_test

import (
	"crypto/x509"
	"encoding/hex"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/consentry/consentry/signing"
	"github.com/consentry/consentry/trust"
)

func TestEveryListIsWhole(t *testing.T) {
	for _, name := range trust.Names() {
		t.Run(name, func(t *testing.T) {
			got, err := trust.Lists([]string{name}, "")
			if err != nil {
				t.Fatal(err)
			}
			lists := slices.Concat(got.Claim, got.TSA, got.Identity)
			if len(lists) == 0 {
				t.Fatal("no part")
			}
			for _, l := range lists {
				if l.Name != name || l.Dated.IsZero() {
					t.Errorf("named %q, dated %v", l.Name, l.Dated)
				}
				if raw, err := hex.DecodeString(l.Digest); err != nil || len(raw) != 32 {
					t.Errorf("digest %q", l.Digest)
				}
				if len(l.Anchors)+len(l.Allowed) == 0 {
					t.Error("a part without certificates")
				}
				for i, a := range l.Anchors {
					cert, err := a.Certificate()
					if err != nil {
						t.Fatalf("anchor %d: %v", i, err)
					}
					if !cert.IsCA {
						t.Errorf("anchor %d, %s, is no CA", i, cert.Subject)
					}
				}
			}
			desc, err := trust.Describe(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range desc.Parts {
				for _, s := range p.Sources {
					if s.Repository == "" || s.Path == "" || s.Licence == "" || s.Attribution == "" || len(s.SHA256) != 64 ||
						!regexp.MustCompile(`^\d{4}-\d\d-\d\d$`).MatchString(s.Date) {
						t.Errorf("source %+v lacks something", s)
					}
				}
			}
		})
	}
}

func TestOfficialListsAreDatedAndBounded(t *testing.T) {
	got, err := trust.Lists([]string{"c2pa"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Claim) != 1 || len(got.TSA) != 1 || len(got.Identity) != 0 {
		t.Fatalf("%d claim, %d tsa, %d identity lists", len(got.Claim), len(got.TSA), len(got.Identity))
	}
	claim := got.Claim[0]
	if len(claim.Anchors) != 30 || len(got.TSA[0].Anchors) != 22 {
		t.Errorf("%d claim anchors, %d time-stamp anchors", len(claim.Anchors), len(got.TSA[0].Anchors))
	}
	if claim.Issued.IsZero() || !claim.NextUpdate.After(claim.Issued) || claim.Legacy {
		t.Errorf("issued %v, next update %v, legacy %v", claim.Issued, claim.NextUpdate, claim.Legacy)
	}
	if len(claim.EKUs) != 1 || !claim.EKUs[0].Equal(signing.EKUClaimSigning) {
		t.Errorf("accepts %v, want claimSigning alone", claim.EKUs)
	}
	for i, a := range claim.Anchors {
		if a.NotBefore.Year() < 2025 {
			t.Errorf("anchor %d serves from %v", i, a.NotBefore)
		}
	}
}

func TestInterimListKeepsTimeStampAuthoritiesApart(t *testing.T) {
	got, err := trust.Lists([]string{"c2pa-interim"}, "")
	if err != nil {
		t.Fatal(err)
	}
	claim, tsa := got.Claim[0], got.TSA[0]
	if !claim.Legacy || !tsa.Legacy {
		t.Error("the interim list is not marked as frozen")
	}
	if len(claim.Anchors) != 16 || len(claim.Allowed) != 86 || len(claim.EKUs) != 6 || len(tsa.Anchors) != 2 || len(tsa.Allowed) != 0 {
		t.Errorf("%d anchors, %d allowed, %d purposes; time-stamps: %d anchors, %d allowed",
			len(claim.Anchors), len(claim.Allowed), len(claim.EKUs), len(tsa.Anchors), len(tsa.Allowed))
	}
	for _, a := range tsa.Anchors {
		cert, err := a.Certificate()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageTimeStamping) {
			t.Errorf("%s is no time-stamp authority", cert.Subject)
		}
	}
}

func TestPublicAuthoritiesAreForTimeStampsAlone(t *testing.T) {
	got, err := trust.Lists([]string{"public-tsa"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Claim)+len(got.Identity) != 0 || len(got.TSA) != 1 || len(got.TSA[0].Anchors) != 18 {
		t.Errorf("%d claim, %d identity, %d tsa lists", len(got.Claim), len(got.Identity), len(got.TSA))
	}
}

func TestChoiceOfLists(t *testing.T) {
	for _, tc := range []struct {
		name    string
		listed  []string
		profile string
		claim   []string
		tsa     []string
	}{
		{"all by default", nil, "newsroom", []string{"c2pa", "c2pa-interim"}, []string{"c2pa", "public-tsa", "c2pa-interim"}},
		{"without the frozen list in ci", nil, "ci", []string{"c2pa"}, []string{"c2pa", "public-tsa"}},
		{"the frozen list in ci where it is named", []string{"c2pa-interim", "c2pa"}, "ci", []string{"c2pa", "c2pa-interim"}, []string{"c2pa", "c2pa-interim"}},
		{"none", []string{"none"}, "newsroom", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := trust.Lists(tc.listed, tc.profile)
			if err != nil {
				t.Fatal(err)
			}
			if c, s := listNames(got.Claim), listNames(got.TSA); !slices.Equal(c, tc.claim) || !slices.Equal(s, tc.tsa) {
				t.Errorf("claim %v, tsa %v; want %v, %v", c, s, tc.claim, tc.tsa)
			}
		})
	}
	for _, bad := range [][]string{{"c2pa", "none"}, {"system"}, {""}} {
		if got, err := trust.Lists(bad, ""); err == nil || got != nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func listNames(lists []signing.List) []string {
	var out []string
	for _, l := range lists {
		out = append(out, l.Name)
	}
	return out
}

// A list past its renewal is still used; that it is stale is for the report to say.
func TestListsSayWhenTheyAreStale(t *testing.T) {
	got, err := trust.Lists([]string{"c2pa"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if next := got.Claim[0].NextUpdate; next.Before(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("next update %v", next)
	}
}

func BenchmarkLists(b *testing.B) {
	for b.Loop() {
		if _, err := trust.Lists(nil, "newsroom"); err != nil {
			b.Fatal(err)
		}
	}
}
